//! Decodes pictures with the crate `image`: every frame if they are animated.

use std::io::{BufReader, Read, Seek, SeekFrom};

use image::codecs::gif::GifDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::Failure;
use crate::decoder_faults::PictureFault;
use crate::kind::FileKind;
use crate::source::{Source, SourceReader};
use crate::tiff_variant;
use headway_model::{SkipReason, text};

/// Decodes it, with at most this many bytes of memory for its pixels. Returns what is worth a note.
pub(super) fn decode(source: &Source<'_>, kind: FileKind, memory: u64) -> Result<Vec<String>, Failure> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(memory);
    let wrong = |error: ImageError| wrong(source, error.into(), memory);
    let plain = |format, limits| {
        let mut reader = ImageReader::with_format(reader(source), format);
        reader.limits(limits);
        reader.decode().map(drop).map_err(wrong)
    };
    match kind {
        FileKind::Gif => {
            let mut decoder = GifDecoder::new(reader(source)).map_err(wrong)?;
            decoder.set_limits(limits).map_err(wrong)?;
            frames(source, decoder).map_err(wrong)?;
            Ok(Vec::new())
        }
        FileKind::WebP => {
            let behind = riff(source)?;
            let mut decoder = WebPDecoder::new(reader(source)).map_err(wrong)?;
            if decoder.has_animation() {
                decoder.set_limits(limits).map_err(wrong)?;
                frames(source, decoder).map_err(wrong)?;
            } else {
                plain(ImageFormat::WebP, limits)?;
            }
            Ok(behind.into_iter().collect())
        }
        FileKind::Tiff if !tiff_variant::is_decoded(source) => Err(Failure::Skipped(SkipReason::Unsupported)),
        FileKind::Tiff => {
            plain(ImageFormat::Tiff, limits)?;
            Ok(more_pages(source)?.into_iter().collect())
        }
        FileKind::Bmp => plain(ImageFormat::Bmp, limits).map(|()| Vec::new()),
        _ => plain(ImageFormat::Png, limits).map(|()| Vec::new()),
    }
}

/// The message for a picture that is too large.
pub(super) fn too_large(memory: u64) -> String {
    format!("its pixels would take more than {} MiB, the limit that was set", memory >> 20)
}

fn reader<'a, 'b>(source: &'a Source<'b>) -> BufReader<SourceReader<'a, 'b>> {
    BufReader::with_capacity(64 * 1024, source.reader())
}

/// Decodes every frame, one at a time.
fn frames<'a>(source: &Source<'_>, decoder: impl AnimationDecoder<'a>) -> Result<(), ImageError> {
    for frame in decoder.into_frames() {
        frame?;
        if source.attempt().is_stopped() {
            break;
        }
    }
    Ok(())
}

/// The failure when a decoder gave up. If it does not support the file, the file is skipped, and nothing is claimed
/// about it.
pub(super) fn wrong(source: &Source<'_>, fault: PictureFault, memory: u64) -> Failure {
    match fault {
        PictureFault::Unsupported => Failure::Skipped(SkipReason::Unsupported),
        PictureFault::TooLarge => source.failure(&too_large(memory)),
        PictureFault::Damaged(sentence) => source.failure(sentence),
    }
}

/// Compares the size in a WebP file's header with the file; returns a note if there are bytes after it.
fn riff(source: &Source<'_>) -> Result<Option<String>, Failure> {
    let head = source.head(8)?;
    let told = head.get(4..8).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let end = 8 + u64::from(told);
    if end > source.size() {
        return Err(source.failure("it is cut off: its header says that it is longer"));
    }
    let behind = source.size() - end;
    Ok((behind > 1).then(|| text::counted(behind, ',', "byte follows its end", "bytes follow its end")))
}

/// A note, if a TIFF file has more pages than the one that was decoded.
pub(crate) fn more_pages(source: &Source<'_>) -> Result<Option<String>, Failure> {
    let mut reader = source.reader();
    let mut field = |at: u64, buffer: &mut [u8]| {
        let read = reader.seek(SeekFrom::Start(at)).and_then(|_| reader.read_exact(buffer));
        read.map_err(|_| source.failure("it is cut off: a page is missing"))
    };
    let (mut four, mut two) = ([0; 4], [0; 2]);
    field(0, &mut two)?;
    let is_little = two == *b"II";
    let long = |bytes: [u8; 4]| if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
    let short = |bytes: [u8; 2]| if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) };
    field(4, &mut four)?;
    let first = u64::from(long(four));
    field(first, &mut two)?;
    field(first + 2 + 12 * u64::from(short(two)), &mut four)?;
    Ok((long(four) != 0).then(|| "only its first page was decoded".into()))
}
