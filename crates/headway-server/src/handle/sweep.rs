//! Removes old originals from the trash, and the history of old jobs by age, number and size.

mod retain;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::looks::Looks;
use super::{Keeping, Server, ServerInner};
use crate::clock::{Clock, Jumps};
use crate::engine::ByPath;
use crate::retention::Retention;
use headway_files::Library;
use headway_model::JobId;

/// How often the clock is looked at.
const CLOCK_LOOK: Duration = Duration::from_secs(60);

/// The longest time that the storage of one library can hold up the sweep of the others; never longer than the time
/// between two sweeps.
const PATIENCE: Duration = Duration::from_secs(60);

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
}
