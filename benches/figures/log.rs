//! Reading the log: the store's own pages against the same rows read plainly.

use std::time::Instant;

use headway_model::{Digest, JobId};
use headway_store::rows::{Batch, EventRow};
use headway_store::{SqliteStore, Store};
use rusqlite::{Connection, Row, params};

use crate::{count, figure};

const EVENTS_PER_READ: u32 = 500;

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
        let page = store.events(&[], after, events, EVENTS_PER_READ).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = last.position;
        bytes += page.iter().map(|row| row.payload.len()).sum::<usize>();
    }
    assert_eq!(after, events, "not all of it was read");
    let ours = events as f64 / begun.elapsed().as_secs_f64();
    let plain = Connection::open(&path).expect("the log");
    let query = "SELECT position, job_no, seq, payload, detail, digest FROM events WHERE position > ?1
        ORDER BY position LIMIT ?2";
    let mut statement = plain.prepare(query).expect("a statement");
    let begun = Instant::now();
    let (mut after, mut read) = (0, 0);
    loop {
        let page = statement.query_map(params![after, EVENTS_PER_READ], six).expect("a page");
        let page: Vec<_> = page.collect::<Result<_, _>>().expect("rows");
        let Some(last) = page.last() else { break };
        after = last.0;
        read += page.iter().map(|row| row.3.len()).sum::<usize>();
    }
    let limit = events as f64 / begun.elapsed().as_secs_f64();
    figure(
        "log",
        "limit: rusqlite, the same columns",
        limit,
        "events/s",
        format!("pages of {EVENTS_PER_READ}, {read} bytes"),
    );
    let note =
        format!("{events} events in pages of {EVENTS_PER_READ}, {bytes} bytes; {:.2} of the limit", ours / limit);
    figure("log", "headway", ours, "events/s", note);
}

type Six = (i64, i64, i64, String, Option<String>, Vec<u8>);

fn six(row: &Row<'_>) -> rusqlite::Result<Six> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}
