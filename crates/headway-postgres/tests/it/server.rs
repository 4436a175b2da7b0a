//! A PostgreSQL server of the tests' own, in a temporary folder, which ends with this process whatever ends that.

#[path = "server/database.rs"]
mod database;
#[path = "server/program.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tempfile::TempDir;

pub(crate) use database::TestDatabase;
pub(crate) use program::KeptProgram;
use program::{is_root, kill_with_children, needs_a_server, program, run};

/// A running server.
pub(crate) struct PostgresServer {
    folder: TempDir,
    keeper: Mutex<Option<KeptProgram>>,
}

/// The port only names the socket in the server's folder.
const PORT: &str = "5432";

/// Settings that are safe for a log, and small.
const SETTINGS: [&str; 7] = [
    "listen_addresses=",
    "fsync=on",
    "synchronous_commit=on",
    "max_connections=200",
    "shared_buffers=32MB",
    "autovacuum_naptime=5s",
    "log_min_messages=warning",
];

impl PostgresServer {
    /// A new server, with more settings behind those of all tests.
    pub(crate) fn new(settings: &[&str]) -> Arc<Self> {
        needs_a_server();
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a temporary folder");
        let server = PostgresServer { folder, keeper: Mutex::default() };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(server.folder()));
        }
        let mut create = program(server.folder(), "initdb");
        create.args(["--no-sync", "-U", "headway", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"]);
        run(create.arg(server.data()));
        server.start(settings);
        Arc::new(server)
    }

    /// The server that tests share while they run at the same time.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock();
        shared.upgrade().unwrap_or_else(|| {
            let server = PostgresServer::new(&[]);
            *shared = Arc::downgrade(&server);
            server
        })
    }

    pub(crate) fn start(&self, settings: &[&str]) {
        let path = |path: &Path| path.display().to_string();
        let mut arguments = vec!["-D".to_owned(), path(&self.data()), "-k".to_owned(), path(self.folder())];
        arguments.extend(["-p".to_owned(), PORT.to_owned()]);
        for setting in SETTINGS.iter().chain(settings) {
            arguments.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        let keeper = KeptProgram::start(self.folder(), "server.log", "QUIT", "postgres", &arguments);
        *self.keeper.lock() = Some(keeper);
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let mut asks = program(self.folder(), "pg_isready");
            if asks.args(["-q", "-p", PORT, "-h"]).arg(self.folder()).status().is_ok_and(|ready| ready.success()) {
                return;
            }
            assert!(Instant::now() < end, "the server does not start: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the server: `QUIT` at once, as a crash does; `INT` after its connections are closed.
    pub(crate) fn stop(&self, signal: &str) {
        let keeper = self.keeper.lock().take();
        if let Some(keeper) = keeper {
            keeper.stop(signal);
        }
    }

    /// Kills every process of the server with SIGKILL.
    pub(crate) fn kill(&self) {
        let lines = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server");
        kill_with_children(lines.lines().next().expect("a number"));
        self.stop("QUIT");
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database, for a user of it.
    pub(crate) fn url_for(&self, user: &str, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{folder}/{database}")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop("QUIT");
    }
}
