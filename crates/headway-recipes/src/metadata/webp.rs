//! The chunks of a WebP file, and the two header fields that depend on them: the size, and the flags that list the
//! kinds of chunks.

use std::io::{Read, Seek};

use super::block::{BlockKind, Walk, Walked};

/// Size of the header, which holds the signature and the length.
const HEAD: u64 = 12;

/// Offset of the flags in an extended file.
pub(super) const FLAGS: u64 = 20;

const HAS_COLOUR: u8 = 0x20;
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub(super) fn walk(reader: impl Read + Seek, size: u64) -> Walked {
    let mut walk = Walk::new(reader, size);
    let walked = chunks(&mut walk);
    walk.end(walked)
}

/// Marks each chunk. The error is the fault in the report.
fn chunks(walk: &mut Walk<impl Read + Seek>) -> Result<(), String> {
    let [riff, size, webp]: [[u8; 4]; 3] = [walk.take()?, walk.take()?, walk.take()?];
    if (&riff, &webp) != (b"RIFF", b"WEBP") {
        return Err("it does not begin as a WebP image".into());
    }
    walk.mark(BlockKind::Frame, 0, walk.at())?;
    let end = 8 + u64::from(u32::from_le_bytes(size));
    if end > walk.at() + walk.left() {
        return Err("it is cut off: its header says that it is longer".into());
    }
    while walk.at() < end {
        let begin = walk.at();
        let name: [u8; 4] = walk.take()?;
        let length = u64::from(u32::from_le_bytes(walk.take()?));
        let behind = walk.at() + length + length % 2;
        // The padding of the last chunk is sometimes left out.
        let behind = if behind == end + 1 { end } else { behind };
        if behind > end {
            return Err(format!("it is damaged at byte {begin}: a chunk is longer than the file"));
        }
        if &name == b"VP8X" && begin == HEAD && length >= 10 {
            walk.go(FLAGS + 1)?;
            walk.mark(BlockKind::Frame, 0, walk.at())?;
        }
        walk.go(behind)?;
        walk.mark(kind_of(&name), 8, behind)?;
    }
    Ok(())
}

fn kind_of(name: &[u8; 4]) -> BlockKind {
    match name {
        b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" => BlockKind::Picture,
        b"ICCP" => BlockKind::Colour,
        b"EXIF" => BlockKind::Exif,
        b"XMP " => BlockKind::Xmp,
        _ => BlockKind::Other,
    }
}

/// Makes a chunk of these Exif data.
pub(super) fn exif(data: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(data.len()).ok()?;
    let padding = if data.len() % 2 == 1 { &[0][..] } else { &[] };
    Some([&b"EXIF"[..], &length.to_le_bytes(), data, padding].concat())
}

/// The flags of a file with these blocks.
pub(super) fn flags(earlier: u8, has: impl Fn(BlockKind) -> bool) -> u8 {
    let known = [(BlockKind::Colour, HAS_COLOUR), (BlockKind::Exif, HAS_EXIF), (BlockKind::Xmp, HAS_XMP)];
    known.iter().fold(earlier, |flags, (kind, flag)| if has(*kind) { flags | flag } else { flags & !flag })
}
