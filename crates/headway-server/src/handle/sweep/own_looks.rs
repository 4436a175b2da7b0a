//! Looks of the sweep at libraries: each is work of the server itself, with a crash note, and no storage that does not
//! answer holds up the others.

use std::sync::Arc;
use std::time::Duration;

use super::super::looks::Looks;
use crate::steps::{LeftOut, OwnWork, Step, Steps};
use headway_files::Library;

/// The looks, and the notes that they leave.
pub(super) struct OwnLooks {
    looks: Looks,
    steps: Steps,
}

/// Why there was no look.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLook {
    #[error("its storage does not answer")]
    Silent,
    #[error(transparent)]
    LeftOut(#[from] LeftOut),
}

impl OwnLooks {
    pub(super) fn within(patience: Duration, steps: Steps) -> Self {
        OwnLooks { looks: Looks::within(patience), steps }
    }

    pub(super) fn steps(&self) -> Steps {
        self.steps.clone()
    }

    /// Carries out a step of a library.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        library: &Arc<Library>,
        step: Step,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoLook> {
        let (steps, own) = (self.steps(), OwnWork::of_library(&library.name, step));
        Ok(self.wait_for(library, move || steps.carry_out(&own, look)).await??)
    }

    /// Waits for something on a library's storage that notes its own steps.
    pub(super) async fn wait_for<T: Send + 'static>(
        &self,
        library: &Arc<Library>,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoLook> {
        self.looks.look(&library.name, act).await.ok_or(NoLook::Silent)
    }
}
