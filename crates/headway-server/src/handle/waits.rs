//! What a job waits for, in words.

use std::time::Duration;

use super::Server;
use super::on_disk::FolderGone;
use headway_files::InnerMounts;
use headway_model::status::PauseReason;
use headway_model::{JobStatus, JobSummary, RelPath};

impl Server {
    /// What a job waits for, for a person. `gone` says what keeps it from the folder of its library; `absent` are missing
    /// disks inside the library, and `exchanged` is where there is another disk than the job was planned on.
    pub(super) fn waits(
        &self,
        summary: &JobSummary,
        (library, gone): (&str, Option<FolderGone>),
        (absent, exchanged): (InnerMounts, Option<RelPath>),
    ) -> Option<String> {
        let running = &self.inner.context.running;
        match summary.status {
            JobStatus::Planning => waits_for_list(library, running.plan_still_for(summary.job)?),
            JobStatus::Planned => Some("Ready. Nothing runs until you approve it.".into()),
            JobStatus::Queued => {
                let place = running.place_of(summary.job)?;
                Some(format!("{} in the queue", ordinal(place)))
            }
            JobStatus::Processing => {
                let items = running.of(summary.job);
                let other = items.iter().find_map(|item| Some((item, item.waits_for?)))?;
                Some(format!("{} waits for job {}, which works on it", other.0.path.shown(), other.1))
            }
            JobStatus::Paused { reason: PauseReason::LibraryGone } => {
                waits_for_library(library, gone, &absent, exchanged)
            }
            JobStatus::Paused { reason: PauseReason::Stuck } => {
                let unknown = || "The server's own log says why. Resume tries it again.".to_owned();
                Some(self.inner.context.steps.why(summary.job).unwrap_or_else(unknown))
            }
            _ => None,
        }
    }
}

/// What a plan waits for that has not got on for this long. A plan that reads a long manifest can take as long on storage
/// that answers.
fn waits_for_list(library: &str, still: Duration) -> Option<String> {
    const SLOW: Duration = Duration::from_secs(5);
    let seconds = still.as_secs();
    (still >= SLOW)
        .then(|| format!("No news of the list for {seconds} s: perhaps the storage of {library} does not answer."))
}

/// The text for a job that waits for its library, or for a disk inside it.
fn waits_for_library(
    library: &str,
    gone: Option<FolderGone>,
    absent: &InnerMounts,
    exchanged: Option<RelPath>,
) -> Option<String> {
    Some(match (gone, absent.len()) {
        (Some(FolderGone::Replaced), _) => {
            "The folder at the library's path is empty, or is not the one for which this job was planned. The job \
             continues automatically when its own folder is back; Resume uses the folder that is there now."
                .to_owned()
        }
        (Some(FolderGone::Another), _) => format!(
            "The folder of {library} is not the one that this job is about: the name was given to another folder, or the disk \
             was changed. The job continues automatically when its own folder is back; Resume uses the folder that is there now."
        ),
        (Some(FolderGone::Moved), _) => format!(
            "The folder of {library} is not at its place, although its disk is there: it was moved, renamed or removed. The \
             job continues automatically when the folder is back."
        ),
        (Some(FolderGone::Absent), _) => {
            format!("The folder of {library} is not there. The job continues automatically when it is back.")
        }
        (None, 0) => format!(
            "The disk at {} is not the one that was there when this job was planned. The job goes on by itself when its own \
             disk is back; Resume uses the disk that is there now.",
            exchanged?.shown()
        ),
        (None, 1) => format!(
            "The disk that was at {} is missing. The job goes on by itself when the disk is back; Resume has this job go on \
             without it, with the folder that is there now.",
            listed(absent)
        ),
        (None, _) => format!(
            "The disks that were at {} are missing. The job goes on by itself when they are back; Resume has this job go on \
             without them, with the folders that are there now.",
            listed(absent)
        ),
    })
}

/// Where disks were and which they are, such as `a (/dev/sdb1) and b (/dev/sdc1)`.
fn listed(disks: &InnerMounts) -> String {
    let disks: Vec<_> = disks.iter().map(|(path, device)| format!("{} ({device})", path.shown())).collect();
    match disks.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => disks.concat(),
    }
}

/// A place in a queue, such as "2nd".
fn ordinal(place: usize) -> String {
    let suffix = match (place % 10, place % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{place}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::{InnerMounts, listed, ordinal, waits_for_library, waits_for_list};
    use headway_model::RelPath;
    use std::time::Duration;

    #[test]
    fn only_a_plan_without_progress_reports_why() {
        assert_eq!(waits_for_list("nas", Duration::from_millis(4_900)), None);
        let said = waits_for_list("nas", Duration::from_secs(18)).expect("a sentence");
        assert_eq!(said, "No news of the list for 18 s: perhaps the storage of nas does not answer.");
    }

    #[test]
    fn each_missing_disk_is_named() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let disks =
            |names: &[&str]| -> InnerMounts { names.iter().map(|name| (path(name), format!("/dev/{name}"))).collect() };
        assert_eq!(listed(&disks(&["a"])), "a (/dev/a)");
        assert_eq!(listed(&disks(&["a", "b", "c"])), "a (/dev/a), b (/dev/b) and c (/dev/c)");
        let said = |names: &[&str]| waits_for_library("files", None, &disks(names), None);
        assert_eq!(said(&[]), None, "no disk is exchanged either");
        assert!(said(&["a"]).is_some_and(|said| said.starts_with("The disk that was at a (/dev/a) is missing.")));
        let both = said(&["a", "b"]).expect("a sentence");
        assert!(both.starts_with("The disks that were at a (/dev/a) and b (/dev/b) are missing."), "{both}");
    }

    #[test]
    fn a_place_in_the_queue_is_an_ordinal() {
        let said = [1, 2, 3, 4, 11, 12, 21, 112].map(ordinal);
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
    }
}
