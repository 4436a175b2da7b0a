//! Decodes a picture into pixels and metadata. Limits are checked before anything is unpacked.

use std::io::{BufRead, Seek};

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ExtendedColorType, ImageBuffer, ImageDecoder, ImageError, Limits};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::decoder_faults::PictureFault;
use crate::exif_header::without_exif_header;
use crate::kind::FileKind;

/// The message for a picture that is not known to be damaged, and that is not decoded.
pub(super) const NOT_DECODED: &str = "it is of a kind that is not decoded here";

/// The longest side that JPEG allows.
const SIDE_LIMIT_PIXELS: usize = 65_535;

/// A decoded picture.
pub(super) struct DecodedPicture {
    pub(super) pixels: DynamicImage,
    /// Its ICC profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Its Exif data.
    pub(super) exif: Option<Vec<u8>>,
    /// How the pixels are still to be rotated or flipped.
    pub(super) orientation: Orientation,
}

/// The message for a picture that needs more than this many bytes of memory.
pub(super) fn too_large(memory: u64) -> String {
    format!("it would take more than {} MiB of memory, the limit that was set", memory >> 20)
}

/// Decodes a picture of this type, using at most this many bytes of memory for its pixels.
///
/// # Errors
/// A sentence that says why it cannot be decoded, or not without loss.
pub(super) fn decode(reader: impl BufRead + Seek, kind: FileKind, memory: u64) -> Result<DecodedPicture, String> {
    let wrong = |error: ImageError| wrong(error.into(), memory);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(memory);
    match kind {
        FileKind::Jpeg => jpeg(reader, memory),
        FileKind::Png => {
            let decoder = PngDecoder::with_limits(reader, limits).map_err(wrong)?;
            if decoder.is_apng().map_err(wrong)? {
                return Err(animated());
            }
            plain(decoder, memory)
        }
        FileKind::WebP => {
            let mut decoder = WebPDecoder::new(reader).map_err(wrong)?;
            if decoder.has_animation() {
                return Err(animated());
            }
            decoder.set_limits(limits).map_err(wrong)?;
            plain(decoder, memory)
        }
        FileKind::Tiff => {
            let mut decoder = TiffDecoder::new(reader).map_err(wrong)?;
            decoder.set_limits(limits).map_err(wrong)?;
            plain(decoder, memory)
        }
        FileKind::Gif => gif(reader, memory, limits),
        _ => {
            let mut decoder = BmpDecoder::new(reader).map_err(wrong)?;
            decoder.set_limits(limits).map_err(wrong)?;
            plain(decoder, memory)
        }
    }
}

fn plain(mut decoder: impl ImageDecoder, memory: u64) -> Result<DecodedPicture, String> {
    let wrong = |error: ImageError| wrong(error.into(), memory);
    if decoder.total_bytes() > memory {
        return Err(too_large(memory));
    }
    if matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) {
        return Err(is_cmyk());
    }
    let profile = decoder.icc_profile().map_err(wrong)?;
    let exif = decoder.exif_metadata().map_err(wrong)?;
    let orientation = decoder.orientation().map_err(wrong)?;
    let pixels = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    if matches!(pixels, DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_)) {
        return Err("its pixels are floating-point numbers, which no format here can hold".into());
    }
    Ok(DecodedPicture { pixels, profile, exif: exif.map(without_exif_header), orientation })
}

fn gif(reader: impl BufRead + Seek, memory: u64, limits: Limits) -> Result<DecodedPicture, String> {
    let wrong = |error: ImageError| wrong(error.into(), memory);
    let mut decoder = GifDecoder::new(reader).map_err(wrong)?;
    decoder.set_limits(limits).map_err(wrong)?;
    if decoder.total_bytes() > memory {
        return Err(too_large(memory));
    }
    let profile = decoder.icc_profile().map_err(wrong)?;
    let mut frames = decoder.into_frames();
    let first = frames.next().ok_or("it has no picture")?.map_err(wrong)?;
    if frames.next().transpose().map_err(wrong)?.is_some() {
        return Err(animated());
    }
    let pixels = DynamicImage::ImageRgba8(first.into_buffer());
    Ok(DecodedPicture { pixels, profile, exif: None, orientation: Orientation::NoTransforms })
}

/// Decodes strictly, because a damaged picture that most decoders accept with a warning would otherwise be saved as
/// if it were whole.
fn jpeg(reader: impl BufRead + Seek, memory: u64) -> Result<DecodedPicture, String> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(SIDE_LIMIT_PIXELS)
        .set_max_height(SIDE_LIMIT_PIXELS);
    let mut decoder = JpegDecoder::new_with_options(reader, options);
    let wrong = |error: DecodeErrors| wrong(error.into(), memory);
    decoder.decode_headers().map_err(wrong)?;
    let wanted = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        Some(ColorSpace::YCbCr | ColorSpace::RGB) => ColorSpace::RGB,
        Some(ColorSpace::CMYK | ColorSpace::YCCK) => return Err(is_cmyk()),
        Some(_) | None => return Err("its colours are of a kind that is not decoded here".into()),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let needed = decoder.output_buffer_size().unwrap_or(usize::MAX) as u64;
    if needed > memory {
        return Err(too_large(memory));
    }
    let pixels = decoder.decode().map_err(wrong)?;
    let (width, height) = decoder.dimensions().ok_or("it does not say how large it is")?;
    let (width, height) = (width as u32, height as u32);
    let pixels = match wanted {
        ColorSpace::Luma => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        _ => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
    };
    let exif = decoder.exif().cloned().map(without_exif_header);
    let orientation = exif.as_deref().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
    Ok(DecodedPicture {
        pixels: pixels.ok_or("it is damaged: it has fewer pixels than it says")?,
        profile: decoder.icc_profile(),
        exif,
        orientation,
    })
}

fn animated() -> String {
    "it is animated, and only its first frame would be left".into()
}

fn is_cmyk() -> String {
    "it is CMYK, and its colours cannot be converted by its profile here".into()
}

/// Why a decoder gave up.
fn wrong(fault: PictureFault, memory: u64) -> String {
    match fault {
        PictureFault::Unsupported => NOT_DECODED.into(),
        PictureFault::TooLarge => too_large(memory),
        PictureFault::Damaged(sentence) => sentence.into(),
    }
}
