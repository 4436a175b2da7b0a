//! Rewrites archives of many tools, with `unzip -t`, `zip -T` and Python's `zipfile` as the oracles.

use std::path::Path;
use std::process::Command;

use headway_model::{FailReason, JobId, PlannedFile};

use super::*;
use crate::testing::{damaged_by, damaged_corpus, real_files, tool};

/// What the recipe turns a file of this name into; `None` if it leaves the file as it is.
fn repacked(name: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), bytes).expect("a file");
    let library = Arc::new(Library::open("files", folder.path()).expect("a library"));
    let wanted = crate::defaults(&Repack, json!({}));
    let path: RelPath = name.parse().expect("a path");
    let mut input = library.open_file(&PlannedFile::not_seen(path.clone())).expect("a file");
    let mut attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, path.clone(), bytes.len() as u64);
    let staged = library.stage(&path, path.clone(), attempt.job, 0, 1).expect("a name");
    let written = folder.path().join(staged.temp.as_str());
    attempt.output = Some(staged);
    let success = RepackWork { library, wanted }.run(&mut input, &attempt)?;
    Ok((success.effect == DiskEffect::Changed).then(|| std::fs::read(written).expect("an output")))
}

/// Names and contents in order, as Python reads them; `None` if it refuses.
fn read(folder: &Path, bytes: &[u8]) -> Option<String> {
    const SCRIPT: &str = "import sys, zipfile, hashlib\n\
        z = zipfile.ZipFile(sys.argv[1])\n\
        for i in z.infolist(): print(repr(i.filename), i.date_time, i.external_attr, hashlib.sha256(z.read(i)).hexdigest())";
    let path = folder.join("judged.zip");
    std::fs::write(&path, bytes).expect("a file");
    let said = Command::new("python3").args(["-c", SCRIPT]).arg(&path).output().expect("python3");
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
}

fn passes(program: &str, option: &str, path: &Path) -> bool {
    Command::new(program).args([option, "-q"]).arg(path).output().expect(program).status.success()
}

#[test]
fn what_is_written_again_holds_the_same_for_other_tools() {
    let Some(paths) = real_files(&["zip", "epub"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut written, mut kept, mut refused) = (0, 0, Vec::new());
    for path in &paths {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(path).expect("a file");
        let again = match repacked(&name, &bytes) {
            Ok(Some(again)) => again,
            Ok(None) => {
                kept += 1;
                continue;
            }
            Err(Failure::Failed(FailReason::Recipe, text)) => {
                refused.push(format!("{name}: {text}"));
                continue;
            }
            Err(other) => panic!("{name}: {other:?}"),
        };
        written += 1;
        let mut before: Vec<_> = read(folder.path(), &bytes).expect(&name).lines().map(str::to_owned).collect();
        let after: Vec<_> = read(folder.path(), &again).expect(&name).lines().map(str::to_owned).collect();
        assert!(passes("unzip", "-t", &folder.path().join("judged.zip")), "{name}");
        assert!(!tool("zip") || passes("zip", "-T", &folder.path().join("judged.zip")), "{name}");
        let mut sorted = after.clone();
        before.retain(|line| !line.contains(".DS_Store") && !line.contains("/._") && !line.contains("Thumbs.db"));
        before.sort();
        sorted.sort();
        assert_eq!(before, sorted, "{name}");
        assert_eq!(repacked(&name, &again), Ok(None), "{name}: a second time");
    }
    println!("{written} written, {kept} kept, {} refused: {refused:#?}", refused.len());
    assert!(written >= 10 && written + kept > 3 * refused.len());
}

/// An archive that Python makes with these lines, in which `z` is the open archive.
fn made(lines: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.zip");
    let script = format!(
        "import sys, zipfile, warnings\nwarnings.simplefilter('ignore')\nI = zipfile.ZipInfo\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:\n{}",
        lines.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    let done = Command::new("python3").arg("-c").arg(script).arg(&path).output().expect("python3");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(&path).expect("an archive")
}

fn names(bytes: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let told = read(folder.path(), bytes).expect("an archive");
    told.lines().map(|line| line.split('\'').nth(1).unwrap_or_default().to_owned()).collect()
}

#[test]
fn junk_goes_pages_are_in_order_and_an_epub_begins_with_its_type() {
    let comic = made(
        "for n in ('p10.jpg', 'p2.jpg', '__MACOSX/._p2.jpg', 'Thumbs.db', 'a/1.jpg'): z.writestr(n, n * 50)\nz.comment = b'kept'",
    );
    let again = repacked("a.cbz", &comic).expect("sound").expect("written");
    assert_eq!(names(&again), ["a/1.jpg", "p2.jpg", "p10.jpg"]);
    assert!(again.ends_with(b"kept"));
    let book = made(
        "z.writestr('b.xhtml', 'b')\ni = I('mimetype'); i.extra = b'\\x99\\x99\\x02\\x00ab'; i.compress_type = 8\nz.writestr(i, 'application/epub+zip')\nz.writestr('a.xhtml', 'a')",
    );
    let again = repacked("a.epub", &book).expect("sound").expect("written");
    assert_eq!(names(&again), ["mimetype", "b.xhtml", "a.xhtml"]);
    assert_eq!(&again[30..58], b"mimetypeapplication/epub+zip", "stored, at byte 30, without an extra field");
    assert_eq!(repacked("a.docx", &comic).map(|_| ()), Ok(()), "only the plan leaves it out");
}

#[test]
fn an_archive_that_is_ambiguous_or_would_lose_data_is_refused() {
    let refused = |name: &str, bytes: &[u8], says: &str| match repacked(name, bytes) {
        Err(Failure::Failed(FailReason::Recipe, text)) => assert!(text.contains(says), "{says}: {text}"),
        other => panic!("{says}: {other:?}"),
    };
    refused("a.zip", &made("z.writestr('a', 'x')\nz.writestr('a', 'y')"), "is there twice");
    refused(
        "a.zip",
        &made("i = I('l'); i.create_system = 3; i.external_attr = 0o120777 << 16\nz.writestr(i, 'to')"),
        "symbolic link",
    );
    refused("a.zip", &made("z.writestr('b', 'x' * 99, zipfile.ZIP_BZIP2)\nz.writestr('a', 'y')"), "a method");
    refused(
        "a.zip",
        &made("z.writestr('a', 'x' * 99)\nz.writestr('b', 'y')\nz.filelist[1].header_offset = 0"),
        "entries overlap",
    );
    refused("a.epub", &made("z.writestr('a', 'x')"), "no entry mimetype");
    refused("a.zip", &made("z.writestr('Thumbs.db', 'x')"), "nothing in it");
    // The header and the directory disagree about the name.
    let mut two = made("z.writestr('page.jpg', 'x')\nz.writestr('a.jpg', 'x')");
    two[30] = b'q';
    refused("a.zip", &two, "in its own header");
    if tool("zip") {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("secret"), "secret").expect("a file");
        let zip =
            Command::new("zip").args(["-q", "-e", "-P", "x", "s.zip", "secret"]).current_dir(folder.path()).status();
        assert!(zip.expect("zip").success());
        refused("s.zip", &std::fs::read(folder.path().join("s.zip")).expect("an archive"), "is encrypted");
    }
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence() {
    damaged_corpus(&["zip", "cbz"], repacked);
}

#[test]
fn every_damaged_file_fails_with_a_sentence_or_python_accepts_the_output() {
    let lines = "for n in range(3): z.writestr(f'{9 - n}/a.txt', f'content {n} ' * 20)\nz.writestr('s', b'stored', zipfile.ZIP_STORED)";
    damaged_by(&made(lines), 300, |bytes| repacked("a.zip", bytes));
}
