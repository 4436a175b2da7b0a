//! The server is killed in the middle of commits.

use std::sync::Arc;

use headway_store::{EventPages, Store, rebuild};

use crate::batches::Batches;
use crate::server::{PostgresServer, TestDatabase};

/// Events of each batch.
const EVENTS: usize = 7;

/// Commits until the server is gone. Returns the last acknowledged head.
async fn commit_until_it_breaks(store: Arc<dyn Store>, reached: tokio::sync::watch::Sender<u64>) -> (u64, String) {
    let mut batches = Batches::at(store.head().await.expect("a head"));
    let mut acknowledged = 0;
    loop {
        match batches.commit(&store, EVENTS).await {
            Ok(head) => acknowledged = head,
            Err(error) => return (acknowledged, error.message),
        }
        reached.send_replace(acknowledged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_batch_survives_a_kill_of_the_server_and_none_is_there_in_part() {
    let effort: u64 = std::env::var("HEADWAY_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let database = TestDatabase::with(PostgresServer::new(&[]), "").await;
    let mut before = 0;
    for round in 0..(effort / 10).max(3) {
        let store = database.store().await;
        let head = store.head().await.expect("a head");
        assert_eq!(head.position % EVENTS as u64, 0, "a part of a batch is there");
        let (reached, mut reach) = tokio::sync::watch::channel(0);
        let committing = tokio::spawn(commit_until_it_breaks(Arc::clone(&store), reached));
        // Somewhere in the commits that follow: each round after another number of them.
        reach.wait_for(|head| *head > before + round * 5 * EVENTS as u64).await.expect("commits");
        let server = Arc::clone(&database.server);
        tokio::task::spawn_blocking(move || match round % 2 {
            0 => server.kill(),
            _ => server.stop("QUIT"),
        })
        .await
        .expect("no panic");
        let (acknowledged, said) = committing.await.expect("no panic");
        assert!(said.contains("PostgreSQL"), "{said}");
        let late = Batches::at(head).jobs(1);
        let said = store.commit(late).await.expect_err("the connection is gone").message;
        assert!(said.contains("earlier write failed"), "{said}");
        let server = Arc::clone(&database.server);
        tokio::task::spawn_blocking(move || server.start(&[])).await.expect("no panic");

        // The same handle reads on. It writes nothing more, although the server is back.
        let head = store.head().await.expect("a head");
        assert!(head.position >= acknowledged, "{acknowledged} was acknowledged, {} is there", head.position);
        assert!(head.position <= acknowledged + EVENTS as u64, "more than the commit without an answer");
        assert_eq!(head.position % EVENTS as u64, 0, "a part of a batch is there");
        let (mut pages, mut next) = (EventPages::all(&*store, head.position, 1_000), 1);
        while let Some(page) = pages.next().await.expect("a page") {
            for row in page {
                assert_eq!(row.position, next, "a position is missing");
                next += 1;
            }
        }
        assert_eq!(next, head.position + 1);
        assert_eq!(store.digest_at(head.position).await.expect("a digest"), head.digest);
        assert!(store.renew("here", 1).await.is_err());
        before = head.position;
    }
    let store = database.store().await;
    let done = rebuild(&*store, |_| {}).await.expect("a log that can be folded");
    assert_eq!((done.events, done.jobs, done.aside), (before, before, Vec::new()));
}
