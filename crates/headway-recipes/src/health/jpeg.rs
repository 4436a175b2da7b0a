//! Decodes a JPEG image strictly: anything that most decoders accept with a warning is a fault.

use std::io::BufReader;

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::Failure;
use crate::jpeg_variant;
use crate::source::Source;
use headway_model::SkipReason;

/// The longest side that the format allows.
const SIDE_LIMIT_PIXELS: usize = 65_535;

/// Decodes it, with at most this many bytes of memory for its pixels.
pub(super) fn decode(source: &Source<'_>, memory: u64) -> Result<(), Failure> {
    if !jpeg_variant::is_decoded(source) {
        return Err(Failure::Skipped(SkipReason::Unsupported));
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(SIDE_LIMIT_PIXELS)
        .set_max_height(SIDE_LIMIT_PIXELS);
    let reader = BufReader::with_capacity(64 * 1024, source.reader());
    let mut decoder = JpegDecoder::new_with_options(reader, options);
    let wrong = |error: DecodeErrors| super::picture::wrong(source, error.into(), memory);
    decoder.decode_headers().map_err(wrong)?;
    let needed = decoder.output_buffer_size().unwrap_or(usize::MAX) as u64;
    if needed > memory {
        return Err(source.failure(&super::picture::too_large(memory)));
    }
    decoder.decode().map(drop).map_err(wrong)
}
