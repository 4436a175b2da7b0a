//! A job as it was last read. More than one call can be under way, and answers come in any order: an older one never takes the place of a
//! newer one.

use leptos::prelude::*;

use headway_model::ApiError;
use headway_model::id::Position;
use headway_model::summary::JobView;

/// What the newest answer says. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Newest {
    view: RwSignal<JobView>,
    answers: StoredValue<u32>,
}

impl Newest {
    /// As the page was made.
    pub(super) fn new(view: JobView) -> Self {
        Newest { view: RwSignal::new(view), answers: StoredValue::new(0) }
    }

    /// The job.
    pub(super) fn view(self) -> Signal<JobView> {
        self.view.into()
    }

    /// Makes a call and takes in what it answers. The page can be gone by then.
    pub(super) async fn take(self, call: impl Future<Output = Result<JobView, ApiError>>) -> Result<(), ApiError> {
        let before = self.answers.try_get_value();
        let read = call.await?;
        let overlaps = self.answers.try_get_value() != before;
        let is_newer = |shown: &JobView| is_newer(read.cursor.position, shown.cursor.position, overlaps);
        if self.view.try_with_untracked(is_newer) == Some(true) {
            self.answers.try_update_value(|answers| *answers = answers.wrapping_add(1));
            self.view.try_set(read);
        }
        Ok(())
    }
}

/// Of two calls at the same time the place in the log tells which answer is newer. A call that was made after an answer came is newer by
/// itself, also if the log was replaced by a shorter one meanwhile.
fn is_newer(read: Position, shown: Position, overlaps: bool) -> bool {
    !overlaps || read >= shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_calls_at_the_same_time_the_older_answer_never_replaces_the_newer() {
        assert!(!is_newer(7, 9, true));
        assert!(is_newer(9, 7, true) && is_newer(9, 9, true));
        assert!(is_newer(7, 9, false), "asked afterwards: the log is another one");
    }
}
