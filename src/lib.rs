//! Headway runs one recipe over many files and shows a status that you can trust.

// Headway's own pages use more of these modules than another app does.
#![cfg_attr(not(any(feature = "hydrate", feature = "ssr")), allow(dead_code, unused_imports, unreachable_pub))]

// Both sides of a page must be built alike, or the browser cannot take over what the server rendered.
#[cfg(all(any(feature = "hydrate", feature = "embed"), not(erase_components)))]
compile_error!(
    "build with `--cfg erase_components`, as .cargo/config.toml says: RUSTFLAGS in the environment take its place, so add it there"
);

// Only a server makes links.
#[cfg_attr(not(feature = "ssr"), allow(dead_code))]
mod api;
pub mod base;
// The calls that `live` makes. In the page of another app each of them begins with the base path, because what Leptos puts before all
// calls is the app's.
#[cfg(any(feature = "hydrate", feature = "ssr"))]
use api as calls;
#[cfg(not(any(feature = "hydrate", feature = "ssr")))]
mod calls;
#[cfg(feature = "ssr")]
pub mod cli;
pub use headway_model as model;
#[cfg(feature = "ssr")]
pub use headway_server as server;
pub mod leptos;
mod live;
#[cfg(any(feature = "hydrate", feature = "ssr"))]
pub mod ui;
#[cfg(feature = "ssr")]
pub mod web;

// The examples in the documentation are tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/leptos.md")]
mod in_your_own_app {}

/// Hydrates the page that the server rendered. Fails if a file that the page needs cannot be fetched.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() -> Result<(), wasm_bindgen::JsError> {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        ui::stopped();
    }));
    ui::begin_as_rendered();
    ui::fetch_for_page().await.inspect_err(|_| ui::unloaded())?;
    ::leptos::mount::hydrate_body(ui::App);
    Ok(())
}
