//! The settings of a server.

mod standby;
mod store_address;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::engine::Floor;
use super::retention::Retention;
pub use standby::{Standby, WorkingServer};
pub use store_address::StoreAddress;

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder: the log and the files that jobs write for their users.
    pub data: PathBuf,
    /// The database with the log, if it is not in the data folder.
    pub store: Option<StoreAddress>,
    /// Waits until no other server works on the database, and then takes over. Without it, such a database is refused.
    pub standby: Option<Standby>,
    /// The served folders: name, root.
    pub libraries: Vec<(String, PathBuf)>,
    /// For each library, by name: the path that it was named by, if links lead from there to its root.
    pub links: BTreeMap<String, PathBuf>,
    /// The most jobs to process at once; the others are queued.
    pub jobs: usize,
    /// The most items to run at the same time, over all jobs.
    pub workers: usize,
    /// How much must be free before an item begins.
    pub floor: Floor,
    /// How long running items can continue after a stop.
    pub drain: Duration,
    /// Originals are removed this long after the last one was put into their job's trash; never if `None`.
    pub trash_age: Option<Duration>,
    /// How long jobs that are over keep their history; by default a year, and as long as the data folder has less than 20 GB.
    pub retention: Retention,
    /// How often old trashes and old jobs are removed.
    pub sweep: Duration,
    /// Whether the server works on every live job of the log. If not, it works only on jobs that are started through
    /// it or [adopted](crate::Server::adopt).
    pub takes_up: bool,
    /// Names of recipes that only the owner can start: see [`Server::for_owner`](crate::Server::for_owner).
    pub owner_only: BTreeSet<String>,
    /// This program, which also runs as the guard of commands.
    pub program: PathBuf,
    /// The id of this build, in pages and streams. A page of another build asks to be reloaded. By default this
    /// package's version.
    pub build: String,
}

impl Config {
    /// The default limits: four jobs, one worker per core, and [`Retention::generous`].
    pub fn new(data: PathBuf, libraries: Vec<(String, PathBuf)>) -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let program = std::env::current_exe().unwrap_or_else(|_| "headway".into());
        let floor = Floor { disk: 64 * 1024 * 1024, memory: 64 * 1024 * 1024 };
        let (drain, trash_age) = (Duration::from_secs(4), Some(Duration::from_secs(30 * 24 * 60 * 60)));
        let (retention, sweep) = (Retention::generous(), Duration::from_secs(60 * 60));
        Config {
            data,
            store: None,
            standby: None,
            libraries,
            links: BTreeMap::new(),
            jobs: 4,
            workers,
            floor,
            drain,
            trash_age,
            retention,
            sweep,
            takes_up: true,
            owner_only: BTreeSet::new(),
            program,
            build: env!("CARGO_PKG_VERSION").into(),
        }
    }
}
