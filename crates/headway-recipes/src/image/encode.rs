//! Encodes a picture.

use std::io::{self, Write};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder};

use super::decode::DecodedPicture;
use crate::Attempt;
use crate::kind::FileKind;

/// The longest side that WebP allows.
const WEBP_LONGEST: u32 = 16_383;

/// The bytes of an ICC profile that name its colour space (ICC.1:2022, 7.2.6).
const SPACE: std::ops::Range<usize> = 16..20;

impl DecodedPicture {
    /// Drops a profile that does not fit the colours of the picture.
    pub(super) fn drop_unfit_profile(&mut self, format: FileKind, notes: &mut Vec<&'static str>) -> Result<(), String> {
        let Some(profile) = &self.profile else { return Ok(()) };
        let is_grey = !self.pixels.color().has_color();
        let own: &[u8] = if is_grey { b"GRAY" } else { b"RGB " };
        if profile.get(SPACE) != Some(own) {
            notes.push("its colour profile did not fit its colours, and was removed");
            self.profile = None;
        } else if is_grey && format == FileKind::WebP {
            return Err("it is grey with a colour profile for grey, which WebP cannot hold".into());
        }
        Ok(())
    }

    /// The Exif data for upright pixels: without the orientation, and without the thumbnail, which would still be
    /// rotated.
    fn upright(&self) -> Option<Vec<u8>> {
        let mut exif = self.exif.clone()?;
        // The data have an orientation or they do not; either way none is left.
        let _ = Orientation::remove_from_exif_chunk(&mut exif);
        crate::metadata::without_thumbnail(&mut exif);
        Some(exif)
    }
}

/// Encodes a picture. The quality is for JPEG only.
///
/// # Errors
/// A sentence that says what the format cannot hold.
pub(super) fn encode(
    picture: &DecodedPicture,
    format: FileKind,
    quality: u8,
    attempt: &Attempt,
) -> Result<Vec<u8>, String> {
    let mut to = EncodedBytes { bytes: Vec::new(), attempt };
    match format {
        FileKind::Jpeg => jpeg(picture, quality, &mut to)?,
        FileKind::WebP if picture.pixels.width().max(picture.pixels.height()) > WEBP_LONGEST => {
            return Err(format!("WebP cannot hold more than {WEBP_LONGEST} pixels in a row or column"));
        }
        FileKind::WebP => image(picture, WebPEncoder::new_lossless(&mut to))?,
        _ => image(picture, PngEncoder::new_with_quality(&mut to, CompressionType::Default, FilterType::Adaptive))?,
    }
    Ok(to.bytes)
}

fn image(picture: &DecodedPicture, mut encoder: impl ImageEncoder) -> Result<(), String> {
    if let Some(profile) = &picture.profile {
        encoder
            .set_icc_profile(profile.clone())
            .map_err(|_| "its colour profile cannot be kept: the new format has no place for it")?;
    }
    if let Some(exif) = picture.upright() {
        encoder
            .set_exif_metadata(exif)
            .map_err(|_| "its Exif data cannot be kept: the new format has no place for them")?;
    }
    let pixels = &picture.pixels;
    let encoded = encoder.write_image(pixels.as_bytes(), pixels.width(), pixels.height(), pixels.color().into());
    encoded.map_err(|error| not_encoded(&error))
}

fn jpeg(picture: &DecodedPicture, quality: u8, to: &mut EncodedBytes<'_>) -> Result<(), String> {
    let size = u16::try_from(picture.pixels.width()).ok().zip(u16::try_from(picture.pixels.height()).ok());
    let (width, height) = size.ok_or("JPEG cannot hold more than 65535 pixels in a row or column")?;
    let colours = match &picture.pixels {
        DynamicImage::ImageLuma8(_) => ColorType::Luma,
        DynamicImage::ImageRgb8(_) => ColorType::Rgb,
        _ => return Err("JPEG cannot hold its pixels: they are neither grey nor RGB of 8 bits".into()),
    };
    let mut encoder = Encoder::new(to, quality);
    encoder.set_optimized_huffman_tables(true);
    let kept = |what: &'static str| move |_| format!("its {what} cannot be kept: it is too long for a JPEG");
    // If there are both, Exif comes first.
    if let Some(exif) = picture.upright() {
        encoder.add_exif_metadata(&exif).map_err(kept("Exif data"))?;
    }
    if let Some(profile) = &picture.profile {
        encoder.add_icc_profile(profile).map_err(kept("colour profile"))?;
    }
    let encoded = encoder.encode(picture.pixels.as_bytes(), width, height, colours);
    encoded.map_err(|error| not_encoded(&error))
}

/// An encoder gave up, which is not the file's fault.
fn not_encoded(error: &dyn std::error::Error) -> String {
    tracing::warn!(%error, "an encoder gave up");
    "its pixels cannot be written in the new format".into()
}

/// Collects an encoder's output, and fails once the attempt is to end.
struct EncodedBytes<'a> {
    bytes: Vec<u8>,
    attempt: &'a Attempt,
}

impl Write for EncodedBytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.attempt.is_stopped() {
            return Err(io::Error::other("it was stopped"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
