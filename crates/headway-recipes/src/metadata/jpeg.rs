//! The segments of a JPEG file, up to the end of its picture.

use std::io::{Read, Seek};

use super::block::{BlockKind, Walk, Walked};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const COMMENT: u8 = 0xfe;

/// The prefix of an Exif segment.
const EXIF: &[u8] = b"Exif\0\0";

/// Maximum content of one segment, in bytes.
const SEGMENT_LIMIT_BYTES: usize = 0xffff - 2;

/// The kind of a segment, by its marker and the beginning of its content.
const BEGINNINGS: &[(u8, &[u8], BlockKind)] = &[
    (0xe0, b"JFIF\0", BlockKind::Picture),
    (0xe1, b"Exif\0", BlockKind::Exif),
    (0xe1, b"http://ns.adobe.com/xap/1.0/\0", BlockKind::Xmp),
    (0xe1, b"http://ns.adobe.com/xmp/extension/\0", BlockKind::Xmp),
    (0xe2, b"ICC_PROFILE\0", BlockKind::Colour),
    (0xe2, b"MPF\0", BlockKind::Index),
    (0xed, b"Photoshop 3.0\0", BlockKind::Iptc),
    // Without it, decoders misread CMYK.
    (0xee, b"Adobe", BlockKind::Picture),
    (COMMENT, b"", BlockKind::Text),
];

pub(super) fn walk(reader: impl Read + Seek, size: u64) -> Walked {
    let mut walk = Walk::new(reader, size);
    let walked = segments(&mut walk);
    walk.end(walked)
}

/// Marks each segment. The error is the fault in the report.
fn segments(walk: &mut Walk<impl Read + Seek>) -> Result<(), String> {
    if walk.take()? != [0xff, START] {
        return Err("it does not begin as a JPEG image".into());
    }
    walk.mark(BlockKind::Picture, 0, walk.at())?;
    let mut between = BlockKind::Other;
    loop {
        let marker = next_marker(walk)?;
        let begin = walk.at() - 2;
        // The data of the picture, or bytes outside any segment.
        walk.mark(between, 0, begin)?;
        if marker == END {
            return walk.mark(BlockKind::Picture, 0, walk.at());
        }
        if marker == START {
            return Err(format!("it is damaged at byte {begin}: another picture begins before its end"));
        }
        let length = u64::from(u16::from_be_bytes(walk.take()?));
        if length < 2 {
            return Err(format!("it is damaged at byte {begin}: no segment is so short"));
        }
        let end = walk.at() + length - 2;
        let head: [u8; 36] = walk.begin_of(end)?;
        let kind = kind_of(marker, &head);
        walk.mark(kind, if kind == BlockKind::Exif { 4 + EXIF.len() as u64 } else { 4 }, end)?;
        if marker == SCAN {
            between = BlockKind::Picture;
        }
    }
}

/// Skips to just after the next marker that begins a segment or ends the picture; returns the marker.
fn next_marker(walk: &mut Walk<impl Read + Seek>) -> Result<u8, String> {
    loop {
        walk.go_behind(0xff)?;
        let mut marker = 0xff;
        while marker == 0xff {
            [marker] = walk.take()?;
        }
        // A stuffed byte of the picture's data, a restart marker, or padding.
        if !matches!(marker, 0x00 | 0x01 | 0xd0..=0xd7) {
            return Ok(marker);
        }
    }
}

fn kind_of(marker: u8, head: &[u8]) -> BlockKind {
    let known = BEGINNINGS.iter().find(|(of, begins, _)| *of == marker && head.starts_with(begins));
    match known {
        Some((.., kind)) => *kind,
        None if (0xe0..=0xef).contains(&marker) => BlockKind::Other,
        None => BlockKind::Picture,
    }
}

/// Makes a segment of these Exif data; `None` if they are too long for one.
pub(super) fn exif(data: &[u8]) -> Option<Vec<u8>> {
    let length =
        u16::try_from(2 + EXIF.len() + data.len()).ok().filter(|_| data.len() <= SEGMENT_LIMIT_BYTES - EXIF.len())?;
    Some([&[0xff, 0xe1][..], &length.to_be_bytes(), EXIF, data].concat())
}
