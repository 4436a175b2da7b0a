//! The limits of the disk and of SQLite, measured in the same run.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Each limit is measured for this long, so that checkpoints are in it.
const EACH: Duration = Duration::from_secs(3);

/// A line such as an item's event makes.
const PAYLOAD: &str = r#"{"seq":123456,"at":1764000000000,"event":"started","item":123456,"attempt":1,"detail":"00112233445566778899aabb"}"#;

/// Events per second in durable commits of this many events, with one prepared statement and without derived rows.
pub(crate) fn sqlite(folder: &Path, events: usize) -> f64 {
    let connection = Connection::open(folder.join(format!("limit-{events}.sqlite"))).expect("a new file");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE events (position INTEGER PRIMARY KEY, job_no INTEGER, seq INTEGER, payload TEXT)",
        )
        .expect("a new table");
    let mut insert =
        connection.prepare("INSERT INTO events (job_no, seq, payload) VALUES (1, ?1, ?2)").expect("a statement");
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < EACH {
        connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        for _ in 0..events {
            insert.execute((done, PAYLOAD)).expect("a row");
            done += 1;
        }
        connection.execute_batch("COMMIT").expect("a commit");
    }
    done as f64 / begun.elapsed().as_secs_f64()
}
