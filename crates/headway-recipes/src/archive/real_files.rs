//! Real archives from other tools, and hostile ones, with Python's `zipfile` and `unzip` as the oracles.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::testing::{Bench, damaged, damaged_corpus, real_files, tool};
use super::*;

const LIMITS: UnpackLimits = UnpackLimits { total: 64 << 30, ratio: 200 };

fn tested(name: &str, bytes: &[u8]) -> Result<serde_json::Value, String> {
    Bench::new(name).on(bytes, |source| match check_archive(source).and_then(|()| test(source, LIMITS)) {
        Ok(tested) => Ok(tested.result()),
        Err(Failure::Failed(FailReason::Recipe, text)) => Err(text),
        Err(other) => Err(format!("{other:?}")),
    })
}

/// Python's verdict on each: `ok`, `unknown` if it cannot check, or what is wrong.
fn python(paths: &[PathBuf]) -> Vec<String> {
    const SCRIPT: &str = "import sys, zipfile\n\
        for path in sys.argv[1:]:\n\
        \x20   try:\n\
        \x20       bad = zipfile.ZipFile(path).testzip()\n\
        \x20       print('ok' if bad is None else 'bad ' + repr(bad))\n\
        \x20   except (RuntimeError, NotImplementedError) as error:\n\
        \x20       print('unknown ' + repr(str(error)))\n\
        \x20   except Exception as error:\n\
        \x20       print('bad ' + repr(str(error)))\n";
    let output = Command::new("python3").arg("-c").arg(SCRIPT).args(paths).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Files on which we are deliberately stricter than Python: the end of the file's name, and our reason.
const STRICTER: [(&str, &str); 0] = [];

#[test]
fn archives_of_many_tools_get_the_same_verdict_as_from_python() {
    let extensions = ["zip", "epub", "jar", "whl", "egg"];
    let Some(paths) = real_files(&extensions) else { return };
    assert!(paths.len() >= 40, "{} archives", paths.len());
    let judged = python(&paths);
    let mut sound = 0;
    for (path, python) in paths.iter().zip(judged) {
        let ours = tested(&path.file_name().expect("a name").to_string_lossy(), &std::fs::read(path).expect("a file"));
        let stricter = STRICTER.iter().find(|(end, _)| path.ends_with(end));
        match (&ours, stricter) {
            (Err(text), Some((_, says))) => assert!(text.contains(says), "{}: {text}", path.display()),
            (Ok(found), None) => {
                assert!(!python.starts_with("bad"), "{}: {found}, Python: {python}", path.display());
                sound += u32::from(found["verdict"] == "ok");
            }
            (Err(text), None) => assert!(python.starts_with("bad"), "{}: {text}, Python: {python}", path.display()),
            (Ok(found), Some(_)) => panic!("{}: {found}", path.display()),
        }
    }
    assert!(sound >= 40, "{sound} are sound");
}

/// An archive that Python makes with these lines, in which `z` is the open archive.
fn made(folder: &Path, lines: &str) -> Vec<u8> {
    let path = folder.join("made.zip");
    let script = format!(
        "import sys, zipfile, warnings\nwarnings.simplefilter('ignore')\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:\n{}",
        lines.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    let done = Command::new("python3").arg("-c").arg(script).arg(&path).output().expect("python3");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(&path).expect("an archive")
}

#[test]
fn hostile_files_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = made(folder.path(), "for n in range(40): z.writestr(f'{n}.txt', f'content {n} ' * 99)");
    assert_eq!(tested("a.zip", &good).expect("sound")["entries"], 40);
    let fails = |bytes: &[u8], says: &str| {
        let text = tested("a.zip", bytes).expect_err(says);
        assert!(text.contains(says), "{says}: {text}");
    };
    fails(&good[..good.len() / 2], "its end is missing");
    fails(b"", "its end is missing");
    let mut rotten = good.clone();
    rotten[40] ^= 0x10;
    fails(&rotten, "\"0.txt\"");
    fails(
        &made(folder.path(), "z.writestr('../../etc/x', 'x')"),
        "must not be unpacked: its name leads out of the folder",
    );
    fails(&made(folder.path(), "z.writestr('/etc/x', 'x')"), "absolute");
    // 110 MiB of zeros in 110 kB.
    fails(&made(folder.path(), "z.writestr('zeros', bytes(110 << 20))"), "more than 200 times its size");
    // Two entries of the directory share one body.
    let shared =
        made(folder.path(), "z.writestr('a', 'x' * 999)\nz.writestr('b', 'y')\nz.filelist[1].header_offset = 0");
    fails(&shared, "entries overlap");
    fails(&[b"Rar!\x1a\x07\x01\0".as_slice(), &[0; 99]].concat(), "it is a RAR archive, though its name says zip");
    let with = |name: &str, bytes: &[u8]| tested(name, bytes).expect("sound")["notes"].to_string();
    assert!(with("a.zip", &[&[7; 100], &good[..]].concat()).contains("100 bytes stand before it"));
    assert!(with("a.zip", &[&good[..], &[7; 5]].concat()).contains("5 bytes follow its end"));
    assert!(
        with("a.zip", &made(folder.path(), "z.writestr('a', 'x')\nz.writestr('a', 'y')"))
            .contains("name is there twice")
    );
    assert!(with("a.epub", &good).contains("not mimetype"));
    // A file that is not an archive, and is not named like one, is left alone.
    let other = Bench::new("a.txt").on(b"text", check_archive);
    assert_eq!(other, Err(Failure::Skipped(SkipReason::Recipe)));
}

#[test]
fn a_file_that_cannot_be_checked_is_reported_and_never_called_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let bzip2 = made(folder.path(), "z.writestr('a', 'x' * 999, zipfile.ZIP_BZIP2)\nz.writestr('b', 'y')");
    let found = tested("a.zip", &bzip2).expect("no fault");
    assert_eq!((&found["verdict"], &found["unchecked"]), (&"ok as far as checked".into(), &"1 bzip2".into()));
    if !tool("zip") {
        return;
    }
    std::fs::write(folder.path().join("secret"), "secret").expect("a file");
    let zip = Command::new("zip").args(["-q", "-e", "-P", "x", "s.zip", "secret"]).current_dir(folder.path()).status();
    assert!(zip.expect("zip").success());
    let found = tested("s.zip", &std::fs::read(folder.path().join("s.zip")).expect("an archive")).expect("no fault");
    assert_eq!((&found["verdict"], &found["unchecked"]), (&"not checked".into(), &"1 encrypted".into()));
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence() {
    damaged_corpus(&["zip", "cbz"], |name, bytes| Bench::new(name).on(bytes, |source| test(source, LIMITS)));
}

#[test]
fn every_damaged_file_fails_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "for n in range(3): z.writestr(f'{n}/a.txt', f'content {n} ' * 20)\nz.writestr('s', b'stored', zipfile.ZIP_STORED)";
    let sound = made(folder.path(), lines);
    damaged("a.zip", &sound, 600, |source| test(source, LIMITS));
}
