//! How many commits and events a second the stores record, one commit after another: SQLite and PostgreSQL on the same disk, in
//! turns. `SECONDS` says for how long each.

#[allow(dead_code)]
#[path = "../tests/it/server.rs"]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use headway_model::{Digest, DiskEffect, JobEvent, JobId, PlannedFile};
use headway_postgres::PostgresStore;
use headway_store::rows::Batch;
use headway_store::testing::{created, new_job};
use headway_store::{Append, SqliteStore, Store, Writer};
use server::TestDatabase;

/// Items of the job; a run that needs more takes another job.
const ITEMS: u32 = 20_000;

/// A job at work: each batch settles some items and starts as many.
struct BusyJob {
    writer: Writer,
    job: JobId,
    next: u32,
}

impl BusyJob {
    async fn new(store: &dyn Store) -> Self {
        let writer = Writer::new(store.head().await.expect("a head"), Vec::new()).named("bench");
        let mut work = BusyJob { writer, job: new_job(), next: 0 };
        work.begin(store).await;
        work
    }

    /// Records a job with its plan.
    async fn begin(&mut self, store: &dyn Store) {
        (self.job, self.next) = (new_job(), 0);
        let (event, detail) = created(self.job);
        self.append(event, detail);
        for first in (0..ITEMS).step_by(500) {
            let file = |item| PlannedFile {
                path: format!("photos/2026/IMG_{item:06}.jpg").parse().expect("a path"),
                size: 4_000_000,
                mtime_ns: 1,
                rerun: None,
                becomes: None,
            };
            let files: Vec<_> = (first..first + 500).map(file).collect();
            let detail = serde_json::to_string(&files).expect("JSON");
            let hash = Digest::of(detail.as_bytes());
            self.append(JobEvent::Planned { first, count: 500, skips: Vec::new(), detail: hash }, Some(detail));
        }
        self.append(JobEvent::PlanEnded { total: ITEMS, reruns: Default::default() }, None);
        self.append(JobEvent::Began {}, None);
        while let Some(batch) = self.writer.batch() {
            self.record(store, batch).await;
        }
    }

    fn append(&mut self, event: JobEvent, detail: Option<String>) {
        self.writer.append(Append { ticket: 0, job: self.job, event, detail, at: 1_764_000_000_000, over: None });
    }

    /// The next batch: this many items begin, and end with a result.
    fn batch(&mut self, items: u32) -> Batch {
        for item in self.next..self.next + items {
            let result = format!(r#"{{"sha256":"{item:064x}","bytes":4000000}}"#);
            let detail = Some(Digest::of(result.as_bytes()));
            self.append(JobEvent::Started { item, attempt: 1 }, None);
            self.append(JobEvent::Succeeded { item, attempt: 1, effect: DiskEffect::Read, detail }, Some(result));
        }
        self.next += items;
        self.writer.batch().expect("something to write")
    }

    async fn record(&mut self, store: &dyn Store, batch: Batch) {
        store.commit(batch).await.expect("a commit");
        self.writer.committed(true);
    }
}

async fn measure(name: &str, store: &dyn Store, items: u32, time: Duration) {
    let mut work = BusyJob::new(store).await;
    let (mut took, begun) = (Vec::new(), Instant::now());
    let mut planning = Duration::ZERO;
    while begun.elapsed() - planning < time {
        if work.next + items > ITEMS {
            let begun = Instant::now();
            work.begin(store).await;
            planning += begun.elapsed();
        }
        let batch = work.batch(items);
        let begun = Instant::now();
        work.record(store, batch).await;
        took.push(begun.elapsed());
    }
    let all = (begun.elapsed() - planning).as_secs_f64();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_micros();
    println!(
        r#"{{"store":"{name}","events_a_commit":{},"commits_a_second":{:.0},"events_a_second":{:.0},"p50_us":{},"p99_us":{}}}"#,
        items * 2,
        took.len() as f64 / all,
        took.len() as f64 * f64::from(items) * 2.0 / all,
        at(0.5),
        at(0.99),
    );
}

#[tokio::main]
async fn main() {
    let seconds = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let sqlite = SqliteStore::open(&folder.path().join("log.sqlite")).await.expect("a log");
    let database = TestDatabase::new().await;
    let postgres: Arc<dyn Store> = Arc::new(PostgresStore::open(&database.url()).await.expect("a log"));
    for items in [1, 8, 64, 500] {
        measure("sqlite", &sqlite, items, Duration::from_secs(seconds)).await;
        measure("postgres", &*postgres, items, Duration::from_secs(seconds)).await;
    }
}
