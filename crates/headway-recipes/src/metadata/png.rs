//! The chunks of a PNG file, up to its last.

use std::io::{Read, Seek};

use super::block::{BlockKind, Walk, Walked};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The longest chunk that the format allows.
const CHUNK_LIMIT_BYTES: u32 = i32::MAX as u32;

/// Ancillary chunks that affect how the picture looks.
const LOOKS: &[&[u8; 4]] = &[
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"hIST", b"sPLT", b"cICP", b"mDCV", b"mDCv",
    b"cLLI", b"cLLi", b"acTL", b"fcTL", b"fdAT", b"sTER",
];

/// Keywords of texts about the author and the copyright.
const CREDITS: &[&[u8]] = &[b"Copyright\0", b"Author\0"];

pub(super) fn walk(reader: impl Read + Seek, size: u64) -> Walked {
    let mut walk = Walk::new(reader, size);
    let walked = chunks(&mut walk);
    walk.end(walked)
}

/// Marks each chunk. The error is the fault in the report.
fn chunks(walk: &mut Walk<impl Read + Seek>) -> Result<(), String> {
    if walk.take()? != SIGNATURE {
        return Err("it does not begin as a PNG image".into());
    }
    walk.mark(BlockKind::Picture, 0, walk.at())?;
    loop {
        let begin = walk.at();
        let length = u32::from_be_bytes(walk.take()?);
        let name: [u8; 4] = walk.take()?;
        if length > CHUNK_LIMIT_BYTES || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(format!("it is damaged at byte {begin}: no chunk begins there"));
        }
        let end = walk.at() + u64::from(length);
        let head: [u8; 32] = walk.begin_of(end)?;
        let kind = kind_of(&name, &head).ok_or_else(|| {
            format!(
                "it has a chunk {} that is not known here and without which it cannot be shown",
                name.escape_ascii()
            )
        })?;
        // The checksum.
        walk.take::<4>()?;
        walk.mark(kind, 8, walk.at())?;
        if &name == b"IEND" {
            return Ok(());
        }
    }
}

/// The kind of a chunk; `None` if it is unknown and critical, so that no decoder may skip it.
fn kind_of(name: &[u8; 4], head: &[u8]) -> Option<BlockKind> {
    let is_text = matches!(name, b"tEXt" | b"zTXt" | b"iTXt");
    Some(match name {
        b"IHDR" | b"PLTE" | b"IDAT" | b"IEND" => BlockKind::Picture,
        b"iCCP" => BlockKind::Colour,
        b"eXIf" => BlockKind::Exif,
        b"tIME" => BlockKind::Time,
        _ if is_text && head.starts_with(b"XML:com.adobe.xmp\0") => BlockKind::Xmp,
        _ if is_text && head.starts_with(b"Raw profile type ") => BlockKind::Packed,
        _ if is_text && CREDITS.iter().any(|keyword| head.starts_with(keyword)) => BlockKind::Credit,
        _ if is_text => BlockKind::Text,
        _ if LOOKS.contains(&name) => BlockKind::Picture,
        [first, ..] if first.is_ascii_uppercase() => return None,
        _ => BlockKind::Other,
    })
}

/// Size of a chunk's checksum in bytes; it follows the content.
pub(super) const CHECKSUM: u64 = 4;

/// Makes a chunk of these Exif data.
pub(super) fn exif(data: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(data.len()).ok().filter(|length| *length <= CHUNK_LIMIT_BYTES)?;
    let named = [&b"eXIf"[..], data].concat();
    Some([&length.to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat())
}
