//! When a message that was not delivered is sent again.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Seconds from one attempt to the next: about three days in all, as Standard Webhooks advises. The first ones are
/// short, because most receivers are down only for a restart.
const PAUSES_SECONDS: [u64; 13] = [
    1,
    5,
    30,
    2 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    24 * HOUR,
    24 * HOUR,
];

/// A receiver cannot ask for a longer pause than this.
const PAUSE_LIMIT: Duration = Duration::from_secs(24 * HOUR);

/// How long to wait after this many attempts have failed, or `None` to give up. `asked` is what the receiver asked for,
/// and `chance` in 0..1 spreads the attempts of many servers.
pub(crate) fn pause(attempts: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = Duration::from_secs(*PAUSES_SECONDS.get(index)?).mul_f64(1.0 + 0.2 * chance);
    Some(pause.max(asked.unwrap_or_default()).min(PAUSE_LIMIT.mul_f64(1.2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_go_on_for_three_days_and_then_end() {
        let pauses: Vec<_> = (1..).map_while(|attempts| pause(attempts, None, 0.0)).collect();
        assert_eq!(pauses.len(), PAUSES_SECONDS.len());
        let all: Duration = pauses.iter().sum();
        assert!((60 * HOUR..72 * HOUR).contains(&all.as_secs()), "{all:?}");
        assert!(pauses.is_sorted());
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() {
        let asked = |seconds| pause(4, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(asked(1), Some(Duration::from_secs(120)));
        assert_eq!(asked(600), Some(Duration::from_secs(600)));
        assert!(asked(u64::MAX) <= Some(PAUSE_LIMIT.mul_f64(1.2)));
    }
}
