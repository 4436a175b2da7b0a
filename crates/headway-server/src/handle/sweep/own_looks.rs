//! Looks of the sweep at libraries: each is work of the server itself, with a crash note, and no storage that does not
//! answer holds up the others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::looks::{Looks, NoAnswer};
use crate::steps::{GivenUpWork, OwnWork, Step, Steps};
use headway_files::Library;

/// The looks, and the notes that they leave.
pub(super) struct OwnLooks {
    looks: Looks,
    steps: Steps,
}

/// Why there was no look.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLook {
    #[error("{0} from its storage")]
    Silent(#[from] NoAnswer),
    #[error(transparent)]
    GivenUp(#[from] GivenUpWork),
}

impl OwnLooks {
    pub(super) fn within(patience: Duration, steps: Steps) -> Self {
        OwnLooks { looks: Looks::within(patience), steps }
    }

    pub(super) fn steps(&self) -> Steps {
        self.steps.clone()
    }

    /// Carries out a step of a library. A step that waits for its turn does not wait for storage, so that time does not count.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        library: &Arc<Library>,
        step: Step,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoLook> {
        let (steps, own) = (self.steps(), OwnWork::of_library(&library.name, step));
        let (begin, begun) = oneshot::channel();
        let act = move || {
            let look = || {
                begin.send(()).ok();
                look()
            };
            steps.carry_out(&own, look)
        };
        // A step that is given up never begins, and ends at once.
        let begun = async { begun.await.unwrap_or_default() };
        Ok(self.looks.look_once(&library.name, begun, act).await??)
    }

    /// Waits for something on a library's storage that notes its own steps.
    pub(super) async fn wait_for<T: Send + 'static>(
        &self,
        library: &Arc<Library>,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoLook> {
        Ok(self.looks.ask(&library.name, act).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::Subject;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_that_waits_for_its_turn_does_not_say_that_its_storage_is_silent() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Arc::new(Library::unopened("films", folder.path(), None));
        let crashed = Steps::open(folder.path());
        for of in [Subject::library("films"), Subject::Data] {
            Box::leak(Box::new(crashed.begin(of, Step::CleanUp, || true)));
        }
        let steps = Steps::open(folder.path());
        let has_turn = steps.begin(Subject::Data, Step::CleanUp, || false);
        let patience = Duration::from_millis(50);
        let looks = OwnLooks::within(patience, steps);
        let end = async {
            tokio::time::sleep(patience * 4).await;
            drop(has_turn);
        };
        let (looked, ()) = tokio::join!(looks.look(&library, Step::CleanUp, || 7), end);
        assert_eq!(looked.expect("its turn came"), 7);
        let slow = looks.look(&library, Step::CleanUp, move || std::thread::sleep(patience * 4));
        assert!(matches!(slow.await, Err(NoLook::Silent(_))));
    }
}
