//! What a FLAC file says about all of its sound, and the header of a frame (RFC 9639, sections 8.2 and 9.1).

use std::io::{self, Read};

use super::bits::FlacBits;

/// Why a frame was not decoded.
#[derive(Debug, Clone, Copy)]
pub(super) enum FlacFault {
    /// The file ended or could not be read, as its source knows.
    Unread,
    /// This is wrong with the frame.
    Damaged(&'static str),
}

impl From<io::Error> for FlacFault {
    fn from(_: io::Error) -> Self {
        FlacFault::Unread
    }
}

/// What a FLAC file says about its sound.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamInfo {
    pub(super) rate: u64,
    pub(super) channels: usize,
    /// How many bits a sample has.
    pub(super) depth: u32,
    /// How many samples each channel has; 0 if that is not known.
    pub(super) samples: u64,
    /// The MD5 checksum of all samples; `None` if it was not computed.
    pub(super) md5: Option<[u8; 16]>,
}

impl StreamInfo {
    /// Its length in bytes.
    pub(super) const LENGTH: usize = 34;

    /// Reads the content of its block.
    pub(super) fn of(block: &[u8; Self::LENGTH]) -> Self {
        let number = block[10..18].iter().fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
        let md5: [u8; 16] = std::array::from_fn(|at| block[18 + at]);
        StreamInfo {
            rate: number >> 44,
            channels: ((number >> 41) & 7) as usize + 1,
            depth: ((number >> 36) & 31) as u32 + 1,
            samples: number & 0xf_ffff_ffff,
            md5: (md5 != [0; 16]).then_some(md5),
        }
    }
}

/// How the channels of a frame are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlacChannels {
    /// Each for itself.
    Apart,
    /// The left one, and the difference of both.
    LeftSide,
    /// The difference of both, and the right one.
    SideRight,
    /// The mean of both, and their difference.
    MidSide,
}

/// The header of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlacHeader {
    /// How many samples each channel has.
    pub(super) samples: usize,
    pub(super) channels: FlacChannels,
}

const NO_HEADER: FlacFault = FlacFault::Damaged("no frame begins there");

impl FlacHeader {
    /// Reads the header that begins here.
    pub(super) fn read<R: Read>(bits: &mut FlacBits<R>, info: &StreamInfo) -> Result<Self, FlacFault> {
        if bits.number(15)? != 0b111_1111_1111_1100 {
            return Err(NO_HEADER);
        }
        // Whether all blocks have one size.
        bits.flag()?;
        let [size, rate, channels, depth, reserved] =
            [bits.number(4)?, bits.number(4)?, bits.number(4)?, bits.number(3)?, bits.number(1)?];
        coded_number(bits)?;
        let samples = match size {
            0 => return Err(NO_HEADER),
            1 => 192,
            2..=5 => 144 << size,
            6 => bits.number(8)? + 1,
            7 => bits.number(16)? + 1,
            _ => 1 << size,
        };
        let rate = match rate {
            0 => info.rate,
            12 => bits.number(8)? * 1_000,
            13 => bits.number(16)?,
            14 => bits.number(16)? * 10,
            15 => return Err(NO_HEADER),
            _ => RATES[rate as usize - 1],
        };
        let told = u64::from(bits.crc_8);
        if bits.number(8)? != told {
            return Err(FlacFault::Damaged("the header of a frame does not match its checksum"));
        }
        let depth = [info.depth, 8, 12, 0, 16, 20, 24, 32][depth as usize];
        let (count, channels) = match channels {
            0..=7 => (channels as usize + 1, FlacChannels::Apart),
            8 => (2, FlacChannels::LeftSide),
            9 => (2, FlacChannels::SideRight),
            10 => (2, FlacChannels::MidSide),
            _ => return Err(NO_HEADER),
        };
        if reserved != 0 || depth == 0 || samples > 65_535 {
            return Err(NO_HEADER);
        }
        if (rate, count, depth) != (info.rate, info.channels, info.depth) {
            return Err(FlacFault::Damaged("a frame does not fit the beginning of the file"));
        }
        Ok(FlacHeader { samples: samples as usize, channels })
    }
}

/// The sampling rates that have a code of their own, from code 1.
const RATES: [u64; 11] = [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];

/// Reads the number of a frame or sample, which is coded like a character in UTF-8, with up to seven bytes.
fn coded_number<R: Read>(bits: &mut FlacBits<R>) -> Result<(), FlacFault> {
    let first = bits.number(8)? as u8;
    let more = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones - 1,
        _ => return Err(NO_HEADER),
    };
    for _ in 0..more {
        if bits.number(8)? >> 6 != 0b10 {
            return Err(NO_HEADER);
        }
    }
    Ok(())
}
