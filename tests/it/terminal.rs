//! The command line as its users see it: the real program, its streams, its exit codes, and its crashes.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::helper::{Files, Headway};

/// The program with the data folder of these files, started in their library.
pub(crate) fn headway(files: &Files, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command
        .args(arguments)
        .current_dir(files.library())
        .env("HEADWAY_DATA", files.data())
        .env_remove("HEADWAY_CONFIG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end; returns exit code, standard output and standard error.
pub(crate) fn ended(mut command: Command) -> (Option<i32>, String, String) {
    told(command.output().expect("the program"))
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

pub(crate) fn called(files: &Files, arguments: &[&str]) -> (Option<i32>, String, String) {
    ended(headway(files, arguments))
}

/// Runs it with these bytes on standard input.
fn fed(files: &Files, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = headway(files, arguments).stdin(Stdio::piped()).spawn().expect("the program");
    child.stdin.take().expect("a pipe").write_all(input).expect("a reader");
    told(child.wait_with_output().expect("its end"))
}

/// Waits for a condition, at most a minute.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < deadline, "waited a minute for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The newest job, from `headway show --json`.
pub(crate) fn newest(files: &Files) -> Value {
    let (code, out, err) = called(files, &["show", "@1", "--json"]);
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).expect("JSON")
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a living process");
}

/// A job that waits at each file until a gate opens.
struct Slow {
    gate: PathBuf,
    script: PathBuf,
}

impl Slow {
    /// A program that writes a line for each file into `done`, and waits at each from the second on until the gate is open.
    fn new(files: &Files) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = files.data().with_file_name("slow");
        std::fs::create_dir_all(&folder).expect("a new folder");
        let (gate, script) = (folder.join("open"), folder.join("slow"));
        let text = format!(
            "#!/bin/sh\necho \"$1\" >> '{0}/begun'\n[ \"$1\" = 000000 ] || while [ ! -e '{1}' ]; do sleep 0.02; done\n\
             echo \"$1\" >> '{0}/done'\necho \"said $1\"\n",
            folder.display(),
            gate.display()
        );
        std::fs::write(&script, text).expect("a new file");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        Slow { gate, script }
    }

    fn program(&self) -> &str {
        self.script.to_str().expect("text")
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.gate.with_file_name(name)).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    fn open(&self) {
        std::fs::write(&self.gate, "").expect("a new file");
    }
}

#[test]
fn without_a_server_a_run_does_the_work_itself_and_its_exit_code_counts() {
    let files = Files::numbered(20);
    files.write("empty", b"");
    files.write("deeper/empty too", b"");
    let (code, out, err) = called(&files, &["run", "checksum", ".", "--json=end"]);
    assert_eq!(code, Some(0), "{err}");
    let end: Value = serde_json::from_str(&out).expect("one line of JSON");
    assert_eq!((&end["kind"], &end["status"], &end["exit"]), (&"end".into(), &"completed".into(), &0.into()), "{end}");
    assert_eq!(end["counters"]["succeeded"], 22);
    assert!(err.contains("22 done") && err.contains("proved: 1.."), "{err}");
    // Two of these fail, and one does not exist.
    let (code, _, err) =
        called(&files, &["run", "--", "test", "-s", "{}", ":::", "empty", "000001", "deeper/empty too", "gone"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(
        err.contains("✗ empty") && err.contains("✗ gone  not there") && err.contains("1 missed (not there)"),
        "{err}"
    );
    let (code, out, _) = called(&files, &["show", "@1", "--failed", "-0"]);
    let paths: Vec<_> = out.split_terminator('\0').map(|path| Path::new(path).file_name().expect("a name")).collect();
    assert_eq!(
        (code, paths),
        (Some(0), vec!["empty".as_ref(), "gone".as_ref(), "empty too".as_ref()]),
        "whole paths, in the plan's order"
    );
    // Nothing but what the exit code counts runs again.
    files.write("empty", b"no longer");
    let (code, _, err) = called(&files, &["retry", "@1"]);
    assert_eq!(code, Some(2), "{err}");
    assert_eq!(newest(&files)["counters"]["total"], 3);
    let (code, _, err) = called(&files, &["run", "nonsense", "."]);
    assert!(
        code == Some(255) && err == "headway: there is no recipe \"nonsense\"; headway recipes lists them\n",
        "{code:?} {err}"
    );
    let (_, _, err) = called(&files, &["run", "checsum", "."]);
    assert_eq!(err, "headway: there is no recipe \"checsum\"; did you mean \"checksum\"?\n");
    let (_, _, err) = called(&files, &["run", "--", "no-such-program", "{}", ":::", "empty"]);
    let told = "there is no program called \"no-such-program\"; install it, or give its absolute path\n";
    assert!(err.ends_with(told) && err.lines().count() == 1, "{err}");
    assert_eq!(called(&files, &["run", "--nonsense"]).0, Some(255));
    assert_eq!(called(&files, &["jobs", "--nonsense"]).0, Some(2));
    assert_eq!(called(&files, &["show", "abcdef123456"]).0, Some(3));
    assert_eq!(called(&files, &["show", "@1", "--data", "/nonexistent"]).0, Some(4));
}

#[test]
fn names_arrive_on_standard_input_with_every_byte_and_output_keeps_their_order() {
    let files = Files::new();
    let names: [&[u8]; 4] = [b"plain", b" leading space", b"two\nlines\tand 'quotes'", b"not \xff text"];
    for name in names {
        files.write_bytes(name, name);
    }
    let mut input = names.join(&0);
    input.push(0);
    input.extend(b"./plain\0");
    let (code, out, err) = fed(&files, &["run", "-0", "-k", "-j4", "--", "cat", "{}"], &input);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("1 name repeats another"), "{err}");
    let mut sorted = names.map(|name| String::from_utf8_lossy(name).into_owned());
    sorted.sort();
    // The plan is in the order of paths.
    assert_eq!(out, sorted.concat(), "{err}");
    let (code, out, _) = fed(&files, &["run", "--tag", "--", "cat", "{}"], b"plain\n");
    assert_eq!((code, out.as_str()), (Some(0), ""), "done before, with the same command: left out");
    let (code, out, _) = fed(&files, &["run", "--tag", "--on-done", "again", "--", "cat", "{}"], b"plain\n");
    assert_eq!((code, out.as_str()), (Some(0), "plain\tplain\n"));
    let (code, _, err) = fed(&files, &["run", "--", "cat", "{}"], b"");
    assert!(code == Some(255) && err.contains("no file is named"), "{err}");
}

#[test]
fn the_originals_of_a_run_are_in_the_trash_of_the_folder_that_its_help_names() {
    let files = Files::new();
    let help = called(&files, &["run", "--help"]).1;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let default =
        "[default: for a program the current folder, if it holds all files; otherwise the deepest folder that does]";
    assert!(help.contains(default), "{help}");
    let upper = ["--", "sh", "-c", "tr a-z A-Z < \"$1\" > \"$2\"", "x", "{}", "{out}", ":::"];
    let library = files.library();
    let (sub, file) = (library.join("sub"), library.join("sub/deep/a"));
    let name = file.to_str().expect("text");
    for (here, within, expected) in [
        (library.as_path(), None, ""),
        (library.as_path(), Some(sub.as_path()), "sub"),
        (sub.as_path(), None, "sub"),
        (Path::new("/usr"), None, "sub/deep"),
    ] {
        files.write("sub/deep/a", b"small");
        let options: Vec<_> = within.iter().flat_map(|within| ["--in", within.to_str().expect("text")]).collect();
        let begin = ["run", "--replace", "--on-done", "again"];
        let mut run = headway(&files, &[&begin[..], &options[..], &upper[..], &[name][..]].concat());
        run.current_dir(here);
        let (code, out, err) = ended(run);
        assert_eq!(code, Some(0), "{} {within:?}: {out} {err}", here.display());
        for folder in ["", "sub", "sub/deep"] {
            let trash = library.join(folder).join(".headway-trash");
            assert_eq!(trash.is_dir(), folder == expected, "{} {within:?}: {folder}", here.display());
            std::fs::remove_dir_all(trash).ok();
        }
    }
}

#[test]
fn a_dry_run_reports_what_would_happen_and_changes_nothing() {
    let files = Files::numbered(2);
    let (code, out, err) = called(&files, &["run", "-n", "--", "touch", "{}.made", ":::", "000000", "gone"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(out, "run\t-\t000000\t-\truns touch 000000.made\nskipped\tnot there\tgone\t-\t-\n");
    assert!(err.contains("headway: 1 run, 1 missed\n"), "{err}");
    assert!(!files.library().join("000000.made").exists());
}

#[test]
fn an_output_folder_that_cannot_be_inspected_is_refused_with_the_reason() {
    let files = Files::numbered(2);
    let run = |into: &str| called(&files, &["run", "compress", "--into", into, "000000"]);
    let (code, out, err) = run("000001/below/out");
    assert!(code == Some(255) && err.contains("cannot look at") && err.contains("Not a directory"), "{out} {err}");
    let (code, out, err) = run("new/out");
    assert!(code == Some(0) && files.library().join("new/out").is_dir(), "{out} {err}");
}

#[test]
fn no_output_goes_into_the_data_folder_under_any_name() {
    let files = Files::numbered(2);
    let data = files.data().to_str().expect("text").to_owned();
    std::fs::create_dir_all(files.data()).expect("a folder");
    let link = files.library().with_file_name("link");
    std::os::unix::fs::symlink(files.data().file_name().expect("a name"), &link).expect("a link");
    let below = format!("{data}/jobs");
    for into in [data.as_str(), &below, link.to_str().expect("text")] {
        let (code, out, err) = called(&files, &["run", "compress", "--into", into, "000000"]);
        assert!(code != Some(0) && format!("{out}{err}").contains("own data folder"), "{into}: {code:?} {out} {err}");
    }
    let written = std::fs::read_dir(files.data()).expect("a folder").flatten();
    let written: Vec<_> =
        written.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().contains("000000")).collect();
    assert!(written.is_empty(), "{written:?}");
}

#[test]
fn every_event_is_a_line_of_json_once_and_in_order() {
    let files = Files::numbered(50);
    let (code, out, err) = called(&files, &["run", "checksum", ".", "--json", "-q"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (end, events) = lines.split_last().expect("lines");
    let numbers: Vec<_> = events.iter().map(|line| line["event"]["seq"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=end["seq"].as_u64().expect("a number")).collect::<Vec<_>>());
    assert_eq!(events[0]["event"]["event"], "created");
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let files = Files::numbered(300);
    let (code, _, _) = called(&files, &["run", "-q", "checksum", "."]);
    assert_eq!(code, Some(0));
    for arguments in
        [&["show", "@1", "--status", "succeeded"][..], &["export", "@1"], &["run", "checksum", ".", "--json"]]
    {
        let mut child = headway(&files, arguments).spawn().expect("the program");
        let mut out = child.stdout.take().expect("a pipe");
        out.read_exact(&mut [0; 1]).expect("a byte");
        drop(out);
        let (code, _, err) = told(child.wait_with_output().expect("its end"));
        // What fits into the pipe is written before anybody can close it.
        assert!(code == Some(141) || code == Some(0), "{arguments:?}: {code:?} {err}");
        assert!(!err.contains("panicked") && !err.contains("Broken pipe"), "{err}");
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let (code, _, err) = ended({
        let mut command = headway(&files, &["help"]);
        command.stdout(writer);
        command
    });
    assert_eq!((code, err.as_str()), (Some(141), ""));
}

#[test]
fn a_run_beside_a_server_is_its_client_and_takes_over_when_the_server_is_killed() {
    let files = Files::numbered(8);
    let slow = Slow::new(&files);
    let mut server = Headway::start(&files, &["--workers", "2"]);
    let mut run = headway(&files, &["run", "-q", "--json=end", "--on-interrupt", "retry", "--", slow.program(), "{}"]);
    let mut run = run.stdin(Stdio::piped()).spawn().expect("the program");
    let names: String = (0..8).map(|number| format!("{number:06}\n")).collect();
    run.stdin.take().expect("a pipe").write_all(names.as_bytes()).expect("a reader");
    until("files at work", || slow.lines("begun").len() >= 3);
    assert!(server.children().len() == 1, "the server does the work");
    server.kill();
    slow.open();
    let (code, out, err) = told(run.wait_with_output().expect("its end"));
    assert_eq!(code, Some(0), "{out} {err}");
    let end: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&end["status"], &end["counters"]["succeeded"]), (&"completed".into(), &8.into()));
    let mut done = slow.lines("done");
    done.dedup();
    assert_eq!(done.len(), 8, "each file was worked on to its end");
    let (code, said, _) = called(&files, &["doctor", files.library().to_str().expect("text")]);
    assert!(code == Some(0) && said.contains("no problems found"), "{said}");
    // And the server that comes next has the very same end of it.
    let _server = Headway::start(&files, &[]);
    let job = newest(&files);
    assert_eq!((&job["digest"], &job["seq"]), (&end["digest"], &end["seq"]));
}

#[test]
fn when_the_host_run_is_killed_the_next_takes_over_and_leaves_the_jobs_of_the_first_alone() {
    let files = Files::numbered(6);
    let slow = Slow::new(&files);
    let begin = |names: &[&str]| {
        let mut arguments =
            vec!["run", "--json=end", "-j1", "--on-interrupt", "retry", "--", slow.program(), "{}", ":::"];
        arguments.extend(names);
        headway(&files, &arguments).spawn().expect("the program")
    };
    let mut host = begin(&["000001", "000002"]);
    until("the host's first file", || slow.lines("begun") == ["000001"]);
    let client = begin(&["000003", "000004"]);
    until("the client's first file", || slow.lines("begun").contains(&"000003".to_owned()));
    host.kill().expect("a living process");
    host.wait().expect("its end");
    slow.open();
    let (code, out, err) = told(client.wait_with_output().expect("its end"));
    assert_eq!(code, Some(0), "{out} {err}");
    assert_eq!(slow.lines("done"), ["000003", "000004"], "the job of the run that is gone waits");
    let (code, out, said) = called(&files, &["jobs", "--open"]);
    let open: Vec<_> = out.lines().collect();
    assert!(code == Some(0) && open.len() == 1, "{out}");
    let id = open[0].split('\t').next().expect("its id");
    let resume = format!("headway resume {}", &id[id.len() - 6..]);
    // Nothing runs the job, so nothing says that it runs.
    assert!(said.contains("no server works on job") && said.contains(&resume), "{said}");
    let (_, out, _) = called(&files, &["show", id]);
    assert!(out.contains("processing, but nothing runs it now") && out.contains(&resume), "{out}");
    assert!(out.contains("No server works on it now"), "{out}");
    let (code, _, err) = called(&files, &["resume", &id[id.len() - 6..]]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(slow.lines("done"), ["000001", "000002", "000003", "000004"]);
}

/// A run that replaces this file and is killed while its output is put into place, and the end of the job's id.
pub(crate) fn killed_in_placing(files: &Files, name: &str) -> String {
    let program = ["--", "cp", "/etc/hostname", "{out}", ":::", name];
    let options = ["run", "--title", "poison", "--on-interrupt", "retry", "--replace"];
    let mut run = headway(files, &[&options[..], &program[..]].concat());
    run.env("HEADWAY_FAULT", "placing of poison");
    let (code, out, err) = ended(run);
    assert_eq!(code, None, "it is killed: {out} {err}");
    let id = newest(files)["job"].as_str().expect("an id").to_owned();
    id[id.len() - 6..].to_owned()
}

#[test]
fn a_run_that_waits_for_a_file_of_a_job_on_which_nobody_works_says_so_and_ends() {
    let files = Files::numbered(2);
    let dead = killed_in_placing(&files, "000000");
    let data = files.data().to_str().expect("text").to_owned();
    let mut run = headway(&files, &["run", "--data", &data, "--", "cat", "{}", ":::", "000000", "000001"]);
    run.env_remove("HEADWAY_DATA");
    let (code, out, err) = ended(run);
    assert_eq!(code, Some(104), "{out} {err}");
    assert!(out.contains("file 1") && err.contains("000000 waits for job"), "{out} {err}");
    // Each command can be typed as it is.
    let is_whole = ["resume", "cancel"].iter().all(|word| err.contains(&format!("`headway {word} ")));
    assert!(err.contains("No server works on that job") && is_whole, "{err}");
    assert_eq!(err.matches(&format!("{dead} --data {data}`")).count(), 2, "{err}");
    let waits = newest(&files);
    assert_eq!((&waits["counters"]["waiting"], &waits["counters"]["succeeded"]), (&1.into(), &1.into()), "{waits}");
    let (code, _, err) = called(&files, &["resume", &dead]);
    assert_eq!(code, Some(0), "{err}");
    // The file has changed since the second job was planned.
    let (code, _, err) = called(&files, &["resume", "@1"]);
    assert!(code == Some(1) && err.contains("000000"), "{code:?} {err}");
}

#[test]
fn a_run_without_the_recipe_leaves_the_job_to_a_server_that_has_it() {
    let files = Files::numbered(3);
    let slow = Slow::new(&files);
    let config = files.data().with_file_name("named.toml");
    let text = format!("[[command]]\nname = \"named\"\nrun = [{:?}, \"{{}}\"]\n", slow.program());
    std::fs::write(&config, text).expect("a new file");
    let config = config.to_str().expect("text");
    // The end of a run that only follows the job of a server which is killed.
    let outlives_its_server = |file: &str| {
        let begun = slow.lines("begun").len();
        let mut server = Headway::start(&files, &["--config", config]);
        let run = headway(&files, &["run", "named", "--on-interrupt", "retry", file]).spawn().expect("the program");
        until("a file at work", || slow.lines("begun").len() > begun);
        server.kill();
        let (code, _, err) = told(run.wait_with_output().expect("its end"));
        assert_eq!(code, Some(104), "{err}");
        assert!(err.contains("has no recipe \"named\"") && err.contains("headway resume"), "{err}");
        let (code, _, err) = called(&files, &["resume", "@1"]);
        assert!(code == Some(255) && err.contains("has no recipe \"named\""), "{code:?} {err}");
        let (_, paused, _) = called(&files, &["jobs", "--status", "paused"]);
        assert_eq!(paused, "", "a server that has the recipe goes on with it");
    };
    outlives_its_server("000001");
    slow.open();
    let (code, out, err) = called(&files, &["resume", "@1", "--config", config]);
    assert_eq!(code, Some(0), "{out} {err}");
    assert_eq!(newest(&files)["status"], "completed");
    std::fs::remove_file(&slow.gate).expect("the gate");
    outlives_its_server("000002");
    let (code, out, err) = called(&files, &["cancel", "@1"]);
    assert_eq!(code, Some(0), "a cancel needs no recipe: {out} {err}");
    assert_eq!(newest(&files)["status"], "cancelled");
}

/// A relay to the server's socket that passes start calls on but drops their answers.
struct DroppedAnswers {
    asked: Arc<AtomicBool>,
    line: tokio::task::JoinHandle<()>,
}

impl DroppedAnswers {
    /// Takes the place of the socket in the data folder.
    fn before(files: &Files) -> Self {
        let (socket, real) = (files.data().join("headway.sock"), files.data().join("real.sock"));
        std::fs::rename(&socket, &real).expect("the socket of a server");
        let listener = UnixListener::bind(&socket).expect("its place");
        let asked = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&asked);
        let line = tokio::spawn(async move {
            let mut all = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&real).await.expect("the server");
                all.spawn(Self::carry(client, server, Arc::clone(&heard)));
            }
        });
        DroppedAnswers { asked, line }
    }

    async fn carry(mut client: UnixStream, mut server: UnixStream, heard: Arc<AtomicBool>) {
        let (mut asked, mut answered, mut is_mute) = (vec![0; 65536], vec![0; 65536], false);
        loop {
            tokio::select! {
                Ok(count @ 1..) = client.read(&mut asked) => {
                    is_mute |= asked.starts_with(b"PUT ");
                    server.write_all(&asked[..count]).await.expect("a server that reads");
                    heard.fetch_or(is_mute, Ordering::Relaxed);
                }
                Ok(count @ 1..) = server.read(&mut answered), if !is_mute => {
                    client.write_all(&answered[..count]).await.expect("a client that reads");
                }
                else => return,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_start_was_never_answered_stands_in_for_the_server_that_died() {
    let files = Files::numbered(2);
    let slow = Slow::new(&files);
    let mut server = Headway::start(&files, &[]);
    let dropped = DroppedAnswers::before(&files);
    let arguments =
        ["run", "--json=end", "--on-interrupt", "retry", "--", slow.program(), "{}", ":::", "000001", "000000"];
    let run = headway(&files, &arguments).spawn().expect("the program");
    until("the start", || dropped.asked.load(Ordering::Relaxed));
    until("work on the job", || !slow.lines("begun").is_empty());
    server.kill();
    dropped.line.abort();
    slow.open();
    let (code, out, err) = told(run.wait_with_output().expect("its end"));
    assert_eq!(code, Some(0), "{out} {err}");
    let end: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&end["status"], &end["counters"]["succeeded"]), (&"completed".into(), &2.into()));
    let (_, out, _) = called(&files, &["jobs"]);
    assert_eq!(out.lines().count(), 1, "the repeated start began no second job: {out}");
}

#[test]
fn the_first_ctrl_c_lets_running_files_end_and_the_second_does_not() {
    let files = Files::numbered(5);
    let slow = Slow::new(&files);
    let run = |extra: &[&str]| {
        let mut arguments = vec!["run", "-j1", "--joblog", "-", "--", slow.program(), "{}", ":::"];
        arguments.extend(extra);
        headway(&files, &arguments).spawn().expect("the program")
    };
    let child = run(&["000001", "000002"]);
    until("a file at work", || slow.lines("begun") == ["000001"]);
    signal(&child, Signal::INT);
    until("the pause", || {
        let (_, out, _) = called(&files, &["jobs", "--status", "paused"]);
        !out.is_empty()
    });
    slow.open();
    let (code, out, err) = told(child.wait_with_output().expect("its end"));
    assert!(code == Some(130) && err.contains("headway resume"), "{code:?} {err}");
    assert!(!out.contains("Starttime"), "what is written once the job is over is not written yet: {out}");
    assert_eq!(slow.lines("done"), ["000001"], "what ran came to its end, and no more began");
    assert_eq!(called(&files, &["resume", "@1"]).0, Some(0));
    assert_eq!(slow.lines("done"), ["000001", "000002"]);

    std::fs::remove_file(&slow.gate).expect("the gate");
    let child = run(&["000003", "000004"]);
    until("a file at work", || slow.lines("begun").contains(&"000003".to_owned()));
    signal(&child, Signal::INT);
    until("the pause", || {
        let (_, out, _) = called(&files, &["jobs", "--status", "paused"]);
        !out.is_empty()
    });
    signal(&child, Signal::INT);
    let (code, _, err) = told(child.wait_with_output().expect("its end"));
    assert_eq!(code, Some(130), "{err}");
    let job = newest(&files);
    assert_eq!(
        (&job["counters"]["waiting"], &job["counters"]["interrupted"]),
        (&2.into(), &0.into()),
        "taken back: {job}"
    );
    slow.open();
    assert_eq!(called(&files, &["resume", "@1"]).0, Some(0), "no try was lost, and nobody has to decide");
    assert_eq!(slow.lines("done").len(), 4);
}

/// A program that does not end when asked held up the end of the command for three seconds, and its file was interrupted.
#[test]
fn the_second_ctrl_c_waits_for_no_program_that_ignores_it() {
    let files = Files::numbered(1);
    let begun = files.data().with_file_name("begun");
    let ignores = format!("trap '' TERM; touch '{}'; while :; do sleep 0.1; done", begun.display());
    let child = headway(&files, &["run", "--", "sh", "-c", &ignores, "sh", "{}", ":::", "000000"]).spawn();
    let child = child.expect("the program");
    until("the file at work", || begun.exists());
    signal(&child, Signal::INT);
    until("the pause", || {
        let (_, out, _) = called(&files, &["jobs", "--status", "paused"]);
        !out.is_empty()
    });
    let asked = std::time::Instant::now();
    signal(&child, Signal::INT);
    let (code, _, err) = told(child.wait_with_output().expect("its end"));
    let took = asked.elapsed();
    assert!(code == Some(130) && err.contains("running files were taken back"), "{code:?} {err}");
    assert!(took < std::time::Duration::from_millis(2_500), "{took:?}");
}

/// The first request stands, and so did its whole time.
#[test]
fn the_second_ctrl_c_forces_a_program_that_its_time_limit_has_asked_to_end() {
    let files = Files::numbered(1);
    let asked = files.data().with_file_name("asked");
    let ignores = format!("trap \"touch '{}'\" TERM; while :; do sleep 0.1; done", asked.display());
    let arguments = ["run", "--timeout", "1s", "--", "sh", "-c", &ignores, "sh", "{}", ":::", "000000"];
    let child = headway(&files, &arguments).spawn().expect("the program");
    until("the time limit", || asked.exists());
    signal(&child, Signal::INT);
    until("the pause", || {
        let (_, out, _) = called(&files, &["jobs", "--status", "paused"]);
        !out.is_empty()
    });
    let forced = std::time::Instant::now();
    signal(&child, Signal::INT);
    let (code, _, err) = told(child.wait_with_output().expect("its end"));
    let took = forced.elapsed();
    assert!(code == Some(130) && !err.contains("running files were interrupted"), "{code:?} {err}");
    assert!(took < std::time::Duration::from_millis(2_500), "{took:?}");
}

#[test]
fn a_watch_comes_through_a_restart_of_the_server() {
    let files = Files::numbered(4);
    let slow = Slow::new(&files);
    let mut server = Headway::start(&files, &["--workers", "1"]);
    let program = slow.program();
    let arguments =
        ["run", "--detach", "--on-interrupt", "retry", "--", program, "{}", ":::", "000000", "000001", "000002"];
    let (code, id, err) = called(&files, &arguments);
    assert_eq!(code, Some(0), "{err}");
    let mut watch = headway(&files, &["watch", id.trim(), "--json"]).spawn().expect("the program");
    let mut lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert!(first.contains("\"snapshot\""), "what was before the watch comes as one: {first}");
    until("the second file", || slow.lines("begun").contains(&"000001".to_owned()));
    server.kill();
    let _server = Headway::start(&files, &["--workers", "1"]);
    slow.open();
    let last = lines.map(|line| line.expect("text")).last().expect("lines");
    let (code, _, err) = told(watch.wait_with_output().expect("its end"));
    assert_eq!(code, Some(0), "{err}");
    let end: Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!((&end["kind"], &end["counters"]["succeeded"]), (&"end".into(), &3.into()));
    assert_eq!(called(&files, &["watch", "@1", "--timeout", "1"]).0, Some(0), "a job that is over is over at once");
}

#[test]
fn what_a_job_replaced_is_put_back_by_undo() {
    let files = Files::numbered(2);
    let (code, _, err) =
        called(&files, &["run", "--replace", "--", "cp", "/etc/hostname", "{out}", ":::", "000000", "000001"]);
    assert_eq!(code, Some(0), "{err}");
    let hostname = std::fs::read("/etc/hostname").expect("a file");
    assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), hostname);
    let (code, _, err) = called(&files, &["undo", "@1"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(std::fs::read(files.library().join("000000")).expect("a file"), b"file 0\n");
}

/// The commands that a help text lists.
pub(crate) fn listed_commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = lines.map_while(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

/// Runs the examples of every help text, unchanged.
#[test]
fn every_command_has_an_example_in_its_help_that_runs() {
    let files = Files::new();
    for name in ["a.txt", "b.txt"] {
        files.write(&format!("Photos/{name}"), name.as_bytes());
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_headway")).parent().expect("a folder");
    let path = std::env::join_paths(
        std::iter::once(folder.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").expect("a path"))),
    );
    let path = path.expect("a path");
    assert_eq!(called(&files, &["run", "-q", "Photos", "--", "cat"]).0, Some(0));
    files.write("names.txt", b"Photos/a.txt\n");
    let head = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";
    files.write("parallel.log", head.as_bytes());
    assert_eq!(called(&files, &["export", "@1", "--log", "-o", "job.jsonl"]).0, Some(0));
    let help = called(&files, &["--help"]).1;
    let mut commands = Vec::new();
    for name in listed_commands(&help) {
        let own = listed_commands(&called(&files, &[name.as_str(), "--help"]).1);
        commands.push(vec![name.clone()]);
        commands.extend(own.into_iter().map(|own| vec![name.clone(), own]));
    }
    assert!(commands.len() > 25, "{commands:?}");
    for words in commands {
        let (command, words) = (words.join(" "), words.iter().map(String::as_str).chain(["--help"]));
        let help = called(&files, &words.collect::<Vec<_>>()).1;
        let examples: Vec<_> = help
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.contains("headway ") && !line.starts_with(' '))
            .collect();
        assert!(help.contains("Example") && !examples.is_empty(), "{command} has no example:\n{help}");
        for example in examples {
            // A server runs until it is stopped: 124 says that it did.
            let line = if command == "serve" {
                format!("timeout 2 {example} --listen 127.0.0.1:0 --site site")
            } else {
                example.to_owned()
            };
            std::fs::create_dir_all(files.library().join("site/pkg")).expect("a new folder");
            std::fs::write(files.library().join("site/pkg/headway.js"), "").expect("a new file");
            let mut shell = Command::new("sh");
            shell
                .arg("-c")
                .arg(&line)
                .current_dir(files.library())
                .env("HEADWAY_DATA", files.data())
                .env("PATH", &path);
            let (code, _, err) = ended(shell);
            // Some commands only report that the job is over; 124 comes from `timeout`.
            let is_served = command == "serve" && code == Some(124);
            // The newest job of this folder has only read, and is over.
            let has_nothing = command == "undo" && err.contains("there is nothing to undo");
            let has_nothing = has_nothing || code == Some(255) && err.contains(" is over: ");
            // No server has used that folder, and no database is at that address.
            let has_nothing = has_nothing || command == "copy-store" && err.contains("is not a Headway data folder");
            assert!(
                (is_served || has_nothing || matches!(code, Some(0 | 1))) && !err.contains("panicked"),
                "{example}: {code:?} {err}"
            );
        }
    }
}

#[test]
fn a_plan_that_is_approved_at_the_terminal_is_followed_to_its_end() {
    let files = Files::numbered(3);
    let line = format!("{} run --ask checksum .", env!("CARGO_BIN_EXE_headway"));
    // It gives the program a terminal.
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(files.library());
    script.env("HEADWAY_DATA", files.data()).env_remove("HEADWAY_CONFIG");
    let mut terminal = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program");
    let mut keys = terminal.stdin.take().expect("its keys");
    keys.write_all(b"y\n").expect("an answer");
    let (code, said, _) = told(terminal.wait_with_output().expect("its end"));
    drop(keys);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("waits for approval"), "{said}");
}

#[test]
fn without_a_terminal_asking_is_refused_before_anything_starts() {
    let files = Files::numbered(2);
    let (code, out, err) = called(&files, &["run", "--ask", "checksum", "."]);
    assert_eq!((code, out.as_str()), (Some(255), ""), "{err}");
    assert!(err.contains("--ask") && err.contains("terminal"), "{err}");
    assert!(!files.data().exists(), "no job is left behind");
}

#[test]
fn a_plan_command_ends_its_job_even_if_its_output_is_not_read() {
    let files = Files::numbered(300);
    for _ in 0..8 {
        let (code, _, err) = called(&files, &["plan", "checksum", "."]);
        assert_eq!(code, Some(0), "{err}");
        // Its reader ends after one line.
        let mut plan = headway(&files, &["plan", "checksum", "."]).spawn().expect("the program");
        let mut first = String::new();
        BufReader::new(plan.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
        told(plan.wait_with_output().expect("its end"));
        let mut plan = headway(&files, &["plan", "checksum", "."]).spawn().expect("the program");
        std::thread::sleep(Duration::from_millis(150));
        signal(&plan, Signal::INT);
        plan.wait().expect("its end");
    }
    // A look without a server changes nothing, so this is what the plans left.
    let log = rusqlite::Connection::open(files.data().join("log.sqlite")).expect("the log");
    let mut rows = log.prepare("SELECT status, count(*) FROM jobs GROUP BY status").expect("a statement");
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?));
    let found: Vec<_> = rows.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "cancelled");
}

#[test]
fn the_next_command_completes_a_cancel_that_the_server_did_not_survive() {
    let files = Files::numbered(2);
    let mut server = Headway::start(&files, &["--workers", "1"]);
    // It ignores the first signal, so the cancel takes a while.
    let program = ["sh", "-c", "trap '' TERM; sleep 20; sleep 20", "{}", ":::", "000000"];
    let (code, id, err) = called(&files, &[&["run", "--detach", "--"], &program[..]].concat());
    assert_eq!(code, Some(0), "{err}");
    let id = id.trim();
    let status = || called(&files, &["show", id, "--json"]).1;
    until("the file at work", || status().contains(r#""running":1"#));
    let mut cancel = headway(&files, &["cancel", id]).spawn().expect("the program");
    until("the cancel", || status().contains(r#""status":"cancelling""#));
    server.kill();
    cancel.kill().ok();
    cancel.wait().expect("its end");
    until("the end of the job", || status().contains(r#""status":"cancelled""#));
}

#[test]
fn a_job_is_named_by_the_beginning_of_its_id_and_candidates_are_named() {
    let files = Files::numbered(1);
    let ids: Vec<_> = ["0190a0b1-0000-7000-8000-00000000000a", "0190a0b1-0000-7000-8000-0000000000b0"].into();
    for id in &ids {
        let (code, _, err) = called(&files, &["run", "checksum", ".", "--id", id, "--on-done", "again"]);
        assert_eq!(code, Some(0), "{err}");
    }
    let (code, out, err) = called(&files, &["show", "0190a0b1-0000-7000-8000-0000000000"]);
    assert!(code == Some(2) && out.is_empty(), "{code:?} {out}");
    assert!(ids.iter().all(|id| err.contains(id)), "{err}");
    for part in ["0190a0b1-0000-7000-8000-00000000000a", "0190A0B1-0000-7000-8000-00000000000a", "00000a"] {
        let (code, out, err) = called(&files, &["show", part]);
        assert!(code == Some(0) && out.contains(ids[0]), "{part}: {out} {err}");
    }
    let (code, out, err) = called(&files, &["show", "0190a0b1-0000-7000-8000-0000000000b"]);
    assert!(code == Some(0) && out.contains(ids[1]), "{out} {err}");
}

/// A job over `000001` whose server was killed, so that the next one asks what becomes of the file; and that server.
fn interrupted(files: &Files, slow: &Slow) -> (Headway, String) {
    let mut server = Headway::start(files, &["--workers", "1"]);
    let arguments = ["run", "--detach", "--on-interrupt", "ask", "--", slow.program(), "{}", ":::", "000001"];
    let (code, id, err) = called(files, &arguments);
    assert_eq!(code, Some(0), "{err}");
    let id = id.trim();
    until("the file", || slow.lines("begun").contains(&"000001".to_owned()));
    server.kill();
    let next = Headway::start(files, &["--workers", "1"]);
    until("the pause", || called(files, &["show", id, "--json"]).1.contains(r#""reason":"interrupted""#));
    (next, id.to_owned())
}

#[test]
fn a_file_that_is_given_up_while_a_command_follows_its_job_is_named() {
    let files = Files::numbered(2);
    let slow = Slow::new(&files);
    let (_server, id) = interrupted(&files, &slow);
    let mut watch = headway(&files, &["watch", &id]).spawn().expect("the program");
    let errors = BufReader::new(watch.stderr.take().expect("a pipe"));
    let mut lines = errors.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("headway leave-out")), "it does not say what the job waits for");
    let (code, _, err) = called(&files, &["leave-out", &id]);
    assert_eq!(code, Some(0), "{err}");
    let rest: Vec<_> = lines.collect();
    watch.wait().expect("its end");
    assert!(rest.iter().any(|line| line.ends_with("✗ 000001  interrupted")), "{rest:#?}");
    slow.open();
}

#[test]
fn an_interrupted_job_names_the_commands_that_continue_it() {
    let files = Files::numbered(2);
    let slow = Slow::new(&files);
    let (_server, id) = interrupted(&files, &slow);
    let id = id.as_str();
    let commands = ["resume", "leave-out"].map(|word| format!("headway {word} {}", &id[id.len() - 6..]));
    let (_, shown, _) = called(&files, &["show", id]);
    let (code, _, watched) = called(&files, &["watch", id, "--timeout", "2"]);
    assert_eq!(code, Some(124), "{watched}");
    for command in &commands {
        assert!(shown.contains(command), "{command}: {shown}");
        assert_eq!(watched.matches(command.as_str()).count(), 1, "{command}: {watched}");
    }
    slow.open();
}

#[test]
fn the_totals_of_a_report_are_shown_at_the_end_of_a_run_and_later() {
    let files = Files::numbered(3);
    files.write("copy", b"file 0\n");
    let (code, _, err) = called(&files, &["run", "duplicates", "."]);
    assert_eq!(code, Some(0), "{err}");
    let told = "1 group of files with the same content: 2 files; removing 1 of them frees 7 bytes";
    let (_, shown, _) = called(&files, &["show", "@1"]);
    let (_, _, watched) = called(&files, &["watch", "@1"]);
    for text in [&err, &shown, &watched] {
        assert!(text.contains(told), "{text}");
    }
    let next = "to move the copies to the trash: headway ";
    assert!(shown.contains(next), "{shown}");
    let command = err.lines().find_map(|line| line.strip_prefix(next)).expect(&err);
    let words: Vec<_> = command.split(' ').chain(["-n"]).collect();
    let (code, out, err) = called(&files, &words);
    assert!(code == Some(0) && out.contains("run\t-\tcopy\t"), "{words:?}: {out} {err}");
    assert_eq!(called(&files, &["run", "checksum", "."]).0, Some(0));
    files.write("000000", b"other\n");
    std::fs::remove_file(files.library().join("000001")).expect("a file");
    let (_, _, err) = called(&files, &["run", "verify", ".", "--set", "manifest=@1"]);
    let (_, shown, _) = called(&files, &["show", "@1"]);
    for text in [&err, &shown] {
        assert!(text.contains("4 lines: ok 2, changed 1,") && text.contains("missing 1"), "{text}");
    }
    // What the manifest names and is not there is listed beside the file that was changed.
    let (code, failed, err) = called(&files, &["show", "@1", "--failed", "-0"]);
    let paths: Vec<_> =
        failed.split_terminator('\0').map(|path| Path::new(path).file_name().expect("a name")).collect();
    assert_eq!((code, paths), (Some(0), vec!["000000".as_ref(), "000001".as_ref()]), "{err}");
    let (_, failed, _) = called(&files, &["show", "@1", "--failed"]);
    assert!(failed.lines().nth(1).is_some_and(|line| line.contains("000001\tmissing: ")), "{failed}");
}
