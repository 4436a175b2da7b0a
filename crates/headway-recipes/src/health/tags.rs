//! Tags before and after sound: ID3 (id3.org), APE (wiki.hydrogenaud.io) and Lyrics3 (id3.org). They are skipped, and not checked.

use std::io;

use super::window::FileWindow;
use crate::Failure;
use crate::decoder_faults::CUT_OFF;
use crate::kind::{FileKind, HEAD};
use crate::source::Source;
use headway_model::SkipReason;

/// The type of a file that begins as MP3 files do, perhaps with a tag, which files of other types have as well. If nothing tells what is
/// behind the tag, the name decides.
pub(super) fn kind_behind(source: &Source<'_>, named: Option<FileKind>) -> Result<FileKind, Failure> {
    let mut window = FileWindow::new(source.uncounted());
    let unread = |_: io::Error| source.failure(CUT_OFF);
    let begin = after(&mut window).map_err(unread)?;
    match FileKind::of(window.at(begin, HEAD).map_err(unread)?) {
        Some(FileKind::Flac) => Ok(FileKind::Flac),
        Some(FileKind::Mp3) => Ok(FileKind::Mp3),
        _ if named == Some(FileKind::Mp3) => Ok(FileKind::Mp3),
        // Sound of other kinds, such as AAC, which is not decoded here.
        _ => Err(Failure::Skipped(SkipReason::Unsupported)),
    }
}

/// Where the sound begins: after all tags at the beginning of the file.
pub(super) fn after(window: &mut FileWindow<'_, '_>) -> io::Result<u64> {
    let mut at = 0;
    loop {
        match length(window, at)? {
            0 => return Ok(at),
            length => at += length,
        }
    }
}

/// Where the sound ends: before all tags at the end of the file, which has this size. It begins at `from`.
pub(super) fn before(window: &mut FileWindow<'_, '_>, from: u64, size: u64) -> io::Result<u64> {
    let mut end = size;
    loop {
        match length_before(window, end)? {
            length if length > 0 && length <= end.saturating_sub(from) => end -= length,
            _ => return Ok(end),
        }
    }
}

/// The length in bytes of the tag that begins at this offset; 0 if none does.
pub(super) fn length(window: &mut FileWindow<'_, '_>, at: u64) -> io::Result<u64> {
    let head = window.at(at, 32)?;
    Ok(match head {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] if [a, b, c, d].iter().all(|byte| **byte < 0x80) => {
            let size = [a, b, c, d].iter().fold(0, |size, byte| (size << 7) | u64::from(**byte));
            let footer = if flags & 0x10 == 0 { 0 } else { 10 };
            10 + size + footer
        }
        [b'T', b'A', b'G', b'+', ..] => 227,
        [b'T', b'A', b'G', ..] => 128,
        _ => ape(head, 0),
    })
}

/// The length in bytes of the tag that ends before this offset; 0 if none does.
fn length_before(window: &mut FileWindow<'_, '_>, end: u64) -> io::Result<u64> {
    if end >= 128 && window.at(end - 128, 3)?.starts_with(b"TAG") {
        return Ok(128);
    }
    if end >= 32 {
        let length = ape(window.at(end - 32, 32)?, 1 << 31);
        if length > 0 {
            return Ok(length);
        }
    }
    if end >= 15 {
        let last = window.at(end - 15, 15)?;
        let digits =
            last.get(..6).filter(|digits| last.ends_with(b"LYRICS200") && digits.iter().all(u8::is_ascii_digit));
        if let Some(digits) = digits {
            return Ok(15 + digits.iter().fold(0, |size, digit| size * 10 + u64::from(digit - b'0')));
        }
    }
    Ok(0)
}

/// The length of an APE tag with this header or footer, where one of these flags adds the header; 0 if it is none. The header of a tag
/// says that it is one (bit 29), and the size in it includes the footer.
fn ape(head: &[u8], with_header: u32) -> u64 {
    let number =
        |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.first_chunk()).map(|four| u32::from_le_bytes(*four));
    let (true, Some(size), Some(flags)) = (head.starts_with(b"APETAGEX"), number(12), number(20)) else { return 0 };
    let is_header = flags & (1 << 29) != 0;
    let is_wanted = is_header == (with_header == 0);
    match is_wanted {
        true => u64::from(size) + if is_header || flags & with_header != 0 { 32 } else { 0 },
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    /// An APE tag with one item, with a header or without.
    fn ape_tag(has_header: bool) -> Vec<u8> {
        let item = b"\x01\0\0\0\0\0\0\0Title\0a";
        let part = |is_header: bool| {
            let flags = (u32::from(has_header) << 31) | (u32::from(is_header) << 29);
            let numbers = [2_000, item.len() as u32 + 32, 1, flags].map(u32::to_le_bytes).concat();
            [&b"APETAGEX"[..], &numbers, &[0; 8]].concat()
        };
        [if has_header { part(true) } else { Vec::new() }, item.to_vec(), part(false)].concat()
    }

    #[test]
    fn sound_is_found_between_all_tags() {
        let id3 = b"ID3\x04\0\0\0\0\x01\x02".iter().copied().chain([0; 130]).collect::<Vec<_>>();
        let lyrics = b"LYRICSBEGININD0000200000021LYRICS200";
        let id3v1 = [&b"TAG"[..], &[b' '; 125]].concat();
        let sound = [7; 50];
        let whole = [&id3[..], &sound, &ape_tag(true), lyrics, &id3v1].concat();
        let older = [&sound[..], &ape_tag(false), &id3v1].concat();
        let none = sound.to_vec();
        for (bytes, begin) in [(whole, id3.len()), (older, 0), (none, 0)] {
            Bench::new("a.mp3").on(&bytes, |source| {
                let mut window = FileWindow::new(source.uncounted());
                let from = after(&mut window).expect("bytes");
                let to = before(&mut window, from, source.size()).expect("bytes");
                assert_eq!((from, to), (begin as u64, begin as u64 + 50), "{} bytes", bytes.len());
            });
        }
    }
}
