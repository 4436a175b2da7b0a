//! The store: one connection that writes and a few that read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio_postgres::Config;

use crate::absence::Absence;
use crate::address::address;
use crate::holder::{self, WriterName};
use crate::mend;
use crate::readers::ReadPool;
use crate::session::SqlSession;
use crate::standby::{self, StandbyState};
use crate::writer::{BatchPositions, LastProof, LogWriter, WayBack, Writing};
use crate::{check, lock, migrate, read, settings, sweep};
use headway_model::groups::{GroupBy, ItemGroups};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemLabel;
use headway_model::item_filter::MatchingItems;
use headway_model::library::Pattern;
use headway_model::load::Load;
use headway_model::{Digest, Fold, RelPath};
use headway_store::mend::Mend;
use headway_store::rows::{Batch, DoneContent, DoneRow, EventRow, ItemRow, JobRow, Lease, OutcomeRow};
use headway_store::{Head, JobFilter, SetAside, Store, Stored};

/// The log in a PostgreSQL database, in the schema `headway`. It needs a runtime of tokio to be opened, and can then be
/// used from any thread while that runtime lives.
#[derive(Clone)]
pub struct PostgresStore {
    writer: LogWriter,
    readers: Arc<ReadPool>,
    way_back: WayBack,
    /// Whether the rows of a job that cannot be read are made again.
    mends: bool,
    /// Whether reads wait while the database is away.
    is_patient: bool,
}

impl PostgresStore {
    /// Becomes the writer of the log at an address such as `postgres://user@host/database`. Creates or migrates the
    /// tables of the log. The lock is held until the store is dropped, or its connection breaks.
    ///
    /// # Errors
    /// If the database cannot be reached, does not promise what the log needs, has a log of a later version, or if
    /// another process writes the log.
    pub async fn open(url: &str) -> Stored<Self> {
        PostgresStore::open_as(url, &WriterName::without_folder()).await
    }

    /// Like [`PostgresStore::open`], under this name. If the last writer has another data folder and did not end in
    /// order, this waits until nothing of it acts any more.
    ///
    /// # Errors
    /// As of [`PostgresStore::open`].
    pub async fn open_as(url: &str, name: &WriterName) -> Stored<Self> {
        let (config, runtime) = (address(url)?, Handle::current());
        let session = SqlSession::open(&config, &runtime).await?;
        check::promises(&session).await?;
        check::pooler(&session, &config, &runtime).await?;
        lock::take(&session).await?;
        PostgresStore::take_over(session, config, name, &|_| {}).await
    }

    /// Waits until no other process writes the log, and then becomes its writer. `told` learns what is waited for, again
    /// and again. A database that is away is waited for.
    ///
    /// # Errors
    /// If the database cannot be reached at first, does not promise what the log needs, or has a log of a later version.
    pub async fn stand_by(url: &str, name: &WriterName, told: impl Fn(StandbyState) + Send + Sync) -> Stored<Self> {
        let (config, runtime) = (address(url)?, Handle::current());
        let session = standby::lock_once_free(&config, &runtime, &told).await?;
        PostgresStore::take_over(session, config, name, &told).await
    }

    /// Becomes the writer by a connection that has its lock.
    async fn take_over(
        session: SqlSession,
        config: Config,
        name: &WriterName,
        told: &(impl Fn(StandbyState) + Sync),
    ) -> Stored<Self> {
        settings::of_writer(&session).await?;
        migrate::migrate(&session).await?;
        let last = holder::holder(&session).await?;
        let asked = Instant::now();
        let (fence, head) = lock::fence(&session, name).await?;
        if standby::might_act(last.as_ref(), name) {
            tracing::info!(?last, "another process wrote this log last: what it began comes to its end first");
            told(StandbyState::TakesOver);
            tokio::time::sleep(standby::REST).await;
        }
        // After a rest this is too old to be relied on, so the database is asked again first.
        let proof = LastProof::of(asked);
        let writing = Writing { session: Arc::new(session), fence, head, proof: proof.clone() };
        Ok(PostgresStore::new(Some(writing), config, Handle::current(), proof))
    }

    /// Opens the log for reading beside its writer. Everything that writes fails.
    ///
    /// # Errors
    /// If the database cannot be reached, is a replica, or has no log of this version.
    pub async fn open_to_read(url: &str) -> Stored<Self> {
        let store = PostgresStore::new(None, address(url)?, Handle::current(), LastProof::of(Instant::now()));
        store.read(|_| async { Ok(()) }).await?;
        Ok(store)
    }

    fn new(writing: Option<Writing>, config: Config, runtime: Handle, proof: LastProof) -> Self {
        let absence = Absence::default();
        let readers = ReadPool::new(config.clone(), runtime.clone(), absence.clone());
        PostgresStore {
            writer: LogWriter::new(writing, runtime.clone()),
            readers: Arc::new(readers),
            way_back: WayBack { config, runtime, absence, proof },
            mends: false,
            is_patient: false,
        }
    }

    /// From now on, the rows of a job that cannot be read are made again from its events.
    #[must_use]
    pub fn mending(mut self) -> Self {
        self.mends = true;
        self
    }

    /// From now on, the writer connects again whenever its connection breaks, and commits wait for that. A commit that was
    /// not confirmed is looked up. It is refused only if another process has written meanwhile, or if the database came
    /// back without what was acknowledged.
    #[must_use]
    pub fn reconnecting(mut self) -> Self {
        self.writer.reconnects(&self.way_back);
        self
    }

    async fn read<T, F>(&self, work: impl Fn(Arc<SqlSession>) -> F + Send + Sync) -> Stored<T>
    where
        F: Future<Output = Stored<T>> + Send,
    {
        self.readers.read(self.is_patient, work).await
    }

    /// Reads rows that are derived from events: the one door to them. The rows of a job that cannot be read are made
    /// again, and read once more.
    async fn derived<T, F>(&self, work: impl Fn(Arc<SqlSession>) -> F + Send + Sync) -> Stored<T>
    where
        F: Future<Output = Stored<T>> + Send,
    {
        let mut mended = BTreeMap::new();
        loop {
            let found = self.read(&work).await;
            let Err(damage) = &found else { return found };
            let job = damage.damaged_job().filter(|_| self.mends);
            // If the new rows cannot be read either, the job is set aside.
            let Some(mend) = job.and_then(|job_no| Mend::next(&mut mended, job_no)) else { return found };
            let damage = damage.clone();
            self.writer
                .transaction(move |session| {
                    let damage = damage.clone();
                    async move { mend::carry_out(&session, mend, &damage).await }
                })
                .await?;
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, batch: Batch) -> Stored<()> {
        self.writer.commit(batch, BatchPositions::Next).await
    }

    async fn head(&self) -> Stored<Head> {
        self.read(|session| async move { read::head(&session).await }).await
    }

    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>> {
        self.read(|session| async move { read::digest_at(&session, position).await }).await
    }

    async fn events(&self, jobs: &[u64], after: Position, up_to: Position, limit: u32) -> Stored<Vec<EventRow>> {
        self.derived(|session| async move { read::events(&session, jobs, after, up_to, limit).await }).await
    }

    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>> {
        self.read(|session| async move { read::event_before(&session, job_no, position).await }).await
    }

    async fn event_at(&self, job_no: u64, seq: Seq) -> Stored<Option<(Position, Digest)>> {
        self.read(|session| async move { read::event_at(&session, job_no, seq).await }).await
    }

    async fn job(&self, id: JobId) -> Stored<Option<JobRow>> {
        self.derived(|session| async move { read::job(&session, id).await }).await
    }

    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
        self.derived(|session| async move { read::jobs(&session, filter, limit).await }).await
    }

    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
        self.derived(|session| async move { read::folds(&session, jobs).await }).await
    }

    async fn request(&self, job_no: u64) -> Stored<Option<String>> {
        self.read(|session| async move { read::request(&session, job_no).await }).await
    }

    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<ItemLabel>) -> Stored<Vec<ItemRow>> {
        self.derived(|session| async move { read::items(&session, job_no, from, limit, status).await }).await
    }

    async fn load(&self, job_no: u64) -> Stored<Load> {
        self.derived(|session| async move { read::load(&session, job_no).await }).await
    }

    async fn items_at(&self, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>> {
        self.derived(|session| async move { read::items_at(&session, job_no, items).await }).await
    }

    async fn items_for(&self, jobs: &[u64], paths: &[RelPath]) -> Stored<Vec<ItemRow>> {
        self.derived(|session| async move { read::items_for(&session, jobs, paths).await }).await
    }

    async fn named(&self, job_no: u64, pattern: &Pattern) -> Stored<MatchingItems> {
        self.derived(|session| async move { read::named(&session, job_no, pattern).await }).await
    }

    async fn groups(&self, job_no: u64, by: GroupBy) -> Stored<ItemGroups> {
        self.derived(|session| async move { read::groups(&session, job_no, by).await }).await
    }

    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>> {
        self.derived(|session| async move { read::history(&session, job_no, after, limit).await }).await
    }

    async fn outcomes(&self, library: &str, paths: &[RelPath], before: u64, but: &[u64]) -> Stored<Vec<OutcomeRow>> {
        self.derived(|session| async move { read::outcomes(&session, library, paths, before, but).await }).await
    }

    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath], but: &[u64]) -> Stored<Vec<DoneRow>> {
        self.derived(|session| async move { read::done(&session, library, recipe, paths, but).await }).await
    }

    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<DoneContent>> {
        self.derived(|session| async move { read::done_contents(&session, library, work).await }).await
    }

    async fn leases(&self) -> Stored<Vec<Lease>> {
        self.derived(|session| async move { read::leases(&session).await }).await
    }

    async fn renew(&self, worker: &str, until: Millis) -> Stored<()> {
        let worker = worker.to_owned();
        let renew = move |session: Arc<SqlSession>| {
            let worker = worker.clone();
            async move { sweep::renew(&session, &worker, until).await }
        };
        self.writer.transaction(renew).await
    }

    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool> {
        let trim = move |session: Arc<SqlSession>| async move { sweep::trim(&session, job_no, pruned_at, limit).await };
        self.writer.transaction(trim).await
    }

    async fn bytes(&self) -> Stored<u64> {
        self.read(|session| async move { read::bytes(&session).await }).await
    }

    async fn set_aside(&self, aside: &SetAside) -> Stored<()> {
        let aside = aside.clone();
        let set_aside = move |session: Arc<SqlSession>| {
            let aside = aside.clone();
            async move { sweep::set_aside(&session, &aside).await }
        };
        self.writer.transaction(set_aside).await
    }

    async fn aside(&self) -> Stored<Vec<SetAside>> {
        self.read(|session| async move { read::aside(&session).await }).await
    }

    async fn clear_rows(&self) -> Stored<()> {
        self.writer.transaction(|session| async move { sweep::clear_rows(&session).await }).await
    }

    async fn copy_in(&self, batch: Batch) -> Stored<()> {
        self.writer.commit(batch, BatchPositions::Copied).await
    }

    fn is_sure(&self) -> bool {
        self.way_back.proof.is_fresh()
    }

    async fn leave(&self) -> Stored<()> {
        self.writer.leave().await
    }

    fn away(&self) -> Option<String> {
        self.way_back.absence.why()
    }

    fn patient(&self) -> Option<Arc<dyn Store>> {
        Some(Arc::new(PostgresStore { is_patient: true, ..self.clone() }))
    }
}
