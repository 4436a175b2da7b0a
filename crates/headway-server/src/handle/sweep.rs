//! Removes old originals from the trash, and the history of old jobs by age, number and size.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::looks::Looks;
use super::{Keeping, Server, ServerInner};
use crate::clock::{Clock, Jumps};
use crate::engine::ByPath;
use crate::error::internal;
use crate::retention::{FinishedJob, Removal, Retention};
use headway_files::Library;
use headway_model::{ApiError, JobId};
use headway_store::rows::{JobKey, JobRow};
use headway_store::{JobFilter, OverPages};

/// Rows removed at a time. Between two such steps live jobs get their turn.
const ROWS: u32 = 500;

/// How often the clock is looked at.
const CLOCK_LOOK: Duration = Duration::from_secs(60);

/// The longest time that the storage of one library can hold up the sweep of the others; never longer than the time
/// between two sweeps.
const PATIENCE: Duration = Duration::from_secs(60);

/// Jobs read at a time.
const PAGE: u32 = 200;

/// Runs periodically until the server is dropped.
pub(super) async fn sweep(inner: Weak<ServerInner>, pause: Duration) {
    let Some(started) = inner.upgrade() else { return };
    let mut clock = Clock::open(started.context.data.root(), crate::now());
    started.doubts_clock(clock.doubt());
    drop(started);
    let looks = Looks::within(PATIENCE.min(pause));
    let mut swept: Option<Instant> = None;
    loop {
        // A server that has just started has more urgent work.
        tokio::time::sleep(pause.min(CLOCK_LOOK)).await;
        let Some(inner) = inner.upgrade() else { return };
        let doubt = clock.look(crate::now());
        inner.doubts_clock(doubt);
        let is_believed = doubt.is_zero();
        inner.context.data.remember_libraries(&inner.context.libraries.now());
        let Keeping { trash_age, retention } = *inner.keeping.lock();
        let server = Server { inner, is_owner: false };
        server.clean_up(&looks).await;
        if swept.is_some_and(|swept| swept.elapsed() < pause) {
            continue;
        }
        swept = Some(Instant::now());
        if let Some(age) = trash_age.filter(|_| is_believed) {
            server.empty_old_trashes(&looks, age, &clock.jumps()).await;
        }
        let retention = if is_believed { retention } else { Retention { age: None, attempts: None, ..retention } };
        if let Err(error) = server.retain(&looks, &retention, &clock.jumps()).await {
            tracing::warn!(%error, "old jobs are not removed");
        }
    }
}

impl ServerInner {
    /// Notes for how long nothing is removed by age, so that pages can say so.
    fn doubts_clock(&self, doubt: Duration) {
        self.doubt.store(u64::try_from(doubt.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Server {
    /// The configured libraries, and those that jobs named by their path. One whose storage does not answer is left out.
    async fn every_library(&self) -> Vec<Arc<Library>> {
        self.open_by_path().await;
        let context = &self.inner.context;
        context.libraries.now().iter().map(Arc::clone).chain(context.by_path.all()).collect()
    }

    /// Opens the libraries that jobs named by their path. Returns how many do not answer.
    pub(super) async fn open_by_path(&self) -> u64 {
        let context = &self.inner.context;
        let data = Arc::clone(&context.data);
        let known = tokio::task::spawn_blocking(move || data.known_libraries()).await.unwrap_or_default();
        let mut silent = 0;
        for name in known.into_keys().filter(|name| ByPath::is_path(name)) {
            if let Err(why) = context.by_path.open(&name).await {
                tracing::debug!(library = name, ?why, "a folder cannot be opened, so its jobs are kept");
                silent += 1;
            }
        }
        silent
    }

    /// Removes what could not be removed from libraries that have come back since.
    async fn clean_up(&self, looks: &Looks) {
        let clean = async |library: &Arc<Library>| {
            let cleaned = Arc::clone(library);
            let clean = move || {
                cleaned.clean_up();
                if let Err(error) = cleaned.end_emptying() {
                    tracing::debug!(library = cleaned.name, %error, "what is left of an emptied trash stays for now");
                }
            };
            looks.look(&library.name, clean).await;
        };
        let libraries = self.every_library().await;
        join_all(libraries.iter().map(clean)).await;
    }

    async fn empty_old_trashes(&self, looks: &Looks, age: Duration, jumps: &Jumps) {
        let libraries = self.every_library().await;
        join_all(libraries.iter().map(|library| self.empty_old_trash(looks, library, age, jumps))).await;
    }

    async fn empty_old_trash(&self, looks: &Looks, library: &Arc<Library>, age: Duration, jumps: &Jumps) {
        let (looked, jumps) = (Arc::clone(library), jumps.clone());
        let old = looks.look(&library.name, move || {
            let has_age = |last| jumps.age(last, crate::now()) >= age;
            let is_old = |job: &JobId| looked.last_trashed(*job).map(|last| last.is_some_and(has_age));
            let old = |job| is_old(&job).map(|old| old.then_some(job)).transpose();
            looked.trashes()?.into_iter().filter_map(old).collect::<std::io::Result<Vec<_>>>()
        });
        // A trash that cannot be read is kept, and checked again later.
        let old = match old.await {
            Some(Ok(old)) => old,
            Some(Err(error)) => {
                tracing::warn!(library = library.name, %error, "a library's trash cannot be read, so it is kept");
                return;
            }
            None => {
                tracing::warn!(
                    library = library.name,
                    "the storage of a library does not answer, so its trash is kept"
                );
                return;
            }
        };
        for job in old {
            // This refuses while the job runs or is being undone; it is tried again later.
            match tokio::time::timeout(PATIENCE, self.empty_trash(job)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(job.id = %job, %error, "an old trash is kept"),
                Err(_) => return,
            }
        }
    }

    /// Removes what retention says, and completes removals that were cut short.
    async fn retain(&self, looks: &Looks, retention: &Retention, jumps: &Jumps) -> Result<(), ApiError> {
        loop {
            let rows = self.over().await?;
            let (pruned, past): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.summary.pruned);
            for row in &pruned {
                self.trim(row).await?;
            }
            if retention.is_for_ever() {
                return Ok(());
            }
            let bytes = self.store().bytes().await? + self.data_bytes().await?;
            let known = self.known(looks, &past, jumps).await?;
            let due = retention.due(&known, bytes);
            if due.is_empty() {
                return Ok(());
            }
            for removal in due {
                let (Removal::Attempts(job) | Removal::History(job)) = removal;
                let Some(row) = past.iter().find(|row| row.summary.job == job) else { continue };
                match removal {
                    Removal::Attempts(_) => self.in_data(move |data| data.remove_attempts(&job)).await?,
                    Removal::History(_) => self.prune(row).await?,
                }
            }
        }
    }

    /// Every terminal job that has anything left, oldest first.
    async fn over(&self) -> Result<Vec<JobRow>, ApiError> {
        let mut rows = Vec::new();
        let mut pages = OverPages::new(&**self.store(), PAGE);
        while let Some(page) = pages.next().await? {
            rows.extend(page);
        }
        Ok(rows)
    }

    async fn known(&self, looks: &Looks, rows: &[JobRow], jumps: &Jumps) -> Result<Vec<FinishedJob>, ApiError> {
        let live = self.store().jobs(JobFilter::Live, u32::MAX).await?;
        let needed: HashSet<JobId> = live.iter().filter_map(|row| row.head.parent()).collect();
        let look = async |library: &Arc<Library>| {
            let looked = Arc::clone(library);
            (library.name.clone(), looks.look(&library.name, move || looked.trashes()).await)
        };
        let (mut trashes, mut unseen) = (HashSet::new(), HashSet::new());
        let libraries = self.every_library().await;
        let opened: HashSet<_> = libraries.iter().map(|library| library.name.clone()).collect();
        for (name, seen) in join_all(libraries.iter().map(look)).await {
            match seen {
                Some(Ok(jobs)) => trashes.extend(jobs),
                // A disk that is away, or does not answer, might hold originals of any of its jobs.
                Some(Err(error)) => {
                    tracing::debug!(library = name, %error, "a library's trash cannot be read, so its jobs are kept");
                    unseen.insert(name);
                }
                None => drop(unseen.insert(name)),
            }
        }
        let data = Arc::clone(&self.inner.context.data);
        let fact = |row: &JobRow| {
            let ended = row.summary.ended.unwrap_or(row.summary.created);
            let job = row.summary.job;
            // A folder that could not be opened might hold originals too.
            let is_away = ByPath::is_path(&row.library) && !opened.contains(&row.library);
            let held = trashes.contains(&job) || unseen.contains(&row.library) || is_away || needed.contains(&job);
            (job, jumps.age(ended, crate::now()), held)
        };
        let facts: Vec<_> = rows.iter().map(fact).collect();
        let known = tokio::task::spawn_blocking(move || {
            let past = |(job, age, held)| Ok(FinishedJob { job, age, attempts: data.attempts_bytes(&job)?, held });
            facts.into_iter().map(past).collect::<std::io::Result<Vec<_>>>()
        });
        known.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
    }

    /// Records that a job's history is removed, then removes it.
    async fn prune(&self, row: &JobRow) -> Result<(), ApiError> {
        let job = row.summary.job;
        let (_, folds) = self.store().folds(&[job]).await?;
        let Some(fold) = folds.into_iter().next() else { return Ok(()) };
        let key = JobKey { job_no: row.job_no, created_position: row.created_position, ..JobKey::default() };
        self.log().prune(key, fold).await?;
        tracing::info!(job.id = %job, title = row.summary.title, "the history of a job was removed");
        if let Some(row) = self.store().job(job).await? {
            self.trim(&row).await?;
        }
        Ok(())
    }

    /// Removes what is left of a job whose last event is `pruned`.
    async fn trim(&self, row: &JobRow) -> Result<(), ApiError> {
        let job = row.summary.job;
        self.in_data(move |data| data.remove_job(&job)).await?;
        while self.store().trim(row.job_no, row.last_position, ROWS).await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    pub(super) async fn data_bytes(&self) -> Result<u64, ApiError> {
        let data = Arc::clone(&self.inner.context.data);
        let bytes = tokio::task::spawn_blocking(move || data.bytes()).await.map_err(|error| internal(&error))?;
        bytes.map_err(|error| internal(&error))
    }

    async fn in_data(
        &self,
        act: impl FnOnce(&headway_files::DataFolder) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), ApiError> {
        let data = Arc::clone(&self.inner.context.data);
        let done = tokio::task::spawn_blocking(move || act(&data)).await.map_err(|error| internal(&error))?;
        done.map_err(|error| internal(&error))
    }
}
