//! A PostgreSQL server of the tests' own, in a temporary folder, which ends with this process whatever ends that.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// Runs a program, whose output goes to a file, and ends it when the pipe to this process closes.
const KEEPER: &str =
    r#"log=$1; how=$2; shift 2; exec 2>"$log"; "$@" >&2 & read -r other && how=$other; kill -"$how" $!; wait $!"#;

/// A program that runs until this is dropped.
pub(crate) struct KeptProgram(Child);

impl KeptProgram {
    pub(crate) fn start(command: &mut Command) -> Self {
        KeptProgram(command.spawn().expect("a program"))
    }

    /// Ends it with this signal.
    fn stop(mut self, signal: &str) {
        if let Some(pipe) = &mut self.0.stdin {
            // If the program has ended by itself, nobody reads this.
            writeln!(pipe, "{signal}").ok();
        }
    }
}

impl Drop for KeptProgram {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("the end of a program");
    }
}

/// A running server.
pub(crate) struct PostgresServer {
    folder: TempDir,
    keeper: Mutex<Option<KeptProgram>>,
}

/// A database of a server. The server runs as long as it is used.
pub(crate) struct TestDatabase {
    pub(crate) server: Arc<PostgresServer>,
    pub(crate) name: String,
}

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
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a temporary folder");
        let server = PostgresServer { folder, keeper: Mutex::default() };
        let path = server.folder.path();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(path));
        }
        let data = server.data();
        run(server
            .program("initdb")
            .args(["--no-sync", "-U", "headway", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"])
            .arg(data));
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
        let mut command = self.kept("server.log", "QUIT", "postgres");
        command.arg("-D").arg(self.data());
        command.arg("-k").arg(self.folder.path());
        for setting in SETTINGS.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        *self.keeper.lock() = Some(KeptProgram::start(&mut command));
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = self.program("pg_isready").arg("-q").arg("-h").arg(self.folder.path()).status();
            if ready.is_ok_and(|ready| ready.success()) {
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
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server");
        let pid = pid.lines().next().expect("a number");
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", pid]).output().expect("ps");
        let children = String::from_utf8(children.stdout).expect("numbers");
        let all = std::iter::once(pid).chain(children.split_whitespace());
        Command::new("kill").arg("-9").args(all).stderr(Stdio::null()).status().expect("kill");
        self.stop("QUIT");
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of PostgreSQL or of the system, as a user who may run a server.
    pub(crate) fn program(&self, name: &str) -> Command {
        let path = program_path(name);
        let mut command = match is_root() {
            true => Command::new("runuser"),
            false => Command::new(&path),
        };
        if is_root() {
            command.args(["-u", "postgres", "--"]).arg(path);
        }
        command.current_dir(self.folder.path());
        command
    }

    /// A program that runs until the pipe to it is closed, and then gets this signal. Its output goes to a file of this name in the
    /// server's folder.
    pub(crate) fn kept(&self, log: &str, signal: &str, program: &str) -> Command {
        let mut command = self.program("sh");
        command.args(["-c", KEEPER, "sh", log, signal]).arg(program_path(program)).stdin(Stdio::piped());
        command
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database, for a user of it.
    pub(crate) fn url_for(&self, user: &str, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{folder}/{database}")
    }

    pub(crate) async fn client(&self, database: &str) -> Client {
        let url = self.url_for("headway", database);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client
    }

    /// Runs statements as the owner of everything.
    pub(crate) async fn sql(&self, database: &str, statements: &str) {
        self.client(database).await.batch_execute(statements).await.expect(statements);
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

impl TestDatabase {
    /// A new database of the shared server.
    pub(crate) async fn new() -> Self {
        TestDatabase::with(PostgresServer::shared(), "").await
    }

    /// A new database of a server, with options of CREATE DATABASE.
    pub(crate) async fn with(server: Arc<PostgresServer>, options: &str) -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let name = format!("d{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        server.sql("postgres", &format!("CREATE DATABASE {name} {options}")).await;
        TestDatabase { server, name }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url_for("headway", &self.name)
    }

    pub(crate) async fn client(&self) -> Client {
        self.server.client(&self.name).await
    }

    pub(crate) async fn sql(&self, statements: &str) {
        self.server.sql(&self.name, statements).await;
    }

    /// The first column of the first row, as text.
    pub(crate) async fn told(&self, statement: &str) -> String {
        use tokio_postgres::SimpleQueryMessage::Row;
        let messages = self.client().await.simple_query(statement).await.expect(statement);
        let row = messages.iter().find_map(|message| if let Row(row) = message { row.get(0) } else { None });
        row.unwrap_or_default().to_owned()
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}

/// Debian keeps the programs of a server where no PATH leads.
fn program_path(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists());
    found.max().unwrap_or_else(|| PathBuf::from(name))
}

fn run(command: &mut Command) {
    let done = command.output().expect("a program");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
