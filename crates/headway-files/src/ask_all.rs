//! Asks storage that might not answer.

use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long to wait for all answers together.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the same question of several places at the same time, each on a thread of its own. The result is `None` for a
/// place that does not answer within two seconds: its thread is left behind, and ends when the storage answers.
pub fn ask_all<Place, Answer>(
    places: Vec<Place>,
    look: impl Fn(Place) -> Answer + Clone + Send + 'static,
) -> Vec<Option<Answer>>
where
    Place: Send + 'static,
    Answer: Send + 'static,
{
    let ask = |place| {
        let (tell, told) = mpsc::channel();
        let look = look.clone();
        let thread = std::thread::Builder::new().name("look".into());
        if let Err(error) = thread.spawn(move || tell.send(look(place)).ok()) {
            tracing::error!(%error, "a thread for a look at storage cannot be started");
        }
        told
    };
    let asked: Vec<_> = places.into_iter().map(ask).collect();
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    let wait = |told: mpsc::Receiver<_>| told.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok();
    asked.into_iter().map(wait).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Barrier};

    #[test]
    fn one_silent_place_does_not_delay_the_answers_of_the_others() {
        let never = Arc::new(Barrier::new(2));
        let held = Arc::clone(&never);
        let look = move |place: u32| {
            if place == 1 {
                held.wait();
            }
            place
        };
        assert_eq!(ask_all(vec![0, 1, 2], look), [Some(0), None, Some(2)]);
        never.wait();
    }
}
