//! Removes old originals from the trash, and the history of old jobs by age, number and size.

mod own_looks;
mod retain;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::trash::Emptying;
use super::{Keeping, Server, ServerInner};
use crate::clock::{Clock, Jumps};
use crate::engine::ByPath;
use crate::retention::Retention;
use crate::steps::{OwnWork, Step};
use headway_files::Library;
use headway_model::JobId;
use own_looks::OwnLooks;

/// How often the clock is checked.
const CLOCK_LOOK: Duration = Duration::from_secs(60);

/// The longest time that the storage of one library can hold up the sweep of the others; never longer than the time
/// between two sweeps.
const STORAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs periodically until the server is dropped.
pub(super) async fn sweep(inner: Weak<ServerInner>, pause: Duration) {
    let Some(started) = inner.upgrade() else { return };
    let mut clock = Clock::open(started.context.data.root(), crate::now());
    *started.clock.lock() = Some(clock.last_look());
    let looks = OwnLooks::within(STORAGE_TIMEOUT.min(pause), started.context.steps.clone());
    drop(started);
    let mut swept: Option<Instant> = None;
    loop {
        // A server that has just started has more urgent work.
        tokio::time::sleep(pause.min(CLOCK_LOOK)).await;
        let Some(inner) = inner.upgrade() else { return };
        let doubt = clock.look(crate::now());
        *inner.clock.lock() = Some(clock.last_look());
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
        // Faults of a single job are reported where they happen.
        if let Err(error) = server.retain(&looks, &retention, &clock.jumps()).await {
            tracing::warn!(%error, "old jobs are not removed");
        }
    }
}

impl Server {
    /// The configured libraries, and those that jobs named by their path. One whose storage does not answer is left out.
    async fn every_library(&self) -> Vec<Arc<Library>> {
        self.open_by_path().await;
        let context = &self.inner.context;
        context.libraries.now().iter().map(Arc::clone).chain(context.by_path.all()).collect()
    }

    /// Opens the libraries that jobs named by their path. Returns how many do not answer; at least one if that is not known.
    pub(super) async fn open_by_path(&self) -> u64 {
        let context = &self.inner.context;
        let data = Arc::clone(&context.data);
        let known = tokio::task::spawn_blocking(move || data.known_libraries()).await;
        let known = match known.unwrap_or_else(|died| Err(std::io::Error::other(died))) {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "which folders jobs named by their path cannot be read, so their jobs are kept");
                return 1;
            }
        };
        let mut silent = 0;
        for name in known.into_keys().filter(|name| ByPath::is_path(name)) {
            if let Err(why) = context.by_path.open(&name).await {
                tracing::debug!(library = name, ?why, "a folder cannot be opened, so its jobs are kept");
                silent += 1;
            }
        }
        silent
    }

    /// Removes what could not be removed from libraries that have come back since, and what is left of emptied trashes.
    async fn clean_up(&self, looks: &OwnLooks) {
        let clean = async |library: &Arc<Library>| {
            let cleaned = Arc::clone(library);
            let clean = looks.look(library, Step::CleanUp, move || {
                cleaned.clean_up();
                cleaned.warn_if_link_moved();
            });
            // Steps that were given up, or storage that does not answer, leave things as they are for now.
            clean.await.ok();
            let (listed, steps) = (Arc::clone(library), looks.steps());
            let end = looks.look(library, Step::ListTrash, move || listed.half_emptied_jobs());
            let jobs = match end.await {
                Ok(Ok(jobs)) => jobs,
                Ok(Err(error)) => {
                    return tracing::debug!(library = library.name, %error, "emptied trashes stay for now");
                }
                Err(_) => return,
            };
            for job in jobs {
                let (emptied, steps) = (Arc::clone(library), steps.clone());
                let end = move || {
                    let own = OwnWork::of_job(job, Step::EmptyTrash);
                    if let Ok(Err(error)) = steps.carry_out(&own, || emptied.end_emptying(job)) {
                        let library = &emptied.name;
                        tracing::debug!(library, job.id = %job, %error, "what is left of an emptied trash stays for now");
                    }
                };
                looks.wait_for(library, end).await.ok();
            }
        };
        let libraries = self.every_library().await;
        join_all(libraries.iter().map(clean)).await;
    }

    async fn empty_old_trashes(&self, looks: &OwnLooks, age: Duration, jumps: &Jumps) {
        let libraries = self.every_library().await;
        join_all(libraries.iter().map(|library| self.empty_old_trash(looks, library, age, jumps))).await;
    }

    async fn empty_old_trash(&self, looks: &OwnLooks, library: &Arc<Library>, age: Duration, jumps: &Jumps) {
        let (looked, jumps) = (Arc::clone(library), jumps.clone());
        let old = looks.look(library, Step::ListTrash, move || {
            let has_age = |last| jumps.age(last, crate::now()) >= age;
            let is_old = |job: &JobId| looked.last_trashed(*job).map(|last| last.is_some_and(has_age));
            let old = |job| is_old(&job).map(|old| old.then_some(job)).transpose();
            looked.trashes()?.into_iter().filter_map(old).collect::<std::io::Result<Vec<_>>>()
        });
        // A trash that cannot be read is kept, and checked again later.
        let old = match old.await {
            Ok(Ok(old)) => old,
            Ok(Err(error)) => {
                tracing::warn!(library = library.name, %error, "a library's trash cannot be read, so it is kept");
                return;
            }
            Err(why) => {
                tracing::warn!(library = library.name, %why, "a library's trash is not looked at, so it is kept");
                return;
            }
        };
        for job in old {
            if !self.empty_one(job).await {
                return;
            }
        }
    }

    /// Empties the trash of a job. That is refused while the job runs or is being undone; it is tried again later. Returns
    /// whether it ended in time.
    async fn empty_one(&self, job: JobId) -> bool {
        let steps = self.inner.context.steps.clone();
        let (server, runtime) = (self.clone(), tokio::runtime::Handle::current());
        // The step lasts as long as the emptying, even if nobody waits for it any more.
        let empty = move || {
            let own = OwnWork::of_job(job, Step::EmptyTrash);
            steps.carry_out(&own, || runtime.block_on(server.empty_trash(job, Emptying::ByAge)))
        };
        match tokio::time::timeout(STORAGE_TIMEOUT, tokio::task::spawn_blocking(empty)).await {
            Ok(Ok(Ok(Err(error)))) => tracing::debug!(job.id = %job, %error, "an old trash is kept"),
            Ok(Err(error)) => tracing::warn!(job.id = %job, %error, "the emptying of an old trash ended early"),
            Err(_) => return false,
            Ok(Ok(_)) => {}
        }
        true
    }
}
