//! What a job waits for, in words.

use std::time::Duration;

use super::Server;
use super::lacking_disks::LackingDisks;
use super::on_disk::FolderGone;
use headway_files::InnerMounts;
use headway_model::status::PauseReason;
use headway_model::{JobStatus, JobSummary, RelPath};

impl Server {
    /// What a job waits for, for a person. `gone` says what keeps it from the folder of its library; `disks` are those
    /// inside the library that it lacks.
    pub(super) fn waits(
        &self,
        summary: &JobSummary,
        (library, gone): (&str, Option<FolderGone>),
        disks: &LackingDisks,
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
            JobStatus::Paused { reason: PauseReason::LibraryGone } => waits_for_library(library, gone, disks),
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
fn waits_for_library(library: &str, gone: Option<FolderGone>, disks: &LackingDisks) -> Option<String> {
    let Some(gone) = gone else { return waits_for_disks(disks) };
    Some(match gone {
        FolderGone::Replaced => {
            "The folder at the library's path is empty, or is not the one for which this job was planned. The job \
             continues automatically when its own folder is back; Resume uses the folder that is there now."
                .to_owned()
        }
        FolderGone::Another => format!(
            "The folder of {library} is not the one that this job is about: the name was given to another folder, or the disk \
             was changed. The job continues automatically when its own folder is back; Resume uses the folder that is there now."
        ),
        FolderGone::Moved => format!(
            "The folder of {library} is not at its place, although its disk is there: it was moved, renamed or removed. The \
             job continues automatically when the folder is back."
        ),
        FolderGone::Absent => {
            format!("The folder of {library} is not there. The job continues automatically when it is back.")
        }
    })
}

/// The text for a job that waits for disks inside its library; `None` if it lacks none.
fn waits_for_disks(disks: &LackingDisks) -> Option<String> {
    let absent = listed(&disks.absent);
    let (are_missing, without) = match disks.absent.len() {
        1 => (format!("The disk that was at {absent} is missing"), "without it, with the folder that is there now"),
        _ => (
            format!("The disks that were at {absent} are missing"),
            "without them, with the folders that are there now",
        ),
    };
    let mounts: Vec<_> = disks.exchanged.iter().map(RelPath::shown).collect();
    let mounts = joined(&mounts);
    let are_others = |the: &str| match disks.exchanged.len() {
        1 => format!("{the} disk at {mounts} is not the one that was there when this job was planned"),
        _ => format!("{the} disks at {mounts} are not those that were there when this job was planned"),
    };
    let now = if disks.exchanged.len() == 1 { "the disk that is there now" } else { "the disks that are there now" };
    match (disks.absent.len(), disks.exchanged.len()) {
        (0, 0) => None,
        (0, 1) => Some(format!(
            "{}. The job continues automatically when its own disk is back; Resume uses {now}.",
            are_others("The")
        )),
        (0, _) => Some(format!(
            "{}. The job continues automatically when its own disks are back; Resume uses {now}.",
            are_others("The")
        )),
        (1, 0) => Some(format!(
            "{are_missing}. The job continues automatically when the disk is back; Resume has this job go on {without}."
        )),
        (_, 0) => Some(format!(
            "{are_missing}. The job continues automatically when they are back; Resume has this job go on {without}."
        )),
        (_, _) => Some(format!(
            "{are_missing}, and {}. The job continues automatically when all its own disks are back; Resume has this job go on \
             {without}, and uses {now}.",
            are_others("the")
        )),
    }
}

/// Where disks were and which they are, such as `a (/dev/sdb1) and b (/dev/sdc1)`.
fn listed(disks: &InnerMounts) -> String {
    let disks: Vec<_> = disks.iter().map(|(path, device)| format!("{} ({device})", path.shown())).collect();
    joined(&disks)
}

/// These in a sentence, such as `a, b and c`.
fn joined(names: &[String]) -> String {
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
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
    use super::{InnerMounts, LackingDisks, listed, ordinal, waits_for_library, waits_for_list};
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
        let lacking = |names: &[&str], exchanged: &[&str]| LackingDisks {
            absent: disks(names),
            exchanged: exchanged.iter().copied().map(path).collect(),
            ..LackingDisks::default()
        };
        let said = |names: &[&str]| waits_for_library("files", None, &lacking(names, &[]));
        assert_eq!(said(&[]), None, "no disk is exchanged either");
        assert!(said(&["a"]).is_some_and(|said| said.starts_with("The disk that was at a (/dev/a) is missing.")));
        let both = said(&["a", "b"]).expect("a sentence");
        assert!(both.starts_with("The disks that were at a (/dev/a) and b (/dev/b) are missing."), "{both}");
        let other = waits_for_library("files", None, &lacking(&[], &["b"])).expect("a sentence");
        assert!(other.starts_with("The disk at b is not the one that was there when this job was planned."), "{other}");
        // Neither hides the other: Resume accepts what is said.
        let both = waits_for_library("files", None, &lacking(&["a"], &["b", "c"])).expect("a sentence");
        let (missing, others) = (
            "The disk that was at a (/dev/a) is missing, and the disks at b and c are not those",
            "uses the disks that are there now.",
        );
        assert!(both.starts_with(missing) && both.ends_with(others), "{both}");
    }

    #[test]
    fn a_place_in_the_queue_is_an_ordinal() {
        let said = [1, 2, 3, 4, 11, 12, 21, 112].map(ordinal);
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
    }
}
