//! The pages: rendered on the server with the true state in them, hydrated in the browser.

#![expect(unreachable_pub, reason = "the component macro makes public props")]

mod document;
mod job;
mod jobs;
mod library;
pub mod live;
mod parts;
mod progress;
mod start_panel;

use leptos::prelude::*;
use leptos_meta::{Meta, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

use crate::base::{Base, base, to};
pub use document::{ClientFiles, shell};
use headway_model::summary::Start;
use live::Live;
use parts::{Controls, focus};
use progress::{Modal, Pills, Toasts};

/// Takes over the base path that the page was rendered with: for links, calls and streams alike.
pub fn begin_at_base() {
    let root = web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
    let said = root.and_then(|root| root.get_attribute("data-base")).and_then(|text| text.parse::<Base>().ok());
    let Some(base) = said.filter(|base| !base.as_str().is_empty()) else { return };
    // Once for the life of the page.
    leptos::server_fn::client::try_set_server_url(base.to_string().leak()).ok();
    base.of_page();
}

/// Everything inside the body. What the first paint needs was read by the server at one moment, and travels with the page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let start = SharedValue::new(|| use_context::<Start>().unwrap_or_else(Start::empty)).into_inner();
    let live = Live::new(&start);
    provide_context(live);
    provide_context(start);
    live.connect();
    Effect::new(|_| focus::keep());
    let silent = move || live.silent.with(Option::is_some).then_some("true");

    view! {
        <Title formatter=|title: String| if title.is_empty() { "Headway".to_owned() } else { format!("{title} · Headway") } text="" />
        <Meta name="description" content="Run one recipe over many files and see a status you can trust." />
        <Router base=base().to_string()>
            // One text and nothing else: with scripts a browser reads the inside as text.
            <noscript class="banner-quiet">"Without JavaScript this page shows how things stood when it was loaded, and nothing can be started here."</noscript>
            <SkipLinks />
            <header class="bar">
                <a href=to("/") class="brand" rel="home">"Headway"</a>
                <Places />
                <Pills />
                <parts::LinkBadge />
            </header>
            <parts::NotRecording />
            <main data-ready=move || live.is_ready().then_some("true") data-silent=silent>
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=library::LibraryPage ssr=SsrMode::Async />
                    <Route path=path!("/jobs") view=|| view! { <Controls><jobs::JobsPage /></Controls> } ssr=SsrMode::Async />
                    <Route path=path!("/jobs/:id") view=|| view! { <Controls><job::JobPage /></Controls> } ssr=SsrMode::Async />
                </Routes>
            </main>
            <Modal />
            <Toasts />
        </Router>
    }
}

/// The links to the pages, which say where one is. (The router's own links have no slash behind a base path.)
#[component]
fn Places() -> impl IntoView {
    let place = use_location().pathname;
    let link = |path: &str, text: &'static str, exact: bool| {
        let path = to(path);
        let href = path.clone();
        let here = move || {
            let is_here = place.with(|place| if exact { *place == path } else { place.starts_with(&path) });
            is_here.then_some("page")
        };
        view! { <a href=href aria-current=here>{text}</a> }
    };
    view! {
        <nav aria-label="Pages">
            {link("/", "Library", true)}
            {link("/jobs", "Jobs", false)}
        </nav>
    }
}

/// Ways past everything above, for the keyboard: on the library's page only, where there is something to pass.
#[component]
fn SkipLinks() -> impl IntoView {
    let place = use_location().pathname;
    let library = to("/");
    let is_library = Memo::new(move |_| place.with(|place| *place == library));
    let to = |places: &'static [&'static str]| {
        move |event: leptos::ev::MouseEvent| {
            if places.iter().any(|place| focus::go_to(place)) {
                event.prevent_default();
            }
        }
    };
    view! {
        <Show when=move || is_library.get()>
            <nav class="skip" aria-label="Skip to">
                <a href="#files" rel="external" on:click=to(&["#files tr[tabindex=\"0\"]", "#files"])>"Files"</a>
                <a href="#start" rel="external" on:click=to(&["#start"])>"Start"</a>
            </nav>
        </Show>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <section class="empty">
            <h1>"There is no such page"</h1>
            <p><a href=to("/")>"Go to the library"</a></p>
        </section>
    }
}
