//! How much room Headway's own files take: the log, what jobs wrote, and the trashes.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::{Keeping, Server};
use headway_files::{Library, Trashed};
use headway_model::ApiError;
use headway_model::summary::{Room, TrashElsewhere, TrashHolds, TrashRoom};

impl Server {
    /// How much room the log, what jobs wrote, and the trashes take.
    pub async fn room(&self) -> Result<Room, ApiError> {
        let (log, outputs) = (self.store().bytes().await?, self.data_bytes().await?);
        let look =
            async |library: &Arc<Library>| TrashRoom { library: library.name.clone(), holds: self.held(library).await };
        let libraries = self.inner.context.libraries.now();
        let trashes = join_all(libraries.iter().map(look)).await;
        let ms = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let Keeping { trash_age, retention } = *self.inner.keeping.lock();
        let clock = *self.inner.clock.lock();
        let doubt = clock.map_or(Duration::ZERO, |last| last.doubt(crate::now()));
        Ok(Room {
            log,
            outputs,
            trashes,
            elsewhere: self.elsewhere().await,
            trash_age: trash_age.map(ms),
            keep_age: retention.age.map(ms),
            keep_bytes: retention.bytes,
            suspended: Some(ms(doubt)).filter(|doubt| *doubt > 0),
        })
    }

    /// The content of a library's trash; `None` if that cannot be determined now.
    async fn held(&self, library: &Arc<Library>) -> Option<TrashHolds> {
        let looked = Arc::clone(library);
        let seen = self.inner.looks.look(&library.name, move || looked.all_trashed()).await;
        let holds = |trashed: Trashed| TrashHolds { files: trashed.files, bytes: trashed.bytes };
        seen.and_then(Result::ok).map(holds)
    }

    /// The content of the trashes in folders that are not served: those that jobs named by their paths, and libraries
    /// that were removed. A folder that is also served under a name is counted there.
    async fn elsewhere(&self) -> TrashElsewhere {
        let (others, silent) = self.unserved().await;
        let held = join_all(others.iter().map(|library| self.held(library))).await;
        let mut elsewhere = TrashElsewhere { unknown: silent, ..TrashElsewhere::default() };
        for held in held {
            match held {
                Some(TrashHolds { files, bytes }) => {
                    elsewhere.holds.files += files;
                    elsewhere.holds.bytes += bytes;
                }
                None => elsewhere.unknown += 1,
            }
        }
        elsewhere
    }

    /// The folders that are not served and in which there have been jobs; and how many of them cannot be opened now.
    pub(super) async fn unserved(&self) -> (Vec<Arc<Library>>, u64) {
        let silent = self.open_by_path().await;
        let context = &self.inner.context;
        let libraries = context.libraries.now();
        let is_served = |library: &Library| libraries.iter().any(|served| served.path == library.path);
        (context.by_path.all().into_iter().filter(|library| !is_served(library)).collect(), silent)
    }
}
