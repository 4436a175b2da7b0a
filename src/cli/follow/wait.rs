//! Who ends a pause, and what the server says about it.

use super::ending::plain;
use crate::cli::session::Session;
use headway_model::status::WaitEnd;
use headway_model::summary::JobView;
use headway_model::{JobId, PauseReason};

/// What is known of a pause.
pub(in crate::cli) struct KnownWait {
    /// Who ends it; `None` if that is not known.
    pub(in crate::cli) ends: Option<WaitEnd>,
    /// What the server says, after a space; empty if it says nothing.
    pub(in crate::cli) text: String,
    /// Whether a command that works on the job need not wait for the end of the pause. A person who has paused the job can
    /// resume it while the command waits.
    pub(in crate::cli) is_last: bool,
}

impl KnownWait {
    /// Asks the server about a job that is paused for this reason. If it does not answer, only the reason is known.
    pub(in crate::cli) async fn ask(session: &Session, job: JobId, reason: PauseReason) -> Self {
        let known = Self::of(session.client.job(job).await.ok().as_ref(), reason);
        KnownWait { text: session.completed(&known.text), ..known }
    }

    fn of(view: Option<&JobView>, reason: PauseReason) -> Self {
        // It can be in another state by now.
        let view = view.filter(|view| view.summary.status.pause_reason() == Some(reason));
        let ends = match view {
            Some(view) => view.wait_end(),
            // Only the server knows whether a library comes back by itself.
            None => Some(reason.wait_end()).filter(|_| reason != PauseReason::LibraryGone),
        };
        let is_by_user = reason == PauseReason::User;
        let waits = view.and_then(|view| view.waits.as_ref()).filter(|_| !is_by_user);
        KnownWait {
            ends,
            text: waits.map(|waits| format!(" {}", plain(waits))).unwrap_or_default(),
            is_last: ends == Some(WaitEnd::Person) && !is_by_user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_only_a_person_ends_is_told_from_one_that_passes() {
        for (reason, ends, is_last) in [
            (PauseReason::DiskFull, Some(WaitEnd::Itself), false),
            (PauseReason::StorageSilent, Some(WaitEnd::Itself), false),
            (PauseReason::LibraryGone, None, false),
            (PauseReason::User, Some(WaitEnd::Person), false),
            (PauseReason::Interrupted, Some(WaitEnd::Person), true),
            (PauseReason::Stuck, Some(WaitEnd::Person), true),
        ] {
            let known = KnownWait::of(None, reason);
            assert_eq!((known.ends, known.is_last, known.text.as_str()), (ends, is_last, ""), "{reason:?}");
        }
    }
}
