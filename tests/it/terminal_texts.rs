//! What the terminal says to a person: numbers, counts, and the command that comes next.

use crate::helper::{Files, Headway};
use crate::recipes::picture;
use crate::terminal::{called, listed_commands, newest};

/// Photos whose names hold their dates, so that no real picture is needed.
fn renamed(files: &Files, template: &str) -> (Option<i32>, String, String) {
    called(files, &["run", "rename", ".", "--set", &format!("name={template}")])
}

#[test]
fn a_file_has_one_number_in_every_list_and_can_be_named_by_its_path() {
    let files = Files::numbered(3);
    let (code, _, err) =
        called(&files, &["run", "--", "grep", "-q", "file 1", "{}", ":::", "000000", "000001", "000002"]);
    assert_eq!(code, Some(2), "{err}");
    let (_, csv, _) = called(&files, &["export", "@1", "--report", "csv"]);
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("number,path,") && lines[3].starts_with("3,000002,failed"), "{csv}");
    let (_, json, _) = called(&files, &["show", "@1", "--failed", "--json"]);
    let last: serde_json::Value = serde_json::from_str(json.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["number"], &last["item"], &last["path"]), (&3.into(), &2.into(), &"000002".into()));
    let (_, log, _) = called(&files, &["export", "@1", "--joblog"]);
    assert!(log.lines().any(|line| line.starts_with("3\t") && line.ends_with("000002")), "{log}");
    let (_, by_number, _) = called(&files, &["show", "@1", "--attempts", "3"]);
    let (_, by_path, _) = called(&files, &["show", "@1", "--attempts", "./000002"]);
    assert!(by_number.contains("000002") && by_number == by_path, "{by_number} {by_path}");
    // The number of the list is the number of a retry, and a path does as well.
    for file in ["3", "./000002"] {
        assert_eq!(called(&files, &["retry", "@1", file]).0, Some(1), "{file}");
        let job = newest(&files);
        assert_eq!((&job["counters"]["total"], &job["counters"]["failed"]), (&1.into(), &1.into()), "{file}: {job}");
        let (_, out, _) = called(&files, &["show", "@1", "--status", "failed"]);
        assert!(out.contains("000002"), "{file}: {out}");
        let (code, _, _) = called(&files, &["show", "@2", "--attempts", "1"]);
        assert_eq!(code, Some(0));
        // The next round names a file of the first job again.
        assert_eq!(
            called(
                &files,
                &[
                    "run",
                    "-q",
                    "--on-done",
                    "again",
                    "--",
                    "grep",
                    "-q",
                    "file 1",
                    "{}",
                    ":::",
                    "000000",
                    "000001",
                    "000002"
                ]
            )
            .0,
            Some(2)
        );
    }
    for wrong in ["0", "4", "000009x"] {
        let (code, _, err) = called(&files, &["retry", "@1", wrong]);
        assert!(code == Some(255) && err.contains(wrong), "{wrong}: {code:?} {err}");
    }
}

#[test]
fn what_a_failed_program_wrote_is_passed_on_once() {
    let files = Files::numbered(1);
    let (code, _, err) = called(&files, &["run", "--", "sh", "-c", "echo broken >&2; exit 4", "{}", ":::", "000000"]);
    assert_eq!((code, err.matches("broken\n").count()), (Some(1), 1), "{err}");
    assert!(err.contains("✗ 000000  exit code 4\n"), "{err}");
    // The message of the file still quotes it.
    assert!(called(&files, &["show", "@1", "--failed"]).1.contains("exit code 4: broken"));
    let (_, shown, _) = called(&files, &["show", "@1"]);
    assert!(
        shown.contains("list the errors: headway show ") && shown.contains("try them again: headway retry "),
        "{shown}"
    );
}

#[test]
fn a_setting_that_is_missing_is_named_as_it_is_typed() {
    let files = Files::numbered(1);
    for (recipe, says) in [
        ("verify", "--set manifest=SHA256SUMS, or a job with --set manifest=@1"),
        ("deduplicate", "name a job with --set report=@1"),
    ] {
        let (code, _, err) = called(&files, &["run", recipe, "."]);
        assert!(code == Some(255) && err.contains("is missing: ") && err.contains(says), "{recipe}: {code:?} {err}");
    }
}

#[test]
fn files_that_the_exit_code_counts_are_listed_and_retried() {
    let files = Files::numbered(2);
    files.write("new-000000", b"in the way");
    let (code, _, err) = called(&files, &["run", "rename", "000000", "000001", "--set", "name=new-{/}"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("1 done, 1 missed (another file has the new name)"), "{err}");
    assert!(err.contains("--failed  lists all of these; headway retry"), "{err}");
    let (_, out, _) = called(&files, &["show", "@1", "--failed"]);
    assert!(out.lines().count() == 1 && out.contains("000000\t"), "{out}");
    let (_, out, _) = called(&files, &["jobs"]);
    assert!(out.contains("completed_with_errors\t1\t2\t1\t"), "only what succeeded is done: {out}");
    std::fs::remove_file(files.library().join("new-000000")).expect("a file");
    let (code, _, err) = called(&files, &["retry", "@1"]);
    assert!(code == Some(0) && err.contains("1 done"), "{code:?} {err}");
    assert!(files.library().join("new-000000").exists() && files.library().join("new-000001").exists());
}

#[test]
fn files_without_a_date_are_reported_as_skipped_and_not_as_done() {
    let files = Files::numbered(2);
    let (code, _, err) = renamed(&files, "{exif:date}.{+.}");
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("0 done, 2 skipped (lacks something that its new name is made from, such as a date or a series)"),
        "{err}"
    );
    let (_, out, err) = called(&files, &["plan", "rename", ".", "--set", "name={exif:date}.{+.}"]);
    assert!(
        out.starts_with(
            "skipped\tlacks something that its new name is made from, such as a date or a series\t000000\t-\t-\n"
        ),
        "{out} {err}"
    );
    assert!(err.contains("headway: 2 skipped\n"), "{err}");
    assert!(called(&files, &["jobs"]).1.contains("completed\t0\t2\t0\t"));
}

#[test]
fn exit_code_3_is_reported_as_a_skip() {
    let files = Files::numbered(2);
    let (code, _, err) = called(&files, &["run", "--", "sh", "-c", "exit 3", "sh", "{}", ":::", "000000", "000001"]);
    assert!(
        code == Some(0) && err.contains("0 done, 2 skipped (its program says that it needs nothing)"),
        "{code:?} {err}"
    );
    assert!(!err.contains("headway undo"), "nothing was changed: {err}");
    assert!(called(&files, &["run", "--help"]).1.contains("exit code 3"));
}

#[test]
fn an_undo_says_what_it_will_do_and_what_it_did() {
    let files = Files::numbered(2);
    let (_, _, err) = renamed(&files, "new-{/}");
    assert!(err.contains("gives 2 files their old names again"), "{err}");
    let (code, _, err) = called(&files, &["undo", "@1"]);
    assert!(code == Some(0) && err.contains("gives the files that it renamed their old names again"), "{err}");
    assert!(err.contains("2 of 2 files have their old names again"), "{err}");
    let (_, _, err) = called(&files, &["undo", "@1"]);
    assert!(err.contains("is itself an undo: this puts the changes of job"), "{err}");
    assert!(files.library().join("new-000000").exists(), "{err}");

    files.write("long", &[b'a'; 10_000]);
    let (_, _, err) = called(&files, &["run", "compress", "long"]);
    assert!(err.contains("moves the 1 file that it made to the trash"), "{err}");
    let (_, _, err) = called(&files, &["undo", "@1"]);
    assert!(err.contains("1 of 1 new file removed"), "{err}");
    let replace = ["run", "--replace", "--", "cp", "/etc/hostname", "{out}", ":::", "new-000000", "new-000001"];
    let (_, _, err) = called(&files, &replace);
    assert!(err.contains("puts 2 files back as they were; the trash keeps the originals until"), "{err}");
    let (_, _, err) = called(&files, &["retry", "@2"]);
    assert!(err.contains("is an undo") && err.contains("headway undo"), "{err}");
    let (_, _, err) = called(&files, &["undo", "@1"]);
    assert!(err.contains("2 of 2 files put back"), "{err}");
}

#[test]
fn a_command_line_that_is_almost_right_is_taken_or_the_right_one_is_named() {
    let files = Files::numbered(2);
    std::fs::create_dir(files.library().join("Photos")).expect("a folder");
    files.write("Photos/a.jpg", b"a");
    let (code, out, err) = called(&files, &["run", "Photos", "--", "echo"]);
    assert!(code == Some(0) && out == "Photos/a.jpg\n", "{code:?} {out} {err}");
    for (line, meant) in [
        (&["run", "chekcsum", "Photos"][..], "did you mean \"checksum\""),
        (&["run", "Photos", "checksum"], "the recipe comes first: headway run checksum Photos"),
        (&["run", "Photos"], "headway run Photos -- PROGRAM {}"),
        (&["run", "Photos", "000001"], "headway run RECIPE Photos 000001"),
        (&["run", "checksum", "Photos", "--", "echo"], "headway run Photos -- echo"),
    ] {
        let (code, _, err) = called(&files, line);
        assert!(code == Some(255) && err.contains(meant), "{line:?}: {code:?} {err}");
        assert!(err.matches("did you mean").count() <= 1, "it appears once: {err}");
    }
}

#[test]
fn a_server_with_fewer_workers_than_asked_for_is_reported_and_a_standalone_run_has_as_many() {
    let files = Files::numbered(8);
    let (code, _, err) = called(&files, &["run", "-j", "6", "checksum", "."]);
    assert!(code == Some(0) && !err.contains("at once"), "{err}");
    let _server = Headway::start(&files, &["--workers", "2"]);
    let (code, _, err) = called(&files, &["run", "-j", "6", ".", "--", "sh", "-c", "sleep 0.2", "sh", "{}"]);
    assert!(code == Some(0) && err.contains("At most 2 files run at once, not 6"), "{err}");
}

/// In docs/commands.md, in the help, and in what the program does.
#[test]
fn the_exit_codes_of_the_document_are_those_of_the_program() {
    let document = include_str!("../../docs/commands.md").split("\n## Exit codes").nth(1).expect("the codes");
    let document = document.split("\n## ").next().expect("a section");
    let (counting, _) = document.split_once("All other commands").expect("two kinds of commands");
    let files = Files::new();
    let names = listed_commands(&called(&files, &["--help"]).1);
    assert!(names.len() > 15, "{names:?}");
    for name in names.iter().map(String::as_str) {
        let code = if counting.contains(&format!("`{name}`")) { 255 } else { 2 };
        assert_eq!(called(&files, &[name, "--nonsense"]).0, Some(code), "{name}");
    }
    for (line, code) in [(&["-v", "run", "--nonsense"], 255), (&["preset", "run", "--nonsense"], 255)] {
        assert_eq!(called(&files, line).0, Some(code), "{line:?}");
    }
    assert_eq!(called(&files, &["preset", "list", "--nonsense"]).0, Some(2));
    for command in ["resume", "approve", "leave-out", "retry", "undo", "watch", "wait"] {
        assert_eq!(called(&files, &[command, "abcdef123456"]).0, Some(255), "{command}: it is no number of files");
    }
    let help = ["run", "watch"].map(|command| called(&files, &[command, "--help"]).1).concat();
    let rows: Vec<_> = counting.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    assert!(rows.len() > 8, "{rows:?}");
    for row in rows {
        let codes = row.split(" | ").next().expect("a cell").split(|letter: char| !letter.is_ascii_digit());
        for code in codes.filter(|code| !code.is_empty()) {
            assert!(help.contains(code), "{code} is not in the help: {help}");
        }
    }
}

/// The report is all that such a job makes.
#[test]
fn a_job_that_changes_no_file_says_where_its_report_is() {
    let files = Files::new();
    files.write("a.png", &picture(b"\0\0\0\x0etEXtComment\0secret\x64\xaa\xc5\x29"));
    for (recipe, name) in [("health", "HEALTH.csv"), ("metadata", "METADATA.csv")] {
        let (_, _, err) = called(&files, &["run", recipe, "."]);
        let reports: Vec<_> = err.lines().filter_map(|line| line.strip_prefix("report: ")).collect();
        assert!(reports.len() == 1 && reports[0].ends_with(name), "{recipe}: {err}");
        let rows = std::fs::read_to_string(reports[0]).expect("the report");
        assert!(rows.starts_with("path,status,reason,") && rows.contains("a.png,succeeded,"), "{rows}");
    }
    let (_, _, err) = called(&files, &["run", "metadata", ".", "--set", "action=strip", "--on-done", "again"]);
    assert!(err.contains("1 done") && !err.contains("report: "), "its files are the result: {err}");
    let (_, _, err) = called(&files, &["run", "-q", "health", ".", "--on-done", "again"]);
    assert!(!err.contains("report: "), "{err}");
}

#[test]
fn a_job_is_named_in_the_same_ways_in_every_command() {
    let files = Files::numbered(2);
    files.write("copy", &std::fs::read(files.library().join("000000")).expect("a file"));
    assert_eq!(called(&files, &["run", "duplicates", "."]).0, Some(0));
    let id = newest(&files)["job"].as_str().expect("an id").to_owned();
    let part = &id[id.len() - 6..];
    for name in [id.clone(), format!("@{id}"), part.to_owned(), format!("@{part}")] {
        let name = name.as_str();
        for line in [&["show", name][..], &["export", name, "--totals"], &["trash", name], &["wait", name]] {
            let (code, _, err) = called(&files, line);
            assert_eq!(code, Some(0), "{line:?}: {err}");
        }
        let report = format!("report={name}");
        let (code, out, err) = called(&files, &["plan", "deduplicate", ".", "--set", &report]);
        assert!(code == Some(0) && out.contains("run\t-\tcopy\t"), "{report}: {out} {err}");
    }
    let (code, _, err) = called(&files, &["plan", "deduplicate", ".", "--set", "report=checksum"]);
    assert!(code == Some(255) && err.contains("not a job"), "{code:?} {err}");
}

#[test]
fn a_dry_run_is_listed_as_planned_only_and_failures_beyond_the_shown_are_counted() {
    let files = Files::numbered(25);
    assert_eq!(called(&files, &["run", "-n", "checksum", "."]).0, Some(0));
    assert!(called(&files, &["show", "@1"]).1.contains("planned only"));
    // For programs the status is the word that they can ask for.
    for line in [&["jobs"][..], &["jobs", "--status", "cancelled"]] {
        assert!(called(&files, line).1.contains("\tcancelled\t0\t25\t0\t"), "{line:?}");
    }
    let (_, out, err) = called(&files, &["run", "-n", "compress", "000000"]);
    assert_eq!(out, "run\t-\t000000\t000000.zst\t-\n", "{err}");
    let (code, _, err) = called(&files, &["run", ".", "--", "false"]);
    assert_eq!(code, Some(25), "{err}");
    assert!(err.matches("  ✗ 0000").count() == 20 && err.contains("✗ and 5 more"), "{err}");
}
