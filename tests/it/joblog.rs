//! GNU parallel's job log, both ways, against the real program.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::helper::Files;

/// Names with characters that tools stumble over.
const NAMES: [&[u8]; 6] = [b"plain", b"with space", b"it's", b"tab\there", b"$HOME", b"not \xff text"];

fn files() -> Files {
    let files = Files::new();
    for name in NAMES {
        // Output is stored as text, so its recorded length is that of the text.
        files.write_bytes(name, String::from_utf8_lossy(name).as_bytes());
    }
    files.write("names", &[NAMES.join(&b'\n'), b"\n".to_vec()].concat());
    files
}

fn command(program: &str, files: &Files, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(files.library()).env("HEADWAY_DATA", files.data()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn headway(files: &Files, arguments: &[&str]) -> (Option<i32>, Vec<u8>) {
    let output = command(env!("CARGO_BIN_EXE_headway"), files, arguments).output().expect("the program");
    (output.status.code(), [output.stdout, output.stderr].concat())
}

fn parallel(files: &Files, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = command("parallel", files, arguments).stdin(Stdio::piped()).spawn().expect("GNU parallel");
    let names = std::fs::read(files.library().join("names")).expect("names");
    // The program reads no input if it has nothing to do.
    child.stdin.take().expect("a pipe").write_all(&names).ok();
    let output = child.wait_with_output().expect("its end");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// The columns of each row, without the times and the command.
fn rows(log: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(log).into_owned();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in text.lines().skip(1) {
        let columns: Vec<_> = line.splitn(9, '\t').map(str::to_owned).collect();
        assert_eq!(columns.len(), 9, "{line}");
        assert!(
            columns[2].parse::<f64>().is_ok() && columns[3].trim().parse::<f64>().is_ok() && columns[3].len() >= 10,
            "{line}"
        );
        rows.push([0, 1, 4, 5, 6, 7].map(|column| columns[column].clone()).to_vec());
    }
    rows.sort();
    rows
}

/// Fails for the one name, and prints the file's bytes for all others.
const SCRIPT: &str = "#!/bin/sh\n[ \"$1\" = \"with space\" ] && [ ! -e fixed ] && exit 7\n[ \"$1\" = \"it's\" ] && [ ! -e fixed ] && kill -9 $$\ncat \"$1\"\n";

fn script(files: &Files) -> String {
    use std::os::unix::fs::PermissionsExt;
    let script = files.data().with_file_name("script");
    std::fs::write(&script, SCRIPT).expect("a new file");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    script.to_str().expect("text").to_owned()
}

#[test]
fn a_job_log_has_the_columns_of_gnu_parallel_and_it_goes_on_from_there() {
    let files = files();
    let script = script(&files);
    let (code, _) =
        headway(&files, &["run", "-q", "-k", "--files-from", "names", "--joblog", "ours.log", "--", &script]);
    assert_eq!(code, Some(2));
    let (code, said) = parallel(&files, &["-k", "--joblog", "theirs.log", &script]);
    assert_eq!(code, Some(2), "{said}");
    let read = |name: &str| std::fs::read(files.library().join(name)).expect("a job log");
    let (ours, theirs) = (read("ours.log"), read("theirs.log"));
    let head = |log: &[u8]| log.split(|byte| *byte == b'\n').next().expect("a line").to_vec();
    assert_eq!(head(&ours), head(&theirs));
    // A job's items are in the order of their paths and parallel's in the order of the list, so rows are compared
    // without their numbers.
    let without_numbers = |log: &[u8]| {
        let mut rows: Vec<_> = rows(log).into_iter().map(|row| row[1..].to_vec()).collect();
        rows.sort();
        rows
    };
    assert_eq!(without_numbers(&ours), without_numbers(&theirs));
    // Both fail without it, which shows that exactly these rows are run.
    std::fs::write(files.library().join("fixed"), "").expect("a new file");
    let (code, said) = parallel(&files, &["--retry-failed", "--joblog", "ours.log"]);
    assert_eq!(code, Some(0), "{said}");
    // Neither prints a line feed, so both outputs are in one line, in either order.
    assert!(["it'swith space", "with spaceit's"].contains(&said.trim()), "exactly what failed ran again: {said}");
}

/// The same options, typed for either program.
#[test]
fn names_from_a_file_and_a_run_that_goes_on_are_asked_for_as_with_gnu_parallel() {
    let files = files();
    let script = script(&files);
    let options = ["-k", "-P", "2", "-a", "names"];
    let ours = |more: &[&str]| {
        let words = [&["run", "-q"][..], &options, more, &["--", script.as_str()]].concat();
        let output = command(env!("CARGO_BIN_EXE_headway"), &files, &words).output().expect("the program");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let theirs = |more: &[&str]| parallel(&files, &[&options[..], more, &[script.as_str()]].concat());
    let (first, said) = (ours(&["--joblog", "ours.log"]), theirs(&["--joblog", "theirs.log"]));
    assert_eq!((first.0, said.0), (Some(2), Some(2)), "{first:?} {said:?}");
    for name in ["plain", "tab\there", "$HOME"] {
        assert!(first.1.contains(name) && said.1.contains(name), "{name}: {first:?} {said:?}");
    }
    std::fs::write(files.library().join("fixed"), "").expect("a new file");
    let said = theirs(&["--resume-failed", "--joblog", "theirs.log"]);
    assert_eq!(said, (Some(0), "with spaceit's".to_owned()), "the order is that of the list");
    let said = ours(&["--resume-failed"]);
    assert_eq!(said, (Some(0), "it'swith space".to_owned()), "the order is that of the paths");
    let said = ours(&["--resume"]);
    assert_eq!(said, (Some(0), String::new()), "all of them are done");
    assert_eq!(ours(&["--resume", "--on-done", "again"]).0, Some(255));
}

#[test]
fn files_done_by_gnu_parallel_are_skipped_unless_they_changed() {
    let files = files();
    let script = script(&files);
    let (code, said) = parallel(&files, &["--joblog", "theirs.log", &script]);
    assert_eq!(code, Some(2), "{said}");
    let log = files.library().join("theirs.log");
    let mut torn = std::fs::read(&log).expect("a job log");
    torn.extend(b"7\t:\t12");
    std::fs::write(&log, torn).expect("the job log");
    std::fs::write(files.library().join("fixed"), "").expect("a new file");
    files.write("plain", b"changed since");
    let import = ["import", "-k", "--joblog", "theirs.log", "--files-from", "names", "--", &script];
    let (code, said) = headway(&files, &import);
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 of 6 names are done") && said.contains("is incomplete and is ignored"), "{said}");
    for ran in ["changed since", "it's", "with space"] {
        assert!(said.contains(ran), "{ran} was run: {said}");
    }
    assert!(!said.contains("$HOME"), "{said}");
}
