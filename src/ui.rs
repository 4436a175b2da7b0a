//! The pages: rendered on the server with the true state in them, hydrated in the browser.

#![expect(unreachable_pub, reason = "the component macro makes public props")]

mod document;
mod job;
mod jobs;
mod keys;
mod later;
mod library;
mod load;
mod nav;
mod parts;
mod plan;
mod progress;
mod search;
mod start_panel;

use leptos::prelude::*;

use crate::base::{Base, to};
use crate::live::Live;
pub use crate::live::{stopped, unloaded};
pub use document::{ClientFiles, shell};
use headway_model::summary::Start;
use keys::Keys;
pub use later::fetch_for_page;
use later::{Later, Part};
pub use nav::{Location, Page, Titled};
use nav::{Nav, Title};
pub use parts::Marks;
use parts::focus;
use progress::{Modal, Pills, Toasts};

/// Adopts what the page was rendered with: the marks in numbers; and the base path, for links, calls and streams.
pub fn begin_as_rendered() {
    let root = web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
    let said = |name: &str| root.as_ref().and_then(|root| root.get_attribute(name));
    Marks::of_page(&said("data-marks").unwrap_or_default());
    let said = said("data-base").and_then(|text| text.parse::<Base>().ok());
    let Some(base) = said.filter(|base| !base.as_str().is_empty()) else { return };
    // Leaked once for the life of the page.
    leptos::server_fn::client::try_set_server_url(base.to_string().leak()).ok();
    base.of_page();
}

/// A text as a value in the query of an address.
pub fn query_value(text: &str) -> String {
    parts::format::query(text)
}

/// Everything inside the body. The server reads what the first paint needs at one moment, and sends it with the page.
#[component]
pub fn App() -> impl IntoView {
    let nav = Nav::begin();
    provide_context(nav);
    let start =
        SharedValue::<_, load::SentWithPage>::new_with_encoding(|| use_context::<Start>().unwrap_or_else(Start::empty))
            .into_inner();
    let live = Live::new(&start);
    provide_context(live);
    provide_context(start);
    live.connect();
    let later = Later::begin();
    provide_context(later);
    Effect::new(move |_| {
        if live.is_ready() {
            later.fetch();
        }
    });
    Effect::new(|_| focus::keep());
    Effect::new(move |_| nav.listen());
    progress::follow_jobs();
    let silent = move || live.silent.with(Option::is_some).then_some("true");
    let is_library = move || (nav.page().get() == Page::Library).then_some("library");

    view! {
        // Only text may be inside: a browser with scripts enabled parses the content as text.
        <noscript class="page-banner">"Without JavaScript this page shows the state at the time when it was loaded, and nothing can be started here."</noscript>
        <SkipLinks />
        <header class="page-bar">
            <a href=to("/") class="page-brand" rel="home"><Mark /> "Headway"</a>
            <Places />
            <Pills />
            <parts::ReadsOnly />
            <parts::LinkBadge />
            <Keys />
        </header>
        <div class="page-banners"><parts::NotRecording /> <parts::LeavesOut /></div>
        <main data-page=is_library data-ready=move || live.is_ready().then_some("true") data-silent=silent>
            {move || match nav.place().get().0 {
                Page::Library => view! { <library::LibraryPage /> }.into_any(),
                Page::Jobs => later.view(Part::JobsPage),
                Page::Job => later.view(Part::JobPage),
                Page::Nowhere => view! { <NotFound /> }.into_any(),
            }}
        </main>
        <Modal />
        <Toasts />
    }
}

/// The logo in front of the name.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="7"></rect>
            <path d="M7 12h18M7 20h8"></path>
            <path class="page-brand-rest" d="M18 20h7"></path>
        </svg>
    }
}

/// The links to the pages, with the current one marked.
#[component]
fn Places() -> impl IntoView {
    let page = expect_context::<Nav>().page();
    let link = |path: &str, text: &'static str, here: &'static [Page]| {
        let here = move || here.contains(&page.get()).then_some("page");
        view! { <a href=to(path) aria-current=here>{text}</a> }
    };
    view! {
        <nav aria-label="Pages">
            {link("/", "Library", &[Page::Library])}
            {link("/jobs", "Jobs", &[Page::Jobs, Page::Job])}
        </nav>
    }
}

/// Skip links for the keyboard. Only on the library's page, where there is something to skip.
#[component]
fn SkipLinks() -> impl IntoView {
    let page = expect_context::<Nav>().page();
    let is_library = Memo::new(move |_| page.get() == Page::Library);
    let to = |go: fn() -> bool| {
        move |event: leptos::ev::MouseEvent| {
            if go() {
                event.prevent_default();
            }
        }
    };
    let files = || focus::go_to("#files tr[tabindex=\"0\"]") || focus::go_to("#files");
    // At the choice itself: from there the arrow keys choose, and `s` leads to the button that starts the job.
    let start = || start_panel::choose() || focus::go_to("#start");
    view! {
        <Show when=move || is_library.get()>
            <nav class="page-skip" aria-label="Skip to">
                <a href="#files" rel="external" on:click=to(files)>"Files"</a>
                {parts::may_act().then(|| view! { <a href="#start" rel="external" on:click=to(start)>"Start"</a> })}
            </nav>
        </Show>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <section class="ui-empty">
            <h1>"There is no such page"</h1>
            <p class="ui-buttons"><a href=to("/jobs")>"See all jobs"</a> <a href=to("/")>"Go to the library"</a></p>
        </section>
    }
}
