//! Real pictures from elsewhere, with the tools of each format as the oracles.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::testing::{Bench, damaged, damaged_corpus, real_files, tool};
use super::*;
use headway_model::SkipReason;

fn wanted(settings: Value) -> ImageSettings {
    super::super::defaults(&Image, settings)
}

/// What the recipe turns a file into. The error is what is wrong, or `skipped`.
fn made(settings: Value, name: &str, bytes: &[u8]) -> Result<MadeImage, String> {
    match Bench::new(name).on(bytes, |source| wanted(settings).make(source)) {
        Ok(made) => Ok(made),
        Err(Failure::Failed(FailReason::Recipe, text)) => Err(text),
        Err(Failure::Skipped(SkipReason::Recipe)) => Err("skipped".into()),
        Err(other) => panic!("{name}: {other:?}"),
    }
}

fn files(extensions: &[&str]) -> Option<Vec<(PathBuf, String, Vec<u8>)>> {
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let paths = real_files(extensions)?;
    Some(paths.into_iter().map(|path| (path.clone(), name(&path), std::fs::read(path).expect("a file"))).collect())
}

/// A picture as `djpeg` decodes it: width, height and samples.
fn by_djpeg(arguments: &[&str], path: &Path) -> (usize, usize, Vec<u8>) {
    let output = Command::new("djpeg").args(["-pnm"]).args(arguments).arg(path).output().expect("djpeg");
    assert!(output.status.success() && output.stderr.is_empty(), "{}: {output:?}", path.display());
    let head = output.stdout.split_inclusive(|byte| byte.is_ascii_whitespace());
    let head: Vec<_> = head.take(4).collect();
    let number = |index: usize| std::str::from_utf8(head[index]).expect("a number").trim().parse().expect("a number");
    (number(1), number(2), output.stdout[head.iter().map(|part| part.len()).sum()..].to_vec())
}

/// How alike two pictures are, in decibels.
fn likeness(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let squares = one.iter().zip(other).map(|(one, other)| f64::from(i32::from(*one) - i32::from(*other)).powi(2));
    let mean = squares.sum::<f64>() / one.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

#[test]
fn jpeg_pictures_are_made_smaller_as_djpeg_scales_them() {
    let Some(files) = files(&["jpg", "jpeg"]).filter(|_| tool("djpeg")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut compared = 0;
    for (path, name, bytes) in &files {
        let Ok(DecodedPicture { pixels, orientation, .. }) =
            decode::decode(Cursor::new(bytes), FileKind::Jpeg, 1 << 28)
        else {
            continue;
        };
        let (width, height) = (pixels.width(), pixels.height());
        if width < 32 || orientation.to_exif() != 1 {
            continue;
        }
        let longest = width.max(height).div_ceil(2);
        let made = made(json!({ "longest": longest, "quality": 95 }), name, bytes).expect("a picture");
        let new = folder.path().join("new.jpg");
        std::fs::write(&new, &made.bytes).expect("a file");
        let (ours, theirs) = (by_djpeg(&[], &new), by_djpeg(&["-scale", "4/8"], path));
        // djpeg rounds half of an odd side up, which can differ from the exact proportion.
        if (ours.0, ours.1) != (theirs.0, theirs.1) {
            assert!(ours.0.abs_diff(theirs.0) + ours.1.abs_diff(theirs.1) == 1, "{}", path.display());
            continue;
        }
        let alike = likeness(&ours.2, &theirs.2);
        assert!(alike > 24.0, "{}: {alike:.1} dB", path.display());
        compared += 1;
    }
    assert!(compared >= 10, "{compared}");
}

#[test]
fn pictures_become_png_and_webp_without_loss_and_jpeg_with_little() {
    let Some(files) =
        files(&["png", "webp", "gif", "bmp", "tif", "tiff"]).filter(|_| tool("pngcheck") && tool("djpeg"))
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut lossless, mut lossy) = (0, 0);
    for (path, name, bytes) in files.iter().filter(|(.., bytes)| bytes.len() < 300_000) {
        let shown = path.display();
        // The recipe itself checks that the pixels are the same; this checks that other programs can read them.
        if let Ok(png) = made(json!({ "format": "png" }), name, bytes) {
            let new = folder.path().join("new.png");
            std::fs::write(&new, &png.bytes).expect("a file");
            let output = Command::new("pngcheck").arg("-q").arg(&new).output().expect("pngcheck");
            assert!(output.status.success(), "{shown}: {output:?}");
            lossless += 1;
        }
        let loose = json!({ "format": "jpeg", "quality": 95, "transparency": "white", "depth": "reduce" });
        let Ok(jpeg) = made(loose, name, bytes) else { continue };
        let new = folder.path().join("new.jpg");
        std::fs::write(&new, &jpeg.bytes).expect("a file");
        by_djpeg(&[], &new);
        if let Ok(webp) = made(json!({ "format": "webp", "depth": "reduce" }), name, bytes) {
            assert_eq!(FileKind::of(&webp.bytes), Some(FileKind::WebP), "{shown}");
        }
        lossy += 1;
    }
    assert!(lossless >= 60 && lossy >= 60, "{lossless} without loss, {lossy} with");
}

#[test]
fn turned_pictures_are_upright_afterwards_and_profiles_stay() {
    let Some(files) = files(&["jpg", "jpeg", "png", "webp"]).filter(|_| tool("exiftool")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut turned, mut profiles) = (0, 0);
    for (path, name, bytes) in &files {
        let Some(kind) =
            FileKind::of(bytes).filter(|kind| matches!(kind, FileKind::Jpeg | FileKind::Png | FileKind::WebP))
        else {
            continue;
        };
        let Ok(before) = decode::decode(Cursor::new(bytes), kind, 1 << 28) else { continue };
        let is_turned = before.orientation.to_exif() > 1;
        if !is_turned && before.profile.is_none() {
            continue;
        }
        let Ok(made) = made(json!({ "longest": 64 }), name, bytes) else { continue };
        let new = folder.path().join(name);
        std::fs::write(&new, &made.bytes).expect("a file");
        let output = Command::new("exiftool").args(["-json", "-n", "-G1"]).arg(&new).output().expect("exiftool");
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let found = &found[0];
        if is_turned {
            assert_eq!(found["IFD0:Orientation"], 1, "{}: {found}", path.display());
            turned += 1;
        }
        if before.profile.is_some() {
            assert!(found.get("ICC-header:ColorSpaceData").is_some(), "{}: {found}", path.display());
            profiles += 1;
        }
        let across = before.orientation.to_exif() >= 5;
        let (width, height) = (before.pixels.width(), before.pixels.height());
        let is_wide = if across { height > width } else { width > height };
        let side = |name: &str| found[name].as_u64().expect("a side");
        let file = if kind == FileKind::Png { "PNG" } else { "File" };
        if kind != FileKind::WebP && width != height {
            assert_eq!(
                side(&format!("{file}:ImageWidth")) > side(&format!("{file}:ImageHeight")),
                is_wide,
                "{}",
                path.display()
            );
        }
    }
    println!("{turned} turned, {profiles} with a profile");
    assert!(turned >= 1 || profiles >= 1);
}

#[test]
fn a_conversion_that_would_lose_something_is_refused_with_the_reason() {
    let Some(files) = files(&["jpg", "jpeg", "png", "gif", "webp", "tif", "tiff"]) else { return };
    let mut said = std::collections::BTreeMap::<&str, u32>::new();
    for (path, name, bytes) in files.iter().filter(|(.., bytes)| bytes.len() < 300_000) {
        let Err(says) = made(json!({ "format": "jpeg" }), name, bytes) else { continue };
        for why in ["transparent", "16 bits", "CMYK", "cut off"] {
            *said.entry(why).or_default() += u32::from(says.contains(why));
        }
        assert!(!says.is_empty() && says.len() <= 400, "{}: {says}", path.display());
    }
    println!("{said:?}");
    assert!(["transparent", "16 bits", "CMYK"].iter().all(|why| said[why] >= 1), "{said:?}");
}

/// A chunk of a PNG file.
fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// A picture of two by two pixels.
fn small(format: ::image::ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    ::image::DynamicImage::new_rgba8(2, 2).write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

#[test]
fn animated_pictures_of_every_format_are_refused() {
    let mut gif = Vec::new();
    let frame = || ::image::Frame::new(::image::RgbaImage::new(2, 2));
    ::image::codecs::gif::GifEncoder::new(&mut gif).encode_frames([frame(), frame()]).expect("two frames");

    let png = small(::image::ImageFormat::Png);
    let behind_the_head = 8 + 25;
    let control = chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let size = [[0, 0, 0, 0], [0, 0, 0, 2], [0, 0, 0, 2], [0; 4], [0; 4]].concat();
    let first = chunk(b"fcTL", &[&size[..], &[0, 1, 0, 10, 0, 0]].concat());
    let apng = [&png[..behind_the_head], &control, &first, &png[behind_the_head..]].concat();

    let webp = small(::image::ImageFormat::WebP);
    let chunk = |name: &[u8], data: &[u8]| [name, &(data.len() as u32).to_le_bytes(), data].concat();
    let frame = chunk(b"ANMF", &[&[0; 6][..], &[1, 0, 0, 1, 0, 0, 10, 0, 0, 0], &webp[12..]].concat());
    let parts = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[0x12, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
        chunk(b"ANIM", &[0; 6]),
        frame.clone(),
        frame,
    ];
    let webp = chunk(b"RIFF", &parts.concat());

    for (name, bytes) in [("a.gif", gif), ("a.png", apng), ("a.webp", webp)] {
        for format in ["same", "jpeg", "png"] {
            let says = made(json!({ "format": format }), name, &bytes).err().expect("animated");
            assert!(says.contains("it is animated"), "{name}: {says}");
        }
    }
}

#[test]
fn a_name_that_says_another_format_matters_only_where_the_name_stays() {
    let png = small(::image::ImageFormat::Png);
    let says = made(json!({}), "a.jpg", &png).err().expect("another format");
    assert!(says.contains("it is a PNG image, but its name says otherwise"), "{says}");
    assert!(made(json!({ "format": "webp" }), "a.jpg", &png).is_ok());
    let says = made(json!({}), "a.jpg", b"no picture at all, but long enough").err().expect("no picture");
    assert!(says.contains("does not begin as one"), "{says}");
    // A PNG cannot replace a GIF, because the name would be wrong.
    let gif = small(::image::ImageFormat::Gif);
    let wanted = ImageSettings { replaces: true, ..wanted(json!({})) };
    let says = Bench::new("a.gif").on(&gif, |source| wanted.make(source)).err().expect("another format");
    assert!(matches!(&says, Failure::Failed(_, text) if text.contains("cannot take its place")), "{says:?}");
}

#[test]
fn exif_data_that_are_to_go_go_even_if_the_picture_is_small_enough() {
    let Some(files) = files(&["jpg"]) else { return };
    let mut seen = 0;
    for (path, name, bytes) in &files {
        let Ok(before) = decode::decode(Cursor::new(bytes), FileKind::Jpeg, 1 << 28) else { continue };
        if before.exif.is_none() {
            continue;
        }
        let made = made(json!({ "longest": 60_000, "metadata": "remove" }), name, bytes).expect("a picture");
        let after = decode::decode(Cursor::new(&made.bytes), FileKind::Jpeg, 1 << 28).expect("a picture");
        assert!(after.exif.is_none(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 1, "none has Exif data");
}

#[test]
fn a_picture_that_would_take_too_much_memory_is_not_decoded() {
    // The header claims 60,000 by 60,000 pixels.
    let side = 60_000_u32.to_be_bytes();
    let head = [&side[..], &side, &[8, 6, 0, 0, 0]].concat();
    let bomb =
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", &[0; 64]), &chunk(b"IEND", b"")].concat();
    let says = made(json!({}), "a.png", &bomb).err().expect("too large");
    assert!(says.contains("more than 1024 MiB"), "{says}");
    // A picture that would become too large.
    let mut one = Cursor::new(Vec::new());
    ::image::DynamicImage::new_rgb8(1, 1).write_to(&mut one, ::image::ImageFormat::Png).expect("a picture");
    let one = one.into_inner();
    let says = made(json!({ "longest": 65_535, "enlarge": true }), "a.png", &one).err().expect("too large");
    assert!(says.contains("more than 1024 MiB"), "{says}");
}

#[test]
fn every_damaged_file_of_the_corpus_fails_with_a_sentence() {
    let wanted = wanted(json!({ "longest": 40, "transparency": "black", "depth": "reduce", "memory": 64 }));
    damaged_corpus(&["png", "jpg", "gif", "webp", "bmp", "tif"], |name, bytes| {
        Bench::new(name).on(bytes, |source| wanted.make(source))
    });
}

#[test]
fn every_damaged_file_fails_with_a_sentence() {
    let Some(files) = files(&["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]) else { return };
    let wanted = wanted(json!({ "longest": 40, "transparency": "black", "depth": "reduce", "memory": 64 }));
    for kind in [FileKind::Jpeg, FileKind::Png, FileKind::WebP, FileKind::Gif, FileKind::Bmp, FileKind::Tiff] {
        let sound = files
            .iter()
            .filter(|(_, name, bytes)| FileKind::of(bytes) == Some(kind) && made(json!({}), name, bytes).is_ok());
        let (_, _, bytes) = sound.min_by_key(|(.., bytes)| bytes.len()).expect("a picture");
        damaged("a", bytes, 60, |source| wanted.make(source));
    }
}
