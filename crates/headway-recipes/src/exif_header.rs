//! The header of Exif data in a JPEG segment, which some programs also write into PNG and WebP.

/// The header.
const HEADER: &[u8] = b"Exif\0\0";

/// The Exif data without their header, if they have one.
pub(crate) fn without_exif_header(mut exif: Vec<u8>) -> Vec<u8> {
    if exif.starts_with(HEADER) {
        exif.drain(..HEADER.len());
    }
    exif
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_header_is_removed() {
        assert_eq!(without_exif_header(b"Exif\0\0II*\0".to_vec()), b"II*\0");
        assert_eq!(without_exif_header(b"II*\0".to_vec()), b"II*\0");
        assert_eq!(without_exif_header(b"Exif".to_vec()), b"Exif");
    }
}
