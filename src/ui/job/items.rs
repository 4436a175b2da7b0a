//! The items of a job, by window. Where each stands is in the fold that the page's numbers come from, so the two never differ; the
//! server is only asked for text: names, reasons, results.

mod row;
mod texts;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api;
use crate::model::item::ITEM_LABELS;
use crate::model::summary::ItemPage;
use crate::model::{ApiError, JobId, StartJob};
use crate::ui::live::Live;
use row::ItemRow;
use texts::{Row, Texts};

/// Rows in a window.
const PAGE: u32 = 100;

/// Which window is shown, and what was read of it when the page was made.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    status: Memo<Option<String>>,
    after: Memo<Option<u32>>,
    page: Resource<Result<ItemPage, ApiError>>,
}

impl Shown {
    /// As the address says; `id` is the job's, if it is one.
    pub(super) fn read(id: Memo<String>) -> Self {
        let asked = use_query_map();
        let status = Memo::new(move |_| {
            asked.with(|asked| asked.get("status")).filter(|word| ITEM_LABELS.contains(&word.as_str()))
        });
        let after =
            Memo::new(move |_| asked.with(|asked| asked.get("after")).and_then(|text| text.parse::<u32>().ok()));
        // Once: as one goes from window to window the rows are those of the fold, and their texts are asked for by need.
        let page = Resource::new(
            move || id.get(),
            move |id| {
                let (status, after) = (status.get_untracked(), after.get_untracked());
                async move {
                    let no_id = |_| ApiError::NotFound { message: "there is no such job".into() };
                    api::items(id.parse::<JobId>().map_err(no_id)?, after, PAGE, status).await
                }
            },
        );
        Shown { status, after, page }
    }

    /// What was read; nothing of a job is shown before.
    pub(super) async fn first(self) -> Result<ItemPage, ApiError> {
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
    page: Result<ItemPage, ApiError>,
    /// What was asked for.
    request: StoredValue<Option<StartJob>>,
    /// Whether what its programs said may be kept.
    runs_programs: bool,
) -> impl IntoView {
    let Shown { status, .. } = shown;
    let followed = RwSignal::new(false);
    let filter = move |word: &'static str| {
        let here = move || status.with(|status| status.as_deref() == Some(word)).then_some("true");
        view! { <a href=format!("/jobs/{job}?status={word}") aria-current=here>{word}</a> }
    };
    view! {
        <section class="job-files" aria-label="Files of this job" data-followed=move || followed.get().then_some("true")>
            <h2>"Files"</h2>
            <nav class="filters" aria-label="Files by status">
                <a href=format!("/jobs/{job}") aria-current=move || status.with(Option::is_none).then_some("true")>"all"</a>
                {ITEM_LABELS.into_iter().map(filter).collect_view()}
            </nav>
            <Table job page shown request runs_programs followed />
        </section>
    }
}

#[component]
fn Table(
    job: JobId,
    page: Result<ItemPage, ApiError>,
    shown: Shown,
    request: StoredValue<Option<StartJob>>,
    runs_programs: bool,
    /// Whether the rows are those of the fold.
    followed: RwSignal<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let Shown { status, after, .. } = shown;
    let state = live.job(job);
    let texts = Texts::new(job, page);
    let mounted = RwSignal::new(false);
    Effect::new(move |_| mounted.set(true));
    // What was read stands until the job is followed: a page shows what the server rendered until it is hydrated.
    let window = Memo::new(move |_| {
        // Read, not only tracked: a memo that nobody has read follows nothing yet.
        let _ = state.get();
        let (status, after) = (status.get(), after.get());
        let folded =
            mounted.get().then(|| live.with_fold(job, |fold| fold.window(status.as_deref(), after, PAGE as usize)));
        folded.flatten().map_or_else(|| texts.as_read(), texts::Window::from)
    });
    Effect::new(move |_| followed.set(window.with(|window| window.is_folded)));
    texts.follow(window);
    texts.read_again_unfollowed(live, status, after);
    let is_empty = Memo::new(move |_| window.with(|window| window.rows.is_empty()));
    let rows = move || window.with(|window| window.rows.iter().map(|row| row.item).collect::<Vec<_>>());
    let row = move |item| {
        let row = Memo::new(move |_| {
            window.with(|window| {
                let at = window.rows.binary_search_by_key(&item, |row| row.item);
                at.ok().map(|at| window.rows[at].clone()).unwrap_or_else(|| Row::gone(item))
            })
        });
        view! { <ItemRow job row text=texts.of(item) request runs_programs /> }
    };
    let onward = move || {
        let next = window.with(|window| window.next)?;
        let filter = status.get().map(|word| format!("&status={word}")).unwrap_or_default();
        Some(view! { <a href=format!("/jobs/{job}?after={next}{filter}")>"Next →"</a> })
    };
    let nothing = move || match status.get() {
        Some(word) => format!("No file is {word}."),
        None => "This job has no files.".into(),
    };
    view! {
        <p class="error" role="alert">{move || texts.wrong.get()}</p>
        <p class="hint" hidden=move || !is_empty.get()>{nothing}</p>
        <table class="listing items" hidden=move || is_empty.get()>
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
