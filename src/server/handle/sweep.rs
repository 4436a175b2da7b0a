//! What is done by age: originals that nobody wanted back leave their trash.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Inner, Server};

/// The longest between two looks.
const SELDOM: Duration = Duration::from_secs(60 * 60);

/// The shortest.
const OFTEN: Duration = Duration::from_millis(200);

/// Looks from time to time, until the server is gone.
pub(super) async fn sweep(inner: Weak<Inner>, age: Duration) {
    let pause = (age / 10).clamp(OFTEN, SELDOM);
    loop {
        tokio::time::sleep(pause).await;
        let Some(inner) = inner.upgrade() else { return };
        Server { inner }.empty_old_trashes(age).await;
    }
}

impl Server {
    async fn empty_old_trashes(&self, age: Duration) {
        for library in self.inner.context.libraries.iter() {
            let looked = Arc::clone(library);
            let old = tokio::task::spawn_blocking(move || {
                let trashes = looked.trashes().into_iter();
                trashes.filter(|job| looked.trashed_since(*job).is_some_and(|since| since >= age)).collect::<Vec<_>>()
            });
            for job in old.await.unwrap_or_default() {
                // Of a job that runs or is being undone it says no, and later it is asked again.
                if let Err(error) = self.empty_trash(job).await {
                    tracing::debug!(job.id = %job, %error, "an old trash is kept");
                }
            }
        }
    }
}
