//! What the disk and SQLite allow at most, measured in the same run.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

/// Each limit is measured for this long, so that checkpoints are in it.
const EACH: Duration = Duration::from_secs(3);

/// A line such as an item's event makes.
const PAYLOAD: &str = r#"{"seq":123456,"at":1764000000000,"event":"started","item":123456,"attempt":1,"detail":"00112233445566778899aabb"}"#;

/// Events per second in durable commits of so many, one statement each commit, nothing derived.
pub(crate) async fn sqlite(folder: &Path, events: usize) -> f64 {
    let options = SqliteConnectOptions::new()
        .filename(folder.join(format!("limit-{events}.sqlite")))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a new file");
    let table = "CREATE TABLE events (position INTEGER PRIMARY KEY, job_no INTEGER, seq INTEGER, payload TEXT)";
    sqlx::query(table).execute(&mut connection).await.expect("a new table");
    let rows = serde_json::to_string(&vec![PAYLOAD; events]).expect("JSON");
    let insert = "INSERT INTO events (job_no, seq, payload) SELECT 1, key, value FROM json_each(?1)";
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < EACH {
        sqlx::query(insert).bind(&rows).execute(&mut connection).await.expect("a commit");
        done += events;
    }
    done as f64 / begun.elapsed().as_secs_f64()
}
