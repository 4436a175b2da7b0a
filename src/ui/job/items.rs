//! The items of a job, by window. Where each stands is in the fold that the page's numbers come from, so the two never differ; the
//! server is only asked for text: names, reasons, results.

mod address;
mod read;
mod row;
mod texts;
mod window;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::attention::Attention;
use crate::api;
use crate::base::to;
use crate::ui::live::Live;
use crate::ui::parts::{format, words};
use crate::ui::progress::{Summary, number};
use address::Address;
use headway_model::item::ITEM_LABELS;
use headway_model::summary::ItemPage;
use headway_model::{ApiError, Fold, JobId, StartJob};
use read::Read;
use row::ItemRow;
use texts::Texts;
use window::{Known, Row, Window};

/// Rows in a window.
const PAGE: u32 = 100;

/// What was read of the window at an address.
pub(super) type First = (Address, Result<ItemPage, ApiError>);

/// Which window is shown, and what was read of it when the page was made.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    address: Memo<Address>,
    page: Resource<First>,
}

impl Shown {
    /// As the address says; `id` is the job's, if it is one.
    pub(super) fn read(id: Memo<String>) -> Self {
        let asked = use_query_map();
        let address = Memo::new(move |_| asked.with(Address::read));
        // Once: as one goes from window to window the rows are those of the fold, and their texts are asked for by need.
        let page = Resource::new(
            move || id.get(),
            move |id| {
                let address = address.get_untracked();
                async move {
                    let page = match id.parse::<JobId>() {
                        Ok(job) => api::items(job, address.after, PAGE, address.status.clone()).await,
                        Err(_) => Err(ApiError::NotFound { message: "there is no such job".into() }),
                    };
                    (address, page)
                }
            },
        );
        Shown { address, page }
    }

    /// What was read; nothing of a job is shown before.
    pub(super) async fn first(self) -> First {
        self.page.await
    }
}

/// The items of a status, or all, a window at a time.
#[component]
pub(super) fn Items(
    /// The job.
    job: JobId,
    /// Which of them.
    shown: Shown,
    /// What was read of them.
    first: First,
    /// What was asked for.
    request: StoredValue<Option<StartJob>>,
    /// Whether what its programs said may be kept.
    runs_programs: bool,
    /// How many there are of each status.
    summary: Summary,
    /// Why files failed.
    attention: Attention,
) -> impl IntoView {
    let status = Memo::new(move |_| shown.address.with(|address| address.status.clone()));
    let followed = RwSignal::new(false);
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let filter = move |word: &'static str| {
        let here = move || status.with(|status| status.as_deref() == Some(word)).then_some("true");
        let number = Memo::new(move |_| counters.with(|counters| number(counters, word)));
        let is_needless = move || number.get() == 0 && status.with(|status| status.as_deref() != Some(word));
        view! {
            <a href=to(&format!("/jobs/{job}?status={word}")) aria-current=here hidden=is_needless>
                {words::of(word)} " " <span class="number">{move || format::count(number.get().into())}</span>
            </a>
        }
    };
    let cause = Memo::new(move |_| shown.address.with(|address| address.cause.clone()));
    let only = move || {
        let text =
            cause.get().and_then(|key| attention.with_cause(&key, |cause| cause.map(|cause| cause.text.clone())));
        text.flatten()
    };
    view! {
        <section id="job-files" class="job-files" aria-label="Files of this job" data-followed=move || followed.get().then_some("true")>
            <h2>"Files"</h2>
            <nav class="filters" aria-label="Files by status">
                <a href=to(&format!("/jobs/{job}")) aria-current=move || status.with(Option::is_none).then_some("true")>"all"</a>
                {ITEM_LABELS.into_iter().map(filter).collect_view()}
            </nav>
            <p class="filter-cause" hidden=move || cause.with(Option::is_none)>
                "Only what failed with: " <b>{only}</b> " "
                <a href=to(&format!("/jobs/{job}?status=failed"))>"Show all that failed"</a>
            </p>
            <Table job first shown request runs_programs followed attention />
        </section>
    }
}

#[component]
fn Table(
    job: JobId,
    first: First,
    shown: Shown,
    request: StoredValue<Option<StartJob>>,
    runs_programs: bool,
    /// Whether the rows are those of the fold.
    followed: RwSignal<bool>,
    attention: Attention,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let address = shown.address;
    let state = live.job(job);
    let (read_at, page) = first;
    let read = Read::new(job, read_at, &page);
    let texts = Texts::new(job, page.map(|page| page.items).unwrap_or_default());
    let mounted = RwSignal::new(false);
    Effect::new(move |_| mounted.set(true));
    // What was read stands until the job is followed: a page shows what the server rendered until it is hydrated.
    let known = Memo::new(move |_| {
        // Read, not only tracked: a memo that nobody has read follows nothing yet.
        let _ = state.get();
        let address = address.get();
        let Address { status, cause, after } = &address;
        let (status, after) = (status.as_deref(), *after);
        let Some(key) = cause else {
            let fold = |fold: &Fold| fold.window(status, after, PAGE as usize);
            let folded = mounted.get().then(|| live.with_fold(job, fold)).flatten();
            return folded.map_or_else(|| read.at(&address), |window| Known::Rows(Window::from(window)));
        };
        // Which files those are is known once the causes are, and where they stand by the fold.
        let these = attention.with_cause(key, |cause| cause.map(|cause| cause.items.clone()).unwrap_or_default());
        let fold = |fold: &Fold| these.map(|these| fold.window_of(&these, status, after, PAGE as usize));
        let folded = mounted.get().then(|| live.with_fold(job, fold)).flatten().flatten();
        folded.map_or(Known::Reading, |window| Known::Rows(Window::from(window)))
    });
    let is_folded = Memo::new(move |_| known.with(|known| known.window().is_some_and(|window| window.is_folded)));
    Effect::new(move |_| followed.set(is_folded.get()));
    texts.follow(known);
    read.follow(live, address, is_folded, texts);
    let is_reading = move || known.with(|known| *known == Known::Reading);
    let is_empty = Memo::new(move |_| known.with(|known| known.window().is_some_and(|window| window.rows.is_empty())));
    let has_rows = Memo::new(move |_| known.with(|known| !known.rows().is_empty()));
    let wrong = move || {
        let failed = known.with(|known| match known {
            Known::Failed(error) => Some(error.clone()),
            Known::Reading | Known::Rows(_) => None,
        });
        failed.or_else(|| texts.wrong.get()).map(|error| format::sentence(&error.to_string()))
    };
    let rows = move || known.with(|known| known.rows().iter().map(|row| row.item).collect::<Vec<_>>());
    let row = move |item| {
        let row = Memo::new(move |_| {
            known.with(|known| {
                let rows = known.rows();
                let at = rows.binary_search_by_key(&item, |row| row.item);
                at.ok().map(|at| rows[at].clone()).unwrap_or_else(|| Row::gone(item))
            })
        });
        view! { <ItemRow job row text=texts.of(item) request runs_programs /> }
    };
    let onward = move || {
        let next = known.with(|known| known.window().and_then(|window| window.next))?;
        Some(view! { <a href=address.with(|address| address.behind(job, next))>"Next →"</a> })
    };
    let nothing = move || match address.with(|address| address.status.clone()) {
        Some(word) => words::none(&word),
        None => words::none(""),
    };
    view! {
        <p class="error" role="alert">{wrong}</p>
        <p class="loading" role="status" hidden=move || !is_reading()>"Reading the files…"</p>
        <p class="hint" hidden=move || !is_empty.get()>{nothing}</p>
        <table class="listing items" hidden=move || !has_rows.get()>
            <thead>
                <tr>
                    <th scope="col">"File"</th>
                    <th scope="col" class="number">"Size"</th>
                    <th scope="col" class="state">"Status"</th>
                    <th scope="col" class="result">"Result"</th>
                </tr>
            </thead>
            <tbody>
                <For each=rows key=|item| *item children=row />
            </tbody>
        </table>
        <nav class="pages" aria-label="Pages of files">{onward}</nav>
    }
    .into_any()
}
