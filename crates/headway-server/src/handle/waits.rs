//! What a job waits for, in words.

use super::Server;
use headway_model::status::PauseReason;
use headway_model::{JobStatus, JobSummary, RelPath};

impl Server {
    /// What a job waits for, for a person. `is_replaced` says that another folder is at its library's path; `absent`
    /// is a missing disk inside the library.
    pub(super) fn waits(
        &self,
        summary: &JobSummary,
        is_replaced: bool,
        absent: Option<(RelPath, String)>,
    ) -> Option<String> {
        let running = &self.inner.context.running;
        match summary.status {
            JobStatus::Planned => Some("Ready. Nothing runs until you say so.".into()),
            JobStatus::Queued => {
                let place = running.place_of(summary.job)?;
                Some(format!("{} in the queue", ordinal(place)))
            }
            JobStatus::Processing => {
                let items = running.of(summary.job);
                let other = items.iter().find_map(|item| Some((item, item.waits_for?)))?;
                Some(format!("{} waits for job {}, which works on it", other.0.path.shown(), other.1))
            }
            JobStatus::Paused { reason: PauseReason::LibraryGone } if is_replaced => {
                let text = "The folder at the library's path is empty, or is not the one for which this job was planned. The job \
                    goes on by itself when its own folder is back; Resume uses the folder that is there now.";
                Some(text.to_owned())
            }
            JobStatus::Paused { reason: PauseReason::LibraryGone } => {
                let (path, device) = absent?;
                Some(format!(
                    "The disk that was at {} ({device}) is missing. The job goes on by itself when the disk is back; Resume \
                     uses the folder that is there now, and no longer expects the disk.",
                    path.shown()
                ))
            }
            JobStatus::Paused { reason: PauseReason::Stuck } => {
                let unknown = || "The server's own log says why. Resume tries it again.".to_owned();
                Some(self.inner.context.steps.why(summary.job).unwrap_or_else(unknown))
            }
            _ => None,
        }
    }
}

/// A place in a queue, such as "2nd".
fn ordinal(place: usize) -> String {
    let ending = match (place % 10, place % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{place}{ending}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn a_place_in_the_queue_is_an_ordinal() {
        let said = [1, 2, 3, 4, 11, 12, 21, 112].map(ordinal);
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
    }
}
