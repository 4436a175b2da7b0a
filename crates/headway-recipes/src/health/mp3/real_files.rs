//! MP3 files of mutagen's tests and others that `lame` makes, with `mp3val` as the oracle; and small ones that are made here.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::super::HealthSettings;
use super::super::NameMismatch;
use super::super::crc::crc_16;
use super::super::real_files::{encoded, looked, looked_at, verdict};
use crate::reading::Reading;
use crate::testing::{damaged, damaged_at_places, media_files, tool};

/// How `lame` makes files: with constant and other bit rates, checksums in the frames, mono, lower sampling rates, and tags.
const MADE: [&[&str]; 8] = [
    &["-b", "128"],
    &["-p", "-b", "192"],
    &["-V", "2", "-m", "m"],
    &["--abr", "160"],
    &["--resample", "22.05"],
    &["--resample", "44.1", "-b", "320"],
    &["-t", "-b", "64"],
    &["--tt", "title", "--ta", "artist", "--add-id3v2"],
];

/// What `lame` makes of a recording.
fn made() -> Vec<Vec<u8>> {
    let each = MADE.iter().map_while(|arguments| {
        let arguments = [&["--quiet"][..], *arguments].concat();
        encoded("lame", &arguments, "pluck-pcm16.wav", "a.mp3")
    });
    each.collect()
}

/// What `mp3val` complains about, without what is no fault: a short file, and one without tags.
fn complaints(path: &Path) -> Vec<String> {
    let said = Command::new("mp3val").arg(path).output().expect("mp3val");
    let lines = String::from_utf8_lossy(&said.stdout).into_owned();
    let lines = lines.lines().filter(|line| line.starts_with("WARNING") || line.starts_with("ERROR"));
    let faults = lines.filter(|line| !line.contains("Too few MPEG frames") && !line.contains("No supported tags"));
    faults.map(str::to_owned).collect()
}

/// Whether we have no complaint: what is wrong would be a failure, a doubt, or a note on zeros before the first frame.
fn is_content(ours: &Result<Value, String>) -> bool {
    let notes = ours.as_ref().ok().and_then(|result| result["notes"].as_str());
    verdict(ours).starts_with("healthy") && !notes.is_some_and(|notes| notes.contains("before its first frame"))
}

#[test]
fn mp3_files_get_the_same_verdict_as_from_mp3val() {
    // mp3val does not know tags of ID3v2 that are at the end. It knows no empty file.
    const DIFFERS: [&str; 3] =
        ["audacious-trailing-id32-apev2.mp3", "audacious-trailing-id32-id31.mp3", "emptyfile.mp3"];
    let Some(paths) = media_files(&["mp3"]).filter(|_| tool("mp3val")) else { return };
    let mut healthy = 0;
    for path in paths.iter().filter(|path| !DIFFERS.iter().any(|end| path.ends_with(end))) {
        let (ours, theirs) = (looked(path), complaints(path));
        healthy += usize::from(is_content(&ours));
        assert_eq!(is_content(&ours), theirs.is_empty(), "{}: {ours:?}, mp3val: {theirs:?}", path.display());
    }
    assert!(paths.len() >= 20 && healthy >= 11, "{healthy} of {}", paths.len());
    for path in paths.iter().filter(|path| DIFFERS[..2].iter().any(|end| path.ends_with(end))) {
        assert!(is_content(&looked(path)), "{}", path.display());
    }
}

#[test]
fn what_lame_makes_is_healthy_and_damage_to_it_is_seen_as_by_mp3val() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.mp3");
    for (sound, arguments) in made().iter().zip(MADE) {
        let ours = looked_at("a.mp3", sound);
        let wanted = if arguments.contains(&"-t") { "healthy as far as checked" } else { "healthy" };
        assert_eq!(verdict(&ours), wanted, "{arguments:?}: {ours:?}");
        for (how, bytes) in damaged_at_places(sound).iter().filter(|_| tool("mp3val")) {
            std::fs::write(&path, bytes).expect("a file");
            let (ours, theirs) = (looked_at("a.mp3", bytes), complaints(&path));
            // A checksum sees more than mp3val does, and then we doubt.
            assert!(theirs.is_empty() || !is_content(&ours), "{arguments:?}, {how}: {ours:?}, mp3val: {theirs:?}");
            assert!(verdict(&ours) != "failed" || !theirs.is_empty(), "{arguments:?}, {how}: {ours:?}");
        }
    }
}

#[test]
fn a_bit_that_flips_in_the_sound_is_seen_where_the_encoder_wrote_a_checksum() {
    let Some(mut sound) = made().into_iter().next() else { return };
    let at = sound.len() - 50;
    sound[at] ^= 1;
    let ours = looked_at("a.mp3", &sound);
    assert!(ours.as_ref().is_ok_and(|result| result["notes"].to_string().contains("its encoder wrote")), "{ours:?}");
    assert_eq!(verdict(&ours), "doubtful");
}

#[test]
fn every_damaged_mp3_file_fails_with_a_sentence() {
    let wanted = HealthSettings { extension: NameMismatch::Note, memory: 64 };
    for sound in [Some(frames(9, false)), made().pop()].into_iter().flatten() {
        damaged("a.mp3", &sound, 300, |source| wanted.inspect(source));
        damaged("a", &sound, 100, |source| wanted.inspect(source));
    }
}

/// Frames of 128 kbit/s at 44.1 kHz with silence; perhaps with checksums.
fn frames(count: usize, is_protected: bool) -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb - u8::from(is_protected), 0x90, 0x00]);
    if is_protected {
        let crc = frame[2..4].iter().chain(&[0; 32]).fold(0xffff, |crc, byte| crc_16(crc, *byte));
        frame[4..6].copy_from_slice(&crc.to_be_bytes());
    }
    frame.repeat(count)
}

/// A first frame that says how many frames follow, and how many bytes there are.
fn info(frames: u32, bytes: u32) -> Vec<u8> {
    let mut frame = self::frames(1, false);
    let numbers = [3, frames, bytes].map(u32::to_be_bytes).concat();
    frame[36..52].copy_from_slice(&[&b"Xing"[..], &numbers].concat());
    frame
}

#[test]
fn each_kind_of_damage_to_mp3_is_told() {
    let fails = |bytes: &[u8], says: &str| {
        let looked = looked_at("a.mp3", bytes);
        assert!(looked.as_ref().is_err_and(|text| text.contains(says)), "{says}: {looked:?}");
    };
    let nine = frames(9, false);
    fails(&nine[..nine.len() - 1], "its last frame is not whole");
    fails(&[&nine[..], b"garbage", &nine].concat(), "at byte 3753: 7 bytes there are no sound");
    fails(&[&nine[..], b"garbage"].concat(), "its last 7 bytes are no sound");
    fails(&[info(10, 4_587), nine.clone()].concat(), "it says that it has 10 frames, and there are 9");
    fails(&[&b"ID3\x04\0\0\0\0\x7f\x7f"[..], &nine].concat(), "it ends within its tag");
    fails(&[&b"ID3\x04\0\0\0\0\0\x0a"[..], &[0; 10]].concat(), "it has tags and no sound");
    fails(b"no sound at all", "does not begin as one");
    let mut protected = frames(9, true);
    protected[500 * 2] ^= 0xff;
    assert!(looked_at("a.mp3", &protected).is_ok(), "the sound itself has no checksum");
    protected[2 * 417 + 10] ^= 0xff;
    fails(&protected, "1 of its 9 frames with a checksum do not match it");
}

#[test]
fn what_is_odd_about_mp3_is_noted_and_is_no_damage() {
    let note = |bytes: &[u8], wanted: &str, says: &str| {
        let looked = looked_at("a.mp3", bytes);
        let notes = looked.as_ref().map(|result| result["notes"].as_str().unwrap_or_default().contains(says));
        assert_eq!((verdict(&looked), notes), (wanted, Ok(true)), "{looked:?}");
    };
    let (nine, far) = (frames(9, false), "healthy as far as checked");
    note(&nine, far, "its frames were checked");
    note(&[info(9, 4_170), nine.clone()].concat(), far, "its frames were checked");
    note(&[&info(9, 4_170)[..], &nine, &[0; 30]].concat(), far, "30 zeros after its end");
    note(&[&info(9, 4_170)[..], &nine, b"other"].concat(), "doubtful", "5 bytes after its end");
    note(&[&b"other"[..], &nine].concat(), "doubtful", "5 bytes before its first frame");
    note(&[&[0; 5][..], &nine].concat(), far, "5 bytes before its first frame");
    note(&[info(8, 4_170), nine.clone()].concat(), far, "it says that it has 8 frames, and there are 9");
    let mut wrong = frames(9, true);
    wrong.chunks_mut(417).for_each(|frame| frame[4] ^= 1);
    note(&wrong, "doubtful", "none of its frames matches its checksum");
}

#[test]
fn other_sound_is_skipped_and_never_called_damaged() {
    let of = |head: [u8; 4]| [&head[..], &[0; 1_000]].concat();
    let tagged = |sound: &[u8]| [&b"ID3\x04\0\0\0\0\0\x0a"[..], &[0; 10], sound].concat();
    // A free format, and layer II.
    for (name, bytes) in [("a.mp3", of([0xff, 0xfb, 0x00, 0])), ("a.mp3", of([0xff, 0xfd, 0x90, 0]))] {
        assert_eq!(looked_at(name, &bytes), Err("skipped".into()), "{bytes:x?}");
    }
    // AAC behind a tag, and bytes that begin like a frame in a file without a name that says so.
    assert_eq!(looked_at("a.aac", &tagged(&of([0xff, 0xf1, 0x50, 0x80]))), Err("skipped".into()));
    assert_eq!(looked_at("a", &of([0xff, 0xfb, 0x90, 0])), Err("skipped".into()));
    assert!(looked_at("a", &frames(9, false)).is_ok_and(|result| result["type"] == "mp3"));
}
