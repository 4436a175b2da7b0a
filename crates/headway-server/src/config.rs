//! What the server is told at its start.

use std::path::PathBuf;
use std::time::Duration;

use super::engine::Floor;
use super::retention::Retention;

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the log and the jobs' outputs live.
    pub data: PathBuf,
    /// The folders that may be read: name, root.
    pub libraries: Vec<(String, PathBuf)>,
    /// The most jobs to process at once; the others are queued.
    pub jobs: usize,
    /// The most items to run at once, over all jobs.
    pub workers: usize,
    /// How much must be free before an item begins.
    pub floor: Floor,
    /// How long running items may go on after a stop.
    pub drain: Duration,
    /// So long after the last original came into a job's trash they are removed; `None` never does that.
    pub trash_age: Option<Duration>,
    /// How long jobs that are over keep their history.
    pub retention: Retention,
    /// So often it is looked at what has grown old.
    pub sweep: Duration,
    /// This program, which is also the guard of commands.
    pub program: PathBuf,
}

impl Config {
    /// The default limits: four jobs, a worker a core.
    pub fn new(data: PathBuf, libraries: Vec<(String, PathBuf)>) -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let program = std::env::current_exe().unwrap_or_else(|_| "headway".into());
        let floor = Floor { disk: 64 * 1024 * 1024, memory: 64 * 1024 * 1024 };
        let (drain, trash_age) = (Duration::from_secs(10), Some(Duration::from_secs(30 * 24 * 60 * 60)));
        let (retention, sweep) = (Retention::default(), Duration::from_secs(60 * 60));
        Config { data, libraries, jobs: 4, workers, floor, drain, trash_age, retention, sweep, program }
    }
}
