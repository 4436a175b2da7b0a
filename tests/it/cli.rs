//! The command line: what it explains, and what it refuses with a sentence.

use std::process::{Command, Stdio};

use crate::helper::{Files, Headway};

/// Runs the program to its end: whether it succeeded, and its whole output.
fn run(arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    let output = command.args(arguments).stdin(Stdio::piped()).output().expect("the program");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

#[test]
fn help_explains_every_option() {
    let (ok, said) = run(&["--help"]);
    assert!(ok && said.contains("serve") && said.contains("rebuild"), "{said}");
    let (ok, said) = run(&["serve", "--help"]);
    assert!(ok, "{said}");
    for option in [
        "--data",
        "--listen",
        "--origin",
        "--token-file",
        "--read-token-file",
        "--log-format",
        "--jobs",
        "--workers",
        "--site",
        "NAME=DIR",
    ] {
        assert!(said.contains(option), "{option} is not explained:\n{said}");
    }
    assert!(run(&["rebuild", "--help"]).1.contains("--data"));
}

#[test]
fn a_pipe_that_is_named_as_a_file_is_refused_and_never_waited_for() {
    let files = Files::numbered(1);
    let (data, pipe) = (files.data(), files.data().with_file_name("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("coreutils").success());
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let (library, data, pipe) = (text(&files.library()), text(&data), text(&pipe));
    for arguments in [
        &["verify", &pipe][..],
        &["serve", "--data", &data, &library, "--config", &pipe],
        &["serve", "--data", &data, &library, "--token-file", &pipe],
        &["config", "--config", &pipe],
        &["recipes", "--config", &pipe],
        &["webhooks", "list", "--config", &pipe],
        &["schedules", "--config", &pipe],
        &["run", "--data", &data, "checksum", "--files-from", &pipe],
        &["import", "--data", &data, "--joblog", &pipe, "checksum", &library],
        &["jobs", "--server", "http://127.0.0.1:1", "--token-file", &pipe],
        &["run", "--data", &data, "checksum", &library, "--output", &format!("SHA256SUMS={pipe}")],
        &["run", "--data", &data, "--joblog", &pipe, "checksum", &library],
        // What a shell hands over, here standard input, is empty when it is read again, and these are read again.
        &["serve", "--data", &data, &library, "--config", "/dev/stdin"],
        &["serve", "--data", &data, &library, "--token-file", "/dev/stdin"],
        &["config", "--config", "/dev/stdin"],
        &["webhooks", "list", "--config", "/dev/stdin"],
        &["schedules", "--config", "/dev/stdin"],
        &["jobs", "--server", "http://127.0.0.1:1", "--token-file", "/dev/stdin"],
    ] {
        let (ok, said) = run(arguments);
        assert!(!ok && said.contains("it is a pipe, not a file"), "{arguments:?}: {said}");
    }
}

#[test]
fn invalid_settings_of_a_server_are_refused_with_a_sentence() {
    let files = Files::numbered(1);
    let (library, data) = (files.library(), files.data());
    let site = data.with_file_name("site");
    std::fs::create_dir_all(site.join("pkg")).expect("a new folder");
    std::fs::write(site.join("pkg/headway.js"), "").expect("a new file");
    let short = data.with_file_name("token");
    std::fs::write(&short, "short").expect("a new file");
    let long = data.with_file_name("long");
    std::fs::write(&long, "long-long-long-long").expect("a new file");
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let long = text(&long);
    let (library, data, site, short) = (text(&library), text(&data), text(&site), text(&short));
    let both = (format!("a={library}"), format!("a={library}"));
    for (arguments, says) in [
        (vec!["/no/such/folder"], "cannot open the folder /no/such/folder"),
        (vec![short.as_str()], "is not a folder"),
        (vec![both.0.as_str(), both.1.as_str()], "two libraries are called \"a\""),
        (vec![library.as_str(), "--listen", "0.0.0.0:0"], "--token-file"),
        (vec![library.as_str(), "--listen", "0.0.0.0:0", "--token-file", short.as_str()], "at least 16"),
        (vec![library.as_str(), "--read-token-file", long.as_str()], "--read-token-file needs --token-file"),
        (
            vec![library.as_str(), "--token-file", long.as_str(), "--read-token-file", long.as_str()],
            "is the same as the other",
        ),
        (vec![library.as_str(), "--log", "=["], "write it as info"),
        (vec![library.as_str(), "--origin", "photos.example.org"], "invalid origin"),
        (vec![library.as_str(), "--site", "/no/site"], "build it with ./run"),
    ] {
        let mut all = vec!["serve", "--data", &data, "--listen", "127.0.0.1:0"];
        if !arguments.contains(&"--site") {
            all.extend(["--site", &site]);
        }
        // clap reports a repeated option as an error of its own.
        if arguments.contains(&"--listen") {
            all.drain(3..5);
        }
        all.extend(arguments);
        let (ok, said) = run(&all);
        assert!(!ok && said.contains(says), "{all:?}: {said}");
    }
}

#[test]
fn a_request_is_stored_as_a_preset_and_run_again_and_its_report_written() {
    let files = Files::numbered(2);
    let text = |path: std::path::PathBuf| path.to_str().expect("text").to_owned();
    let (library, data) = (text(files.library()), text(files.data()));
    let done = |arguments: &[&str]| {
        let (ok, said) = run(&[arguments, &["--data", &data]].concat());
        assert!(ok, "{arguments:?}: {said}");
        said
    };
    done(&["run", "checksum", &library]);
    done(&["preset", "save", "sums", "@1"]);
    assert!(done(&["preset", "list"]).contains("sums: checksum in "));
    let (ok, said) = run(&["preset", "save", "no.name", "@1", "--data", &data]);
    assert!(!ok && said.contains("letters, digits"), "the reason of a problem is told: {said}");
    done(&["preset", "run", "sums"]);
    let report = done(&["export", "@1", "--report", "csv"]);
    assert_eq!(report.lines().filter(|line| line.contains(",succeeded,")).count(), 2, "{report}");
    assert!(done(&["export", "@1", "--totals"]).contains("\"saved\":0"));
    done(&["preset", "remove", "sums"]);
    let (ok, said) = run(&["preset", "run", "sums", "--data", &data]);
    assert!(!ok && said.contains("there is no preset"), "{said}");
}

#[test]
fn a_folder_in_use_is_not_rebuilt_and_a_free_one_is() {
    let files = Files::numbered(1);
    let mut process = Headway::start(&files, &[]);
    let data = files.data().to_str().expect("text").to_owned();
    let (ok, said) = run(&["rebuild", "--data", &data]);
    assert!(!ok && said.contains("another Headway already uses"), "{said}");
    assert!(process.terminate());
    let (ok, said) = run(&["rebuild", "--data", &data]);
    assert!(ok && said.contains("rebuilt 0 jobs from 0 events"), "{said}");
}

/// A server that starts right after another was killed waits until the kernel has removed that process.
#[test]
fn a_start_right_after_a_kill_finds_the_folder_free() {
    let files = Files::numbered(1);
    let lock = std::fs::File::create({
        std::fs::create_dir_all(files.data()).expect("a new folder");
        files.data().join("lock")
    });
    let lock = lock.expect("a new file");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).expect("a free lock");
    let dying = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(400));
        drop(lock);
    });
    assert!(Headway::start(&files, &[]).terminate());
    dying.join().expect("the thread");
}
