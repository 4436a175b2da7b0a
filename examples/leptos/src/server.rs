//! The server: the app's own routes, and Headway's below a path.

use axum::Router;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::get;
use futures::FutureExt;
use headway::leptos::JOB_PROGRESS_STYLE;
use headway::model::JobId;
use headway::server::Server;
use headway::web::{self, Access, Assets, WebSettings};
use leptos::prelude::*;
use tower_http::services::ServeDir;

use crate::app::{App, HEADWAY};

/// Serves until it is asked to stop.
pub(crate) async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(data), Some(folder), Some(site)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("say where: headway-example-leptos DATA FOLDER SITE [ORIGIN]".into());
    };
    let origins: Vec<_> = arguments.collect();
    let server = Server::builder(data).library("archive", folder).start().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    // Headway's own pages are at this path too. Their files are in this program if it was built with the feature `headway/embed`.
    let assets = Assets::embedded().unwrap_or_else(|| Assets::folder("target/site".into()));
    let access = Access::new(address, &origins, None)?;
    let settings = WebSettings { base: HEADWAY.parse()?, ..WebSettings::new(access, assets) };
    let headway = web::router(web::App::new(server.clone(), settings, stopping));
    let app = Router::new()
        .route("/", get(|request: Request| page(None, request)))
        .route("/watch/{job}", get(|Path(job): Path<JobId>, request: Request| page(Some(job), request)))
        .nest_service("/client", ServeDir::new(site))
        .nest_service(HEADWAY, headway);
    let stopped = web::signal()?.map(move |()| _ = stop.send_replace(true));
    println!("ready: http://{address}/");
    axum::serve(listener, app).with_graceful_shutdown(stopped).await?;
    // Otherwise this would count as a crash of the jobs at work.
    server.stop().await;
    Ok(())
}

/// A page of the app.
async fn page(watched: Option<JobId>, request: Request) -> Response {
    leptos_axum::render_app_to_stream(move || document(watched))(request).await
}

/// The document around the app.
fn document(watched: Option<JobId>) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-watched=watched.map(|job| job.to_string())>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>"The archive"</title>
                <link rel="icon" href="data:," />
                <style>{JOB_PROGRESS_STYLE}</style>
                <script type="module">
                    "import start from '/client/headway.js'; await start({ module_or_path: '/client/headway_bg.wasm' });"
                </script>
            </head>
            <body>
                <App watched />
            </body>
        </html>
    }
}
