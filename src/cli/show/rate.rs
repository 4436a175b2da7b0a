//! The rate of a job, and the time that it still takes.

use std::time::Duration;

use crate::cli::out::{count, time};

/// How long a job must have worked before the remaining time is shown.
const EARLY: Duration = Duration::from_secs(2);

/// The rate, and the remaining time, if this amount was done after that time and this much is open, in thousandths of a file. While
/// nothing more is done, less time is left; once more has passed than was expected, nothing is known about the rest.
pub(super) fn left(elapsed: Duration, (done, at): (u64, Duration), open: u64) -> Option<String> {
    if elapsed < EARLY || done == 0 {
        return None;
    }
    let rate = done as f64 / 1_000.0 / elapsed.as_secs_f64();
    let expected = at.as_secs_f64() * open as f64 / done as f64;
    let left = expected - (elapsed - at.min(elapsed)).as_secs_f64();
    let rate = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{}/s", count(rate as u64)) };
    let left = if left > 0.0 { format!("{} left", time((left * 1_000.0) as u64)) } else { "no estimate".to_owned() };
    Some(format!("{rate}  {left}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_shown_once_it_is_known() {
        let seconds = Duration::from_secs;
        let said = |elapsed, done: u64, at| left(seconds(elapsed), (done * 1_000, seconds(at)), 60_000);
        assert_eq!(said(1, 40, 1), None);
        assert_eq!(said(20, 0, 0), None);
        assert_eq!(said(20, 40, 20).as_deref(), Some("2.0/s  30 s left"));
        // A large file: nothing ends for a while.
        assert_eq!(said(40, 40, 20).as_deref(), Some("1.0/s  10 s left"));
        assert_eq!(said(80, 40, 20).as_deref(), Some("0.5/s  no estimate"));
    }
}
