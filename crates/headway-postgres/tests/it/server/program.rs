//! Programs that run as a user who may run a server, and that end with this process whatever ends that.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a program, whose output goes to a file, and ends it when the pipe to this process closes.
const KEEPER: &str =
    r#"log=$1; how=$2; shift 2; exec 2>"$log"; "$@" >&2 & read -r other && how=$other; kill -"$how" $!; wait $!"#;

/// A program that runs until this is dropped.
pub(crate) struct KeptProgram(Child);

impl KeptProgram {
    /// Starts a program with these arguments in a folder. Its output goes to the file `log` there. When the pipe to it
    /// is closed, which the end of this process does too, it gets the signal.
    pub(crate) fn start(folder: &Path, log: &str, signal: &str, name: &str, arguments: &[String]) -> Self {
        let mut command = program(folder, "sh");
        command.args(["-c", KEEPER, "sh", log, signal]).arg(program_path(name)).args(arguments);
        KeptProgram(command.stdin(Stdio::piped()).spawn().expect("a shell"))
    }

    /// Ends it with this signal.
    pub(crate) fn stop(mut self, signal: &str) {
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

/// A program in a folder, as a user who may run a server.
pub(crate) fn program(folder: &Path, name: &str) -> Command {
    let path = program_path(name);
    let mut command = match is_root() {
        true => Command::new("runuser"),
        false => Command::new(&path),
    };
    if is_root() {
        command.args(["-u", "postgres", "--"]).arg(path);
    }
    command.current_dir(folder);
    command
}

/// Where a program is. Debian keeps the programs of a server where no PATH leads.
fn program_path(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let numbered =
        versions.filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version.path())));
    let found = numbered.map(|(number, path)| (number, path.join("bin").join(name))).filter(|(_, path)| path.exists());
    found.max().map_or_else(|| PathBuf::from(name), |(_, path)| path)
}

/// Panics with what to install if a server cannot be run here.
pub(crate) fn needs_a_server() {
    let answers = Command::new(program_path("postgres")).arg("--version").output();
    assert!(
        answers.is_ok_and(|answer| answer.status.success()),
        "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    );
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}

pub(crate) fn run(command: &mut Command) {
    let done = command.output().expect("a program");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Kills a process and its children with SIGKILL, and waits until they are gone. It is stopped before that, so that it
/// begins no child meanwhile.
pub(crate) fn kill_with_children(process: &str) {
    run(Command::new("kill").args(["-STOP", process]));
    let children = Command::new("ps").args(["-o", "pid=", "--ppid", process]).output().expect("ps");
    let children = String::from_utf8(children.stdout).expect("numbers");
    let all: Vec<_> = std::iter::once(process).chain(children.split_whitespace()).collect();
    // A child can end by itself at any time.
    Command::new("kill").arg("-KILL").args(&all).stderr(Stdio::null()).status().expect("kill");
    let end = Instant::now() + Duration::from_secs(60);
    while all.iter().any(|process| is_running(process)) {
        assert!(Instant::now() < end, "processes that were killed still run: {all:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs. One that has ended and was not waited for does not.
fn is_running(process: &str) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}
