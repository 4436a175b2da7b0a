//! What a server opens before anything of it runs: the data folder, the libraries and the log with its live jobs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Config;
use crate::engine::open_library;
use crate::error::{StartError, unknown_libraries};
use crate::log_place::{LogUse, open_log};
use crate::steps::Steps;
use headway_files::{DataFolder, FolderError, Library, ask_all};
use headway_model::Fold;
use headway_store::rows::{JobKey, JobRow};
use headway_store::{JobFilter, SetAside, Store};

/// The open data folder, libraries and log.
pub(super) struct OpenedState {
    pub(super) data: Arc<DataFolder>,
    pub(super) steps: Steps,
    pub(super) libraries: Vec<Arc<Library>>,
    /// The names of libraries whose storage does not answer.
    pub(super) silent: HashSet<String>,
    pub(super) store: Arc<dyn Store>,
    /// The rows of all live jobs.
    pub(super) rows: Vec<JobRow>,
    /// Their folds, in the same order.
    pub(super) folds: Vec<Fold>,
    /// Jobs whose log cannot be read.
    pub(super) aside: Vec<SetAside>,
}

impl OpenedState {
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        let data = DataFolder::open(&config.data, &config.libraries)?;
        // Whoever stands by looks at nothing before it is its turn.
        let used = LogUse::Serving(config.standby.as_ref());
        let taken_over = match config.standby {
            Some(_) => Some(open_log(&data, config.store.as_ref(), used).await?),
            None => None,
        };
        let steps = Steps::open(data.root());
        let opened = open_libraries(&data, &steps, &config.libraries, &config.links);
        let opened = opened?.or_none_of(&data, config.libraries.len())?;
        let OpenedLibraries { libraries, silent, .. } = opened;
        data.keep_ballast();
        let store = match taken_over {
            Some(store) => store,
            None => open_log(&data, config.store.as_ref(), used).await?,
        };
        let rows = store.jobs(JobFilter::Live, u32::MAX).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.summary.job).collect();
        let (_, folds) = store.folds(&ids).await?;
        // Reading them can have made rows again, or set a job aside.
        let mut folds: HashMap<_, _> = folds.into_iter().map(|fold| (fold.id, fold)).collect();
        let rows = store.jobs(JobFilter::Live, u32::MAX).await?.into_iter();
        let both = rows.filter_map(|row| {
            let fold = folds.remove(&row.summary.job);
            if fold.is_none() {
                let id = row.summary.job;
                tracing::error!(job.id = %id, "a job is not taken up, because only a part of its rows could be read");
            }
            fold.map(|fold| (row, fold))
        });
        let (rows, folds) = both.unzip();
        let aside = store.aside().await?;
        aside
            .iter()
            .for_each(|aside| tracing::error!("{aside}; the others are served. `headway doctor` names the events"));
        Ok(OpenedState { data: Arc::new(data), steps, libraries, silent, store, rows, folds, aside })
    }

    /// The live jobs as the writer needs them.
    pub(super) fn live(&self) -> Vec<(JobKey, Fold)> {
        let key = |row: &JobRow| JobKey {
            job_no: row.job_no,
            created_position: row.created_position,
            library: row.library.clone(),
            work: row.work,
        };
        self.rows.iter().map(key).zip(self.folds.iter().cloned()).collect()
    }
}

/// Libraries, each of which can be missing or silent.
pub(in crate::handle) struct OpenedLibraries {
    pub(in crate::handle) libraries: Vec<Arc<Library>>,
    /// The names of those whose storage does not answer.
    silent: HashSet<String>,
    /// Why others cannot be opened.
    errors: Vec<FolderError>,
    /// Whether one of those was used before.
    has_used: bool,
}

impl OpenedLibraries {
    /// Refuses them if none of all libraries can be opened or was used before: their paths are probably mistyped. Otherwise the
    /// data folder remembers them. Blocking.
    pub(in crate::handle) fn or_none_of(mut self, data: &DataFolder, all: usize) -> Result<Self, StartError> {
        if !self.errors.is_empty() && self.errors.len() == all && !self.has_used {
            return Err(self.errors.swap_remove(0).into());
        }
        for error in &self.errors {
            tracing::warn!("{error}; its jobs wait for it, and it is served when it is there");
        }
        data.remember_libraries(&self.libraries);
        Ok(self)
    }
}

/// Opens libraries. One that is missing or does not answer is waited for later. Blocking.
///
/// # Errors
/// If what is known of them cannot be read in the data folder.
pub(in crate::handle) fn open_libraries(
    data: &DataFolder,
    steps: &Steps,
    folders: &[(String, PathBuf)],
    links: &BTreeMap<String, PathBuf>,
) -> Result<OpenedLibraries, StartError> {
    let unread = |error: io::Error| unknown_libraries(data, &error);
    let known = data.known_libraries().map_err(unread)?;
    let known = |name: &str| known.get(name).copied();
    let places = folders.iter().map(|(name, root)| (name.clone(), root.clone(), known(name))).collect();
    let steps = steps.clone();
    let opened = ask_all(places, move |(name, root, known)| open_library(&steps, &name, &root, known));
    let (mut libraries, mut errors, mut silent) = (Vec::new(), Vec::new(), HashSet::new());
    let mut has_used = false;
    for ((name, root), opened) in folders.iter().zip(opened) {
        let (library, error) = opened.unwrap_or_else(|| {
            tracing::warn!(
                "no answer from the storage of {} for 2 s; its jobs wait for it, and the other folders are served",
                root.display()
            );
            silent.insert(name.clone());
            (Library::unopened(name, root, known(name)), None)
        });
        library.expect_mounts(data.known_mounts(name).map_err(unread)?);
        library.keep_out_of(data);
        libraries.push(Arc::new(library.named_by(links.get(name).cloned())));
        has_used |= error.is_some() && data.has_used(name, root).map_err(unread)?;
        errors.extend(error);
    }
    Ok(OpenedLibraries { libraries, silent, errors, has_used })
}
