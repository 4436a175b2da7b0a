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
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

pub use document::{ClientFiles, shell};
use headway_model::summary::Start;
use live::Live;
use parts::{Controls, focus};
use progress::{Modal, Pills, Toasts};

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
        <Router>
            // One text and nothing else: with scripts a browser reads the inside as text.
            <noscript class="banner-quiet">"Without JavaScript this page shows how things stood when it was loaded, and nothing can be started here."</noscript>
            <SkipLinks />
            <header class="bar">
                <a href="/" class="brand" rel="home">"Headway"</a>
                <nav aria-label="Pages">
                    <A href="/" exact=true>"Library"</A>
                    <A href="/jobs">"Jobs"</A>
                </nav>
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

/// Ways past everything above, for the keyboard: on the library's page only, where there is something to pass.
#[component]
fn SkipLinks() -> impl IntoView {
    let place = use_location().pathname;
    let is_library = Memo::new(move |_| place.with(|place| place == "/"));
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
            <p><a href="/">"Go to the library"</a></p>
        </section>
    }
}
