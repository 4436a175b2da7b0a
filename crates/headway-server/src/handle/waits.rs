//! What a job waits for, in words.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Server;
use super::lacking_disks::LackingDisks;
use super::on_disk::FolderGone;
use crate::engine::HoldReason;
use headway_files::InnerMounts;
use headway_model::status::{PauseReason, WaitEnd};
use headway_model::{JobId, JobStatus, JobSummary, RelPath};

/// What a job waits for.
pub(super) struct JobWait {
    /// What it is, for a person.
    pub(super) text: String,
    /// Who ends it.
    pub(super) ends: WaitEnd,
}

/// What a job waits for that a person has paused.
const PAUSED: &str = "Paused by a person. Resume continues it.";

const INTERRUPTED: &str = "A person decides about its interrupted files: Resume runs them again; if they are left out, they \
    count as failed.";

impl Server {
    /// What a job waits for. `gone` says what keeps it from the folder of its library; `disks` are those inside the library
    /// that it lacks, and who can give it back its folder and those disks.
    pub(super) async fn waits(
        &self,
        summary: &JobSummary,
        (library, gone): (&str, Option<FolderGone>),
        (disks, gives_back): (&LackingDisks, WaitEnd),
    ) -> Option<JobWait> {
        // Whatever only a person ends, a command ends that becomes the server.
        if self.is_left(summary) && summary.status.wait_end() != Some(WaitEnd::Person) {
            let is_missing = summary.status == (JobStatus::Paused { reason: PauseReason::LibraryGone });
            let lacks = is_missing.then(|| waits_for_library(library, gone, (disks, None))).flatten();
            let text = lacks.into_iter().chain([no_server(summary.job)]).collect::<Vec<_>>().join(" ");
            return Some(JobWait { text, ends: WaitEnd::Person });
        }
        let running = &self.inner.context.running;
        let failed = |reason| self.inner.context.pause_notes.why(summary.job, reason);
        let text = match summary.status {
            JobStatus::Planning => waits_for_list(library, running.plan_still_for(summary.job)?),
            JobStatus::Planned => Some("Ready. Nothing runs until you approve it.".into()),
            JobStatus::Queued => {
                let place = running.place_of(summary.job)?;
                Some(format!("{} in the queue", ordinal(place)))
            }
            JobStatus::Processing => return self.waits_for_file(summary, library).await,
            JobStatus::Paused { reason: PauseReason::LibraryGone } => {
                let lacks = waits_for_library(library, gone, (disks, Some(gives_back)));
                lacks.or_else(|| failed(PauseReason::LibraryGone))
            }
            JobStatus::Paused { reason: PauseReason::DiskFull } => {
                self.inner.context.shortage.why_full(summary.job).or_else(|| failed(PauseReason::DiskFull))
            }
            JobStatus::Paused { reason: PauseReason::User } => Some(PAUSED.into()),
            JobStatus::Paused { reason: PauseReason::Interrupted } => Some(INTERRUPTED.into()),
            JobStatus::Paused { reason: PauseReason::Stuck } => {
                let unknown = || "The server's own log says why. Resume tries it again.".to_owned();
                Some(self.inner.context.steps.why(summary.job).unwrap_or_else(unknown))
            }
            JobStatus::Paused { reason } => failed(reason),
            _ => None,
        };
        let ends = match summary.status {
            JobStatus::Paused { reason: PauseReason::LibraryGone } => gives_back,
            status => status.wait_end().unwrap_or_default(),
        };
        text.map(|text| JobWait { text, ends })
    }

    /// What a job that processes files waits for: a file that another job holds.
    async fn waits_for_file(&self, summary: &JobSummary, library: &str) -> Option<JobWait> {
        let context = &self.inner.context;
        let tries = context.running.of(summary.job).into_iter().find_map(|item| Some((item.path, item.waits_for?)));
        let held_up = context.exclusion.held_up(summary.job);
        let held = held_up.as_ref().map(|held_up| (held_up.path.clone(), held_up.by));
        let (path, other) = tries.or(held)?;
        let text = waits_for_job(&path, other, self.why_held(library, &path, other));
        let ends = match &held_up {
            // Nothing else of it is left to do.
            Some(held_up) if summary.counters.open() as usize == held_up.items => self.who_lets_go(&held_up.jobs).await,
            _ => WaitEnd::Itself,
        };
        Some(JobWait { text, ends })
    }

    /// Who has these jobs let go of the files that they hold: a person, if each of them waits for one. A job that cannot be read is not
    /// known to wait.
    async fn who_lets_go(&self, jobs: &BTreeSet<JobId>) -> WaitEnd {
        for job in jobs {
            let waits = self.has_no_server(*job)
                || matches!(self.row(*job).await, Ok(row) if row.summary.status.wait_end() == Some(WaitEnd::Person));
            if !waits {
                return WaitEnd::Itself;
            }
        }
        WaitEnd::Person
    }

    /// Why another job holds what the file of an item waits for.
    fn why_held(&self, library: &str, path: &RelPath, other: JobId) -> FileWait {
        let context = &self.inner.context;
        if self.has_no_server(other) {
            return FileWait::Left;
        }
        // Without the root, it is not known which file that is.
        match context.root_of(library) {
            Ok(Some(root)) => FileWait::Held(context.exclusion.why_held(other, &root, path)),
            Ok(None) | Err(_) => FileWait::Held(HoldReason::Either),
        }
    }
}

/// Why a file waits for another job.
enum FileWait {
    Held(HoldReason),
    /// It is not known how far a change by that job got, and no server works on the job.
    Left,
}

/// The text for a file that waits for another job.
fn waits_for_job(path: &RelPath, other: JobId, why: FileWait) -> String {
    let path = path.shown();
    let because = match why {
        FileWait::Held(HoldReason::AtWork) => "which works on it".to_owned(),
        FileWait::Held(HoldReason::OpenChange) => {
            "which has not found out yet how far its change of that file got; its page says what that waits for"
                .to_owned()
        }
        FileWait::Held(HoldReason::Either) => {
            "which works on it, or has not found out yet how far its change of it got".to_owned()
        }
        FileWait::Left => format!(
            "which has not found out yet how far its change of that file got. No server works on that job: `headway resume \
             {other}` continues it, and `headway cancel {other}` ends it"
        ),
    };
    format!("{path} waits for job {other}, {because}")
}

/// The text for a job on which no server works.
fn no_server(job: JobId) -> String {
    format!("No server works on it now: `headway resume {job}` continues it, and so does `headway serve`.")
}

/// What a plan waits for that has not got on for this long. A plan that reads a long manifest can take as long on storage
/// that answers.
fn waits_for_list(library: &str, still: Duration) -> Option<String> {
    const SLOW: Duration = Duration::from_secs(5);
    let seconds = still.as_secs();
    (still >= SLOW).then(|| {
        format!("The listing has made no progress for {seconds} s: perhaps the storage of {library} does not answer.")
    })
}

/// When a job goes on that lacks something, by who gives it back; `None` if a person has paused it.
fn goes_on(ends: Option<WaitEnd>, back: &str) -> String {
    match ends {
        Some(WaitEnd::Itself) => format!("The job continues automatically when {back}"),
        Some(WaitEnd::Person) => format!("Only a person can end this: the job continues when {back}"),
        None => "The job is paused".to_owned(),
    }
}

/// The text for a job that waits for its library, or for a disk inside it, or did so until a person paused it.
pub(super) fn waits_for_library(
    library: &str,
    gone: Option<FolderGone>,
    (disks, ends): (&LackingDisks, Option<WaitEnd>),
) -> Option<String> {
    let Some(gone) = gone else { return waits_for_disks(disks, ends) };
    let own = format!("{}; Resume uses the folder that is there now.", goes_on(ends, "its own folder is back"));
    Some(match gone {
        FolderGone::Replaced => {
            format!(
                "The folder at the library's path is empty, or is not the one for which this job was planned. {own}"
            )
        }
        FolderGone::Another => format!(
            "The folder of {library} is not the one that this job is about: the name was given to another folder, or the disk \
             was changed. {own}"
        ),
        FolderGone::Moved => format!(
            "The folder of {library} is not at its place, although its disk is there: it was moved, renamed or removed. {}.",
            goes_on(ends, "the folder is back")
        ),
        FolderGone::Absent => format!("The folder of {library} is not there. {}.", goes_on(ends, "it is back")),
    })
}

/// The text for a job that waits for disks inside its library; `None` if it lacks none.
fn waits_for_disks(disks: &LackingDisks, ends: Option<WaitEnd>) -> Option<String> {
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
    let goes_on = |back: &str| goes_on(ends, back);
    match (disks.absent.len(), disks.exchanged.len()) {
        (0, 0) => None,
        (0, 1) => Some(format!("{}. {}; Resume uses {now}.", are_others("The"), goes_on("its own disk is back"))),
        (0, _) => Some(format!("{}. {}; Resume uses {now}.", are_others("The"), goes_on("its own disks are back"))),
        (1, 0) => Some(format!("{are_missing}. {}; Resume has this job go on {without}.", goes_on("the disk is back"))),
        (_, 0) => Some(format!("{are_missing}. {}; Resume has this job go on {without}.", goes_on("they are back"))),
        (_, _) => Some(format!(
            "{are_missing}, and {}. {}; Resume has this job go on {without}, and uses {now}.",
            are_others("the"),
            goes_on("all its own disks are back")
        )),
    }
}

/// Asks a person who resumed a job without having been told what it lacks.
pub(super) fn ask_about(disks: &LackingDisks) -> String {
    let unknown: Vec<_> = disks.unknown.iter().map(RelPath::shown).collect();
    let unseen = (!unknown.is_empty()).then(|| format!("What is at {} cannot be looked at.", joined(&unknown)));
    let said: Vec<_> = waits_for_disks(disks, None).into_iter().chain(unseen).collect();
    format!("nobody has been told yet what this job lacks now: {} Resume it once more to accept that.", said.join(" "))
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
    use super::{FolderGone, InnerMounts, LackingDisks, WaitEnd, listed, ordinal, waits_for_library, waits_for_list};
    use headway_model::RelPath;
    use std::time::Duration;

    #[test]
    fn only_a_plan_without_progress_reports_why() {
        assert_eq!(waits_for_list("nas", Duration::from_millis(4_900)), None);
        let said = waits_for_list("nas", Duration::from_secs(18)).expect("a sentence");
        assert_eq!(said, "The listing has made no progress for 18 s: perhaps the storage of nas does not answer.");
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
        let said = |names: &[&str]| waits_for_library("files", None, (&lacking(names, &[]), Some(WaitEnd::Itself)));
        assert_eq!(said(&[]), None, "no disk is exchanged either");
        assert!(said(&["a"]).is_some_and(|said| said.starts_with("The disk that was at a (/dev/a) is missing.")));
        let both = said(&["a", "b"]).expect("a sentence");
        assert!(both.starts_with("The disks that were at a (/dev/a) and b (/dev/b) are missing."), "{both}");
        let other =
            waits_for_library("files", None, (&lacking(&[], &["b"]), Some(WaitEnd::Person))).expect("a sentence");
        assert!(other.starts_with("The disk at b is not the one that was there when this job was planned."), "{other}");
        // Neither hides the other, because *Resume* accepts what the text names.
        let both = waits_for_library("files", None, (&lacking(&["a"], &["b", "c"]), Some(WaitEnd::Person)))
            .expect("a sentence");
        let (missing, others) = (
            "The disk that was at a (/dev/a) is missing, and the disks at b and c are not those",
            "uses the disks that are there now.",
        );
        assert!(both.starts_with(missing) && both.ends_with(others), "{both}");
    }

    #[test]
    fn only_what_passes_by_itself_is_said_to_continue_automatically() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let disks = LackingDisks { exchanged: [path("a")].into(), ..LackingDisks::default() };
        let gone = [FolderGone::Replaced, FolderGone::Another, FolderGone::Moved, FolderGone::Absent].map(Some);
        for gone in gone.into_iter().chain([None]) {
            let said = |ends| waits_for_library("files", gone, (&disks, ends)).expect("a sentence");
            assert!(said(Some(WaitEnd::Itself)).contains("continues automatically"), "{gone:?}");
            let asks = said(Some(WaitEnd::Person));
            assert!(asks.contains("Only a person can end this") && !asks.contains("automatically"), "{asks}");
            let paused = said(None);
            assert!(paused.contains("The job is paused") && !paused.contains("continues"), "{paused}");
        }
    }

    #[test]
    fn a_place_in_the_queue_is_an_ordinal() {
        let said = [1, 2, 3, 4, 11, 12, 21, 112].map(ordinal);
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
    }
}
