//! Every command that the terminal offers runs as it is printed: in a shell, from the folder in which it was printed.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::helper::Files;

/// A terminal in the library of these files. Its data folder is given as an option only, and has a space in its name.
pub(crate) struct Terminal<'a> {
    files: &'a Files,
    data: PathBuf,
}

impl<'a> Terminal<'a> {
    pub(crate) fn new(files: &'a Files) -> Self {
        Terminal { files, data: files.data().with_file_name("my data") }
    }

    /// A line for a shell.
    fn shell(&self, line: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_headway")).parent().expect("a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places = [program.to_owned()].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.files.library())
            .env("PATH", std::env::join_paths(places).expect("paths"))
            .env("XDG_STATE_HOME", self.files.data().with_file_name("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["HEADWAY_DATA", "HEADWAY_SERVER", "HEADWAY_CONFIG"] {
            command.env_remove(name);
        }
        command
    }

    /// What a line prints, and its exit code.
    pub(crate) fn typed(&self, line: &str) -> (Option<i32>, String) {
        let ended = self.shell(line).output().expect("a shell");
        let text = [ended.stdout, ended.stderr].concat();
        (ended.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    /// What a command of Headway prints, run with the data folder.
    fn headway(&self, words: &str) -> String {
        self.typed(&self.line(words)).1
    }

    pub(crate) fn line(&self, words: &str) -> String {
        let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
        format!("headway {command} --data '{}' {rest}", self.data.display())
    }

    /// Types every command that a text offers, and checks that each is one that runs. Returns what they print.
    fn follow(&self, said: &str, wanted: &[&str]) -> String {
        let hints = hints(said);
        let are_there = wanted.iter().all(|word| hints.iter().any(|hint| hint.starts_with(&format!("headway {word}"))));
        assert!(are_there && !hints.is_empty(), "{wanted:?} in {hints:?} of: {said}");
        hints.iter().map(|hint| self.runs(hint)).collect()
    }

    fn runs(&self, hint: &str) -> String {
        let (code, said) = self.typed(hint);
        // A job that ran can have failures, which its exit code counts.
        assert!(code == Some(0) || said.contains("proved: "), "{hint}: {code:?} {said}");
        said
    }
}

/// The commands in a text: each begins a line, or follows a colon, a comma, a semicolon or a dot in the middle.
fn hints(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for (at, _) in line.match_indices("headway ") {
            let before = line[..at].trim_end();
            let is_offered = before.is_empty() || before.ends_with([':', ';', ',', '·']) || before.ends_with(" or");
            if !is_offered {
                continue;
            }
            let rest = &line[at..];
            let ends = ["  ", "; ", ". ", ", ", ")"].iter().filter_map(|end| rest.find(end));
            let hint = rest[..ends.min().unwrap_or(rest.len())].trim().to_owned();
            if !found.contains(&hint) {
                found.push(hint);
            }
        }
    }
    found
}

#[test]
fn the_commands_that_a_job_offers_at_its_end_work() {
    let files = Files::new();
    files.write("A/x", b"one");
    files.write("A/y", b"two");
    files.write("empty", b"");
    let terminal = Terminal::new(&files);
    for line in ["run checksum --in A A/x", "run checksum A", "run checksum --in A", "run checksum A/x empty"] {
        let said = terminal.headway(line);
        terminal.follow(&said, &["run verify", "show"]);
    }
    // Only its own files are verified, also if the library has others.
    let said = terminal.headway("run checksum --on-done again --in . A");
    let verified = terminal.follow(&said, &["run verify"]);
    assert!(verified.contains("2 done") && !verified.contains("skipped"), "{said} {verified}");
    let said = terminal.headway("run -- test -s {} ::: A/x empty");
    terminal.follow(&said, &["show", "retry"]);
    let shown = terminal.headway("show @1");
    terminal.follow(&shown, &["show", "retry"]);
    let said = terminal.headway("run compress A");
    let trash = terminal.headway("trash");
    terminal.follow(&said, &["undo"]);
    assert!(!trash.contains("headway "), "a job that only made files has nothing in a trash: {trash}");
    let said = terminal.headway("run --replace --on-done again -- sh -c 'cat \"$0\" \"$0\" > \"$1\"' {} {out} ::: A/x");
    let trash = terminal.headway("trash");
    assert!(hints(&trash).len() == 1 && trash.contains("new files that this undo removed"), "{said} {trash}");
    terminal.follow(&trash, &["undo"]);
    std::fs::write(files.library().join("list.txt"), "no log of a job\n").expect("a file");
    let said = terminal.typed("headway verify list.txt").1;
    assert_eq!(hints(&said).len(), 1, "{said}");
}

#[test]
fn the_command_after_duplicates_removes_the_copies() {
    let files = Files::new();
    ["A/x", "A/y"].into_iter().for_each(|name| files.write(name, b"the same"));
    let terminal = Terminal::new(&files);
    for line in ["run duplicates A", "show @1"] {
        let said = terminal.headway(line);
        assert!(hints(&said).iter().any(|hint| hint.starts_with("headway run deduplicate ")), "{said}");
    }
    let said = terminal.headway("show @1");
    assert!(terminal.follow(&said, &["run deduplicate"]).contains("1 done"), "{said}");
    let left = ["A/x", "A/y"].into_iter().filter(|name| files.library().join(name).exists());
    assert_eq!(left.count(), 1);
    // Nothing is left to be removed.
    let said = terminal.headway("run duplicates --on-done again A");
    assert!(!said.contains("deduplicate"), "{said}");
}

#[test]
fn an_empty_list_of_names_selects_no_file() {
    let files = Files::numbered(3);
    std::fs::create_dir(files.library().join("A")).expect("a folder");
    let terminal = Terminal::new(&files);
    for library in [".", "./", "A", "./A"] {
        let (code, said) =
            terminal.typed(&terminal.line(&format!("run checksum --in {library} --files-from /dev/null")));
        assert!(code == Some(255) && said.contains("no file is named"), "{library}: {code:?} {said}");
    }
}

#[test]
fn what_is_offered_for_a_job_that_waits_goes_on_with_it() {
    let files = Files::numbered(6);
    let terminal = Terminal::new(&files);
    // Interrupted.
    let mut child = terminal
        .shell(
            &format!("exec {}", terminal.line("run -j 1 -- sh -c 'echo begun; sleep 0.5'"))
                .replace("0.5'", "0.5' ::: 000000 000001 000002"),
        )
        .spawn()
        .expect("a shell");
    let mut first = [0; 1];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut first).expect("a first line");
    kill_process(Pid::from_child(&child), Signal::INT).expect("a living process");
    let ended = child.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    // Without a server, another command names the command that continues it, and that works.
    let paused = terminal.headway("pause @1");
    assert_eq!(hints(&paused).len(), 1, "{paused}");
    let resumed = terminal.follow(&said, &["resume"]);
    assert!(resumed.contains("3 done"), "{said} {resumed}");
}

#[test]
fn a_job_with_files_that_were_interrupted_goes_on_without_them_by_the_command_that_is_offered() {
    let files = Files::numbered(3);
    let terminal = Terminal::new(&files);
    let line = terminal.line("run -j 1 -- sh -c 'echo begun; sleep 0.5' ::: 000000 000001 000002");
    let mut child = terminal.shell(&format!("exec {line}")).spawn().expect("a shell");
    let begun = || terminal.headway("show @1 --status running").contains("000000");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !begun() {
        assert!(Instant::now() < deadline, "nothing runs");
    }
    child.kill().expect("a living process");
    child.wait().expect("its end");
    let said = terminal.headway("resume @1");
    let offered = hints(&said);
    let leaves = offered.iter().find(|hint| hint.starts_with("headway leave-out")).expect(&said);
    let shows = offered.iter().find(|hint| hint.starts_with("headway show")).expect(&said);
    assert!(terminal.runs(shows).contains("000000"), "{said}");
    let left = terminal.runs(leaves);
    assert!(left.contains("2 done") && left.contains("1 failed"), "{left}");
}
