//! The library: a folder of it, or all below it that matches a search, with what last happened to each file.

mod address;
mod entry;
mod listing;
mod more;
mod offer;
mod selection;
mod tools;
mod trail;
mod window;

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::live::Live;
use super::parts::format::sentence;
use super::parts::{Controls, ErrorView};
use super::start_panel::StartPanel;
use crate::api;
pub(super) use address::address;
use headway_model::library::FolderView;
use headway_model::summary::Start;
use listing::Listing;
pub(super) use offer::Offer;
pub(super) use selection::{Selection, matching};
use tools::{ScanNote, Tools};
use trail::Trail;
use window::Scrolled;

/// While the disk is being read the list is asked for again so often.
const POLL: Duration = Duration::from_millis(400);

/// The files of a folder. The address says all of what is shown.
#[component]
pub(super) fn LibraryPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let libraries = expect_context::<Start>().libraries;
    let first = libraries.first().map(|library| library.name.clone()).unwrap_or_default();
    let query = use_location().search;
    let read = Memo::new(move |_| query.with(|query| address::view(query, &first)));
    let view = Memo::new(move |_| read.with(|(view, _)| view.clone()));
    let wrong = Memo::new(move |_| read.with(|(_, wrong)| wrong.clone()));
    let library = Memo::new(move |_| view.with(|view| view.library.clone()));
    let selected = RwSignal::new(Selection::default());
    Effect::new(move |before: Option<String>| {
        let library = library.get();
        if before.is_some_and(|before| before != library) {
            selected.set(Selection::default());
        }
        library
    });

    let scrolled = Scrolled::new();
    // Asked for again while the disk is being read: then the server need not look at it once more.
    let (polls, polled) = (RwSignal::new(0_u32), RwSignal::new(false));
    let page = Resource::new(
        move || (view.get(), polls.get(), live.ended.get()),
        move |(view, ..)| {
            let refresh = !std::mem::take(&mut *polled.write_untracked());
            let rows = scrolled.rows(&view);
            more::rows(view, refresh, rows)
        },
    );
    let poll = move || {
        polled.set(true);
        polls.update(|polls| *polls = polls.wrapping_add(1));
    };
    Effect::new(move |_| {
        if page.with(|page| matches!(page, Some(Ok(page)) if page.scan.is_some())) {
            set_timeout(poll, POLL);
        }
    });
    let offer = offer::follow(page, view);
    let scan = move || {
        leptos::task::spawn_local(async move {
            api::scan(library.get_untracked()).await.ok();
            // The folder on the screen is looked at by itself: the library may take long. (What fails is told by its list.)
            polls.update(|polls| *polls = polls.wrapping_add(1));
        });
    };
    // The server writes the head of the page last, when what the page itself was made of can be gone.
    let first_title = view.with_untracked(title);
    view! {
        <Title text=move || view.try_with(title).unwrap_or_else(|| first_title.clone()) />
        <Show when=move || { libraries.len() > 1 }>
            <nav class="libraries" aria-label="Libraries">
                {expect_context::<Start>()
                    .libraries
                    .into_iter()
                    .map(|library| {
                        let view = FolderView { library: library.name.clone(), ..FolderView::default() };
                        view! { <a href=address(&view)>{library.name}</a> }
                    })
                    .collect_view()}
            </nav>
        </Show>
        <Trail view />
        <div class="start" hidden=move || offer.get() == Offer::Nowhere>
            <StartPanel view selected offer />
        </div>
        <Tools view />
        {move || wrong.get().map(|text| view! { <p class="error" role="alert">{sentence(&text)}</p> })}
        <Controls>
        <div id="files" class="files" tabindex="-1">
        <Transition fallback=|| view! { <p class="loading">"Reading the folder…"</p> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => {
                        view! {
                            <ScanNote seen=page.seen progress=page.scan unread=page.unread.clone() scan />
                            <Listing page view=view.get_untracked() selected scrolled />
                        }
                            .into_any()
                    }
                    Err(error) => view! { <ErrorView error again=move |()| page.refetch() /> }.into_any(),
                }
            })}
        </Transition>
        </div>
        </Controls>
    }
}

/// What is shown, for the title of a tab: the folder first, as there is little room.
fn title(view: &FolderView) -> String {
    match view.folder.is_root() {
        true => view.library.clone(),
        false => format!("{} · {}", view.folder.shown(), view.library),
    }
}
