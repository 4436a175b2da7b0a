//! Another app with jobs of Headway inside: a server and a client in one package, as Leptos apps are.
//! `headway-example-leptos DATA FOLDER SITE [ORIGIN]` serves the files of `FOLDER`, and the client from the folder `SITE`.

mod app;
#[cfg(feature = "ssr")]
mod server;

#[cfg(feature = "ssr")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    server::run().await
}

/// The client: a browser calls this as soon as it has loaded the program.
#[cfg(not(feature = "ssr"))]
fn main() {
    leptos::mount::hydrate_body(|| leptos::view! { <app::App watched=app::watched_of_page() /> });
}
