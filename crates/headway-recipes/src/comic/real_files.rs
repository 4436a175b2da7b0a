//! Comics as other programs write them, with Python's `zipfile` and `darkseid` as the oracles.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::*;
use crate::testing::{damaged_by, damaged_corpus};

/// The bytes of a comic that Python packs from these entries.
fn packed(folder: &Path, entries: &[(&str, &str)]) -> Vec<u8> {
    let path = folder.join("packed.cbz");
    let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\nfor n, c in zip(sys.argv[2::2], sys.argv[3::2]): z.writestr(n, c)\nz.close()";
    let words = entries.iter().flat_map(|(name, content)| [*name, *content]);
    let done = Command::new("python3").args(["-c", script]).arg(&path).args(words).output().expect("python3");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(path).expect("a comic")
}

/// What the recipe turns a comic into: its new path, and its new content if it is rewritten.
fn made_of(path: &str, bytes: &[u8], settings: Value) -> Result<(String, Option<Vec<u8>>), Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join(path);
    std::fs::create_dir_all(whole.parent().expect("a folder")).expect("folders");
    std::fs::write(&whole, bytes).expect("a file");
    let library = Arc::new(Library::open("files", folder.path()).expect("a library"));
    let path: RelPath = path.parse().expect("a path");
    let wanted: ComicSettings = crate::defaults(&Comic, settings);
    let template = ComicTemplate::new(&wanted.name).expect("a template");
    let bound = ComicWork { library: Arc::clone(&library), wanted, template };
    let file = PlannedFile::not_seen(path.clone());
    let to = bound.renames(&file, 1)?.first().map_or(path.clone(), |rename| rename.to.clone());
    let mut input = library.open_file(&file).expect("a file");
    let mut attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, path.clone(), bytes.len() as u64);
    let staged = library.stage(&path, to.clone(), attempt.job, 0, 1).expect("a name");
    let written = folder.path().join(staged.temp.as_str());
    attempt.output = Some(staged);
    let success = bound.run(&mut input, &attempt)?;
    let is_changed = success.effect == DiskEffect::Changed;
    assert_eq!(written.exists(), is_changed);
    Ok((to.to_string(), is_changed.then(|| std::fs::read(written).expect("an output"))))
}

/// The content of each entry, as Python reads them.
fn entries(bytes: &[u8]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.cbz");
    std::fs::write(&path, bytes).expect("a file");
    let script = "import sys, zipfile, json\nz = zipfile.ZipFile(sys.argv[1])\nprint(json.dumps([[n, z.read(n).decode('latin-1')] for n in z.namelist()]))";
    let said = Command::new("python3").args(["-c", script]).arg(&path).output().expect("python3");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("JSON")
}

const INFO: &str = "<?xml version=\"1.0\"?>\n<!-- mine -->\n<ComicInfo>\n  <Title>x</Title>\n  <Number>007</Number>\n  <Own>1</Own>\n</ComicInfo>\n";

#[test]
fn a_comic_gets_title_series_and_name_and_every_page_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let comic = packed(folder.path(), &[("p2.jpg", "two"), ("ComicInfo.xml", INFO), ("p1.jpg", "one")]);
    let (path, written) = made_of("manga/Re_Zero & co/any (2019) 3.cbz", &comic, json!({})).expect("made");
    assert_eq!(path, "manga/Re_Zero & co/Re_Zero & co - Chapter 0007.cbz");
    let written = written.expect("written");
    let expected = INFO.replace("<Title>x</Title>", "<Title>Chapter 7</Title>\n  <Series>Re:Zero &amp; co</Series>");
    let told = entries(&written);
    let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["p2.jpg", "ComicInfo.xml", "p1.jpg"]);
    assert_eq!((&told[0].1, &told[1].1, &told[2].1), (&"two".to_owned(), &expected, &"one".to_owned()));
    // The second time there is nothing to do.
    assert_eq!(made_of(&path, &written, json!({})), Err(Failure::Skipped(SkipReason::Done)));
}

#[test]
fn what_is_written_is_read_by_another_program_for_comics() {
    let python = std::env::var_os("HEADWAY_PYTHON").filter(|python| {
        let found = Command::new(python).args(["-c", "import darkseid"]).stderr(std::process::Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    });
    let Some(python) = python else {
        println!("not run: HEADWAY_PYTHON names no Python with darkseid");
        return;
    };
    const SCRIPT: &str = "import sys, json\n\
        from darkseid.comic import Comic, MetadataFormat\n\
        told = Comic(sys.argv[1]).read_metadata(MetadataFormat.COMIC_INFO)\n\
        print(json.dumps([told.series.name, told.issue, told.stories[0].name]))";
    let folder = tempfile::tempdir().expect("a folder");
    let with_info = packed(folder.path(), &[("ComicInfo.xml", INFO), ("p1.jpg", "one")]);
    let without = packed(folder.path(), &[("p1.jpg", "one")]);
    let path = folder.path().join("written.cbz");
    for (from, comic, expected) in [
        ("Re_Zero & co/any 3.cbz", &with_info, json!(["Re:Zero & co", "7", "Chapter 7"])),
        ("S <1>/ch.10.5.cbz", &without, json!(["S <1>", "10.5", "Chapter 10.5"])),
    ] {
        let (_, written) = made_of(from, comic, json!({ "add": true })).expect("made");
        std::fs::write(&path, written.expect("written")).expect("a file");
        let said = Command::new(&python).args(["-c", SCRIPT]).arg(&path).output().expect("Python");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let told: Value = serde_json::from_slice(&said.stdout).expect("JSON");
        assert_eq!(told, expected, "{from}");
    }
}

#[test]
fn without_comic_info_it_is_renamed_or_given_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let comic = packed(folder.path(), &[("p1.jpg", "one"), ("sub/comicinfo.XML", "<x>")]);
    let (path, written) = made_of("S/ch.10.5.cbz", &comic, json!({})).expect("made");
    assert_eq!((path.as_str(), written), ("S/S - Chapter 0010.5.cbz", None));
    let (_, written) = made_of("S/ch.10.5.cbz", &comic, json!({ "add": true, "rename": false })).expect("made");
    let told = entries(&written.expect("written"));
    assert_eq!(told[2].0, "ComicInfo.xml");
    assert!(
        told[2].1.contains("<Title>Chapter 10.5</Title>\n  <Series>S</Series>\n  <Number>10.5</Number>"),
        "{}",
        told[2].1
    );
}

#[test]
fn the_report_says_what_the_comic_says_and_nothing_that_was_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let bare = packed(folder.path(), &[("p1.jpg", "one")]);
    let full = packed(folder.path(), &[("p1.jpg", "one"), ("ComicInfo.xml", INFO)]);
    for (comic, settings, expected) in [
        (&bare, json!({}), json!({ "notes": "it has no ComicInfo.xml" })),
        (
            &bare,
            json!({ "add": true }),
            json!({ "changed": "Title, Series, Number", "notes": "it had no ComicInfo.xml", "number": "3", "series": "S", "title": "Chapter 3" }),
        ),
        (&full, json!({ "title": false, "series": false }), json!({ "number": "007", "title": "x" })),
    ] {
        std::fs::create_dir_all(folder.path().join("S")).expect("a folder");
        std::fs::write(folder.path().join("S/ch.3.cbz"), comic).expect("a file");
        let library = Arc::new(Library::open("files", folder.path()).expect("a library"));
        let path: RelPath = "S/ch.3.cbz".parse().expect("a path");
        let wanted: ComicSettings = crate::defaults(&Comic, settings.clone());
        let template = ComicTemplate::new(&wanted.name).expect("a template");
        let bound =
            ComicWork { library: Arc::clone(&library), wanted: ComicSettings { rename: false, ..wanted }, template };
        let input = library.open_file(&PlannedFile::not_seen(path.clone())).expect("a file");
        let attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, path, comic.len() as u64);
        let source = Source::quiet(&input, &attempt).expect("a source");
        let goal = bound.goal(&source, &list(&source).expect("entries")).expect("a goal");
        assert_eq!(Value::Object(goal.result), expected, "{settings}");
    }
}

#[test]
fn a_comic_that_cannot_be_rewritten_fails_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |info: &str| packed(folder.path(), &[("ComicInfo.xml", info), ("p1.jpg", "one")]);
    let fails = |path: &str, bytes: &[u8], says: &str| match made_of(path, bytes, json!({})) {
        Err(Failure::Failed(FailReason::Recipe, text)) => assert!(text.contains(says), "{says}: {text}"),
        other => panic!("{says}: {other:?}"),
    };
    fails("S/one.cbz", &of("<ComicInfo/>"), "gives a number");
    // In the library's root no folder names the series. If ComicInfo.xml does not either, the plan skips the comic.
    assert_eq!(made_of("1.cbz", &of("<ComicInfo/>"), json!({})), Err(Failure::Skipped(SkipReason::Lacking)));
    let (path, _) = made_of("1.cbz", &of("<ComicInfo><Series>Own</Series></ComicInfo>"), json!({})).expect("made");
    assert_eq!(path, "Own - Chapter 0001.cbz");
    fails("S/1.cbz", &of("<!DOCTYPE ComicInfo><ComicInfo/>"), "a DTD");
    fails(
        "S/1.cbz",
        &of(&format!("<ComicInfo><!--{}--></ComicInfo>", "x".repeat(100_000)).replace("</ComicInfo>", "<a/>")),
        "damaged",
    );
    fails("S/1.cbr", &[b"Rar!\x1a\x07\x01\0".as_slice(), &[0; 99]].concat(), "a command");
    fails("S/1.cbr", &of("<ComicInfo/>"), "call it cbz");
    assert_eq!(made_of("S/1.jpg", b"\xff\xd8\xff", json!({})), Err(Failure::Skipped(SkipReason::Recipe)));
    let long = format!("S/{}1.cbz", "x".repeat(200));
    let (path, _) = made_of(&long, &of("<ComicInfo/>"), json!({ "title": false })).expect("made");
    assert_eq!(path, "S/S - Chapter 0001.cbz");
    let name = json!({ "name": format!("{} {{issue}}", "y".repeat(250)) });
    let told = made_of("S/1.cbz", &of("<ComicInfo/>"), name).expect_err("too long");
    assert_eq!(told, Failure::Skipped(SkipReason::TooLong));
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence() {
    damaged_corpus(&["cbz"], |name, bytes| made_of(&format!("S/{name}"), bytes, json!({})));
}

#[test]
fn every_damaged_file_fails_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let comic = packed(folder.path(), &[("p2.jpg", "two"), ("ComicInfo.xml", INFO)]);
    damaged_by(&comic, 300, |bytes| made_of("S/1.cbz", bytes, json!({})));
    // Damage to the XML itself; in the archive above, checksums catch it first.
    damaged_by(INFO.as_bytes(), 20_000, |bytes| {
        let fail = |text| Failure::Failed(FailReason::Recipe, text);
        let info = Info::read(bytes).map_err(fail)?;
        let values = [
            (ComicField::Title, "T & <t>".to_owned()),
            (ComicField::Series, "S".into()),
            (ComicField::Number, "1".into()),
        ];
        let text = info.with(&values);
        let again = Info::read(text.as_bytes()).expect("what is written can be read");
        for (field, value) in &values {
            assert_eq!(again.get(*field), Some(value.as_str()), "{text}");
        }
        Ok(())
    });
}
