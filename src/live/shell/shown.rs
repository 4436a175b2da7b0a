//! Which job this tab's dialog shows, and the toasts about jobs that ended. Only a click in this tab opens the dialog.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Shell;
use crate::calls;
use crate::live::{Toast, browser, notification};
use headway_model::read::read;
use headway_model::{BuiltIn, JobId, JobKind, JobStatus, JobSummary};

/// How long a toast is shown, in milliseconds, unless it stays.
const TOAST_FOR_MS: f64 = 12_000.0;
/// The most toasts at a time, unless more of them stay until they are dismissed.
const MOST_TOASTS: usize = 4;
/// The storage key for the job in this tab's dialog, over a reload.
const SHOWN: &str = "headway.shown";
/// The storage key for the jobs that were not over when a page of this browser last looked.
pub(super) const LIVE: &str = "headway.live";

/// The text of a toast about a job that ended. For an undo, it names the job that was undone.
fn toast_text(summary: &JobSummary, how: &str) -> String {
    let is_undone = JobKind::of(&summary.recipe) == JobKind::Undo && summary.status == JobStatus::Completed;
    match summary.title.strip_prefix(JobKind::UNDO_TITLE).filter(|_| is_undone) {
        Some(undone) => format!("{undone} was undone."),
        None => format!("{}: {how}", summary.title),
    }
}

/// How a job ended: with errors, their number is given; if it failed as a whole, the reason.
fn ended(summary: &JobSummary) -> String {
    let errors = summary.counters.failed + summary.counters.missed;
    match summary.status {
        // Of the same files as in the list of jobs.
        JobStatus::CompletedWithErrors => format!("{errors} of {} failed or missed", summary.counters.work().1),
        _ => summary.status_text(),
    }
}

/// Whether there is something to do about the job, so that its notice stays until it is dismissed.
fn asks(summary: &JobSummary) -> bool {
    match summary.status {
        JobStatus::Completed => BuiltIn::of(&summary.recipe) == Some(BuiltIn::Checksum),
        status => matches!(status, JobStatus::CompletedWithErrors | JobStatus::Failed { .. }),
    }
}

/// Adds a toast. If there are too many, removes the oldest of those that do not stay.
fn add(toasts: &mut Vec<Toast>, toast: Toast) {
    if toasts.len() >= MOST_TOASTS
        && let Some(oldest) = toasts.iter().position(|toast| !toast.stays)
    {
        toasts.remove(oldest);
    }
    toasts.push(toast);
}

impl Shell {
    /// Takes up what this tab left before a reload: the job in its dialog, an unanswered start, and jobs that ended
    /// while no page was open.
    pub(super) fn take_up(&self, known: &[JobId], can_act: bool) {
        let shown = browser::kept(SHOWN).and_then(|text| text.parse::<JobId>().ok());
        if let Some(job) = shown.filter(|job| known.contains(job)) {
            self.0.live.active.set(Some(job));
            self.follow(job);
        }
        if can_act {
            self.take_up_start();
        }
        let left: Vec<JobId> = browser::remembered(LIVE).and_then(|text| read(&text).ok()).unwrap_or_default();
        for job in left.into_iter().filter(|job| !known.contains(job)) {
            let shell = self.clone();
            spawn_local(async move {
                if let Ok(view) = calls::job(job).await
                    && view.summary.status.is_terminal()
                {
                    shell.toast(&view.summary, "finished while you were away");
                }
            });
        }
    }

    /// The only place where the dialog opens, changes and closes.
    pub(super) fn set_shown(&self, job: Option<JobId>) {
        browser::keep(SHOWN, job.map(|job| job.to_string()).as_deref());
        self.0.live.active.set(job);
    }

    pub(in crate::live) fn show(&self, job: JobId) {
        self.0.live.cancel_error.set(None);
        self.set_shown(Some(job));
        self.follow(job);
    }

    pub(in crate::live) fn put_away(&self) {
        if self.0.live.active.get_untracked().is_some() {
            self.set_shown(None);
        }
    }

    /// Handles the end of a followed job. A dialog that shows the job stays until it is closed.
    pub(super) fn finished(&self, job: JobId) {
        let live = self.0.live;
        live.ended.update(|count| *count += 1);
        let summary = self.0.tab.borrow().follow().job(&job).and_then(|tracked| tracked.fold().map(JobSummary::from));
        let Some(summary) = summary else { return };
        if self.0.is_own && browser::is_hidden() {
            notification::show(&toast_text(&summary, &ended(&summary)), &job.to_string());
        }
        if live.active.get_untracked() != Some(job) {
            self.toast(&summary, &ended(&summary));
        }
    }

    fn toast(&self, summary: &JobSummary, text: &str) {
        let (job, stays) = (summary.job, asks(summary));
        let toast = Toast { job, text: toast_text(summary, text), status: summary.status.label().into(), stays };
        if !stays {
            self.0.toasted.borrow_mut().push((job, browser::now() + TOAST_FOR_MS));
        }
        self.0.live.toasts.update(|toasts| {
            toasts.retain(|other| other.job != job);
            add(toasts, toast);
        });
    }

    /// Removes the toasts whose time is over.
    pub(super) fn clear_toasts(&self, now: f64) {
        let toasts = self.0.live.toasts;
        self.0.toasted.borrow_mut().retain(|(job, until)| {
            let stays = now < *until;
            if !stays {
                toasts.update(|toasts| toasts.retain(|toast| toast.job != *job));
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Counters;
    use headway_model::testing::summary;

    #[test]
    fn only_an_undo_job_is_reported_as_having_undone_a_job() {
        let ended = |recipe: &str, status: JobStatus| JobSummary {
            title: "Undo: Upper".into(),
            recipe: recipe.into(),
            ..summary(status, Counters::default())
        };
        let text = |recipe: &str, status: JobStatus| toast_text(&ended(recipe, status), "ended");
        assert_eq!(text(JobKind::UNDO, JobStatus::Completed), "Upper was undone.");
        assert_eq!(text(JobKind::UNDO, JobStatus::Cancelled), "Undo: Upper: ended");
        assert_eq!(text("upper", JobStatus::Completed), "Undo: Upper: ended", "a person's own title");
    }

    #[test]
    fn a_toast_that_stays_is_not_pushed_out_by_others() {
        let mut toasts = Vec::new();
        for (text, stays) in
            [("a", false), ("b", true), ("c", false), ("d", true), ("e", true), ("f", true), ("g", true)]
        {
            let job = headway_model::testing::job_id(1);
            add(&mut toasts, Toast { job, text: text.into(), status: String::new(), stays });
        }
        let texts: Vec<_> = toasts.iter().map(|toast| toast.text.as_str()).collect();
        assert_eq!(texts, ["b", "d", "e", "f", "g"]);
    }
}
