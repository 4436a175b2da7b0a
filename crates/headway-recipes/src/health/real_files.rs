//! Real files from elsewhere, with the tools of each format as the oracles.

use std::path::Path;
use std::process::Command;

use super::super::reading::inspected as inspected_by;
use super::super::testing::{Bench, corpus, damaged, damaged_corpus, real_files, tool};
use super::super::tiff_variant::tests::bilevel;
use super::*;
use headway_model::FailReason;

pub(super) fn looked(path: &Path) -> Result<Value, String> {
    looked_at(&path.file_name().expect("a name").to_string_lossy(), &std::fs::read(path).expect("a file"))
}

/// The recipe's result. The error is what is wrong, or `skipped`.
pub(super) fn looked_at(name: &str, bytes: &[u8]) -> Result<Value, String> {
    let wanted = HealthSettings { extension: NameMismatch::Failure, memory: 256 };
    match Bench::new(name).on(bytes, |source| inspected_by(&wanted, source)) {
        Ok(result) => Ok(result),
        Err(Failure::Failed(FailReason::Recipe, text)) => Err(text),
        Err(Failure::Skipped(SkipReason::Recipe | SkipReason::Unsupported)) => Err("skipped".into()),
        Err(other) => panic!("{name}: {other:?}"),
    }
}

/// Whether a program accepts a file without an error or a warning.
pub(super) fn is_fine(program: &str, arguments: &[&str], path: &Path) -> bool {
    let output = Command::new(program).args(arguments).arg(path).output().expect("a program");
    output.status.success() && output.stderr.is_empty()
}

/// The verdict on a file, or `failed` or `skipped`.
pub(super) fn verdict(looked: &Result<Value, String>) -> &str {
    match looked {
        Ok(result) => result["verdict"].as_str().unwrap_or_default(),
        Err(text) if text == "skipped" => "skipped",
        Err(_) => "failed",
    }
}

/// What a program makes of a recording that `./test` fetched; it gets its arguments, the recording and the output's name. `None` if either
/// is not there.
pub(super) fn encoded(program: &str, arguments: &[&str], recording: &str, output: &str) -> Option<Vec<u8>> {
    let paths = real_files(&["wav"]).filter(|_| tool(program))?;
    let input = paths.iter().find(|path| path.ends_with(recording)).unwrap_or_else(|| panic!("no {recording}"));
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join(output);
    let made = match program {
        "flac" => Command::new(program).args(arguments).arg("-o").arg(&output).arg(input).output(),
        _ => Command::new(program).args(arguments).arg(input).arg(&output).output(),
    };
    let made = made.expect("a program");
    assert!(made.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
    Some(std::fs::read(&output).expect("a file"))
}

/// The ends of the paths of files about which we disagree with the tool on purpose.
const DIFFERS: [&str; 0] = [];

/// Compares our judgement of every file with these extensions with a program's. Returns how many were healthy.
fn compared(extensions: &[&str], program: &str, arguments: &[&str]) -> usize {
    let Some(paths) = real_files(extensions).filter(|_| tool(program)) else { return usize::MAX };
    let (mut healthy, mut differ) = (0, Vec::new());
    for path in paths.iter().filter(|path| !DIFFERS.iter().any(|end| path.ends_with(end))) {
        let ours = looked(path);
        if ours.as_ref().is_err_and(|text| text == "skipped") {
            continue;
        }
        healthy += usize::from(ours.is_ok());
        if ours.is_ok() != is_fine(program, arguments, path) {
            differ.push(format!("{}: {ours:?}", path.display()));
        }
    }
    assert!(differ.is_empty(), "{program} judges otherwise: {differ:#?}");
    healthy
}

#[test]
fn png_files_get_the_same_verdict_as_from_pngcheck() {
    assert!(compared(&["png"], "pngcheck", &["-q"]) >= 39);
}

#[test]
fn jpeg_files_get_the_same_verdict_as_from_djpeg() {
    assert!(compared(&["jpg", "jpeg"], "djpeg", &["-outfile", "/dev/null"]) >= 20);
}

#[test]
fn other_pictures_of_the_packages_are_healthy_or_skipped() {
    let Some(paths) = real_files(&["gif", "webp", "bmp", "tif", "tiff"]) else { return };
    let healthy = paths.iter().filter(|path| looked(path).is_ok()).count();
    assert!(healthy >= 20, "{healthy} of {}", paths.len());
}

#[test]
fn what_is_cut_off_or_misnamed_is_never_healthy() {
    let Some(paths) = real_files(&["png", "jpeg", "gif", "webp", "bmp"]) else { return };
    for path in paths.iter().filter(|path| looked(path).is_ok()) {
        let bytes = std::fs::read(path).expect("a file");
        let name = path.file_name().expect("a name").to_string_lossy();
        let cut = looked_at(&name, &bytes[..bytes.len() * 2 / 3]);
        assert!(cut.is_err(), "{}: {cut:?}", path.display());
        let misnamed = looked_at("picture.zip", &bytes);
        assert!(misnamed.is_err_and(|text| text.contains("its name says")), "{}", path.display());
    }
    assert!(looked_at("a.png", b"").is_err_and(|text| text.contains("empty")));
    assert!(looked_at("a.png", b"no picture at all").is_err_and(|text| text.contains("does not begin as one")));
    // Nothing is claimed about a file that is not decoded.
    for name in ["a.txt", "a.ogg", "a"] {
        assert_eq!(looked_at(name, b"no picture at all").err().as_deref(), Some("skipped"), "{name}");
    }
}

#[test]
fn what_a_decoder_lacks_is_skipped_and_never_called_damaged() {
    let twelve_bits = b"\xff\xd8\xff\xc1\x00\x0b\x0c\x00\x08\x00\x08\x01\x01\x11\x00";
    let arithmetic = b"\xff\xd8\xff\xc9\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00";
    let conditioning = b"\xff\xd8\xff\xcc\x00\x04\x00\x10\xff\xd9";
    let lossless = b"\xff\xd8\xff\xc3\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00";
    for jpeg in [&twelve_bits[..], arithmetic, conditioning, lossless] {
        assert_eq!(looked_at("a.jpg", jpeg).err().as_deref(), Some("skipped"), "{jpeg:x?}");
    }
    for compression in [1, 4] {
        let reversed = bilevel(compression, 2);
        assert_eq!(looked_at("a.tif", &reversed).err().as_deref(), Some("skipped"), "{compression}");
    }
    assert!(looked_at("a.tif", &bilevel(1, 1)).is_ok());
    let wide = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0";
    assert_eq!(looked_at("a.tif", wide).err().as_deref(), Some("skipped"));
    let with_dictionary = b"\x28\xb5\x2f\xfd\x21\x05\x00\x01\x00\x00";
    assert_eq!(looked_at("a.zst", with_dictionary).err().as_deref(), Some("skipped"));
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence_and_no_sound_one_does() {
    let extensions = ["png", "jpg", "gif", "webp", "bmp", "tif", "zip", "cbz", "gz", "zst"];
    let wanted = HealthSettings { extension: NameMismatch::Note, memory: 64 };
    damaged_corpus(&extensions, |name, bytes| Bench::new(name).on(bytes, |source| wanted.inspect(source)));
    for (name, bytes) in corpus(&extensions) {
        let looked = looked_at(&name, &bytes);
        assert!(looked.is_ok() || looked == Err("skipped".into()), "{name}: {looked:?}");
    }
}

#[test]
fn every_damaged_file_fails_with_a_sentence() {
    let Some(paths) = real_files(&["png", "jpeg", "gif", "webp", "bmp", "tiff"]) else { return };
    let wanted = HealthSettings { extension: NameMismatch::Note, memory: 64 };
    for extension in ["png", "jpeg", "gif", "webp", "bmp", "tiff"] {
        let small = paths.iter().filter(|path| path.extension().is_some_and(|own| own == extension));
        let small = small.filter(|path| looked(path).is_ok()).min_by_key(|path| path.metadata().expect("a file").len());
        let Some(path) = small else { panic!("no sound {extension}") };
        damaged("a", &std::fs::read(path).expect("a file"), 60, |source| wanted.inspect(source));
    }
}
