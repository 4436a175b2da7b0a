//! What the first frame of an MP3 file can say about all others: the header of Xing ("XING variable bitrate header", Xing Technology 1998),
//! with LAME's tag behind it ("Mp3 Info Tag revision 1", gabriel.mp3-tech.org/mp3infotag.html), or that of Fraunhofer (VBRI).

use super::header::Mp3Header;
use crate::health::crc::crc_16_reflected;

/// What the first frame says about all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mp3Info {
    /// How many frames follow it.
    pub(super) frames: Option<u64>,
    /// How many bytes it and they have.
    pub(super) bytes: Option<u64>,
    /// What LAME says.
    pub(super) lame: Option<LameTag>,
}

/// What LAME says in its tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct LameTag {
    /// Whether the tag matches its own checksum.
    pub(super) is_whole: bool,
    /// How many bytes the first and all other frames have.
    pub(super) bytes: u64,
    /// The checksum of all other frames.
    pub(super) crc: u16,
}

impl Mp3Info {
    /// What this frame says, if it says anything.
    pub(super) fn of(frame: &[u8], header: Mp3Header) -> Option<Self> {
        let begin = Mp3Header::LENGTH + header.side_info();
        // Some write it as if there were no checksum, others after it.
        [begin, begin + 2].into_iter().find_map(|at| xing(frame, at)).or_else(|| vbri(frame))
    }
}

/// The number of four bytes at an offset.
fn number(frame: &[u8], at: usize) -> Option<u64> {
    let four: &[u8; 4] = frame.get(at..)?.first_chunk()?;
    Some(u64::from(u32::from_be_bytes(*four)))
}

fn xing(frame: &[u8], begin: usize) -> Option<Mp3Info> {
    let name = frame.get(begin..begin + 4)?;
    if name != b"Xing" && name != b"Info" {
        return None;
    }
    let flags = number(frame, begin + 4)?;
    let (mut at, mut found) = (begin + 8, [None; 2]);
    for (flag, field) in [1, 2].into_iter().zip(&mut found) {
        if flags & flag != 0 {
            *field = Some(number(frame, at)?);
            at += 4;
        }
    }
    at += if flags & 4 != 0 { 100 } else { 0 };
    at += if flags & 8 != 0 { 4 } else { 0 };
    let [frames, bytes] = found;
    Some(Mp3Info { frames, bytes, lame: lame(frame, at) })
}

/// LAME's tag; `None` if there is none, or one of a program that computes no checksum.
fn lame(frame: &[u8], begin: usize) -> Option<LameTag> {
    let tag = frame.get(begin..begin + 36)?;
    let two = |at: usize| u16::from_be_bytes([tag[at], tag[at + 1]]);
    let crc = frame[..begin + 34].iter().fold(0, |crc, byte| crc_16_reflected(crc, *byte));
    let is_whole = crc == two(34);
    let has_checksum = [b"LAME3.9", b"LAME3.1"].iter().any(|program| tag.starts_with(*program));
    (is_whole || has_checksum).then_some(LameTag { is_whole, bytes: number(tag, 28)?, crc: two(32) })
}

fn vbri(frame: &[u8]) -> Option<Mp3Info> {
    if frame.get(36..40)? != b"VBRI" {
        return None;
    }
    Some(Mp3Info { bytes: number(frame, 46), frames: number(frame, 50), lame: None })
}
