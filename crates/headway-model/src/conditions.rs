//! What a file must be like to be processed, whatever its name: its size, its age and its type. A file that is not like that is
//! an item of the job, and is left out with its reason.

mod amount;

use serde::{Deserialize, Serialize};

use super::id::Millis;
use super::item::SkipReason;
use super::serde_defaults::is_default;
use crate::read::FromJson;
pub use amount::{AGE_FORM, SIZE_FORM, ago_of, ago_text, bytes_of, bytes_text, date_of};

/// The words that stand for many types at once. Each other type has the name of its media type, such as `image/png`.
pub const TYPE_CLASSES: [&str; 6] = ["image", "video", "audio", "document", "archive", "text"];

/// The most types that a request can name.
pub const TYPES_LIMIT: usize = 100;

/// What a file must be like to be processed. Without a field, any file is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// The smallest size, in bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_size: Option<u64>,
    /// The largest size, in bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_size: Option<u64>,
    /// Its content last changed after this moment.
    #[serde(default, skip_serializing_if = "is_default")]
    pub newer_than: Option<AgeLimit>,
    /// Its content last changed before this moment.
    #[serde(default, skip_serializing_if = "is_default")]
    pub older_than: Option<AgeLimit>,
    /// Its content is of one of these types: `image`, `video`, `audio`, `document`, `archive`, `text`, or a media type such as
    /// `image/png`. An empty list takes any type.
    #[serde(default, skip_serializing_if = "is_default")]
    pub types: Vec<String>,
    /// The moment from which ages count back, in milliseconds since 1970. The start of the job sets it, and it stays with the
    /// job, so that what was approved is what runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub counted_from: Option<Millis>,
}

/// A moment that a file is older or newer than.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgeLimit {
    /// So many milliseconds before the job was started.
    AgoMs(u64),
    /// This moment, in milliseconds since 1970.
    AtMs(Millis),
}

impl AgeLimit {
    /// The moment, if ages count back from `from`.
    pub fn moment(self, from: Millis) -> Millis {
        match self {
            AgeLimit::AgoMs(ago) => from.saturating_sub(ago),
            AgeLimit::AtMs(at) => at,
        }
    }
}

impl Conditions {
    /// Whether every file meets them.
    pub fn is_empty(&self) -> bool {
        *self == Conditions { counted_from: self.counted_from, ..Conditions::default() }
    }

    /// The same conditions, whose ages count from this moment unless they count from another one already. If none of them is an
    /// age, there is no such moment.
    pub fn counted(self, from: Millis) -> Self {
        let is_age = |limit: Option<AgeLimit>| matches!(limit, Some(AgeLimit::AgoMs(_)));
        let has_ages = is_age(self.newer_than) || is_age(self.older_than);
        Conditions { counted_from: has_ages.then(|| self.counted_from.unwrap_or(from)), ..self }
    }

    /// The same conditions, whose ages count from the start of the next job.
    pub fn uncounted(&self) -> Self {
        Conditions { counted_from: None, ..self.clone() }
    }

    /// Why a file of this size is left out, whose content last changed at this time (in nanoseconds since 1970); `None` if
    /// nothing but its type can leave it out. Ages count from `now`, unless they count from another moment already.
    pub fn leaves_out(&self, size: u64, mtime_ns: i64, now: Millis) -> Option<SkipReason> {
        let from = self.counted_from.unwrap_or(now);
        let at_ns = |limit: AgeLimit| i128::from(limit.moment(from)) * 1_000_000;
        let changed = i128::from(mtime_ns);
        if self.min_size.is_some_and(|least| size < least) {
            Some(SkipReason::TooSmall)
        } else if self.max_size.is_some_and(|most| size > most) {
            Some(SkipReason::TooLarge)
        } else if self.newer_than.is_some_and(|limit| changed <= at_ns(limit)) {
            Some(SkipReason::TooOld)
        } else if self.older_than.is_some_and(|limit| changed >= at_ns(limit)) {
            Some(SkipReason::TooNew)
        } else {
            None
        }
    }

    /// The field that contradicts another one, and why: no file could meet both.
    pub fn contradiction(&self, now: Millis) -> Option<(&'static str, &'static str)> {
        let from = self.counted_from.unwrap_or(now);
        if let (Some(least), Some(most)) = (self.min_size, self.max_size)
            && least > most
        {
            return Some(("min_size", "the smallest size is above the largest one, so no file can have both"));
        }
        if let (Some(newer), Some(older)) = (self.newer_than, self.older_than)
            && newer.moment(from) >= older.moment(from)
        {
            return Some((
                "newer_than",
                "the time that files must be newer than is not before the one that they must be older than, so no file can be both",
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    #[test]
    fn a_size_at_a_limit_is_taken_and_a_time_at_one_is_not() {
        let sizes = Conditions { min_size: Some(10), max_size: Some(20), ..Conditions::default() };
        let why = [9, 10, 20, 21].map(|size| sizes.leaves_out(size, 0, 0));
        assert_eq!(why, [Some(SkipReason::TooSmall), None, None, Some(SkipReason::TooLarge)]);
        let between = Conditions {
            newer_than: Some(AgeLimit::AgoMs(2 * DAY)),
            older_than: Some(AgeLimit::AtMs(9 * DAY)),
            ..Conditions::default()
        };
        let ns = |ms: u64| i64::try_from(ms * 1_000_000).expect("a time");
        let why = [ns(8 * DAY), ns(8 * DAY) + 1, ns(9 * DAY) - 1, ns(9 * DAY), i64::MIN].map(|at| {
            let counted = between.clone().counted(10 * DAY);
            // The moment of the job holds, however much later its plan goes on.
            counted.leaves_out(0, at, 30 * DAY)
        });
        let (old, new) = (Some(SkipReason::TooOld), Some(SkipReason::TooNew));
        assert_eq!(why, [old, None, None, new, old]);
    }

    #[test]
    fn only_ages_count_from_a_moment_and_the_first_one_holds() {
        let at = Conditions { newer_than: Some(AgeLimit::AtMs(1)), ..Conditions::default() };
        assert_eq!(at.clone().counted(5), at);
        let ago = Conditions { older_than: Some(AgeLimit::AgoMs(1)), ..Conditions::default() };
        let counted = ago.clone().counted(5);
        assert_eq!((counted.counted_from, counted.clone().counted(9).counted_from), (Some(5), Some(5)));
        assert_eq!(counted.uncounted(), ago);
        assert!(Conditions { counted_from: Some(1), ..Conditions::default() }.is_empty() && !ago.is_empty());
    }

    #[test]
    fn conditions_that_no_file_can_meet_are_named() {
        let field = |conditions: Conditions| conditions.contradiction(10 * DAY).map(|(field, _)| field);
        let sizes = |min, max| Conditions { min_size: Some(min), max_size: Some(max), ..Conditions::default() };
        assert_eq!([field(sizes(2, 1)), field(sizes(1, 1))], [Some("min_size"), None]);
        let ages =
            |newer, older| Conditions { newer_than: Some(newer), older_than: Some(older), ..Conditions::default() };
        let (week, day) = (AgeLimit::AgoMs(7 * DAY), AgeLimit::AgoMs(DAY));
        assert_eq!([field(ages(day, week)), field(ages(week, day))], [Some("newer_than"), None]);
        assert_eq!(field(ages(week, AgeLimit::AtMs(2 * DAY))), Some("newer_than"), "an age and a date");
        assert_eq!(field(ages(week, AgeLimit::AtMs(4 * DAY))), None);
    }
}
