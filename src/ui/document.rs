//! The document around every page: its head, the program, and the small script beside the program that shows whether
//! the program runs.

use leptos::either::Either;
use leptos::nonce::use_nonce;
use leptos::prelude::*;

use super::parts::marks;
use super::{App, Location, Page};
use crate::base::{base, to};

/// The script that shows whether the page's program runs; its own comments explain it.
const ALIVE: &str = include_str!("document/alive.js");

/// The paths of the client's files, if they change with the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// The style sheet.
    pub style: String,
    /// The script that loads the program.
    pub script: String,
    /// The program.
    pub wasm: String,
    /// The script that loads the rest of the program.
    pub later_script: String,
    /// The rest of the program, which the pages of jobs need from the beginning.
    pub later: String,
}

/// The document around every page. Without `files`, the client's files are where cargo-leptos puts them.
pub fn shell(options: LeptosOptions, files: Option<ClientFiles>) -> impl IntoView {
    let client = match files {
        Some(files) => Either::Left(hydration(files)),
        None => Either::Right(view! {
            <link id="style" rel="stylesheet" href=to("/pkg/headway.css") />
            <HydrationScripts options=options.clone() root=base().to_string() />
        }),
    };
    view! {
        <!DOCTYPE html>
        // A browser that translates a page replaces its texts, which the program then can no longer change.
        <html lang="en" translate="no" data-base=Some(base().to_string()).filter(|base| !base.is_empty()) data-marks=marks().carried()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="Run one recipe over many files and see a status you can trust." />
                <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#191d24" media="(prefers-color-scheme: dark)" />
                // The page sets its title once it knows what it shows.
                <title></title>
                <link rel="icon" href=to("/favicon.svg") type="image/svg+xml" />
                <link rel="manifest" href=to("/manifest.webmanifest") crossorigin="use-credentials" />
                <script nonce=use_nonce()>{ALIVE}</script>
                <AutoReload options />
                {client}
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

fn hydration(files: ClientFiles) -> impl IntoView {
    let ClientFiles { style, script, wasm, later_script, later } = files;
    let [style, script, wasm, later_script, later] = [style, script, wasm, later_script, later].map(|path| to(&path));
    let is_of_jobs = use_context::<Location>().is_some_and(|at| matches!(Page::at(&at.path), Page::Jobs | Page::Job));
    // A loading error reaches `alive.js` and, unchanged, the console.
    let start = format!(
        "try {{ const client = await import({script:?}); await client.default({{ module_or_path: {wasm:?} }}); await client.hydrate(); }} \
         catch (error) {{ dispatchEvent(new Event('headway:unloaded')); throw error; }}"
    );
    view! {
        <link rel="stylesheet" href=style />
        <link rel="modulepreload" href=script />
        <link rel="modulepreload" href=later_script />
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        {is_of_jobs.then(|| view! { <link rel="preload" href=later r#as="fetch" r#type="application/wasm" crossorigin="anonymous" /> })}
        <script type="module" nonce=use_nonce()>
            {start}
        </script>
    }
}
