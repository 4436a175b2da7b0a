//! What needs attention: why files failed, by cause, with links to those files and buttons that run only them again.

use std::time::Duration;

use leptos::prelude::*;

use super::newest::Newest;
use super::summary::{Summary, is_over};
use crate::api;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{ErrorView, format, may_act};
use headway_model::causes::{Cause, Causes};
use headway_model::request::ItemSelection;
use headway_model::{ApiError, Fold, ItemStatus, JobId, StartJob};

/// Minimum time between two reads while more files fail.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);

/// Why the files of a job failed, as far as the page has read it. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Attention {
    job: JobId,
    failed: Memo<u32>,
    read: RwSignal<Option<Result<Causes, ApiError>>>,
    /// How often they were requested again.
    again: RwSignal<u32>,
}

impl Attention {
    /// Nothing has been read yet; from now on, causes are read whenever more files fail.
    pub(in crate::ui) fn new(job: JobId, summary: Summary) -> Self {
        let number = move |_: Option<&u32>| {
            summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.failed))
        };
        let attention =
            Attention { job, failed: Memo::new(number), read: RwSignal::new(None), again: RwSignal::new(0) };
        attention.follow();
        attention
    }

    /// Looks at a cause by its key. Returns `None` while it is not known whether it exists.
    pub(in crate::ui) fn with_cause<T>(self, key: &str, look: impl FnOnce(Option<&Cause>) -> T) -> Option<T> {
        self.read.with(|read| match read {
            Some(Ok(causes)) => Some(look(causes.causes.iter().find(|cause| cause.key == key))),
            Some(Err(_)) | None => None,
        })
    }

    /// Reads the causes whenever the number of failures has changed or they are asked for again, one call at a time. Not a resource, so that the
    /// server does not wait for it.
    fn follow(self) {
        let Attention { job, failed, read, again } = self;
        let (busy, seen) = (RwSignal::new(false), StoredValue::new((0, 0)));
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

/// The causes, most frequent first.
#[component]
pub(in crate::ui) fn Attend(
    attention: Attention,
    summary: Summary,
    /// The job's facts, with its request.
    newest: Newest,
) -> impl IntoView {
    let is_over = is_over(summary);
    let live = expect_context::<Live>();
    // Without files that have been run again since, or are running again: those have not failed.
    let causes = Memo::new(move |_| {
        let failed = attention.failed.get();
        let mut causes = attention.read.with(|read| read.as_ref().and_then(|read| read.as_ref().ok().cloned()))?;
        live.with_fold(attention.job, |fold| keep_failed(&mut causes, fold));
        let told: usize = causes.causes.iter().map(|cause| cause.items.len()).sum();
        causes.more = failed.saturating_sub(u32::try_from(told).unwrap_or(u32::MAX));
        Some(causes)
    });
    let wrong = move || attention.read.with(|read| read.as_ref().and_then(|read| read.as_ref().err().cloned()));
    let keys = move || {
        causes.with(|causes| {
            causes.iter().flat_map(|causes| &causes.causes).map(|cause| cause.key.clone()).collect::<Vec<_>>()
        })
    };
    let heading = move || {
        let number = format::counted(attention.failed.get(), "file", "files");
        match causes.with(|causes| causes.as_ref().filter(|known| known.more == 0).map(|known| known.causes.len())) {
            None => format!("{number} failed"),
            Some(1) => format!("{number} failed for one reason"),
            Some(reasons) => format!("{number} failed for {reasons} reasons"),
        }
    };
    let row = move |key: String| {
        let cause = Memo::new(move |_| {
            causes
                .with(|causes| causes.iter().flat_map(|causes| &causes.causes).find(|cause| cause.key == key).cloned())
        });
        view! { <CauseRow newest cause is_over /> }
    };
    let more = move || {
        let more = causes.with(|causes| causes.as_ref().map_or(0, |causes| causes.more));
        (more > 0)
            .then(|| format!("Why {} failed is not known here yet.", format::counted(more, "more file", "more files")))
    };
    view! {
        <section class="attention" aria-label="What needs attention" hidden=move || attention.failed.get() == 0>
            <h2>{heading}</h2>
            <ul>
                <For each=keys key=|key| key.clone() children=row />
            </ul>
            <p class="ui-hint attention-more">{more}</p>
            {move || wrong().map(|error| view! { <ErrorView error again=move |()| attention.again.update(|again| *again = again.wrapping_add(1)) /> })}
        </section>
    }
    .into_any()
}

/// Keeps only items that are failed in this job now, and causes that still have one.
fn keep_failed(causes: &mut Causes, fold: &Fold) {
    for cause in &mut causes.causes {
        cause.items.retain(|item| matches!(fold.item(*item), Some(ItemStatus::Failed(_))));
    }
    causes.causes.retain(|cause| !cause.items.is_empty());
}

/// One cause: how many files, which, where, and what can be done.
#[component]
fn CauseRow(
    newest: Newest,
    cause: Memo<Option<Cause>>,
    /// Whether the job is over: only then do its files run again in another job.
    is_over: Memo<bool>,
) -> impl IntoView {
    let (live, can_act) = (expect_context::<Live>(), may_act());
    let job = newest.job;
    let of = move |tell: fn(&Cause) -> String| cause.with(|cause| cause.as_ref().map(tell).unwrap_or_default());
    let number = |cause: &Cause| format::count(cause.items.len() as u64);
    // Those that no later job has done.
    let still = Memo::new(move |_| {
        let done = newest.with(|view| view.done_since.clone()).unwrap_or_default();
        let items = cause.with(|cause| cause.as_ref().map(|cause| cause.items.clone())).unwrap_or_default();
        items.into_iter().filter(|item| done.binary_search(item).is_err()).collect::<Vec<_>>()
    });
    let place = |cause: &Cause| match cause.items.len() {
        1 => cause.first.shown().to_string(),
        _ => format!("first {}, last {}", cause.first.shown(), cause.last.shown()),
    };
    let retry = move |_| {
        let again = |request: &StartJob| request.again(job, ItemSelection::These(still.get_untracked()));
        let again = newest.with_untracked(|view| view.request.as_ref().map(again)).flatten();
        again.into_iter().for_each(|request| _ = live.start(request));
    };
    // At the moment of the job that is shown.
    let there = move || {
        let at = live.past_of(job).map(|moment| format!("&at={}", moment.seq())).unwrap_or_default();
        to(&format!("/jobs/{job}?status=failed&cause={}{at}#job-files", of(|cause| cause.key.clone())))
    };
    view! {
        <li class="attention-cause">
            <b class="attention-number">{move || of(number)}</b>
            <p class="attention-text">
                <span class="attention-why">{move || of(|cause| cause.text.clone())}</span>
                <bdi dir="ltr" class="attention-place">{move || of(place)}</bdi>
                // The text leaves out what differs from file to file; one whole message is kept as an example.
                <span class="attention-example">{move || of(|cause| if cause.text == cause.example { String::new() } else { format!("e.g. {}", cause.example) })}</span>
            </p>
            <span class="attention-ways">
                // The files are on the job's page, which no dialog must cover.
                <a class="ui-button" href=there on:click=move |_| live.put_away()>"Show"</a>
                <Show when=move || can_act && is_over.get() && still.with(|still| !still.is_empty())>
                    <button data-action="retry-cause" on:click=retry>{move || format!("Retry {}", format::count(still.with(Vec::len) as u64))}</button>
                </Show>
            </span>
        </li>
    }
    .into_any()
}
