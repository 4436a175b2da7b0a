//! A job's progress as one component, without the style of Headway's own pages.

use leptos::prelude::*;

use super::bar::{OutcomeParts, ProgressBar};
use super::use_job::{UseJob, use_job};
use crate::base::to;
use headway_model::bar::{READ, number, word};
use headway_model::follow::{Phase, Proof, SET_ASIDE};
use headway_model::item::StatusFilter;
use headway_model::text::counted;
use headway_model::{Counters, JobId, JobStatus, JobSummary};

/// A style sheet for [`JobProgress`], to be served or included by an app that has none of its own. It styles only what is inside
/// `.headway-job`, and takes fonts and colours of text from the page.
pub const JOB_PROGRESS_STYLE: &str = include_str!("progress.css");

/// A job: its title and status, a bar divided by outcome, a number for each outcome, what is proved, and a button that cancels it.
///
/// It has no style of its own: include [`JOB_PROGRESS_STYLE`], or write one. These names stay: `.headway-job` with `data-job`,
/// `data-status`, `data-seq` and `data-base`; inside, each with the prefix `headway-job-`: `title`, `status`, `bar`, `part` and
/// `count` (with `data-status`), `message`, `proof`, `link`, `cancel`, `details` and `error`.
#[component]
pub fn JobProgress(
    /// The job.
    job: JobId,
) -> impl IntoView {
    let followed = use_job(job);
    let UseJob { summary, status, proof, cancel_error, .. } = followed;
    let title =
        move || summary.with(|summary| summary.as_ref().map_or_else(|| "Job".into(), |summary| summary.title.clone()));
    let said = move || {
        summary.with(|summary| summary.as_ref().map_or_else(|| "not known yet".into(), JobSummary::status_text))
    };
    let message = move || summary.with(|summary| summary.as_ref().and_then(|summary| summary.message.clone()));
    let can_cancel = move || status.get().is_none_or(JobStatus::can_cancel);
    view! {
        <article
            class="headway-job"
            aria-label=title
            data-job=job.to_string()
            data-status=move || status.get().map(JobStatus::label)
            data-seq=move || proof.get().seq.to_string()
            data-base=move || proof.get().base.to_string()
        >
            <p class="headway-job-head">
                <strong class="headway-job-title">{title}</strong>
                " "
                <span class="headway-job-status" role="status">{said}</span>
            </p>
            <OutcomeBar followed />
            <p class="headway-job-message" hidden=move || message().is_none()>{message}</p>
            <Standing followed />
            <p class="headway-job-actions">
                <button
                    type="button"
                    class="headway-job-cancel"
                    hidden=move || !can_cancel()
                    disabled=move || !followed.is_ready.get()
                    on:click=move |_| followed.cancel()
                >
                    "Cancel"
                </button>
                " "
                // The app's own router must leave it to the browser.
                <a class="headway-job-details" rel="external" href=to(&format!("/jobs/{job}"))>"Details"</a>
            </p>
            {move || cancel_error.get().map(|error| {
                view! { <p class="headway-job-error" role="alert">"The job could not be cancelled: " {error.to_string()}</p> }
            })}
        </article>
    }
}

/// The bar, and a number for each outcome.
#[component]
fn OutcomeBar(followed: UseJob) -> impl IntoView {
    let counters = move || followed.counters.get().unwrap_or_default();
    // While files are being listed, their number so far is not the total.
    let is_listing = Memo::new(move |_| {
        followed
            .summary
            .with(|summary| summary.as_ref().is_none_or(|summary| summary.listing && !summary.status.is_terminal()))
    });
    let shown = Memo::new(move |_| if is_listing.get() { Counters::default() } else { counters() });
    let words = Signal::derive(move || match (followed.counters.get(), is_listing.get()) {
        (None, _) => "Not known yet".to_owned(),
        (Some(counters), true) => format!("Listing files: {} so far", counters.files()),
        (Some(counters), false) => {
            let (done, all) = counters.work();
            format!("{done} of {} done", counted(all.into(), ',', "file", "files"))
        }
    });
    let count = move |of: StatusFilter| {
        let number = Memo::new(move |_| number(&counters(), of));
        view! {
            <li class="headway-job-count" data-status=of.name() hidden=move || number.get() == 0>
                {move || number.get()} " " {word(of)}
            </li>
        }
    };
    view! {
        <ProgressBar class="headway-job-bar" counters=Signal::derive(counters) is_listing words>
            <OutcomeParts class="headway-job-drawing" part_class="headway-job-part" counters=shown />
        </ProgressBar>
        <p class="headway-job-words">{move || words.get()}</p>
        <ul class="headway-job-counts" aria-label="Files by status">{READ.into_iter().map(count).collect_view()}</ul>
    }
}

/// What the page can prove of the job, and the link.
#[component]
fn Standing(followed: UseJob) -> impl IntoView {
    let UseJob { phase, proof, is_silent, link, .. } = followed;
    view! {
        <p class="headway-job-standing">
            <span class="headway-job-proof">{move || proved(phase.get(), &proof.get(), is_silent.get())}</span>
            " "
            <span class="headway-job-link" data-link=move || link.with(|link| link.label())>
                "Link: " {move || link.with(ToString::to_string)}
            </span>
        </p>
    }
}

/// A sentence about what is proved. *Complete* describes only a job that is over and that the server has confirmed.
fn proved(phase: Option<Phase>, proof: &Proof, is_silent: bool) -> String {
    if proof.closed && matches!(phase, Some(Phase::Following | Phase::Closed)) {
        return format!("Complete: all {} events, checked against the server's log.", proof.seq);
    }
    if is_silent {
        return "The server does not answer; this is what it said last.".into();
    }
    match phase {
        None => "Not checked yet.".into(),
        Some(Phase::Stopped) => "This page could not follow event by event. It shows the server's summaries.".into(),
        Some(Phase::SetAside) => SET_ASIDE.into(),
        Some(Phase::Pruned) => "The job's history was removed.".into(),
        Some(Phase::Asked | Phase::Absent) if proof.seq == 0 => "Waiting for the first event.".into(),
        Some(_) => format!("{} so far.", counted(proof.seq, ',', "event", "events")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_is_shown_only_for_a_job_that_the_server_has_confirmed() {
        let proof = Proof { base: 0, seq: 14, checked: Some(1), closed: false };
        for phase in [None, Some(Phase::Asked), Some(Phase::Absent), Some(Phase::Following), Some(Phase::Stopped)] {
            assert!(!proved(phase, &proof, false).contains("Complete"), "{phase:?}");
            assert!(proved(phase, &proof, true).starts_with("The server does not answer"), "{phase:?}");
        }
        let closed = Proof { closed: true, ..proof };
        let said = "Complete: all 14 events, checked against the server's log.";
        assert_eq!(proved(Some(Phase::Closed), &closed, true), said);
        assert!(!proved(Some(Phase::Stopped), &closed, false).contains("Complete"));
        assert_eq!(proved(Some(Phase::Absent), &Proof::default(), false), "Waiting for the first event.");
    }
}
