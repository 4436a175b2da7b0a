//! A Leptos page that shows one line. `benches/feel.mjs` measures how long it takes to hydrate, beside Headway's own page.
//! `benches/empty-page/build FOLDER` makes the files that a browser loads.

/// The client: a browser calls this as soon as it has loaded the program. The page marks that it is hydrated.
#[cfg(feature = "hydrate")]
fn main() {
    use leptos::prelude::*;
    leptos::mount::hydrate_body(|| {
        let ready = RwSignal::new(false);
        Effect::new(move |_| ready.set(true));
        view! { <main data-ready=move || ready.get().then_some("true")>"Nothing"</main> }
    });
}

/// The page as a server would send it, with the client's files beside it.
#[cfg(not(feature = "hydrate"))]
fn main() {
    println!(
        "<!DOCTYPE html><html><head><title>Empty</title><script type=\"module\">import begin from './headway.js'; begin();</script></head>\
        <body><main>Nothing</main></body></html>"
    );
}
