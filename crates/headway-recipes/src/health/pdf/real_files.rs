//! PDF files of the tests of pypdf and pikepdf and of a Debian package, many of them odd or damaged, with `qpdf --check` and `pdfinfo` as the
//! oracles; and small ones that are made here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::HealthSettings;
use super::super::NameMismatch;
use super::super::real_files::{looked, looked_at, verdict};
use crate::reading::Reading;
use crate::testing::{damaged, damaged_at_places, media_files, real_files, tool};

/// What `qpdf --check` answers: 0 if it finds nothing wrong, 3 if only warnings, 2 if it gives up.
fn qpdf(path: &Path) -> i32 {
    let mut check = Command::new("qpdf");
    check.arg("--check").arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    check.status().expect("qpdf").code().expect("an exit code")
}

fn pdfinfo_accepts(path: &Path) -> bool {
    let said = Command::new("pdfinfo").arg(path).output().expect("pdfinfo");
    said.status.success()
}

/// All PDF files that were fetched.
fn documents() -> Option<Vec<PathBuf>> {
    let media = media_files(&["pdf"]).filter(|_| tool("qpdf") && tool("pdfinfo"))?;
    Some([media, real_files(&["pdf"])?].concat())
}

#[test]
fn no_pdf_file_that_readers_accept_is_called_damaged_and_none_that_they_refuse_healthy() {
    let Some(paths) = documents() else { return };
    let mut healthy = 0;
    for path in &paths {
        let (ours, theirs) = (looked(path), qpdf(path));
        let says = format!("{}: {ours:?}, qpdf: {theirs}", path.display());
        match (verdict(&ours), theirs) {
            ("healthy", 0 | 3) => healthy += 1,
            ("healthy as far as checked" | "doubtful", 0 | 3) => {}
            ("failed", 2) => assert!(!pdfinfo_accepts(path), "{says}"),
            // It needs a password to look into it.
            ("healthy as far as checked", 2) => assert!(says.contains("it is encrypted"), "{says}"),
            ("doubtful", 2) => assert!(pdfinfo_accepts(path), "{says}"),
            _ => panic!("{says}"),
        }
    }
    assert!(paths.len() >= 140 && healthy >= 60, "{healthy} of {}", paths.len());
}

/// Files of every structure: with a table and with streams, with updates, with streams of every kind.
const DAMAGED: [&str; 10] = [
    "resources/crazyones.pdf",
    "resources/hello-world.pdf",
    "resources/commented.pdf",
    "resources/metadata.pdf",
    "resources/box.pdf",
    "resources/inkscape-abc.pdf",
    "resources/fourpages.pdf",
    "resources/outlines.pdf",
    "resources/pal.pdf",
    "resources/pdfa/toc.pdf",
];

#[test]
fn damage_to_pdf_that_qpdf_sees_is_never_called_healthy() {
    let Some(paths) = documents() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let damaged = folder.path().join("a.pdf");
    let mut failed = 0;
    for name in DAMAGED {
        let path = paths.iter().find(|path| path.ends_with(name)).unwrap_or_else(|| panic!("no {name}"));
        for (how, bytes) in damaged_at_places(&std::fs::read(path).expect("a file")) {
            std::fs::write(&damaged, &bytes).expect("a file");
            let (ours, theirs) = (looked_at("a.pdf", &bytes), qpdf(&damaged));
            let says = format!("{name}, {how}: {ours:?}, qpdf: {theirs}");
            let word = verdict(&ours);
            failed += usize::from(word == "failed");
            assert!(theirs == 0 || word != "healthy", "{says}");
            assert!(!how.starts_with("cut") || matches!(word, "failed" | "doubtful"), "{says}");
            // qpdf does not compare the checksums of streams.
            assert!(theirs != 0 || word != "failed" || says.contains("the stream of object"), "{says}");
        }
    }
    assert!(failed >= 350, "{failed} failed");
}

#[test]
fn every_damaged_pdf_file_fails_with_a_sentence() {
    let wanted = HealthSettings { extension: NameMismatch::Note, memory: 64 };
    damaged("a.pdf", &document(""), 1_000, |source| wanted.inspect(source));
    let Some(paths) = media_files(&["pdf"]) else { return };
    for name in ["resources/box.pdf", "resources/pal.pdf", "resources/pdfa/toc.pdf", "resources/commented.pdf"] {
        let path = paths.iter().find(|path| path.ends_with(name)).unwrap_or_else(|| panic!("no {name}"));
        damaged("a.pdf", &std::fs::read(path).expect("a file"), 200, |source| wanted.inspect(source));
    }
}

/// A document with one page and a short text, with a table of objects. `more` is added to its trailer.
fn document(more: &str) -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<>>>>",
        "<</Length 5 0 R>>\nstream\n0 0 m 9 9 l S\nendstream",
        "13",
    ];
    let (mut text, mut places) = ("%PDF-1.4\n".to_owned(), Vec::new());
    for (number, object) in (1..).zip(objects) {
        places.push(text.len());
        text += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = text.len();
    text += "xref\n0 6\n0000000000 65535 f \n";
    places.iter().for_each(|place| text += &format!("{place:010} 00000 n \n"));
    text += &format!("trailer\n<</Size 6/Root 1 0 R{more}>>\nstartxref\n{start}\n%%EOF\n");
    text.into_bytes()
}

/// The document with another text in the place of one.
fn replaced(text: &str, by: &str) -> Vec<u8> {
    let document = String::from_utf8(document("")).expect("a text");
    assert!(document.contains(text), "{text}");
    document.replacen(text, by, 1).into_bytes()
}

#[test]
fn each_kind_of_damage_to_pdf_is_told() {
    let sound = document("");
    assert_eq!(verdict(&looked_at("a.pdf", &sound)), "healthy");
    let looked = |bytes: &[u8], wanted: &str, says: &str| {
        let looked = looked_at("a.pdf", bytes);
        let text = match &looked {
            Ok(result) => result["notes"].as_str().unwrap_or_default(),
            Err(text) => text,
        };
        assert!(verdict(&looked) == wanted && text.contains(says), "{says}: {looked:?}");
    };
    looked(&sound[..sound.len() * 2 / 3], "failed", "nothing in it says where its objects are");
    looked(b"no document at all", "failed", "does not begin as one");
    looked(&replaced("3 0 obj", "3 0 opj"), "failed", "object 3 is missing or makes no sense");
    looked(&replaced("/Kids[3 0 R]", "/Kids[9 0 R]"), "failed", "pages are missing");
    looked(&replaced("/Kids[3 0 R]", "/Kids[2 0 R]"), "failed", "in a circle");
    looked(&replaced("/Type/Page/", "/Type/Pagf/"), "doubtful", "not marked as pages");
    looked(&replaced("endstream", "endstrean"), "failed", "has no end");
    looked(&replaced("\n13\n", "\n12\n"), "doubtful", "the lengths of some of its streams are wrong");
    looked(&replaced("startxref\n", "startxref\n1"), "doubtful", "its table of objects is wrong");
    looked(&replaced("0000000009 0", "0000000008 0"), "healthy", "");
    looked(&replaced("0000000009 0", "0000000011 0"), "doubtful", "its table of objects is wrong");
    looked(&replaced("/Size 6", ""), "doubtful", "does not say how many there are");
    looked(&replaced("%%EOF\n", ""), "healthy", "its end is not marked as one");
    looked(&[&sound[..], b"other bytes"].concat(), "doubtful", "bytes after its end");
    looked(&[&b"other bytes\n"[..], &sound].concat(), "healthy", "12 bytes before its beginning");
    looked(&document("/Encrypt<</Filter/Standard>>"), "healthy as far as checked", "it is encrypted");
    let packed = replaced("<</Length 5 0 R>>", "<</Length 5 0 R/Filter/LZWDecode>>");
    looked(&packed, "doubtful", "1 LZWDecode");
}
