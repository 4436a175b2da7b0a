//! image: converts pictures to JPEG, PNG or WebP and resizes them. The Exif orientation is applied to the pixels, colour profiles are
//! kept, and what a format cannot hold (16 bits, transparency, animation) is never lost unless it was asked for.

mod decode;
mod encode;
mod fit;
mod names;
#[cfg(test)]
mod real_files;

use std::io::{self, BufReader, Cursor, Write};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::health::more_pages;
use super::jpeg_variant;
use super::kind::{FileKind, FileLook};
use super::recipe::read;
use super::source::Source;
use super::tiff_variant;
use super::{
    Attempt, Binding, Effect, Failure, ItemResults, Obstacle, ReadHead, Recipe, Setting, Success, Unable, Work, report,
};
use decode::DecodedPicture;
use headway_files::{Library, OpenFile, Outputs};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect, FailReason, Output, OutputPlace, RelPath, StartJob, text};

pub(super) struct Image;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageSettings {
    format: ImageFormat,
    quality: u8,
    longest: u32,
    enlarge: bool,
    transparency: Transparency,
    depth: Depth,
    metadata: ExifChoice,
    memory: u64,
    /// Whether the output replaces the original, and so keeps its name.
    #[serde(skip)]
    replaces: bool,
}

/// The format that a picture is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ImageFormat {
    Same,
    Jpeg,
    Png,
    WebP,
}

/// What to do about transparency if the format has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transparency {
    Refuse,
    White,
    Black,
}

/// What to do about 16 bits if the format has only 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Depth {
    Refuse,
    Reduce,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExifChoice {
    Keep,
    Remove,
}

impl Recipe for Image {
    fn info(&self) -> RecipeInfo {
        let formats = [("same", "its own format"), ("jpeg", "JPEG"), ("png", "PNG"), ("webp", "lossless WebP")];
        let transparency =
            [("refuse", "fails"), ("white", "gets a white background"), ("black", "gets a black background")];
        let depth = [("refuse", "fails"), ("reduce", "is reduced to 8 bits")];
        let metadata = [("keep", "are kept"), ("remove", "are removed")];
        RecipeInfo {
            name: BuiltIn::Image.name().into(),
            summary: "Converts pictures (JPEG, PNG, WebP, TIFF, GIF, BMP) to JPEG, PNG or WebP, resizes them, or makes thumbnails.".into(),
            output_if: None,
            to_files: String::new(),
            settings: vec![
                Setting::choice("format", "Convert to", &formats)
                    .help("With its own format, a GIF, TIFF or BMP picture becomes PNG."),
                Setting::number("quality", "JPEG quality", 85, 1..=100, "%").only_if("format", ["same", "jpeg"]),
                Setting::number("longest", "Longest side", 0, 0..=65_535, "pixels")
                    .help("The picture is scaled to this width or height, and the other side in proportion. 0 keeps the size."),
                Setting::switch("enlarge", "Enlarge smaller pictures", false),
                Setting::choice("transparency", "A transparent picture as JPEG", &transparency)
                    .only_if("format", ["same", "jpeg"]),
                Setting::choice("depth", "A picture of 16 bits as JPEG or WebP", &depth)
                    .only_if("format", ["same", "jpeg", "webp"]),
                Setting::choice("metadata", "Exif data", &metadata).help("The colour profile is always kept."),
                Setting::number("memory", "A picture may take", 1_024, 16..=16_384, "MiB")
                    .help("Memory for the pixels of one picture. One that would take more is not decoded, and fails."),
            ],
            output: Some(Output::to(OutputPlace::Beside { name: "{/}".into() })),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::MAKES
    }

    fn obstacle(&self, request: &StartJob, _: &Library) -> Option<Obstacle> {
        let replaces = request.output.as_ref().is_some_and(Output::replaces);
        let is_same = request.settings.get("format").is_none_or(|format| format == "same");
        let text = "a picture of another format needs another name, so it cannot take the place of the original; choose beside it, or a folder";
        (replaces && !is_same).then(|| Obstacle { setting: Some("format"), text: text.into() })
    }

    fn output_for(&self, request: &StartJob, path: &RelPath) -> Option<Output> {
        let settings: ImageSettings = read(&self.info().settings, &request.settings).ok()?;
        settings.output(path, request.output.as_ref())
    }

    fn plan_detail(&self, request: &StartJob, _: &RelPath) -> Option<String> {
        let settings: ImageSettings = read(&self.info().settings, &request.settings).ok()?;
        fit::words(settings.longest, settings.enlarge)
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let wanted: ImageSettings = job.settings(&self.info().settings)?;
        Ok(Box::new(ImageSettings { replaces: job.request.output.as_ref().is_some_and(Output::replaces), ..wanted }))
    }
}

impl Work for ImageSettings {
    fn output(&self, path: &RelPath, default: Option<&Output>) -> Option<Output> {
        let output = default?.clone();
        Some(Output { place: names::place(self.format, self.longest, path, output.place), ..output })
    }

    fn is_for(&self, path: &RelPath, head: ReadHead<'_>) -> io::Result<bool> {
        Ok(FileLook::of(path, &head()?).is_among(is_picture))
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        let made = self.make(&source)?;
        let staged = attempt.staged()?;
        let writing = |error: std::io::Error| Failure::of(FailReason::Write, "writing", &error);
        staged.create().and_then(|mut file| file.write_all(&made.bytes)).map_err(writing)?;
        source.confirm(Success { effect: DiskEffect::Created, result: made.result.into() })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(results, outputs, "IMAGES", &["was", "became", "width", "height", "bytes", "notes"])
    }
}

/// A converted file, and what the report says about it.
struct MadeImage {
    bytes: Vec<u8>,
    result: Map<String, Value>,
}

impl ImageSettings {
    fn make(&self, source: &Source<'_>) -> Result<MadeImage, Failure> {
        let kind = source.kind_among(is_picture)?;
        let format = self.target(source, kind)?;
        let is_decoded = match kind {
            FileKind::Jpeg => jpeg_variant::is_decoded(source),
            FileKind::Tiff => tiff_variant::is_decoded(source),
            _ => true,
        };
        if !is_decoded {
            return Err(source.failure(decode::NOT_DECODED));
        }
        if kind == FileKind::Tiff && more_pages(source)?.is_some() {
            return Err(source.failure("it has several pages, and only the first would be left"));
        }
        let memory = self.memory << 20;
        if source.size() > memory {
            return Err(source.failure(&decode::too_large(memory)));
        }
        let reader = BufReader::with_capacity(64 * 1024, source.reader());
        let picture = decode::decode(reader, kind, memory).map_err(|why| source.failure(&why))?;
        let was = (picture.pixels.width(), picture.pixels.height());
        let size = fit::size(was, self.longest, self.enlarge);
        let mut notes = Vec::new();
        let is_turned = picture.orientation != ::image::metadata::Orientation::NoTransforms;
        let keeps_all = self.metadata == ExifChoice::Keep && !is_turned;
        let (bytes, (width, height)) = if self.longest > 0 && size == was && format == kind && keeps_all {
            // Encoding it again would only lose quality.
            notes.push("it was no larger than asked for, and is copied as it is");
            (source.head(usize::MAX)?, was)
        } else {
            let picture = self.fitted(picture, size, format, &mut notes).map_err(|why| source.failure(&why))?;
            let bytes = encode::encode(&picture, format, self.quality, source.attempt());
            let bytes = bytes.map_err(|why| source.failure(&why))?;
            check_picture(&picture, format, &bytes)?;
            (bytes, (picture.pixels.width(), picture.pixels.height()))
        };
        let mut result = Map::new();
        let size = text::counted(source.size(), ',', "byte", "bytes");
        result.insert("was".into(), format!("{}, {} x {}, {size}", kind.word(), was.0, was.1).into());
        result.insert("became".into(), format.word().into());
        result.insert("width".into(), width.into());
        result.insert("height".into(), height.into());
        result.insert("bytes".into(), bytes.len().into());
        if !notes.is_empty() {
            result.insert("notes".into(), json!(notes));
        }
        Ok(MadeImage { bytes, result })
    }

    /// The picture as it is to be saved: resized, upright, and without anything that the format cannot hold.
    fn fitted(
        &self,
        mut picture: DecodedPicture,
        size: (u32, u32),
        format: FileKind,
        notes: &mut Vec<&'static str>,
    ) -> Result<DecodedPicture, String> {
        let needed = fit::bytes(size, &picture.pixels);
        if needed > self.memory << 20 {
            return Err(decode::too_large(self.memory << 20));
        }
        if format == FileKind::Jpeg {
            picture.pixels = fit::without_alpha(picture.pixels, self.transparency, notes)?;
        }
        if matches!(format, FileKind::Jpeg | FileKind::WebP) {
            picture.pixels = fit::shallow(picture.pixels, self.depth, notes)?;
        }
        picture.pixels = fit::resized(picture.pixels, size)?;
        picture.pixels.apply_orientation(picture.orientation);
        picture.orientation = ::image::metadata::Orientation::NoTransforms;
        picture.exif = picture.exif.filter(|_| self.metadata == ExifChoice::Keep);
        picture.drop_unfit_profile(format, notes)?;
        Ok(picture)
    }

    /// The format that this file is saved in.
    fn target(&self, source: &Source<'_>, kind: FileKind) -> Result<FileKind, Failure> {
        Ok(match (self.format, kind) {
            (ImageFormat::Jpeg, _) => FileKind::Jpeg,
            (ImageFormat::Png, _) => FileKind::Png,
            (ImageFormat::WebP, _) => FileKind::WebP,
            (ImageFormat::Same, kind) => {
                // The name of the output follows from the name of the file.
                let named = FileKind::named(&source.attempt().path);
                if named.is_some_and(|named| named != kind) {
                    return Err(source.failure(&format!("it is {}, but its name says otherwise", kind.shown())));
                }
                let saved = if matches!(kind, FileKind::Jpeg | FileKind::WebP) { kind } else { FileKind::Png };
                if self.replaces && saved != kind {
                    let why = "it would become a PNG image, which cannot take its place and its name; choose beside it, or a folder";
                    return Err(source.failure(&format!("it is {}: {why}", kind.shown())));
                }
                saved
            }
        })
    }
}

/// Whether files of this type are pictures that can be decoded here.
fn is_picture(kind: FileKind) -> bool {
    use FileKind::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    matches!(kind, Jpeg | Png | WebP | Tiff | Gif | Bmp)
}

/// Decodes the result and checks it: a lossless format must give exactly the same pixels, JPEG the same size.
fn check_picture(picture: &DecodedPicture, format: FileKind, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |why: String| Failure::Failed(FailReason::Verify, format!("the new picture is not right: {why}"));
    let again = decode::decode(Cursor::new(bytes), format, u64::MAX).map_err(wrong)?;
    let size = |picture: &DecodedPicture| (picture.pixels.width(), picture.pixels.height());
    if size(&again) != size(picture) || again.profile != picture.profile {
        return Err(wrong("it has another size, or another colour profile".into()));
    }
    if format != FileKind::Jpeg && !fit::are_equal(&again.pixels, &picture.pixels) {
        return Err(wrong("its pixels are not those of the original".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: ImageSettings = super::super::defaults(&Image, json!({}));
        assert!((wanted.format, wanted.quality, wanted.longest) == (ImageFormat::Same, 85, 0) && !wanted.enlarge);
        assert!(wanted.transparency == Transparency::Refuse && wanted.depth == Depth::Refuse);
        assert!(wanted.metadata == ExifChoice::Keep && wanted.memory == 1_024);
    }
}
