//! The library's page: the content of a folder, or everything below it that matches a search, with the last outcome
//! of each file.

mod address;
mod breadcrumbs;
mod entry;
mod listing;
mod offer;
mod read_rows;
mod reading;
mod scan_note;
mod scrolled;
mod selection;
mod tools;

use std::time::Duration;

use leptos::prelude::*;

use super::load::{Loaded, load};
use super::nav::{Nav, Title};
use super::parts::format::sentence;
use super::parts::{Controls, ErrorView, TryAgain, may_act};
use super::start_panel::{JobOptions, StartBar, StartPanel};
use crate::api;
use crate::base::to;
use crate::live::Live;
use address::RequestedView;
pub(super) use address::address;
use breadcrumbs::Breadcrumbs;
use headway_model::ApiError;
use headway_model::library::FolderView;
use headway_model::summary::{LibraryName, Start};
use listing::Listing;
pub(super) use offer::ListOffer;
use offer::ListRead;
use scan_note::ScanNote;
use scrolled::Scrolled;
pub(super) use selection::{Selection, matching};
use tools::Tools;

/// Rows in a window, and in a page of the list. A browser lays out and hydrates each row of the first page before a key is heard, so it has
/// as many as a high screen shows.
const ROWS_PER_WINDOW: u32 = 50;

/// How often the page asks for the list again while the disk is being read.
const POLL_INTERVAL: Duration = Duration::from_millis(400);

/// The files of a folder. The address fully determines what is shown.
#[component]
pub(super) fn LibraryPage() -> impl IntoView {
    let libraries = expect_context::<Start>().libraries;
    let first = libraries.first().map(|library| library.name.clone()).unwrap_or_default();
    let query = expect_context::<Nav>().query();
    let read = Memo::new(move |_| query.with(|query| address::requested_view(query, &first)));
    let view = Memo::new(move |_| read.with(|asked| asked.view.clone()));
    let wrong = Memo::new(move |_| read.with(|asked| asked.wrong.clone()));
    let library = Memo::new(move |_| view.with(|view| view.library.clone()));
    let selected = RwSignal::new(Selection::default());
    // The rows of the list before are on the screen, and can be selected, until the new list arrives.
    Effect::new(move |_| {
        if !view.with(|view| selected.with(|selected| selected.can_stay_at(view))) {
            selected.set(Selection::default());
        }
    });
    let scrolled = Scrolled::new();
    // Each change of this number reads the list again.
    let polls = RwSignal::new(0_u32);
    let (list, poll) = polled_list(read, scrolled, polls);
    let (offer, numbers) = offer::follow(list, view);
    let chosen = JobOptions::new(library, selected, offer);
    let can_act = may_act();
    let is_nowhere = move || offer.with(|offer| *offer == ListOffer::Nowhere);
    view! {
        <Title text=move || view.with(title) />
        {library_links(libraries, library)}
        <Breadcrumbs view />
        <div hidden=is_nowhere>
            {can_act.then(|| view! { <StartPanel chosen /> })}
        </div>
        <div hidden=is_nowhere>
            <Tools view numbers />
        </div>
        {move || wrong.get().map(|text| view! { <p class="ui-error" role="alert">{sentence(&text)}</p> })}
        <Controls>
            <FolderList list library polls poll selected scrolled />
        </Controls>
        {can_act.then(|| view! { <StartBar chosen /> })}
    }
}

/// The list of the folder, or why there is none.
#[component]
fn FolderList(
    list: Loaded<ListRead>,
    /// The library that is shown.
    library: Memo<String>,
    /// Each change of this number reads the list again.
    polls: RwSignal<u32>,
    /// Reads the list again without another look at the disk.
    poll: Callback<()>,
    selected: RwSignal<Selection>,
    scrolled: Scrolled,
) -> impl IntoView {
    let scan = move || {
        leptos::task::spawn_local(async move {
            api::scan(library.get_untracked()).await.ok();
            // Scan the folder on the screen first, because the whole library can take long. (The list shows any
            // failure.)
            polls.update(|polls| *polls = polls.wrapping_add(1));
        });
    };
    view! {
        <div id="files" class="library-files" tabindex="-1">
        <Transition fallback=|| view! { <p class="ui-loading">"Reading the folder…"</p> }>
            {move || Suspend::new(async move {
                // The view of this list: the address might name another one by now.
                let ListRead { view, page, near, near_at } = list.await;
                match page {
                    Ok(page) => {
                        view! {
                            <ScanNote seen=page.seen progress=page.scan unread=page.unread.clone() scan />
                            <Listing page near near_at view selected scrolled again=poll />
                        }
                            .into_any()
                    }
                    Err(error @ ApiError::NotFound { .. }) => view! { <NothingThere error view again=move |()| list.refetch() /> }.into_any(),
                    Err(error) => view! { <ErrorView error again=move |()| list.refetch() /> }.into_any(),
                }
            })}
        </Transition>
        </div>
    }
}

/// Reads the list, again after each job that ended, and again and again while the disk is being read. Also returns what
/// reads it once more.
fn polled_list(
    asked: Memo<RequestedView>,
    scrolled: Scrolled,
    polls: RwSignal<u32>,
) -> (Loaded<ListRead>, Callback<()>) {
    let live = expect_context::<Live>();
    // While the disk is being read, ask again without another look at the disk.
    let polled = RwSignal::new(false);
    let list = load(
        move || (asked.get(), polls.get(), live.ended.get()),
        move |(RequestedView { view, no_folder, .. }, ..)| {
            let refresh = !std::mem::take(&mut *polled.write_untracked());
            let rows = scrolled.near(&view);
            async move {
                match no_folder {
                    Some(message) => {
                        let page = Err(ApiError::NotFound { message });
                        ListRead { view, page, near: Vec::new(), near_at: 0 }
                    }
                    None => reading::list(view, refresh, rows).await,
                }
            }
        },
    );
    let poll = Callback::new(move |()| {
        polled.set(true);
        polls.update(|polls| *polls = polls.wrapping_add(1));
    });
    Effect::new(move |_| {
        if list.with(|list| matches!(list, Some(ListRead { page: Ok(page), .. }) if page.scan.is_some())) {
            let timer = set_timeout_with_handle(move || poll.run(()), POLL_INTERVAL).ok();
            on_cleanup(move || timer.iter().for_each(TimeoutHandle::clear));
        }
    });
    (list, poll)
}

/// A link to each library, if there are several. The one that is shown is marked.
fn library_links(libraries: Vec<LibraryName>, shown: Memo<String>) -> impl IntoView {
    let link = |library: LibraryName| {
        let view = FolderView { library: library.name.clone(), ..FolderView::default() };
        let (there, name) = (address(&view), library.name.clone());
        let current = move || shown.with(|shown| *shown == library.name).then_some("true");
        view! { <a href=there aria-current=current>{name}</a> }
    };
    (libraries.len() > 1).then(|| {
        view! {
            <nav class="library-names" aria-label="Libraries">
                {libraries.into_iter().map(link).collect_view()}
            </nav>
        }
    })
}

/// An address that leads to no folder: why, and where to go.
#[component]
fn NothingThere(
    error: ApiError,
    view: FolderView,
    /// Reads the disk again.
    #[prop(into)]
    again: Callback<()>,
) -> impl IntoView {
    let is_served =
        use_context::<Start>().is_some_and(|start| start.libraries.iter().any(|library| library.name == view.library));
    let (name, there) = match view.folder.is_root() || !is_served {
        true => ("the library".to_owned(), to("/")),
        false => (view.library.clone(), address(&FolderView { library: view.library, ..FolderView::default() })),
    };
    view! {
        <section class="ui-empty">
            <h2>"There is nothing here"</h2>
            <p class="ui-error" role="alert">{sentence(&error.to_string())}</p>
            <p class="ui-buttons"><a href=there>"Go to " {name}</a> <TryAgain error again=Some(again) /></p>
        </section>
    }
    .into_any()
}

/// The title of the tab. The folder comes first, because there is little room.
fn title(view: &FolderView) -> String {
    match view.folder.is_root() {
        true => view.library.clone(),
        false => format!("{} · {}", view.folder.shown(), view.library),
    }
}
