//! Packing and unpacking, with `gzip` and `zstd` as the oracles.

use std::process::{Command, Stdio};

use super::super::testing::{Bench, damaged, damaged_corpus, tool};
use super::*;

const LIMITS: (u64, u32) = (1 << 30, 128);

fn wanted(settings: Value) -> CompressSettings {
    super::super::defaults(&Compress, settings)
}

/// What the recipe packs these bytes into.
fn packed(wanted: &CompressSettings, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("packed");
    let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path).expect("a file");
    let sizes = Bench::new("a").on(bytes, |source| pack::pack(source, file.into(), wanted)).expect("packed");
    let packed = std::fs::read(path).expect("a file");
    assert_eq!(sizes, (bytes.len() as u64, packed.len() as u64));
    packed
}

/// What the recipe unpacks these bytes to.
fn unpacked(kind: FileKind, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let take = |bytes: &[u8]| {
        content.extend_from_slice(bytes);
        Ok(())
    };
    match Bench::new("a").on(bytes, |source| unpack(source, kind, LIMITS, take)) {
        Ok(_) => Ok(content),
        Err(Failure::Failed(FailReason::Recipe, text)) => Err(text),
        Err(other) => panic!("{other:?}"),
    }
}

/// What a program turns these bytes into; `None` if it fails.
fn by(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a program");
    let (mut stdin, bytes) = (child.stdin.take().expect("a pipe"), bytes.to_vec());
    let feeding = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().expect("an end");
    // A program that refuses its input does not read all of it.
    let _ = feeding.join().expect("no panic");
    output.status.success().then_some(output.stdout)
}

/// Contents that get smaller, contents that do not, and an empty one.
fn contents() -> Vec<Vec<u8>> {
    let mut random = super::super::testing::Random(7);
    let noise = (0..300_000).map(|_| random.next() as u8).collect();
    let text = (0..50_000).flat_map(|line| format!("line {line} of many\n").into_bytes()).collect();
    vec![Vec::new(), b"x".to_vec(), text, noise, vec![0; 1_000_000]]
}

#[test]
fn what_is_packed_is_read_by_the_tools_and_what_they_pack_is_read() {
    for (program, kind, action) in [("gzip", FileKind::Gzip, "gzip"), ("zstd", FileKind::Zstd, "zstd")] {
        if !tool(program) {
            continue;
        }
        let wanted = wanted(json!({ "action": action }));
        for content in contents() {
            let packed = packed(&wanted, &content);
            assert!(by(program, &["-dc"], &packed).is_some_and(|unpacked| unpacked == content), "{program}");
            let theirs = by(program, &["-c"], &content).expect("packed");
            assert!(unpacked(kind, &theirs).is_ok_and(|unpacked| unpacked == content), "{program}");
            // Several frames in a row make one file; other bytes after the last one do not belong to it.
            let twice = [&theirs[..], &packed[..]].concat();
            let expected = [&content[..], &content[..]].concat();
            assert!(unpacked(kind, &twice).is_ok_and(|unpacked| unpacked == expected), "{program}");
            let says = unpacked(kind, &[&packed[..], b"more"].concat()).expect_err("bytes after its end");
            assert!(says.starts_with("it is damaged"), "{says}");
            let says = unpacked(kind, &packed[..packed.len() - 1]).expect_err("cut off");
            assert!(says.contains("cut off"), "{program}: {says}");
        }
    }
    // Zeros at the end are accepted, as `gzip` does, because tapes end with zeros.
    let padded = [packed(&wanted(json!({ "action": "gzip" })), b"text"), vec![0; 512]].concat();
    assert_eq!(unpacked(FileKind::Gzip, &padded).as_deref(), Ok(&b"text"[..]));
}

#[test]
fn a_request_beyond_the_limits_is_refused_with_the_reason() {
    let bomb = packed(&wanted(json!({})), &vec![0; 8 << 20]);
    let refused = Bench::new("a").on(&bomb, |source| unpack(source, FileKind::Zstd, (1 << 20, 128), |_| Ok(())));
    assert!(matches!(refused, Err(Failure::Failed(_, text)) if text.contains("more than")));
    // The frame header claims a window of 256 MiB.
    let long = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90][..], &[1, 0, 0]].concat();
    let says = unpacked(FileKind::Zstd, &long).expect_err("too long a window");
    assert!(says.contains("a window of more than 128 MiB"), "{says}");
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence() {
    for (extension, kind) in [("gz", FileKind::Gzip), ("zst", FileKind::Zstd)] {
        damaged_corpus(&[extension], |name, bytes| {
            Bench::new(name).on(bytes, |source| unpack(source, kind, LIMITS, |_| Ok(())))
        });
    }
}

#[test]
fn every_damaged_file_fails_with_a_sentence() {
    let text = b"some text, some text again, and some text ".repeat(40);
    for (kind, action) in [(FileKind::Gzip, "gzip"), (FileKind::Zstd, "zstd")] {
        let sound = packed(&wanted(json!({ "action": action })), &text);
        damaged("a", &sound, 400, |source| unpack(source, kind, LIMITS, |_| Ok(())));
    }
}
