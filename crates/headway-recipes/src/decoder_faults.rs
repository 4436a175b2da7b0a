//! What the errors of decoders say about a file, in words for people. A decoder speaks of its own parts and of its
//! program, so its text goes into the log and never into a message.

use std::error::Error;
use std::io;

use image::ImageError;
use zune_jpeg::errors::DecodeErrors;

/// The file ends too early.
pub(crate) const CUT_OFF: &str = "it is cut off: its end is missing";

/// The data of a picture make no sense.
const UNDECODABLE: &str = "it is damaged: its picture data cannot be decoded";

/// What decoders say of files that they do not decode, in errors that they also use for damage.
const NOT_DECODED: [&str; 6] = [
    // JPEG: arithmetic coding, 12 bits, three samples to one, more than four colours.
    "is not supported",
    "the image has 12 bits of precision",
    "is not a power of two(3)",
    "Unknown multiband sample",
    // TIFF, whose decoder repeats what that of JPEG says.
    "unknown predictor",
    "unknown planar configuration",
];

/// Whether a decoder's text is about a kind of file that it does not decode.
fn is_not_decoded(text: &str) -> bool {
    NOT_DECODED.iter().any(|words| text.contains(words))
}

/// What is wrong with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureFault {
    /// A kind of picture that is not decoded here. Nothing is known to be wrong with it.
    Unsupported,
    /// Its pixels would take more memory than the limit.
    TooLarge,
    /// It is damaged, as this sentence says.
    Damaged(&'static str),
}

impl From<ImageError> for PictureFault {
    fn from(error: ImageError) -> Self {
        tracing::debug!(%error, "a decoder gave up");
        match error {
            ImageError::Unsupported(_) => PictureFault::Unsupported,
            ImageError::Limits(_) => PictureFault::TooLarge,
            ImageError::IoError(error) if ends_early(&error) => PictureFault::Damaged(CUT_OFF),
            error if ends_early(&error) => PictureFault::Damaged(CUT_OFF),
            error if is_not_decoded(&error.to_string()) => PictureFault::Unsupported,
            _ => PictureFault::Damaged(UNDECODABLE),
        }
    }
}

impl From<DecodeErrors> for PictureFault {
    fn from(error: DecodeErrors) -> Self {
        tracing::debug!(%error, "a decoder gave up");
        match error {
            DecodeErrors::Unsupported(_) => PictureFault::Unsupported,
            DecodeErrors::Format(text) | DecodeErrors::SofError(text) if is_not_decoded(&text) => {
                PictureFault::Unsupported
            }
            // A system error is reported by the source, so the reader had no more bytes.
            DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => PictureFault::Damaged(CUT_OFF),
            DecodeErrors::FormatStatic(text) if text.starts_with("Premature") => PictureFault::Damaged(CUT_OFF),
            DecodeErrors::ZeroError => PictureFault::Damaged("it is damaged: it says that it has no pixels"),
            DecodeErrors::HuffmanDecode(_) | DecodeErrors::DqtError(_) => {
                PictureFault::Damaged("it is damaged: a table that its picture data need makes no sense")
            }
            DecodeErrors::SosError(_) | DecodeErrors::SofError(_) => {
                PictureFault::Damaged("it is damaged: what it says about its size and colours makes no sense")
            }
            _ => PictureFault::Damaged(UNDECODABLE),
        }
    }
}

/// Whether the cause of an error is that there were no more bytes.
fn ends_early(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let is_end = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
        if error.downcast_ref::<io::Error>().is_some_and(is_end) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What is wrong with packed data, about their subject: "it", or the name of an entry.
pub(crate) fn unpacking(subject: &str, error: &io::Error) -> String {
    tracing::debug!(%error, "a decoder gave up");
    let text = error.to_string();
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return format!("{subject} is cut off: its end is missing");
    }
    match text.contains("checksum") {
        true => format!("{subject} is damaged: its content does not match its checksum"),
        false => format!("{subject} is damaged: its content cannot be unpacked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_file_is_reported_as_cut_off_whichever_decoder_finds_it() {
        let end = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let damaged = PictureFault::Damaged;
        assert_eq!(PictureFault::from(ImageError::IoError(end())), damaged(CUT_OFF));
        assert_eq!(PictureFault::from(DecodeErrors::ExhaustedData), damaged(CUT_OFF));
        let format = image::error::ImageFormatHint::Exact(image::ImageFormat::Png);
        let wrapped = |cause: io::Error| ImageError::Decoding(image::error::DecodingError::new(format.clone(), cause));
        assert_eq!(PictureFault::from(wrapped(end())), damaged(CUT_OFF));
        assert_eq!(PictureFault::from(wrapped(io::Error::other("buffer[3] is not 7"))), damaged(UNDECODABLE));
        assert_eq!(unpacking("a/b", &end()), "a/b is cut off: its end is missing");
    }

    #[test]
    fn a_kind_of_picture_that_a_decoder_lacks_is_not_called_damaged() {
        let format = image::error::ImageFormatHint::Exact(image::ImageFormat::Tiff);
        let says = |text: &str| ImageError::Decoding(image::error::DecodingError::new(format.clone(), text));
        let (lacking, damaged) = (PictureFault::Unsupported, PictureFault::Damaged(UNDECODABLE));
        assert_eq!(PictureFault::from(says("format error: unknown predictor 4 encountered")), lacking);
        assert_eq!(PictureFault::from(says("format error: invalid dimensions: 0x1")), damaged);
        let sampling = |by: u8| format!("Horizontal sample is not a power of two({by}) cannot decode");
        assert_eq!(PictureFault::from(DecodeErrors::Format(sampling(3))), lacking);
        assert_eq!(PictureFault::from(DecodeErrors::Format(sampling(0))), damaged);
    }
}
