//! Reading the log: the store's own pages against the same rows read plainly.

use std::time::Instant;

use headway::model::{Digest, JobId};
use headway::server::rows::{Batch, EventRow};
use headway::server::store::{SqliteStore, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Row, SqliteConnection};

use crate::{count, figure};

const PAGE: u32 = 500;

pub(crate) async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.sqlite");
    let store = SqliteStore::open(&path).await.expect("a new log");
    let events = count("EVENTS", 1_000_000) as u64;
    let job = JobId::mint(1, [1; 10]);
    for first in (1..=events).step_by(2_000) {
        let row = |position| EventRow {
            position,
            job_no: 1,
            job,
            seq: position,
            payload: format!(
                r#"{{"seq":{position},"at":1764000000000,"event":"started","item":{position},"attempt":1}}"#
            ),
            detail: None,
            digest: Digest::of(&position.to_le_bytes()),
        };
        let last = (first + 1_999).min(events);
        let rows: Vec<_> = (first..=last).map(row).collect();
        let digest = rows.last().map(|row| row.digest);
        store
            .commit(Batch { head: last, digest, next_job_no: 2, events: rows, ..Batch::default() })
            .await
            .expect("a commit");
    }
    let begun = Instant::now();
    let (mut after, mut bytes) = (0, 0);
    loop {
        let page = store.events(&[], after, events, PAGE).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = last.position;
        bytes += page.iter().map(|row| row.payload.len()).sum::<usize>();
    }
    assert_eq!(after, events, "not all of it was read");
    let ours = events as f64 / begun.elapsed().as_secs_f64();
    figure("log", "headway", ours, "events/s", format!("{events} events in pages of {PAGE}, {bytes} bytes"));

    let options = SqliteConnectOptions::new().filename(&path).read_only(true);
    let mut plain = SqliteConnection::connect_with(&options).await.expect("the log");
    let begun = Instant::now();
    let (mut after, mut read) = (0_i64, 0);
    let query = "SELECT position, payload FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";
    loop {
        let page = sqlx::query(query).bind(after).bind(PAGE).fetch_all(&mut plain).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = last.get(0);
        read += page.iter().map(|row| row.get::<&str, _>(1).len()).sum::<usize>();
    }
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    figure("log", "limit: two columns by sqlx", rate, "events/s", format!("pages of {PAGE}, {read} bytes"));
}
