//! What the server is told at its start.

use std::path::PathBuf;

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
}

impl Config {
    /// The usual limits: four jobs, a worker a core.
    pub fn new(data: PathBuf, libraries: Vec<(String, PathBuf)>) -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        Config { data, libraries, jobs: 4, workers }
    }
}
