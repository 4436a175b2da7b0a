//! The pages: rendered on the server with the true state in them, hydrated in the browser.

#![expect(unreachable_pub, reason = "the component macro makes public props")]

mod job;
mod jobs;
mod library;
pub mod live;
mod parts;
mod progress;
mod start_panel;

use leptos::either::Either;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, Meta, MetaTags, Title, provide_meta_context};
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::model::summary::Start;
use live::Live;
use progress::{Modal, Pills, Toasts};

/// The paths of the client's files, where they change with the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// The style sheet.
    pub style: String,
    /// The script that loads the program.
    pub script: String,
    /// The program.
    pub wasm: String,
}

/// The document around every page. Without `files` they lie where cargo-leptos puts them.
pub fn shell(options: LeptosOptions, files: Option<ClientFiles>) -> impl IntoView {
    let client = match files {
        Some(files) => Either::Left(hydration(files)),
        None => Either::Right(view! {
            <HashedStylesheet id="style" options=options.clone() />
            <HydrationScripts options=options.clone() />
        }),
    };
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <AutoReload options />
                {client}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

fn hydration(files: ClientFiles) -> impl IntoView {
    let nonce = use_nonce();
    let ClientFiles { style, script, wasm } = files;
    let start =
        format!("import start, {{ hydrate }} from {script:?}; await start({{ module_or_path: {wasm:?} }}); hydrate();");
    view! {
        <link rel="stylesheet" href=style />
        <link rel="modulepreload" href=script />
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <script type="module" nonce=nonce>
            {start}
        </script>
    }
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

    view! {
        <Title formatter=|title: String| if title.is_empty() { "Headway".to_owned() } else { format!("{title} · Headway") } text="" />
        <Meta name="description" content="Run one recipe over many files and see a status you can trust." />
        <Router>
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
            <main data-ready=move || live.is_ready().then_some("true")>
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=library::LibraryPage ssr=SsrMode::Async />
                    <Route path=path!("/jobs") view=jobs::JobsPage ssr=SsrMode::Async />
                    <Route path=path!("/jobs/:id") view=job::JobPage ssr=SsrMode::Async />
                </Routes>
            </main>
            <Modal />
            <Toasts />
        </Router>
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
