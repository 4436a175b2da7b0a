//! How a job treats items that fail, hang or are interrupted: the part of a request that is the same for every recipe.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::done::OnDone;
use super::event::{HaltBy, HaltWhen};
use crate::as_text::as_text;
use crate::read::{FromJson, fraction};

/// Maximum number of attempts that an item can be given.
pub const TRIES_LIMIT: u32 = 100;

/// The longest backoff of a request, in milliseconds: an hour.
pub const BACKOFF_LIMIT_MS: u64 = 3_600_000;

/// Default number of attempts for an item.
pub const TRIES: u32 = 1;

/// Default wait before the second attempt, in milliseconds.
pub const BACKOFF_MS: u64 = 1_000;

/// What to do when an item fails, hangs or is interrupted. Omitted fields have the recipe's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Maximum number of attempts, including the first: 1 to 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = TRIES_LIMIT)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// About how long an item waits before the second attempt, in milliseconds; the wait doubles before each further
    /// one.
    #[cfg_attr(feature = "schema", schemars(range(max = BACKOFF_LIMIT_MS)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_ms: Option<u64>,
    /// An attempt that takes longer fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Timeout>,
    /// When to give up the whole job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
    /// What happens to items that were running when the server died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_interrupt: Option<OnInterrupt>,
    /// What happens to files that were already processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_done: Option<OnDone>,
}

/// What happens to items that were running when the server died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnInterrupt {
    /// They run again.
    Retry,
    /// The job pauses, and a person decides.
    Ask,
}

/// Time limit of an attempt, in the syntax of GNU parallel's `--timeout`: `30`, `30s`, `5m`, `2h`, `1d`, or `500%` of
/// the median duration of successful attempts, once there are three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub enum Timeout {
    /// This many milliseconds.
    After(u64),
    /// This many percent of the median.
    Percent(u32),
}

/// When to give up a job, in the syntax of GNU parallel's `--halt`: `now|soon,fail|success|done=N|N%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Halt {
    /// Whether running items are stopped.
    pub when: HaltWhen,
    /// What is counted.
    pub by: HaltBy,
    /// The count at which the job is given up.
    pub limit: Limit,
}

/// A number of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// This many items.
    Count(u32),
    /// This many percent of all items.
    Percent(u32),
}

/// The text does not follow the syntax.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// Not a timeout.
    #[error("invalid timeout {0:?}; write 30s, 5m, 2h, or 500% of the median of the attempts that succeeded")]
    Timeout(String),
    /// Not a halt policy.
    #[error(
        "invalid halt policy {0:?}; write now or soon, a comma, then fail, success or done with =N or =N%: soon,fail=10%"
    )]
    Halt(String),
}

impl FromStr for Timeout {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let wrong = || InvalidPolicy::Timeout(text.to_owned());
        if let Some(percent) = text.strip_suffix('%') {
            let percent = percent.parse().ok().filter(|percent| (1..=1_000_000).contains(percent));
            return percent.map(Timeout::Percent).ok_or_else(wrong);
        }
        let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
            Some(number) => (number, &text[number.len()..]),
            None => (text, "s"),
        };
        let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && number.bytes().filter(|byte| *byte == b'.').count() <= 1
            && number.starts_with(|first: char| first.is_ascii_digit());
        let number = if is_decimal { fraction(number) } else { return Err(wrong()) };
        let seconds = number
            * f64::from(match unit {
                "d" => 86_400,
                "h" => 3_600,
                "m" => 60,
                _ => 1,
            });
        if !(0.001..=31_536_000.0).contains(&seconds) {
            return Err(wrong());
        }
        Ok(Timeout::After((seconds * 1_000.0).round() as u64))
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timeout::After(ms) if ms % 1_000 == 0 => write!(f, "{}s", ms / 1_000),
            // By whole numbers: the page would download the code that writes others for this alone.
            Timeout::After(ms) => {
                let part = format!("{:03}", ms % 1_000);
                write!(f, "{}.{}s", ms / 1_000, part.trim_end_matches('0'))
            }
            Timeout::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Halt {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let wrong = || InvalidPolicy::Halt(text.to_owned());
        let (when, why) = text.split_once(',').ok_or_else(wrong)?;
        let (by, limit) = why.split_once('=').ok_or_else(wrong)?;
        let when = match when {
            "now" => HaltWhen::Now,
            "soon" => HaltWhen::Soon,
            _ => return Err(wrong()),
        };
        let by = match by {
            "fail" => HaltBy::Fail,
            "success" => HaltBy::Success,
            "done" => HaltBy::Done,
            _ => return Err(wrong()),
        };
        let number = |text: &str, most: u32| text.parse().ok().filter(|number| (1..=most).contains(number));
        let limit = match limit.strip_suffix('%') {
            Some(percent) => number(percent, 100).map(Limit::Percent),
            None => number(limit, u32::MAX).map(Limit::Count),
        };
        Ok(Halt { when, by, limit: limit.ok_or_else(wrong)? })
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.when {
            HaltWhen::Now => "now",
            HaltWhen::Soon => "soon",
        };
        let by = match self.by {
            HaltBy::Fail => "fail",
            HaltBy::Success => "success",
            HaltBy::Done => "done",
        };
        match self.limit {
            Limit::Count(count) => write!(f, "{when},{by}={count}"),
            Limit::Percent(percent) => write!(f, "{when},{by}={percent}%"),
        }
    }
}

impl Limit {
    /// Whether `count` of `total` items reach the limit.
    pub fn is_reached(self, count: u32, total: u32) -> bool {
        match self {
            Limit::Count(limit) => count >= limit,
            Limit::Percent(percent) => count > 0 && u64::from(count) * 100 >= u64::from(percent) * u64::from(total),
        }
    }
}

as_text!(Timeout, Halt);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_that_of_gnu_parallel() {
        for (text, timeout) in [
            ("30", Timeout::After(30_000)),
            ("30s", Timeout::After(30_000)),
            ("0.5s", Timeout::After(500)),
            ("1.5m", Timeout::After(90_000)),
            ("2h", Timeout::After(7_200_000)),
            ("1d", Timeout::After(86_400_000)),
            ("500%", Timeout::Percent(500)),
        ] {
            assert_eq!(text.parse(), Ok(timeout), "{text}");
            assert_eq!(timeout.to_string().parse(), Ok(timeout));
        }
        let written = [1, 10, 100, 1_050, 90_500, 61_001].map(|ms| Timeout::After(ms).to_string());
        assert_eq!(written, ["0.001s", "0.01s", "0.1s", "1.05s", "90.5s", "61.001s"]);
        for text in ["", "s", "-1", "0", "0%", "nan", "1w", "5 s", "999d", "1e9d", "é"] {
            assert!(text.parse::<Timeout>().is_err(), "{text}");
        }
        for text in ["now,fail=1", "soon,fail=10%", "soon,success=3", "now,done=50%"] {
            assert_eq!(text.parse::<Halt>().map(|halt| halt.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "never", "fail=1", "now,fail", "now,fail=0", "now,fail=101%", "later,fail=1", "now,rain=1"] {
            assert!(text.parse::<Halt>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_of_all_items() {
        assert!(!Limit::Percent(10).is_reached(0, 0) && !Limit::Percent(10).is_reached(9, 100));
        assert!(Limit::Percent(10).is_reached(10, 100) && Limit::Percent(1).is_reached(1, 3));
        assert!(Limit::Count(3).is_reached(3, 100) && !Limit::Count(3).is_reached(2, 2));
    }
}
