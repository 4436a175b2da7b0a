//! Decodes a FLAC file (RFC 9639): every sample of every frame, with the checksums of frames and of all samples.

mod bits;
mod header;
#[cfg(test)]
mod real_files;
mod subframe;

use std::io::{self, Read, Seek, SeekFrom};

use md5::{Digest, Md5};

use super::finding::HealthFinding;
use super::tags;
use super::window::FileWindow;
use crate::Failure;
use crate::decoder_faults::CUT_OFF;
use crate::source::{Source, SourceReader};
use bits::FlacBits;
use header::{FlacChannels, FlacFault, FlacHeader, StreamInfo};

/// Decodes a file to its end, if its samples take at most this many bytes.
pub(super) fn decode(source: &Source<'_>, most: u64) -> Result<HealthFinding, Failure> {
    let mut window = FileWindow::new(source.uncounted());
    let unread = |_: io::Error| source.failure(CUT_OFF);
    let begin = tags::after(&mut window).map_err(unread)?;
    let (info, frames) = metadata(source, begin)?;
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(frames)).map_err(unread)?;
    let mut sound = FlacSound { source, info, bits: FlacBits::new(reader), begin: frames, samples: 0, md5: Md5::new() };
    sound.decode(most)?;
    let mut finding = HealthFinding::default();
    let end = frames + sound.bits.taken();
    let tagged = tags::before(&mut window, end, source.size()).map_err(unread)?;
    if tagged > end {
        finding.behind(tagged - end, window.is_zero(end, tagged).map_err(unread)?);
    }
    sound.judge(&mut finding)?;
    Ok(finding)
}

/// Reads the blocks before the sound. Returns what they say about it, and where it begins.
fn metadata(source: &Source<'_>, begin: u64) -> Result<(StreamInfo, u64), Failure> {
    let mut at = begin + 4;
    let mut info = None;
    loop {
        let mut head = [0; 4];
        source.exact(at, &mut head)?;
        let [kind, a, b, c] = head;
        let length = u64::from(u32::from_be_bytes([0, a, b, c]));
        let mut block = [0; StreamInfo::LENGTH];
        match (kind & 0x7f, info.is_some()) {
            (0, false) if length == StreamInfo::LENGTH as u64 => {
                source.exact(at + 4, &mut block)?;
                info = Some(StreamInfo::of(&block));
            }
            (0 | 127, _) | (_, false) => {
                return Err(
                    source.failure(&format!("it is damaged at byte {at}: no block of a FLAC file begins there"))
                );
            }
            _ => {}
        }
        at += 4 + length;
        if at > source.size() {
            return Err(source.failure(CUT_OFF));
        }
        if let (Some(info), true) = (info, kind & 0x80 != 0) {
            return Ok((info, at));
        }
    }
}

/// The sound of a file, as far as it was decoded.
struct FlacSound<'a, 'b> {
    source: &'a Source<'b>,
    info: StreamInfo,
    bits: FlacBits<SourceReader<'a, 'b>>,
    /// Where the frames begin.
    begin: u64,
    /// How many samples of each channel were decoded.
    samples: u64,
    md5: Md5,
}

impl FlacSound<'_, '_> {
    /// Decodes frames until there are as many samples as the file says; if it does not say, until there is no frame.
    fn decode(&mut self, most: u64) -> Result<(), Failure> {
        let bytes_each = self.info.channels as u64 * u64::from(self.info.depth.div_ceil(8));
        let mut channels = vec![Vec::new(); self.info.channels];
        loop {
            let is_all = self.info.samples > 0 && self.samples >= self.info.samples;
            let next = self.bits.peek().map_err(|_| self.source.failure(CUT_OFF))?;
            if is_all || next.is_none() || self.info.samples == 0 && next != Some(0xff) {
                return Ok(());
            }
            let at = self.begin + self.bits.taken();
            let wrong = |fault: FlacFault| match fault {
                FlacFault::Unread => self.source.failure(CUT_OFF),
                FlacFault::Damaged(what) => self.source.failure(&format!("it is damaged at byte {at}: {what}")),
            };
            frame(&mut self.bits, &self.info, &mut channels).map_err(wrong)?;
            if self.source.attempt().is_stopped() {
                return Err(Failure::Stopped);
            }
            self.samples += channels[0].len() as u64;
            if self.samples.saturating_mul(bytes_each) > most {
                let text = format!("its samples take more than {} GiB, the limit that was set", most >> 30);
                return Err(self.source.failure(&text));
            }
            if self.info.md5.is_some() {
                self.md5.update(packed(&channels, self.info.depth.div_ceil(8) as usize));
            }
        }
    }

    /// Compares what was decoded with what the file says.
    fn judge(self, finding: &mut HealthFinding) -> Result<(), Failure> {
        let (told, samples) = (self.info.samples, self.samples);
        if samples < told {
            let text = format!("it is cut off: it says that it has {told} samples, and there are {samples}");
            return Err(self.source.failure(&text));
        }
        if told > 0 && samples > told {
            let text = format!("it is damaged: it says that it has {told} samples, and there are {samples}");
            return Err(self.source.failure(&text));
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        match self.info.md5 {
            Some(told) if told != md5 => {
                Err(self.source.failure("it is damaged: its samples do not match their checksum"))
            }
            Some(_) => Ok(()),
            None => {
                finding.notes.push("it has no checksum of its samples, only those of its frames".into());
                Ok(())
            }
        }
    }
}

/// Decodes a frame.
fn frame<R: Read>(bits: &mut FlacBits<R>, info: &StreamInfo, channels: &mut [Vec<i64>]) -> Result<(), FlacFault> {
    bits.begin_frame();
    let header = FlacHeader::read(bits, info)?;
    for (number, samples) in channels.iter_mut().enumerate() {
        samples.resize(header.samples, 0);
        let is_side = match header.channels {
            FlacChannels::Apart => false,
            FlacChannels::LeftSide | FlacChannels::MidSide => number == 1,
            FlacChannels::SideRight => number == 0,
        };
        subframe::decode(bits, info.depth + u32::from(is_side), samples)?;
    }
    bits.align();
    let crc = u64::from(bits.crc_16);
    if bits.number(16)? != crc {
        return Err(FlacFault::Damaged("a frame does not match its checksum"));
    }
    if let [first, second] = channels {
        let both = first.iter_mut().zip(second);
        match header.channels {
            FlacChannels::Apart => {}
            FlacChannels::LeftSide => both.for_each(|(left, side)| *side = left.wrapping_sub(*side)),
            FlacChannels::SideRight => both.for_each(|(side, right)| *side = side.wrapping_add(*right)),
            FlacChannels::MidSide => both.for_each(|(mid, side)| {
                let sum = (*mid << 1) | (*side & 1);
                (*mid, *side) = (sum.wrapping_add(*side) >> 1, sum.wrapping_sub(*side) >> 1);
            }),
        }
    }
    Ok(())
}

/// The samples as their checksum takes them: a sample of each channel after the other, the lowest byte first.
fn packed(channels: &[Vec<i64>], bytes_each: usize) -> Vec<u8> {
    let count = channels.first().map_or(0, Vec::len);
    let mut packed = Vec::with_capacity(count * channels.len() * bytes_each);
    for at in 0..count {
        for channel in channels {
            packed.extend_from_slice(&channel[at].to_le_bytes()[..bytes_each]);
        }
    }
    packed
}
