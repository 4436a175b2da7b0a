//! The frames of an MP3 file, one after the other, and what their checksums and their number say.

use std::io;
use std::ops::Range;

use super::header::Mp3Header;
use super::info::Mp3Info;
use super::search::next_frame;
use crate::Failure;
use crate::decoder_faults::CUT_OFF;
use crate::health::crc::{crc_16, crc_16_reflected};
use crate::health::finding::HealthFinding;
use crate::health::tags;
use crate::health::window::FileWindow;
use crate::source::Source;

/// The frames that were followed so far.
pub(super) struct Mp3Sound<'a, 'b> {
    source: &'a Source<'b>,
    window: FileWindow<'a, 'b>,
    first: Mp3Header,
    /// Where the first frame begins.
    begin: u64,
    /// Where the next one begins.
    at: u64,
    /// Where the sound ends, according to the tags behind it.
    end: u64,
    /// How many frames there are, without one that only speaks about the others.
    frames: u64,
    /// How many have a checksum.
    protected: u64,
    /// How many of those do not match it.
    wrong: u64,
    info: Option<Mp3Info>,
    /// LAME's checksum of the frames.
    crc: u16,
}

impl<'a, 'b> Mp3Sound<'a, 'b> {
    /// The frames in this part of a file, the first of which has this header.
    pub(super) fn new(source: &'a Source<'b>, window: FileWindow<'a, 'b>, first: Mp3Header, part: Range<u64>) -> Self {
        Mp3Sound {
            source,
            window,
            first,
            begin: part.start,
            at: part.start,
            end: part.end,
            frames: 0,
            protected: 0,
            wrong: 0,
            info: None,
            crc: 0,
        }
    }

    fn unread(&self, _: io::Error) -> Failure {
        self.source.failure(CUT_OFF)
    }

    fn damaged(&self, what: &str) -> Failure {
        self.source.failure(&format!("it is damaged at byte {}: {what}", self.at))
    }

    /// Follows the frames to the end of the sound.
    pub(super) fn follow(&mut self, finding: &mut HealthFinding) -> Result<(), Failure> {
        let (mut end, mut has_tags) = (self.at, false);
        while self.at < self.end {
            let head = self.window.at(self.at, Mp3Header::LENGTH);
            let header = head.map(Mp3Header::of).map_err(|error| self.unread(error))?;
            if let Some(header) = header.filter(|header| header.continues(self.first)) {
                self.take(header)?;
                end = self.at;
                continue;
            }
            let tag = tags::length(&mut self.window, self.at).map_err(|error| self.unread(error))?;
            if tag == 0 {
                self.lost(finding)?;
                break;
            }
            self.at += tag;
            has_tags = true;
        }
        if has_tags {
            finding.notes.push("it has tags between its frames or after its other tags".into());
        }
        self.at = end;
        Ok(())
    }

    /// Takes the frame that begins here.
    fn take(&mut self, header: Mp3Header) -> Result<(), Failure> {
        let length = header.length();
        if length > self.end - self.at {
            return Err(self.source.failure("it is cut off: its last frame is not whole"));
        }
        let frame = self.window.at(self.at, length as usize).map_err(|_| self.source.failure(CUT_OFF))?;
        let side_info = Mp3Header::LENGTH + 2..Mp3Header::LENGTH + 2 + header.side_info();
        if let (true, Some(side_info)) = (header.is_protected, frame.get(side_info)) {
            self.protected += 1;
            let crc = frame[2..4].iter().chain(side_info).fold(0xffff, |crc, byte| crc_16(crc, *byte));
            self.wrong += u64::from(crc.to_be_bytes() != frame[4..6]);
        }
        let info = if self.at == self.begin { Mp3Info::of(frame, header) } else { None };
        if info.is_some() {
            self.info = info;
        } else {
            self.crc = frame.iter().fold(self.crc, |crc, byte| crc_16_reflected(crc, *byte));
            self.frames += 1;
        }
        self.at += length;
        self.source.advance(length);
        Ok(())
    }

    /// Decides about the bytes here, with which no frame begins.
    fn lost(&mut self, finding: &mut HealthFinding) -> Result<(), Failure> {
        let next = next_frame(&mut self.window, self.at + 1, self.end, Some(self.first));
        if let Some((next, _)) = next.map_err(|error| self.unread(error))? {
            return Err(self.damaged(&format!("{} bytes there are no sound", next - self.at)));
        }
        let count = self.end - self.at;
        // Only a number of frames tells whether these bytes were sound.
        if self.info.and_then(|info| info.frames).is_none_or(|frames| frames > self.frames) {
            return Err(self.damaged(&format!("its last {count} bytes are no sound")));
        }
        let is_zero = self.window.is_zero(self.at, self.end).map_err(|error| self.unread(error))?;
        finding.behind(count, is_zero);
        Ok(())
    }

    /// Compares the frames with what the file says about them.
    pub(super) fn judge(self, finding: &mut HealthFinding) -> Result<(), Failure> {
        let (frames, protected, wrong) = (self.frames, self.protected, self.wrong);
        if frames == 0 {
            return Err(self.source.failure("it is cut off: it has no frame with sound"));
        }
        if wrong > 0 && wrong == protected {
            finding.doubts.push("none of its frames matches its checksum".into());
        } else if wrong > 0 {
            let text = format!("it is damaged: {wrong} of its {protected} frames with a checksum do not match it");
            return Err(self.source.failure(&text));
        }
        let bytes = self.at - self.begin;
        let mut is_whole = false;
        if let Some(Mp3Info { frames: told_frames, bytes: told_bytes, lame }) = self.info {
            if told_frames.is_some_and(|told| told > frames) && told_bytes.is_none_or(|told| told > bytes) {
                let told = told_frames.unwrap_or_default();
                let text = format!("it is cut off: it says that it has {told} frames, and there are {frames}");
                return Err(self.source.failure(&text));
            }
            if let Some(told) = told_frames.filter(|told| *told != frames) {
                finding.notes.push(format!("it says that it has {told} frames, and there are {frames}"));
            }
            match lame {
                Some(lame) if !lame.is_whole => finding.doubts.push("LAME's tag does not match its checksum".into()),
                Some(lame) if lame.bytes == bytes && lame.crc != self.crc => {
                    let text = "its sound does not match the checksum that its encoder wrote: it is damaged, or a \
                        program changed its volume";
                    finding.doubts.push(text.into());
                }
                Some(lame) => is_whole = lame.bytes == bytes,
                None => {}
            }
        }
        if !is_whole {
            finding.unchecked.push("its frames were checked, and not the sound in them".into());
        }
        Ok(())
    }
}
