//! FLAC files of mutagen's tests and others that `flac` makes, with `flac -t` as the oracle; and small ones that are made here.

use md5::{Digest, Md5};
use serde_json::json;

use super::super::HealthSettings;
use super::super::NameMismatch;
use super::super::crc::{crc_8, crc_16};
use super::super::real_files::{encoded, is_fine, looked, looked_at, verdict};
use crate::reading::Reading;
use crate::testing::{damaged, damaged_at_places, media_files, tool};

/// Recordings, and how `flac` packs each: with every predictor, with blocks of odd sizes, and with the bits of a sample that it has.
const MADE: [(&str, &[&str]); 8] = [
    ("pluck-pcm16.wav", &["-8", "-e", "-p"]),
    ("pluck-pcm16.wav", &["-0", "-b", "576"]),
    ("pluck-pcm16.wav", &["--lax", "-l", "32", "-b", "1000", "-r", "0,8"]),
    ("pluck-pcm16.wav", &["--disable-constant-subframes", "--disable-fixed-subframes", "-5"]),
    ("pluck-pcm8.wav", &["-5"]),
    ("pluck-pcm24.wav", &["-8"]),
    ("pluck-pcm32.wav", &["-5"]),
    ("pluck-pcm32.wav", &["-0"]),
];

const QUIET: [&str; 4] = ["--silent", "--force", "--no-padding", "--no-seektable"];

/// What `flac` makes of each recording.
fn made() -> Vec<Vec<u8>> {
    let each = MADE.iter().map_while(|(recording, arguments)| {
        let arguments = [&QUIET[..], *arguments].concat();
        encoded("flac", &arguments, recording, "a.flac")
    });
    each.collect()
}

/// Whether `flac -t` accepts a file with this content.
fn is_accepted(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.flac");
    std::fs::write(&path, bytes).expect("a file");
    is_fine("flac", &["--test", "--silent"], &path)
}

#[test]
fn flac_files_get_the_same_verdict_as_from_flac() {
    let Some(paths) = media_files(&["flac"]).filter(|_| tool("flac")) else { return };
    let mut healthy = 0;
    for path in &paths {
        let ours = looked(path);
        healthy += usize::from(verdict(&ours) == "healthy");
        let accepted = is_fine("flac", &["--test", "--silent"], path);
        assert_eq!(verdict(&ours) == "healthy", accepted, "{}: {ours:?}", path.display());
    }
    assert!(paths.len() >= 9 && healthy >= 2, "{healthy} of {}", paths.len());
}

#[test]
fn what_flac_makes_is_healthy_and_what_is_done_to_it_gets_the_same_verdict() {
    for (number, sound) in made().iter().enumerate() {
        let ours = looked_at("a.flac", sound);
        assert_eq!(ours, Ok(json!({ "verdict": "healthy", "type": "flac" })), "{:?}", MADE[number]);
        for (how, bytes) in damaged_at_places(sound) {
            let ours = looked_at("a.flac", &bytes);
            assert_eq!(verdict(&ours) == "healthy", is_accepted(&bytes), "{:?}, {how}: {ours:?}", MADE[number]);
        }
    }
}

#[test]
fn every_damaged_flac_file_fails_with_a_sentence() {
    let wanted = HealthSettings { extension: NameMismatch::Note, memory: 64 };
    let small = made().into_iter().min_by_key(Vec::len);
    for sound in [Some(tiny()), small].into_iter().flatten() {
        damaged("a.flac", &sound, 300, |source| wanted.inspect(source));
    }
}

/// A file with two frames of sixteen samples each, all 3 and all -2.
fn tiny() -> Vec<u8> {
    let samples = [3_i16, -2];
    let pcm: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes().repeat(16)).collect();
    let numbers = (44_100_u64 << 44) | (15 << 36) | 32;
    let info = [&[0, 16, 0, 16, 0, 0, 0, 0, 0, 0][..], &numbers.to_be_bytes(), &Md5::digest(&pcm)[..]].concat();
    let mut file = [&b"fLaC\x80\0\0\x22"[..], &info].concat();
    for (number, sample) in samples.iter().enumerate() {
        let mut frame = vec![0xff, 0xf8, 0x69, 0x08, number as u8, 15];
        frame.push(frame.iter().fold(0, |crc, byte| crc_8(crc, *byte)));
        frame.push(0);
        frame.extend(sample.to_be_bytes());
        let crc = frame.iter().fold(0, |crc, byte| crc_16(crc, *byte));
        frame.extend(crc.to_be_bytes());
        file.extend(frame);
    }
    file
}

#[test]
fn a_flac_file_that_is_made_here_is_healthy_for_both() {
    assert_eq!(looked_at("a.flac", &tiny()), Ok(json!({ "verdict": "healthy", "type": "flac" })));
    assert!(!tool("flac") || is_accepted(&tiny()));
}

#[test]
fn each_kind_of_damage_to_flac_is_told() {
    let fails = |bytes: &[u8], says: &str| {
        let looked = looked_at("a.flac", bytes);
        assert!(looked.as_ref().is_err_and(|text| text.contains(says)), "{says}: {looked:?}");
    };
    let tiny = tiny();
    let end = tiny.len();
    let with = |at: usize, byte: u8| {
        let mut bytes = tiny.clone();
        bytes[at] = byte;
        bytes
    };
    fails(&tiny[..30], "cut off");
    fails(&tiny[..end - 1], "cut off");
    fails(&tiny[..end - 12], "it says that it has 32 samples, and there are 16");
    fails(&with(30, 0xff), "its samples do not match their checksum");
    fails(&with(end - 8, 7), "the header of a frame does not match its checksum");
    fails(&with(end - 1, tiny[end - 1] ^ 1), "a frame does not match its checksum");
    fails(&with(42, 0), "no frame begins there");
    fails(&with(4, 0x81), "no block of a FLAC file begins there");
}

#[test]
fn what_is_odd_about_flac_is_noted_and_is_no_damage() {
    let note = |bytes: &[u8], wanted: &str, says: &str| {
        let looked = looked_at("a.flac", bytes);
        let notes = looked.as_ref().map(|result| result["notes"].as_str().unwrap_or_default().contains(says));
        assert_eq!((verdict(&looked), notes), (wanted, Ok(true)), "{looked:?}");
    };
    let tiny = tiny();
    let id3 = [&b"ID3\x04\0\0\0\0\0\x0a"[..], &[0; 10]].concat();
    let id3v1 = [&b"TAG"[..], &[b' '; 125]].concat();
    assert_eq!(verdict(&looked_at("a.flac", &[&id3[..], &tiny, &id3v1].concat())), "healthy");
    let misnamed = looked_at("a.mp3", &[&id3[..], &tiny].concat());
    assert!(misnamed.as_ref().is_err_and(|text| text.contains("it is a FLAC file, but its name says")), "{misnamed:?}");
    note(&[&tiny[..], b"other bytes"].concat(), "doubtful", "11 bytes after its end");
    note(&[&tiny[..], &[0; 9]].concat(), "healthy", "9 zeros after its end");
    let mut without = tiny.clone();
    without[26..42].fill(0);
    note(&without, "healthy", "no checksum of its samples");
    // The number of samples is not known either.
    without[25] = 0;
    note(&without, "healthy", "no checksum of its samples");
}
