//! The pages.
use leptos::prelude::*;
use leptos_router::{SsrMode, components::{Route, Router, Routes}, path};
/// shell
pub fn shell(options: LeptosOptions) -> impl IntoView { let _ = options; view!{ <html><body><App/></body></html> } }
/// app
#[component]
pub fn App() -> impl IntoView { view!{ <Router><Routes fallback=|| "nf"><Route path=path!("/") view=|| "home" ssr=SsrMode::Async/></Routes></Router> } }
