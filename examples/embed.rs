//! Headway inside another program, with a route and a recipe of its own: `cargo run --features ssr --example embed -- DATA FOLDER`.

use std::io::{BufRead, BufReader};
use std::sync::Arc;

use axum::{Router, routing::get};
use futures::FutureExt;
use headway::model::{DiskEffect, FailReason, summary::RecipeInfo};
use headway::server::Server;
use headway::server::recipes::{Attempt, Binding, Effect, Failure, OpenFile, Recipe, Success, Unable, Work};
use headway::web::{self, Access, App, Assets, WebSettings};
use serde_json::json;

/// Counts the lines of every file.
struct Lines;

impl Recipe for Lines {
    fn info(&self) -> RecipeInfo {
        RecipeInfo::new("lines", "Counts the lines of every file.")
    }

    fn effect(&self) -> Effect {
        Effect::READS
    }

    fn bind(&self, _: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(Lines))
    }
}

impl Work for Lines {
    fn run(&self, file: &mut OpenFile, _: &Attempt) -> Result<Success, Failure> {
        let count = BufReader::new(&mut file.file).split(b'\n').try_fold(0, |count, line| line.map(|_| count + 1));
        let count: u64 = count.map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        Ok(Success { effect: DiskEffect::Read, result: json!({ "lines": count }) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (data, folder) = arguments.next().zip(arguments.next()).ok_or("say where: embed DATA FOLDER")?;
    let server = Server::builder(data).library("files", folder).recipe(Arc::new(Lines)).start().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let assets = Assets::embedded().unwrap_or_else(|| Assets::folder("target/site".into()));
    let settings = WebSettings::new(Access::new(address, &[], None)?, assets);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let headway = web::router(App::new(server.clone(), settings, stopping));
    let app = Router::new().route("/mine", get(|| async { "mine" })).fallback_service(headway);
    let stopped = web::signal()?.map(move |()| _ = stop.send_replace(true));
    println!("ready: http://{address}/");
    axum::serve(listener, app).with_graceful_shutdown(stopped).await?;
    // Otherwise this would count as a crash of the jobs at work.
    server.stop().await;
    Ok(())
}
