//! Everything that the engine's tasks share.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::{Examinations, Exclusion, Running, ShortageCheck};
use crate::steps::Steps;
use crate::writer::Log;
use headway_files::{DataFolder, Library};
use headway_guard::Guard;
use headway_recipes::Recipe;
use headway_store::Store;

/// Everything that running work needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Context {
    /// Reads the log.
    pub store: Arc<dyn Store>,
    /// Records events.
    pub log: Log,
    /// The served libraries.
    pub libraries: Arc<Vec<Arc<Library>>>,
    /// The recipes on offer.
    pub recipes: Arc<Vec<Arc<dyn Recipe>>>,
    /// The data folder, where jobs write their output files.
    pub data: Arc<DataFolder>,
    /// The attempts under way.
    pub running: Running,
    /// Looks at what the last process left that have not come back yet.
    pub examinations: Examinations,
    /// Locks on the files that attempts work on.
    pub exclusion: Exclusion,
    /// Checks that there is enough disk and memory before an item begins.
    pub shortage: Arc<ShortageCheck>,
    /// Starts and supervises child processes.
    pub guard: Arc<Guard>,
    /// The engine's own runtime, which blocking threads use to wait for the log.
    pub handle: Handle,
    /// How long running items can continue after a stop.
    pub drain: Duration,
    /// This process's name in leases.
    pub worker: String,
    /// Records the steps under way that could crash the process.
    pub steps: Steps,
}

impl Context {
    /// The library with this name.
    pub(crate) fn library(&self, name: &str) -> Option<&Arc<Library>> {
        self.libraries.iter().find(|library| library.name == name)
    }

    /// The recipe with this name.
    pub(crate) fn recipe(&self, name: &str) -> Option<&Arc<dyn Recipe>> {
        self.recipes.iter().find(|recipe| recipe.info().name == name)
    }
}
