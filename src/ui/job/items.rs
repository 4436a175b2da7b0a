//! The items of a job, as one list of any length. Each item's status comes from the same fold as the page's numbers,
//! so the two never differ. The server is asked only for text: names, reasons, results.

mod address;
mod list;
mod names;
mod read;
mod result_text;
mod row;
mod row_cursor;
mod table;
mod texts;
mod tools;
mod window;

use leptos::prelude::*;

use super::drawer::Drawer;
use crate::api;
use crate::ui::load::{Loaded, load};
use crate::ui::nav::Nav;
use crate::ui::parts::{Controls, format, words};
use crate::ui::progress::{Attention, Newest, Summary, is_many, keeps_places, number};
pub(super) use address::ItemsAddress;
use headway_model::bar::READ;
use headway_model::item::StatusFilter;
use headway_model::summary::{ItemPage, ItemView};
use headway_model::{ApiError, Counters, JobId, JobStatus, StartJob};
pub(super) use list::ItemsList;
pub(super) use names::ReadNames;
pub(super) use result_text::whole_result;
use table::Table;
pub(super) use texts::Texts;
use tools::Tools;
pub(super) use window::ShownItem;

/// Rows on a page, where the list is read by pages.
const ITEMS_PER_PAGE: u32 = 50;

/// What was first read of the items at an address.
#[derive(Debug, Clone, serde::Serialize, headway_model::read::FromJson)]
pub(super) struct First {
    address: ItemsAddress,
    page: Result<ItemPage, ApiError>,
    /// The open item, if there is one.
    opened: Vec<ItemView>,
}

/// Which items are shown, and the texts that were read when the page was rendered.
#[derive(Clone, Copy)]
pub(super) struct ShownItems {
    pub(super) address: Memo<ItemsAddress>,
    opened: Memo<Option<u32>>,
    page: Loaded<First>,
}

impl ShownItems {
    /// Reads what the address asks for. `id` is the job's id, if it is valid.
    pub(super) fn read(id: Memo<String>) -> Self {
        let asked = expect_context::<Nav>().query();
        let address = Memo::new(move |_| asked.with(ItemsAddress::read));
        let opened = Memo::new(move |_| asked.with(address::opened));
        // Read only once. Later rows come from the fold, and their texts are requested as needed.
        let page = load(
            move || id.get(),
            move |id| {
                let (address, opened) = (address.get_untracked(), opened.get_untracked());
                async move {
                    let Ok(job) = id.parse::<JobId>() else {
                        let page = Err(ApiError::NotFound { message: "there is no such job".into() });
                        return First { address, page, opened: Vec::new() };
                    };
                    let page = api::items(job, address.after, ITEMS_PER_PAGE, address.filter.clone()).await;
                    let opened = match opened {
                        Some(item) => api::items_at(job, vec![item]).await.unwrap_or_default(),
                        None => Vec::new(),
                    };
                    First { address, page, opened }
                }
            },
        );
        ShownItems { address, opened, page }
    }

    /// Waits for what was read. Nothing of the job is shown before.
    pub(super) async fn first(self) -> First {
        self.page.await
    }
}

/// The items that match the filter, and the open one.
#[component]
pub(super) fn Items(
    /// The job.
    job: JobId,
    /// Which of them.
    shown: ShownItems,
    /// What was read of them.
    first: First,
    /// The job's request.
    request: StoredValue<Option<StartJob>>,
    /// Whether output of its programs might be stored.
    runs_programs: bool,
    /// The job's summary, with the number of files by status.
    summary: Summary,
    /// Why files failed.
    attention: Attention,
    /// What is known of the job.
    newest: Newest,
    /// The server's texts about them.
    texts: Texts,
    /// Files that are named elsewhere on the page.
    named: Signal<Vec<u32>>,
) -> impl IntoView {
    let ShownItems { address, opened, .. } = shown;
    // For the buttons of the rows and of the drawer.
    provide_context(newest);
    let followed = RwSignal::new(false);
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let is_listed = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status != JobStatus::Planning))
    });
    let files = Memo::new(move |_| counters.with(|counters| counters.total));
    let list = ItemsList::new(job, address, attention, files);
    texts.take(texts.call(), first.opened.clone());
    let drawer = Drawer { job, address, opened, list, texts, request, runs_programs };
    let table = view! { <Table job first address opened list texts named request followed is_listed /> };
    let drawer = drawer.view();
    let keeps = keeps_places(summary);
    view! {
        <section id="job-files" class="job-files" aria-label="Files of this job" data-followed=move || followed.get().then_some("true") data-held=move || keeps.get().then_some("true")>
            <h2>"Files"</h2>
            <Statuses job address counters />
            <Tools job address list summary request attention newest />
            <Controls>{table}</Controls>
        </section>
        <Controls>{drawer}</Controls>
    }
    .into_any()
}

/// A link for each status that any file has, with the number of files. On the page of a live job the others keep their places.
#[component]
fn Statuses(job: JobId, address: Memo<ItemsAddress>, counters: Memo<Counters>) -> impl IntoView {
    let status = Memo::new(move |_| address.with(|address| address.filter.status));
    let filter = move |of: StatusFilter| {
        let is_here = move || status.get() == Some(of);
        let number = Memo::new(move |_| counters.with(|counters| number(counters, of)));
        let is_needless = move || number.get() == 0 && !is_here();
        view! {
            <a href=move || address.with(|address| address.with_status(job, Some(of))) aria-current=move || is_here().then_some("true") data-none=move || is_needless().then_some("true") data-noscroll="">
                {words::of(of)} " " <span class="ui-filters-number">{move || format::count(number.get().into())}</span>
            </a>
        }
    };
    let all = move || address.with(|address| address.with_status(job, None));
    view! {
        <nav class="ui-filters" aria-label="Files by status" data-many=move || counters.with(is_many).then_some("true")>
            <a href=all aria-current=move || status.with(Option::is_none).then_some("true") data-noscroll="">
                "all " <span class="ui-filters-number">{move || format::count(counters.with(|counters| counters.total).into())}</span>
            </a>
            {READ.into_iter().map(filter).collect_view()}
        </nav>
    }
    .into_any()
}
