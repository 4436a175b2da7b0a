//! The store in one SQLite file: write-ahead log, `synchronous=FULL`, one connection that writes and a few that read.
//!
//! Each batch is one transaction of prepared statements.

mod connections;
mod mend;
mod migrate;
mod read;
mod values;
mod write;

pub(super) use connections::{ReadConnections, WriteConnection, immediate, writer};
pub(super) use values::{all, all_of_jobs, column, damaged, first, is_damage, nullable};

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::ffi::{self, SQLITE_CANTOPEN, SQLITE_IOERR_NOMEM};

use super::{DamagedRows, Head, JobFilter, SetAside, Store, StoreError, Stored};
use crate::mend::Mend;
use crate::rows::{Batch, DoneContent, DoneRow, EventRow, ItemRow, JobRow, Lease, OutcomeRow};
use headway_files::{environment, fails};
use headway_model::groups::{GroupBy, ItemGroups};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemLabel;
use headway_model::item_filter::MatchingItems;
use headway_model::library::Pattern;
use headway_model::load::Load;
use headway_model::{Digest, Fold, PauseReason, RelPath};

/// The log in one SQLite file. A commit blocks the thread that polls it, because the writer has its own thread;
/// everything else runs on the blocking pool.
pub struct SqliteStore {
    writer: WriteConnection,
    readers: ReadConnections,
    /// Whether the rows of a job that cannot be read are made again.
    mends: bool,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let damaged = damaged(&error);
        let message = match damaged {
            Some(_) => format!(
                "a row cannot be read: {error}. `headway rebuild` makes the rows of jobs and items again from the events"
            ),
            None => error.to_string(),
        };
        StoreError { message, passes: passes(&error), damaged, aside: false, away: false }
    }
}

/// Which shortage made a call of SQLite fail (<https://www.sqlite.org/rescode.html>), if it can succeed later: disk
/// space, memory or descriptors. Without a descriptor, SQLite reports only that a file could not be opened, so the
/// system is asked.
fn passes(error: &rusqlite::Error) -> Option<PauseReason> {
    use rusqlite::ErrorCode;
    let failure = error.sqlite_error()?;
    match failure.code {
        ErrorCode::DiskFull => Some(PauseReason::DiskFull),
        ErrorCode::OutOfMemory => Some(PauseReason::MemoryLow),
        _ if failure.extended_code == SQLITE_IOERR_NOMEM => Some(PauseReason::MemoryLow),
        ErrorCode::CannotOpen | ErrorCode::SystemIoFailure => match std::fs::File::open("/proc/self/stat") {
            Err(error) => environment(&error),
            // The log could be opened when the server started, and descriptors are available again by now.
            Ok(_) => (failure.code == ErrorCode::CannotOpen).then_some(PauseReason::TooManyOpenFiles),
        },
        _ => None,
    }
}

impl SqliteStore {
    /// Opens the file, creates it if it is missing, and migrates its tables.
    pub async fn open(path: &Path) -> Stored<Self> {
        let mut connection = writer(path, "FULL")?;
        migrate::migrate(&mut connection)?;
        Ok(SqliteStore { writer: WriteConnection::new(connection), readers: ReadConnections::new(path), mends: false })
    }

    /// From now on, the rows of a job that cannot be read are made again from its events.
    #[must_use]
    pub fn mending(mut self) -> Self {
        self.mends = true;
        self
    }

    /// Reads rows that are derived from events: the one door to them. The rows of a job that cannot be read are made
    /// again, and read once more.
    async fn derived<T: Send + 'static>(
        &self,
        read: impl Fn(&mut Connection) -> Stored<T> + Clone + Send + 'static,
    ) -> Stored<T> {
        let mut mended = BTreeMap::new();
        let mut is_first = true;
        loop {
            let found = self.readers.read(read.clone()).await;
            let Some(damaged) = found.as_ref().err().and_then(|error| error.damaged).filter(|_| self.mends) else {
                return found;
            };
            let jobs = match damaged {
                DamagedRows::OfJob(job_no) => vec![job_no],
                DamagedRows::OfAny => self.readers.read(|reader| read::malformed(reader)).await?,
            };
            if jobs.is_empty() && std::mem::replace(&mut is_first, false) {
                // Another read has had them made again in the meantime.
                continue;
            }
            // If the new rows cannot be read either, the job is set aside.
            let jobs: Vec<_> = jobs.into_iter().filter_map(|job_no| Mend::next(&mut mended, job_no)).collect();
            let (Err(error), false) = (&found, jobs.is_empty()) else { return found };
            for job in jobs {
                let damage = error.clone();
                self.writer.elsewhere(move |writer| mend::carry_out(job, writer, &damage)).await?;
            }
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, batch: Batch) -> Stored<()> {
        self.writer.here(|connection| write::commit(connection, &batch))
    }

    async fn head(&self) -> Stored<Head> {
        self.readers.read(read::head).await
    }

    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>> {
        self.readers.read(move |reader| read::digest_at(reader, position)).await
    }

    async fn events(&self, jobs: &[u64], after: Position, up_to: Position, limit: u32) -> Stored<Vec<EventRow>> {
        let jobs = jobs.to_vec();
        self.derived(move |reader| read::events(reader, &jobs, after, up_to, limit)).await
    }

    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>> {
        self.readers.read(move |reader| read::event_before(reader, job_no, position)).await
    }

    async fn event_at(&self, job_no: u64, seq: Seq) -> Stored<Option<(Position, Digest)>> {
        self.readers.read(move |reader| read::event_at(reader, job_no, seq)).await
    }

    async fn job(&self, id: JobId) -> Stored<Option<JobRow>> {
        self.derived(move |reader| read::job(reader, id)).await
    }

    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
        self.derived(move |reader| read::jobs(reader, filter, limit)).await
    }

    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
        let jobs = jobs.to_vec();
        self.derived(move |reader| read::folds(reader, &jobs)).await
    }

    async fn request(&self, job_no: u64) -> Stored<Option<String>> {
        self.readers.read(move |reader| read::request(reader, job_no)).await
    }

    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<ItemLabel>) -> Stored<Vec<ItemRow>> {
        let read = move |reader: &mut _| match fails("reading items") {
            true => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(SQLITE_CANTOPEN), None).into()),
            false => read::items(reader, job_no, from, limit, status),
        };
        self.derived(read).await
    }

    async fn load(&self, job_no: u64) -> Stored<Load> {
        self.derived(move |reader| read::load(reader, job_no)).await
    }

    async fn items_for(&self, jobs: &[u64], paths: &[RelPath]) -> Stored<Vec<ItemRow>> {
        let (jobs, paths) = (jobs.to_owned(), paths.to_owned());
        self.derived(move |reader| read::items_for(reader, &jobs, &paths)).await
    }

    async fn items_at(&self, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>> {
        let items = items.to_vec();
        self.derived(move |reader| read::items_at(reader, job_no, &items)).await
    }

    async fn named(&self, job_no: u64, pattern: &Pattern) -> Stored<MatchingItems> {
        let pattern = pattern.clone();
        self.derived(move |reader| read::named(reader, job_no, &pattern)).await
    }

    async fn groups(&self, job_no: u64, by: GroupBy) -> Stored<ItemGroups> {
        self.derived(move |reader| read::groups(reader, job_no, by)).await
    }

    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
        self.derived(move |reader| read::history(reader, job_no, after, limit)).await
    }

    async fn outcomes(&self, library: &str, paths: &[RelPath], before: u64, but: &[u64]) -> Stored<Vec<OutcomeRow>> {
        let (library, paths, but) = (library.to_owned(), paths.to_vec(), but.to_vec());
        self.derived(move |reader| read::outcomes(reader, &library, &paths, before, &but)).await
    }

    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath], but: &[u64]) -> Stored<Vec<DoneRow>> {
        let (library, recipe) = (library.to_owned(), recipe.to_owned());
        let (paths, but) = (paths.to_vec(), but.to_vec());
        self.derived(move |reader| read::done(reader, &library, &recipe, &paths, &but)).await
    }

    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<DoneContent>> {
        let library = library.to_owned();
        self.derived(move |reader| read::done_contents(reader, &library, work)).await
    }

    async fn leases(&self) -> Stored<Vec<Lease>> {
        self.derived(read::leases).await
    }

    async fn renew(&self, worker: &str, until: Millis) -> Stored<()> {
        let worker = worker.to_owned();
        self.writer.elsewhere(move |writer| write::renew(writer, &worker, until)).await
    }

    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
        self.writer.elsewhere(move |writer| write::trim(writer, job_no, pruned_at, limit)).await
    }

    async fn bytes(&self) -> Stored<u64> {
        self.readers.read(read::bytes).await
    }

    async fn set_aside(&self, aside: &SetAside) -> Stored<()> {
        let aside = aside.clone();
        self.writer.elsewhere(move |writer| mend::set_aside(writer, &aside)).await
    }

    async fn aside(&self) -> Stored<Vec<SetAside>> {
        self.readers.read(read::aside).await
    }

    async fn clear_rows(&self) -> Stored<()> {
        self.writer.elsewhere(write::clear_rows).await
    }
}
