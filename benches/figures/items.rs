//! Durable items a second with a recipe that does nothing: what Headway itself costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use headway::model::summary::RecipeInfo;
use headway::model::{Effect, JobId, StartJob};
use headway::server::config::Config;
use headway::server::data::Outputs;
use headway::server::files::OpenFile;
use headway::server::recipes::{Attempt, Failure, ItemResult, Recipe, Settings, Success};
use headway::server::{Server, now};
use serde_json::json;

use crate::{count, figure, limits};

const WORKERS: usize = 4;

/// The recipe that does nothing.
pub(crate) struct Nothing {
    repeatable: bool,
}

impl Nothing {
    pub(crate) fn new(repeatable: bool) -> Self {
        Nothing { repeatable }
    }
}

impl Recipe for Nothing {
    fn info(&self) -> RecipeInfo {
        RecipeInfo { name: "nothing".into(), summary: "Does nothing.".into(), settings: Vec::new() }
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn run(&self, _: &Settings, _: &mut OpenFile, _: &Attempt) -> Result<Success, Failure> {
        Ok(Success { effect: Effect::Read, result: json!({}) })
    }

    fn finish(&self, _: &Settings, _: &mut dyn Iterator<Item = ItemResult>, _: &Outputs) -> Result<(), anyhow::Error> {
        Ok(())
    }
}

pub(crate) async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    for events in [8, 100] {
        let rate = limits::sqlite(folder.path(), events).await / 2.0;
        figure(
            "items",
            &format!("limit: SQLite, {events} events a commit"),
            rate,
            "items/s",
            "WAL, synchronous=FULL, no rows derived",
        );
    }
    let many = count("N", 20_000);
    for (name, repeatable) in [("strict", false), ("repeatable", true)] {
        for items in [1_000, many] {
            let rate = rate(items, repeatable).await;
            let note = format!("{items} items, {WORKERS} workers, every event durable");
            figure("items", &format!("headway, {name}"), rate, "items/s", note);
        }
    }
}

/// Items a second from the first start to the last end of one job over so many empty files.
async fn rate(items: usize, repeatable: bool) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("files");
    std::fs::create_dir(&library).expect("a folder");
    for item in 0..items {
        std::fs::write(library.join(format!("{item:06}")), "").expect("a file");
    }
    let mut config = Config::new(folder.path().join("data"), vec![("files".into(), library)]);
    config.workers = WORKERS;
    let server = Server::start_with(config, vec![Arc::new(Nothing::new(repeatable))]).await.expect("a server");
    let id = JobId::mint(now(), [7; 10]);
    let request: StartJob =
        serde_json::from_value(json!({ "library": "files", "recipe": "nothing", "query": { "folder": {} } }))
            .expect("a request");
    server.start_job(id, &request).await.expect("a job");
    let state = async || server.job(id).await.expect("the job").summary;
    let tick = Duration::from_millis(10);
    while state().await.counters.running == 0 && !state().await.status.is_terminal() {
        tokio::time::sleep(tick).await;
    }
    let begun = Instant::now();
    let already = state().await.counters.succeeded;
    let done = loop {
        let summary = state().await;
        if summary.counters.succeeded as usize == items {
            break begun.elapsed();
        }
        tokio::time::sleep(tick).await;
    };
    while !state().await.status.is_terminal() {
        tokio::time::sleep(tick).await;
    }
    server.stop().await;
    f64::from(items as u32 - already) / done.as_secs_f64()
}
