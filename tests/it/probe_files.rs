//! The two empty files that find out what a file system can do: none stays in a folder that a command names by its path.

use headway_files::Library;

use crate::faults::left_over;
use crate::helper::Files;
use crate::terminal::{called, headway, until};
use crate::unlisted::called_where;

/// A command that replaces one file of the library, which it names by its path.
const REPLACES: [&str; 12] = [
    "run",
    "--on-interrupt",
    "retry",
    "--replace",
    "--",
    "sh",
    "-c",
    "tr a-z A-Z < $1 > $2",
    "x",
    "{}",
    "{out}",
    ":::",
];

#[test]
fn the_command_that_goes_on_after_a_kill_removes_what_the_killed_one_left() {
    let files = Files::numbered(1);
    let file = files.library().join("000000").to_string_lossy().into_owned();
    let kill = ("", "renameat2", "signal=KILL:when=1");
    let (_, _, err) = called_where(&files, kill, &[&REPLACES[..], &[file.as_str()]].concat());
    assert_ne!(left_over(&files), [""; 0], "it was killed between two probes: {err}");
    let (code, _, err) = called(&files, &["resume", "@1"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(left_over(&files), [""; 0], "{err}");
    assert_eq!(std::fs::read(&file).expect("a file"), b"FILE 0\n");
}

#[test]
fn a_job_that_only_reads_and_goes_on_after_a_kill_looks_for_no_temporary_file() {
    let files = Files::new();
    files.write("sub/large", b"");
    let large = files.library().join("sub/large");
    let set_len = |bytes| std::fs::File::options().write(true).open(&large).and_then(|file| file.set_len(bytes));
    set_len(16 << 30).expect("a sparse file");
    let mut run = headway(&files, &["run", "--in", ".", "checksum", "sub/large"]).spawn().expect("the program");
    until("the file at work", || called(&files, &["show", "@1", "--json"]).1.contains("\"running\":1"));
    run.kill().expect("a living process");
    run.wait().expect("its end");
    set_len(10).expect("a small file");
    // Only who looks for such files lists the folder.
    let (_, _, err) = called_where(&files, ("sub", "getdents64", "error=EACCES"), &["resume", "@1"]);
    assert!(!err.contains("temporary files"), "{err}");
}

#[test]
fn a_probe_whose_removal_fails_is_removed_by_the_next_command() {
    for error in ["EIO", "ENFILE", "ENOSPC"] {
        let files = Files::numbered(1);
        let file = files.library().join("000000").to_string_lossy().into_owned();
        let command = [&REPLACES[..], &[file.as_str()]].concat();
        let (code, _, err) = called_where(&files, ("", "unlinkat", &format!("error={error}")), &command);
        assert_eq!(code, Some(0), "{error}: {err}");
        assert_ne!(left_over(&files), [""; 0], "{error}: {err}");
        std::fs::write(&file, "again").expect("a file");
        let (code, _, err) = called(&files, &command);
        assert_eq!(code, Some(0), "{error}: {err}");
        assert_eq!(left_over(&files), [""; 0], "{error}: {err}");
    }
}

#[test]
fn what_cannot_be_removed_at_once_is_tried_again_in_another_way() {
    let files = Files::new();
    let (first, second) = (files.library().join(".headway-probe-1-1"), files.library().join(".headway-probe-1-2"));
    // As a file it cannot be removed; the other one can be.
    std::fs::create_dir_all(first.join("inside")).expect("a folder");
    std::fs::write(&second, "").expect("a file");
    Library::open("files", &files.library()).expect("a library").clean_up();
    assert_eq!((first.exists(), second.exists()), (false, false));
}
