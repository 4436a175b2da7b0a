//! What the last process knew about the clock, and how much time can have passed since.
//!
//! In the same boot of the machine the uptime tells. After another boot nobody knows how long the machine was off: up to
//! two weeks are believed.

use std::time::Duration;

use super::Jumps;
use headway_model::Millis;

/// How long a machine can plausibly have been off.
const OFF: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What the last process knew.
pub(super) struct LastSeen {
    pub(super) now: Millis,
    pub(super) doubt: Duration,
    /// The id of the boot, and the uptime; `None` if the boot was not known.
    pub(super) boot: Option<(String, Duration)>,
    pub(super) jumps: Jumps,
}

impl LastSeen {
    /// Parses the text of [`Self::text`]; `None` if it is not such a text. Earlier versions kept neither
    /// the boot nor the jumps.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (first, jumps) = std::str::from_utf8(text).ok()?.split_once('\n')?;
        let mut words = first.split(' ');
        let now = words.next()?.parse().ok()?;
        let doubt = Duration::from_secs(words.next()?.parse().ok()?);
        let boot = match words.next() {
            Some(up) => Some((words.next()?.to_owned(), Duration::from_millis(up.parse().ok()?))),
            None => None,
        };
        Some(LastSeen { now, doubt, boot, jumps: Jumps::read(jumps)? })
    }

    /// A time in milliseconds and a duration in seconds; the uptime in milliseconds and the id of the boot, if that is
    /// known; then the jumps.
    pub(super) fn text(&self) -> String {
        let boot = self.boot.as_ref().map(|(id, up)| format!(" {} {id}", up.as_millis()));
        format!("{} {}{}\n{}", self.now, self.doubt.as_secs(), boot.unwrap_or_default(), self.jumps.lines())
    }

    /// How much time has passed, as far as it is known, for a process that was started when the clock showed `opened`, in
    /// this boot with this uptime: of all times that are possible, the one that is nearest to what the clock shows.
    pub(super) fn passed(&self, opened: Millis, boot: Option<&str>, up: Duration) -> Duration {
        let shown = Duration::from_millis(opened.saturating_sub(self.now));
        match (&self.boot, boot) {
            (Some((then, before)), Some(boot)) if then == boot => up.saturating_sub(*before),
            (Some(_), Some(_)) => shown.clamp(up, up + OFF),
            (None, _) | (_, None) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_also_from_earlier_versions() {
        let read = |text: &str| LastSeen::read(text.as_bytes()).map(|last| last.text());
        for kept in ["1000 0\n", "1000 86400\n1 2\n", "1000 0 5000 6a1b-77\n", "1000 0 5000 6a1b-77\n1 2\n3 4\n"] {
            assert_eq!(read(kept).as_deref(), Some(kept));
        }
        for rubbish in ["", "1000\n", "1000 0", "1000 0 5000\n", "1000 0 x 6a1b\n", "1000 0\n1\n"] {
            assert_eq!(read(rubbish), None, "{rubbish:?}");
        }
    }
}
