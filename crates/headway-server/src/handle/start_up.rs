//! Starts a server: opens everything it needs, takes up live jobs, and starts the engine.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::{self, Runtime};
use tokio::sync::{Mutex, mpsc, watch};

use super::adopt::Adopted;
use super::looks::Looks;
use super::{Keeping, Server, ServerInner, sweep};
use crate::config::Config;
use crate::engine::schedule::{Schedule, ScheduleLimits};
use crate::engine::{self, ByPath, Context};
use crate::error::StartError;
use crate::index::Index;
use crate::steps::Steps;
use crate::writer::{self, Writer};
use headway_files::{DataFolder, FolderError, Identity, Library, ask_all, remove_tree};
use headway_guard::Guard;
use headway_model::Fold;
use headway_recipes::Recipe;
use headway_store::rows::{JobKey, JobRow};
use headway_store::{JobFilter, SqliteStore, Store};

impl Server {
    /// Opens the data folder and the libraries, takes up every live job, and starts the engine.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Server::start_with(config, headway_recipes::all()).await
    }

    /// Like [`Server::start`], with these recipes.
    pub async fn start_with(config: Config, recipes: Vec<Arc<dyn Recipe>>) -> Result<Self, StartError> {
        let data = DataFolder::open(&config.data, &config.libraries)?;
        let (libraries, silent) = open_libraries(&data, &config.libraries)?;
        data.keep_ballast();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&data.log()).await?);

        let rows = store.jobs(JobFilter::Live, u32::MAX).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.summary.job).collect();
        let (_, folds) = store.folds(&ids).await?;
        let key = |row: &JobRow| JobKey {
            job_no: row.job_no,
            created_position: row.created_position,
            library: row.library.clone(),
            work: row.work,
        };
        let live = rows.iter().map(key).zip(folds.iter().cloned()).collect();
        let head = store.head().await?;
        let no_thread = |error| StartError(format!("the engine's threads cannot be started: {error}"));
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("engine")
            .enable_all()
            .build()
            .map_err(no_thread)?;
        let (handle, runtime) = (runtime.handle().clone(), OwnRuntime(Some(runtime)));
        let worker = engine::worker();
        let (log, reports) = {
            let _within = handle.enter();
            writer::spawn(Arc::clone(&store), head, Writer::new(head, live).named(&worker)).map_err(no_thread)?
        };

        let limits = ScheduleLimits { jobs: config.jobs.max(1), workers: config.workers.max(1) };
        let steps = Steps::open(data.root());
        let data = Arc::new(data);
        let context = Context {
            store,
            log,
            libraries: Arc::new(libraries),
            by_path: ByPath::new(Arc::clone(&data)),
            recipes: Arc::new(recipes),
            running: engine::RunningAttempts::default(),
            examinations: engine::Examinations::default(),
            left: engine::LeftPrograms::default(),
            exclusion: engine::Exclusion::default(),
            shortage: Arc::new(engine::ShortageCheck::new(config.floor, data.root().to_owned())),
            data,
            handle: handle.clone(),
            guard: Arc::new(Guard::new(config.program)),
            drain: config.drain,
            worker,
            pulse: engine::Pulse::new(),
            steps,
        };
        end_left_over(&context, &folds).await?;
        clear_scratch(&context.data);
        let leases = context.store.leases().await?;
        let jobs = rows.iter().zip(folds).filter(|_| config.takes_up);
        let live = engine::take_up_all(&context, &leases, jobs, silent).await;
        let schedule = Schedule::new(limits, crate::now(), live);
        let index = Index::start(
            &context.data.index(),
            Arc::clone(&context.libraries),
            Arc::clone(&context.store),
            context.log.head(),
        )?;
        let (stop, stopped) = watch::channel(false);
        let (tell, inputs) = mpsc::unbounded_channel();
        let inbox = engine::Inbox { reports, inputs, stop: stopped };
        let engine = Mutex::new(Some(handle.spawn(engine::run(context.clone(), schedule, inbox))));
        let limits = parking_lot::Mutex::new(limits);
        let keeping = Keeping { trash_age: config.trash_age, retention: config.retention };
        let inner = Arc::new(ServerInner {
            keeping,
            context,
            index,
            looks: Looks::default(),
            stop,
            engine,
            tell,
            limits,
            owner_only: config.owner_only,
            presets: Default::default(),
            totals: Default::default(),
            adopted: (!config.takes_up).then(Adopted::default),
            _runtime: runtime,
        });
        tokio::spawn(sweep::sweep(Arc::downgrade(&inner), config.sweep, keeping));
        Ok(Server { inner, is_owner: false })
    }
}

/// A runtime that can be dropped anywhere, even in async code, because it does not wait for its tasks. Whatever was
/// acknowledged is already durable.
pub(super) struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// Removes the scratch folders of a killed process's attempts, in the background because they can be large.
fn clear_scratch(data: &DataFolder) {
    let warn = |error: &std::io::Error| tracing::warn!(%error, "a folder that a killed attempt left cannot be removed");
    match data.left_scratch() {
        Err(error) => warn(&error),
        Ok(folders) if folders.is_empty() => {}
        Ok(folders) => drop(tokio::task::spawn_blocking(move || {
            folders.iter().filter_map(|folder| remove_tree(folder).err()).for_each(|error| warn(&error));
        })),
    }
}

/// Ends the programs that attempts of these jobs left behind: no item must run again before they are gone.
async fn end_left_over(context: &Context, folds: &[Fold]) -> Result<(), StartError> {
    let held = folds.iter().filter(|fold| fold.counters.running > 0);
    let jobs: Vec<_> = held.map(|fold| fold.id).collect();
    let left = context.left.clone();
    let ended = tokio::task::spawn_blocking(move || left.end(&jobs)).await;
    ended.map_err(|error| StartError(format!("what the last run left cannot be ended: {error}")))
}

/// Opens the libraries, and returns the names of those whose storage does not answer. A library that is missing or
/// does not answer is waited for later; only if none can be opened is that an error.
fn open_libraries(
    data: &DataFolder,
    folders: &[(String, PathBuf)],
) -> Result<(Vec<Arc<Library>>, HashSet<String>), StartError> {
    let known = data.known_libraries();
    let known = |name: &str| known.get(name).copied();
    let places = folders.iter().map(|(name, root)| (name.clone(), root.clone(), known(name))).collect();
    let opened = ask_all(places, |(name, root, known)| open_library(&name, &root, known));
    let (mut libraries, mut errors, mut silent) = (Vec::new(), Vec::new(), HashSet::new());
    for ((name, root), opened) in folders.iter().zip(opened) {
        let (library, error) = opened.unwrap_or_else(|| {
            tracing::warn!(
                "the storage of {} does not answer; its jobs wait for it, and the other folders are served",
                root.display()
            );
            silent.insert(name.clone());
            (Library::unopened(name, root, known(name)), None)
        });
        library.expect_mounts(data.known_mounts(name));
        libraries.push(Arc::new(library));
        errors.extend(error);
    }
    if !folders.is_empty() && errors.len() == folders.len() {
        return Err(errors.swap_remove(0).into());
    }
    for error in errors {
        tracing::warn!("{error}; its jobs wait for it, and the other folders are served");
    }
    data.remember_libraries(&libraries);
    Ok((libraries, silent))
}

/// Opens a library, and removes probe files that an earlier process left in it. Blocking.
fn open_library(name: &str, root: &Path, known: Option<Identity>) -> (Library, Option<FolderError>) {
    let (library, error) = Library::open_or_wait(name, root, known);
    library.clean_up();
    (library, error)
}
