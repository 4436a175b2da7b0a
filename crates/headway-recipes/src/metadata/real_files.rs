//! Real files from elsewhere, with exiftool as the oracle for metadata, and the tools of each format as the oracles
//! for pixels.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::testing::{Bench, damaged, damaged_corpus, real_files, tool};
use super::*;

fn wanted(settings: Value) -> MetadataSettings {
    super::super::defaults(&Metadata, settings)
}

/// The recipe's report on a file. The error is what is wrong, or `skipped`.
fn reported(bytes: &[u8]) -> Result<Value, String> {
    ended(Bench::new("a").on(bytes, |source| {
        let format = Format::of(source)?;
        Ok(SeenMetadata::new(source, format)?.report(format))
    }))
}

/// What the recipe turns a file into.
fn stripped(settings: Value, bytes: &[u8]) -> Result<(Vec<u8>, Value), String> {
    ended(Bench::new("a").on(bytes, |source| strip_to_bytes(&wanted(settings), source)))
}

fn strip_to_bytes(wanted: &MetadataSettings, source: &Source<'_>) -> Result<(Vec<u8>, Value), Failure> {
    let mut file = tempfile::tempfile().expect("a file");
    let format = Format::of(source)?;
    let seen = SeenMetadata::new(source, format)?;
    let result = wanted.strip(source, format, &seen, || Ok(file.try_clone().expect("a file").into()))?;
    let mut bytes = Vec::new();
    file.seek(std::io::SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).expect("a file");
    Ok((bytes, result))
}

fn ended<T>(result: Result<T, Failure>) -> Result<T, String> {
    match result {
        Ok(result) => Ok(result),
        Err(Failure::Failed(FailReason::Recipe, text)) => Err(text),
        Err(Failure::Skipped(SkipReason::Recipe)) => Err("skipped".into()),
        Err(other) => panic!("{other:?}"),
    }
}

/// Everything that exiftool finds in these files, by group. One call for all files, because exiftool starts slowly.
fn exiftool(paths: &[&Path]) -> Vec<Value> {
    let output =
        Command::new("exiftool").args(["-json", "-n", "-G1", "-a", "-q", "-q"]).args(paths).output().expect("exiftool");
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |path: &&Path| all.iter().find(|found| found["SourceFile"].as_str() == path.to_str()).cloned();
    paths.iter().map(|path| of(path).unwrap_or_else(|| panic!("exiftool says nothing of {}", path.display()))).collect()
}

/// The groups in which exiftool found metadata.
fn groups(found: &Value) -> Vec<String> {
    const PICTURE: [&str; 8] = ["Adobe", "System", "File", "ExifTool", "JFIF", "PNG", "RIFF", "Composite"];
    let groups = found.as_object().expect("an object").keys().filter_map(|key| Some(key.split_once(':')?.0.to_owned()));
    let mut groups: Vec<_> = groups
        .filter(|group| !PICTURE.contains(&group.as_str()) && !group.starts_with("ICC") && !group.starts_with("PNG-"))
        .collect();
    groups.dedup();
    groups
}

/// The path and the bytes of a picture.
type Picture = (PathBuf, Vec<u8>);

/// Real pictures. Many sample photos end after their Exif data: these get another photo's pixels, in a folder that
/// must be kept alive.
fn pictures() -> Option<(tempfile::TempDir, Vec<Picture>)> {
    let paths = real_files(&["jpg", "jpeg", "png", "webp"])?;
    let folder = tempfile::tempdir().expect("a folder");
    let sound = paths.iter().find(|path| path.ends_with("video-001.jpeg")).expect("a sound picture");
    let sound = std::fs::read(sound).expect("a file");
    let whole = |(number, path): (usize, PathBuf)| {
        let bytes = std::fs::read(&path).expect("a file");
        let end = match bytes.get(2..6) {
            Some([0xff, 0xe1, high, low]) => 4 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return (path, bytes),
        };
        if pixels(&path).is_some() || end > bytes.len() {
            return (path, bytes);
        }
        let path = folder.path().join(format!("{number}.jpg"));
        let bytes = [&bytes[..end], &sound[2..]].concat();
        std::fs::write(&path, &bytes).expect("a file");
        (path, bytes)
    };
    let pictures = paths.into_iter().enumerate().map(whole).collect();
    Some((folder, pictures))
}

/// The picture as the format's own tool decodes it; `None` if it refuses.
fn pixels(path: &Path) -> Option<Vec<u8>> {
    let output = Command::new("djpeg").arg(path).output().expect("djpeg");
    output.status.success().then_some(output.stdout)
}

#[test]
fn the_metadata_of_pictures_matches_exiftool() {
    let Some((_folder, pictures)) = pictures().filter(|_| tool("exiftool")) else { return };
    let theirs = exiftool(&pictures.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>());
    let (mut turned, mut placed, mut dated) = (0, 0, 0);
    for ((path, bytes), theirs) in pictures.iter().zip(&theirs) {
        let Ok(ours) = reported(bytes) else { continue };
        // exiftool ignores a JPEG that is not whole, and we do not read metadata that is packed into a text.
        let is_packed = ours["blocks"].as_array().expect("a list").contains(&"packed profile".into());
        if is_packed || theirs["ExifTool:Warning"] == "JPEG format error" {
            continue;
        }
        let shown = path.display();
        let field = |name: &str| theirs.get(name).filter(|value| value.as_str() != Some(""));
        let orientation = field("IFD0:Orientation").and_then(Value::as_u64).filter(|one| (1..=8).contains(one));
        assert_eq!(ours["orientation"].as_u64(), orientation, "{shown}");
        let taken = field("ExifIFD:DateTimeOriginal").and_then(Value::as_str).map(str::trim);
        if let Some(taken) = taken.filter(|taken| !taken.is_empty()) {
            assert_eq!(ours["taken"].as_str(), Some(taken), "{shown}");
            dated += 1;
        }
        let numbers = |text: &str| text.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>().ok();
        for (ours, name) in ours["place"].as_str().and_then(numbers).iter().flatten().zip(["Latitude", "Longitude"]) {
            // exiftool reads less from data with invalid offsets.
            let Some(theirs) = field(&format!("Composite:GPS{name}")).and_then(Value::as_f64) else { continue };
            assert!((ours - theirs).abs() < 1e-5, "{shown}: {ours} and {theirs}");
            placed += 1;
        }
        assert!(ours["place"].is_string() || field("GPS:GPSLatitude").is_none(), "{shown}");
        turned += usize::from(orientation.is_some_and(|one| one > 1));
    }
    assert!(dated >= 40 && turned >= 8 && placed >= 4, "{dated} dated, {turned} turned, {placed} with a place");
}

#[test]
fn a_stripped_picture_has_no_metadata_and_looks_the_same() {
    let Some((_folder, pictures)) = pictures().filter(|_| tool("exiftool") && tool("djpeg")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = Vec::new();
    for (number, (path, bytes)) in pictures.iter().enumerate() {
        let Ok((after, _)) = stripped(json!({ "action": "strip" }), bytes) else { continue };
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let new = folder.path().join(format!("{number:04}.{extension}"));
        std::fs::write(&new, &after).expect("a file");
        assert!(after.len() <= bytes.len() + 100, "{}", path.display());
        if FileKind::of(bytes) == Some(FileKind::Jpeg) {
            assert_eq!(pixels(&new), pixels(path), "{}", path.display());
        }
        // The second time there is nothing to do.
        let again = stripped(json!({ "action": "strip" }), &after).expect("a picture");
        assert!(again.0 == after, "{}", path.display());
        all.push((path, new));
    }
    let before = exiftool(&all.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>());
    let after = exiftool(&all.iter().map(|(_, new)| new.as_path()).collect::<Vec<_>>());
    let mut told = 0;
    for ((before, after), (path, _)) in before.iter().zip(&after).zip(&all) {
        let shown = path.display();
        told += usize::from(!groups(before).is_empty());
        let turned = before.get("IFD0:Orientation").and_then(Value::as_u64).filter(|one| (2..=8).contains(one));
        assert_eq!(after.get("IFD0:Orientation").and_then(Value::as_u64), turned, "{shown}");
        let left: Vec<_> = groups(after).into_iter().filter(|group| group != "IFD0" || turned.is_none()).collect();
        assert!(left.is_empty(), "{shown}: {left:?} in {after}");
        for part in ["File:ImageWidth", "File:ImageHeight", "File:Comment", "PNG:ImageWidth", "RIFF:ImageWidth"] {
            let kept = if part.ends_with("Comment") { None } else { before.get(part) };
            assert_eq!(after.get(part), kept, "{shown}: {part}");
        }
    }
    assert!(all.len() >= 100 && told >= 50, "{} stripped, {told} told something", all.len());
}

#[test]
fn without_the_place_the_rest_is_as_it_was() {
    let Some(paths) = real_files(&["jpg", "jpeg", "png", "webp"]).filter(|_| tool("exiftool")) else { return };
    let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("a file"));
    let pictures: Vec<_> = paths.into_iter().map(read).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = Vec::new();
    for (number, (path, bytes)) in pictures.iter().enumerate() {
        let Ok((after, result)) = stripped(json!({ "action": "place" }), bytes) else { continue };
        // Metadata packed into a text is removed as a whole.
        if result["gone"].as_array().expect("a list").contains(&"packed profile".into()) {
            continue;
        }
        let new = folder.path().join(format!("{number:04}"));
        std::fs::write(&new, &after).expect("a file");
        all.push((path, new));
    }
    let before = exiftool(&all.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>());
    let after = exiftool(&all.iter().map(|(_, new)| new.as_path()).collect::<Vec<_>>());
    let mut placed = 0;
    for ((before, after), (path, _)) in before.iter().zip(&after).zip(&all) {
        let keys = |found: &Value| -> Vec<String> {
            // Sizes and offsets differ.
            let told = |key: &&String| {
                ["IFD0:", "ExifIFD:", "IFD1:", "ICC-header:", "InteropIFD:"].iter().any(|group| key.starts_with(group))
                    && !key.ends_with("ThumbnailImage")
            };
            let all = found.as_object().expect("an object");
            all.iter().filter(|(key, _)| told(key)).map(|(key, value)| format!("{key}={value}")).collect()
        };
        assert_eq!(keys(after), keys(before), "{}", path.display());
        let place = |found: &Value| found.as_object().expect("an object").keys().any(|key| key.contains("GPS"));
        assert!(!place(after), "{}: {after}", path.display());
        placed += usize::from(place(before));
    }
    assert!(placed >= 3, "{placed} had a place");
}

#[test]
fn what_is_behind_the_end_goes_and_a_file_that_is_cut_off_is_left_alone() {
    let Some((_folder, pictures)) = pictures() else { return };
    let mut tried = 0;
    for (path, bytes) in &pictures {
        let Ok((plain, _)) = stripped(json!({ "action": "strip" }), bytes) else { continue };
        let (after, result) =
            stripped(json!({ "action": "strip" }), &[bytes, &b"a film"[..]].concat()).expect("a picture");
        assert!(after == plain, "{}", path.display());
        assert!(result["gone"].as_array().expect("a list").contains(&"data after the end".into()), "{result}");
        let says = stripped(json!({ "action": "strip" }), &plain[..plain.len() - 3]).expect_err("cut off");
        assert!(says.contains("cut off"), "{}: {says}", path.display());
        tried += 1;
    }
    assert!(tried >= 60, "{tried}");
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence() {
    let extensions = ["png", "jpg", "webp"];
    damaged_corpus(&extensions, |name, bytes| {
        Bench::new(name).on(bytes, |source| {
            let format = Format::of(source)?;
            Ok(SeenMetadata::new(source, format)?.report(format))
        })
    });
    for action in ["strip", "place"] {
        let wanted = wanted(json!({ "action": action }));
        damaged_corpus(&extensions, |name, bytes| Bench::new(name).on(bytes, |source| strip_to_bytes(&wanted, source)));
    }
}

#[test]
fn every_damaged_file_fails_with_a_sentence() {
    let Some((_folder, pictures)) = pictures() else { return };
    for extension in ["jpg", "png", "webp"] {
        let of_kind = pictures.iter().filter(|(path, _)| path.extension().is_some_and(|own| own == extension));
        let told =
            |bytes: &[u8]| reported(bytes).is_ok_and(|report| extension != "jpg" || report["camera"].is_string());
        let small = of_kind.filter(|(_, bytes)| told(bytes)).min_by_key(|(_, bytes)| bytes.len());
        let (_, bytes) = small.expect("a picture");
        for action in ["strip", "place"] {
            let wanted = wanted(json!({ "action": action }));
            damaged("a", bytes, 200, |source| strip_to_bytes(&wanted, source));
        }
    }
}

#[test]
fn who_made_it_stays_if_asked_for() {
    let credit = [
        &b"MM\0*\0\0\0\x08\0\x02"[..],
        b"\x01\x3b\0\x02\0\0\0\x06\0\0\0\x26",
        b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0",
        &[0; 4],
        b"Jane\x20\0",
    ]
    .concat();
    let block = png::exif(&credit).expect("a chunk");
    let chunk = |name: &[u8], data: &[u8]| {
        let named = [name, data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
    };
    let sound = [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
        &chunk(b"tEXt", b"Copyright\0Jane"),
        &chunk(b"tEXt", b"Comment\0secret"),
        &block,
        &chunk(b"IDAT", b"anything"),
        &chunk(b"IEND", b""),
    ]
    .concat();
    assert_eq!(reported(&sound).expect("a report")["artist"], "Jane");
    let has = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let (kept, _) = stripped(json!({ "action": "strip", "copyright": true }), &sound).expect("a picture");
    assert!(has(&kept, "Copyright") && !has(&kept, "secret"));
    assert_eq!(
        reported(&kept).map(|report| (report["artist"].clone(), report["orientation"].clone())),
        Ok(("Jane".into(), 6.into()))
    );
    let (plain, result) = stripped(json!({ "action": "strip", "orientation": false }), &sound).expect("a picture");
    assert!(!has(&plain, "Jane") && !has(&plain, "eXIf"), "{result}");
    let unknown = [&sound[..33], &chunk(b"NEWc", b""), &sound[33..]].concat();
    let says = stripped(json!({ "action": "strip" }), &unknown).expect_err("not known");
    assert!(says.contains("a chunk NEWc"), "{says}");
}
