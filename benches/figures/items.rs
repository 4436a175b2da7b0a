//! Durable items per second with a recipe that does nothing: the cost of Headway itself, alone and with a crowd of
//! followers.

use std::sync::Arc;

use serde_json::json;

use crate::app::{App, empty_files, mint};
use crate::crowd::Crowd;
use crate::recipe::Nothing;
use crate::{count, figure, limits, middle};

const WORKERS: usize = 4;

pub(crate) async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut limit = [0.0; 2];
    for (at, events) in [8, 100].into_iter().enumerate() {
        limit[at] = limits::sqlite(folder.path(), events) / 2.0;
        let note = "WAL, synchronous=FULL, no rows derived";
        figure("items", &format!("limit: SQLite, {events} events a commit"), limit[at], "items/s", note);
    }
    let many = count("N", 20_000);
    for (name, repeatable, limit) in [("strict", false, limit[0]), ("repeatable", true, limit[1])] {
        for items in [1_000, many] {
            let rate = rate(items, repeatable, None).await;
            let ratio = rate / limit;
            let note = format!("{items} items, {WORKERS} workers, every event durable; {ratio:.2} of the limit");
            figure("items", &format!("headway, {name}"), rate, "items/s", note);
        }
    }
}

/// The same job without followers and with a crowd of them, in turn.
pub(crate) async fn before_a_crowd() {
    let (followers, items) = (count("F", 1_000), count("N", 5_000));
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        alone.push(rate(items, false, None).await);
        watched.push(rate(items, false, Some((followers, followers / 10))).await);
    }
    let (alone, watched) = (middle(&mut alone), middle(&mut watched));
    figure("engine", "headway, nobody follows", alone, "items/s", format!("{items} items, strict, {WORKERS} workers"));
    let note = format!(
        "{followers} followers on the same two cores, as nice as can be, a tenth of them reading nothing; {:.2} of that with none",
        watched / alone
    );
    figure("engine", "headway, followed", watched, "items/s", note);
}

/// Items per second of one job over this many empty files.
async fn rate(items: usize, repeatable: bool, crowd: Option<(usize, usize)>) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("files");
    empty_files(&library, items);
    let recipe = Arc::new(Nothing::new(repeatable));
    let app = App::start(&folder.path().join("data"), &library, vec![recipe], WORKERS, "no-such-folder").await;
    let id = mint();
    let crowd = match crowd {
        None => None,
        Some((followers, slow)) => {
            let address = format!("{}/api/events?job={id}&after=0.0&replay=all", app.bound);
            Some(Crowd::gather_at(19, &address, followers, slow).await)
        }
    };
    app.begin(id, "nothing", json!({})).await;
    let end = app.end(id).await;
    if let Some(crowd) = crowd {
        crowd.seen().await;
    }
    app.stop().await;
    assert_eq!(end.counters.succeeded as usize, items, "{end:?}");
    App::rate(&end)
}
