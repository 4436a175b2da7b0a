//! What needs attention: why files failed, by cause, with links to those files and buttons that run only them again.

mod cause_row;

use std::time::Duration;

use leptos::prelude::*;

use super::Steer;
use super::head::{ActionPlace, Actions};
use super::summary::{Summary, holds_places, is_over};
use crate::api;
use crate::live::Live;
use crate::ui::parts::{ErrorView, format};
use cause_row::CauseRow;
use headway_model::causes::{Cause, Causes};
use headway_model::{ApiError, Fold, ItemStatus, JobId, JobSummary};

/// Minimum time between two reads while more files fail.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);

/// What was read of why files failed, if anything was.
pub(in crate::ui) type ReadCauses = Option<Result<Causes, ApiError>>;

/// Why the files of a job failed, as far as the page has read it. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Attention {
    job: JobId,
    failed: Memo<u32>,
    read: RwSignal<ReadCauses>,
    /// How often they were requested again.
    again: RwSignal<u32>,
}

impl Attention {
    /// Begins with what the page was rendered with; from now on, causes are read whenever more files fail.
    pub(in crate::ui) fn new(job: JobId, summary: Summary, read: ReadCauses) -> Self {
        let number = move |_: Option<&u32>| {
            summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.failed))
        };
        let told = match &read {
            Some(Ok(causes)) => causes.sorted().saturating_add(causes.more),
            // What could not be read is read again.
            Some(Err(_)) | None => 0,
        };
        let attention =
            Attention { job, failed: Memo::new(number), read: RwSignal::new(read), again: RwSignal::new(0) };
        attention.follow(told);
        attention
    }

    /// Looks at a cause by its key. Returns `None` while it is not known whether it exists.
    pub(in crate::ui) fn with_cause<T>(self, key: &str, look: impl FnOnce(Option<&Cause>) -> T) -> Option<T> {
        self.read.with(|read| match read {
            Some(Ok(causes)) => Some(look(causes.causes.iter().find(|cause| cause.key == key))),
            Some(Err(_)) | None => None,
        })
    }

    /// Whether looking at what failed is the next step, and not a retry: the files themselves are the reason for every failure.
    pub(super) fn is_to_be_seen(self) -> bool {
        self.read.with(|read| matches!(read, Some(Ok(causes)) if causes.are_of_files()))
    }

    /// Reads the causes whenever the number of failures has changed since it was `told`, or they are asked for again, one call at a time.
    fn follow(self, told: u32) {
        let Attention { job, failed, read, again } = self;
        let (busy, seen) = (RwSignal::new(false), StoredValue::new((told, 0)));
        Effect::new(move |_| {
            let asked @ (number, _) = (failed.get(), again.get());
            if busy.get() || seen.get_value() == asked {
                return;
            }
            seen.set_value(asked);
            if number == 0 {
                return read.set(None);
            }
            busy.set(true);
            leptos::task::spawn_local(async move {
                read.try_set(Some(api::causes(job).await));
                set_timeout(move || _ = busy.try_set(false), MIN_READ_INTERVAL);
            });
        });
    }
}

/// The causes, most frequent first. On the job's own page, the section has its place as long as the job is live, so that nothing
/// moves when the first file fails.
#[component]
pub(super) fn Attend(
    attention: Attention,
    summary: Summary,
    /// Performs the retry of a live job; its newest answer has the job's request.
    steer: Steer,
    /// Whether the page is hydrated: until then it shows what the server rendered.
    mounted: RwSignal<bool>,
    /// Whether this is the job's own page.
    is_page: bool,
) -> impl IntoView {
    let newest = steer.newest;
    let is_over = is_over(summary);
    let (holds, causes) = (holds_places(summary), failed_now(attention, mounted));
    let is_live = Memo::new(move |_| is_page && holds.get());
    let is_none = Memo::new(move |_| attention.failed.get() == 0);
    let keys = move || {
        causes.with(|causes| {
            causes.iter().flat_map(|causes| &causes.causes).map(|cause| cause.key.clone()).collect::<Vec<_>>()
        })
    };
    // A second look at the same bytes finds the same: the next step is to look at what failed.
    let is_look = move || {
        attention.is_to_be_seen() || summary.with(|summary| summary.as_ref().is_some_and(JobSummary::only_tests))
    };
    let row = move |key: String| {
        let of = key.clone();
        let is_next = Signal::derive(move || is_over.get() && is_look() && keys().first() == Some(&of));
        let cause = Memo::new(move |_| {
            causes
                .with(|causes| causes.iter().flat_map(|causes| &causes.causes).find(|cause| cause.key == key).cloned())
        });
        view! { <CauseRow newest cause is_over is_next /> }
    };
    let retry = is_page.then(|| view! { <Actions summary steer place=ActionPlace::Failures /> }.into_any());
    view! {
        <section
            class="attention"
            aria-label="What needs attention"
            data-live=move || is_live.get().then_some("true")
            data-none=move || is_none.get().then_some("true")
            hidden=move || is_none.get() && !is_live.get()
        >
            <div class="attention-head">
                <h2>{move || heading(attention, causes)}</h2>
                {retry}
            </div>
            <p class="ui-hint" hidden=move || !is_none.get()>"Files that fail are listed here, by reason."</p>
            <ul>
                <For each=keys key=|key| key.clone() children=row />
            </ul>
            <p class="ui-hint attention-more">{move || more(causes)}</p>
            {move || wrong(attention).map(|error| view! { <ErrorView error again=move |()| attention.again.update(|again| *again = again.wrapping_add(1)) /> })}
        </section>
    }
    .into_any()
}

/// The causes without files that have been run again since, or are running again: those have not failed.
fn failed_now(attention: Attention, mounted: RwSignal<bool>) -> Memo<Option<Causes>> {
    let live = expect_context::<Live>();
    Memo::new(move |_| {
        // Read it rather than only track it, because a memo that has never been read tracks nothing.
        let _ = attention.failed.get();
        let mut causes = attention.read.with(|read| read.as_ref().and_then(|read| read.as_ref().ok().cloned()))?;
        if mounted.get() {
            live.with_fold(attention.job, |fold| keep_failed(&mut causes, fold));
        }
        Some(causes)
    })
}

/// How many files failed, and for how many reasons.
fn heading(attention: Attention, causes: Memo<Option<Causes>>) -> String {
    let failed = attention.failed.get();
    if failed == 0 {
        return "No failed files".to_owned();
    }
    let number = format::counted(failed, "file", "files");
    // While more files fail, the causes of the newest are still to be read.
    let reasons = |known: &Causes| (known.sorted() == failed).then_some(known.causes.len());
    match causes.with(|causes| causes.as_ref().and_then(reasons)) {
        None => format!("{number} failed"),
        Some(1) => format!("{number} failed for one reason"),
        Some(reasons) => format!("{number} failed for {reasons} reasons"),
    }
}

/// How many files failed for causes that are not listed.
fn more(causes: Memo<Option<Causes>>) -> Option<String> {
    let more = causes.with(|causes| causes.as_ref().map_or(0, |causes| causes.more));
    (more > 0).then(|| {
        format!("Why {} failed is only in the list of files.", format::counted(more, "more file", "more files"))
    })
}

/// Why the causes could not be read.
fn wrong(attention: Attention) -> Option<ApiError> {
    attention.read.with(|read| read.as_ref().and_then(|read| read.as_ref().err().cloned()))
}

/// Keeps only items that are failed in this job now, and causes that still have one.
fn keep_failed(causes: &mut Causes, fold: &Fold) {
    for cause in &mut causes.causes {
        cause.items.retain(|item| matches!(fold.item(*item), Some(ItemStatus::Failed(_))));
    }
    causes.causes.retain(|cause| !cause.items.is_empty());
}
