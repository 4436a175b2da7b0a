//! Headway runs one recipe over many files and shows a status that you can trust.

// Both sides of a page must be built alike, or the browser cannot take over what the server rendered.
#[cfg(all(any(feature = "hydrate", feature = "embed"), not(erase_components)))]
compile_error!(
    "build with `--cfg erase_components`, as .cargo/config.toml says: RUSTFLAGS in the environment take its place, so add it there"
);

pub mod api;
pub mod base;
#[cfg(feature = "ssr")]
pub mod cli;
pub use headway_model as model;
#[cfg(feature = "ssr")]
pub use headway_server as server;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod web;

/// Hydrates the page that the server rendered. Fails if a file that the page needs cannot be fetched.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() -> Result<(), wasm_bindgen::JsError> {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        ui::live::stopped();
    }));
    ui::begin_as_rendered();
    ui::fetch_for_page().await.inspect_err(|_| ui::live::unloaded())?;
    leptos::mount::hydrate_body(ui::App);
    Ok(())
}
