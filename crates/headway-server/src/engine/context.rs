//! Everything that the engine's tasks share.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::{
    ByPath, Conflicts, Exclusion, Libraries, PauseNotes, Pulse, Recoveries, RunningAttempts, ShortageCheck,
    SurvivingPrograms, UntidyJobs,
};
use crate::steps::Steps;
use crate::writer::Log;
use headway_files::{DataFolder, Library, unable};
use headway_guard::Guard;
use headway_model::StartJob;
use headway_recipes::{Recipe, Unable};
use headway_store::Store;

/// Everything that running work needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Context {
    /// Reads the log.
    pub store: Arc<dyn Store>,
    /// Records events.
    pub log: Log,
    /// The configured libraries, which can change.
    pub libraries: Libraries,
    /// Libraries that jobs name by their path.
    pub by_path: ByPath,
    /// The recipes on offer.
    pub recipes: Arc<Vec<Arc<dyn Recipe>>>,
    /// The data folder, where jobs write their output files.
    pub data: Arc<DataFolder>,
    /// The attempts under way.
    pub running: RunningAttempts,
    /// Recoveries of what the last process left; some have not returned yet.
    pub recoveries: Recoveries,
    /// Jobs whose temporary files could not be removed.
    pub untidy_jobs: UntidyJobs,
    /// Jobs whose programs, started by the last process, might still be alive.
    pub left: SurvivingPrograms,
    /// Locks on the files that attempts work on.
    pub exclusion: Exclusion,
    /// How many files might have been left half changed.
    pub conflicts: Conflicts,
    /// Checks that there is enough disk and memory before an item begins.
    pub shortage: Arc<ShortageCheck>,
    /// What failed when the environment paused jobs.
    pub pause_notes: PauseNotes,
    /// Starts and supervises child processes.
    pub guard: Arc<Guard>,
    /// The engine's own runtime, which blocking threads use to wait for the log.
    pub handle: Handle,
    /// How long running items can continue after a stop.
    pub drain: Duration,
    /// Whether other servers stand by: what runs must end before one of them can take over.
    pub stands_by: bool,
    /// This process's name in leases.
    pub worker: String,
    /// When the engine's loop last came round.
    pub pulse: Pulse,
    /// Records the steps under way that could crash the process.
    pub steps: Steps,
}

impl Context {
    /// The library with this name, if it is configured or was opened by its path.
    pub(crate) fn library(&self, name: &str) -> Option<Arc<Library>> {
        self.configured(name).or_else(|| self.by_path.get(name))
    }

    /// The configured library with this name.
    pub(crate) fn configured(&self, name: &str) -> Option<Arc<Library>> {
        self.libraries.get(name)
    }

    /// The root of the library with this name, whether it is open or not, if that is known.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub(crate) fn root_of(&self, name: &str) -> io::Result<Option<PathBuf>> {
        match self.library(name) {
            Some(library) => Ok(Some(library.path.clone())),
            None => self.data.root_among(name, &[]),
        }
    }

    /// The library of a job that is in the log. A library that is named by its path is opened if necessary. So is one
    /// that another server had configured, by a server without configured libraries, such as the one in `headway run`.
    ///
    /// # Errors
    /// If its storage does not answer, or what is known of it cannot be read in the data folder.
    pub(crate) async fn library_of_job(&self, name: &str) -> Result<Option<Arc<Library>>, Unable> {
        if let Some(library) = self.library(name) {
            return Ok(Some(library));
        }
        let root = match ByPath::is_path(name) {
            true => Some(name.into()),
            false if self.libraries.now().is_empty() => {
                let root = self.data.root_of(name);
                root.map_err(|error| unable("the roots of the libraries cannot be read", &error))?
            }
            false => None,
        };
        let Some(root) = root else { return Ok(None) };
        self.by_path.open_at(name, root).await.map(Some)
    }

    /// The request that started the job with this number; `None` if it is no longer in the log.
    pub(crate) async fn request(&self, job_no: u64) -> Result<Option<StartJob>, Unable> {
        let Some(request) = self.store.request(job_no).await? else { return Ok(None) };
        serde_json::from_str(&request).map(Some).map_err(|error| Unable::Failed(error.to_string()))
    }

    /// The recipe with this name.
    pub(crate) fn recipe(&self, name: &str) -> Option<&Arc<dyn Recipe>> {
        self.recipes.iter().find(|recipe| recipe.info().name == name)
    }
}
