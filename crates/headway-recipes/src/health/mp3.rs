//! Follows the frames of an MP3 file from the first to the last, with what checksums they have. The sound in them is not decoded: almost
//! any bits are some sound, so that only a checksum tells damage.

mod header;
mod info;
#[cfg(test)]
mod real_files;
mod search;
mod sound;

use std::io;

use super::finding::HealthFinding;
use super::tags;
use super::window::FileWindow;
use crate::Failure;
use crate::decoder_faults::CUT_OFF;
use crate::kind::FileKind;
use crate::source::Source;
use header::Mp3Header;
use headway_model::SkipReason;
use search::{begins, next_frame};
use sound::Mp3Sound;

/// Follows the frames of a file to its end. If its name does not say that it is one (`is_named`), nothing is claimed about a file
/// without two frames.
pub(super) fn decode(source: &Source<'_>, is_named: bool) -> Result<HealthFinding, Failure> {
    let mut window = FileWindow::new(source.uncounted());
    let unread = |_: io::Error| source.failure(CUT_OFF);
    let begin = tags::after(&mut window).map_err(unread)?;
    if begin > source.size() {
        return Err(source.failure("it is cut off: it ends within its tag"));
    }
    let end = tags::before(&mut window, begin, source.size()).map_err(unread)?;
    let is_sure = begins(&mut window, begin, end, None).map_err(unread)?;
    let head = window.at(begin, Mp3Header::LENGTH).map_err(unread)?;
    let (header, is_other) = (Mp3Header::of(head), Mp3Header::is_of_other_layer(head));
    if is_other || header.is_some_and(Mp3Header::is_free) || !is_named && !is_sure {
        return Err(Failure::Skipped(SkipReason::Unsupported));
    }
    let found = match header {
        Some(header) => Some((begin, header)),
        None => next_frame(&mut window, begin, end, None).map_err(unread)?,
    };
    let (first, header) = match found {
        Some(found) => found,
        None if begin > 0 => return Err(source.failure("it has tags and no sound")),
        None => return Err(source.not_as_named(FileKind::Mp3)),
    };
    let mut finding = HealthFinding::default();
    if first > begin {
        let is_zero = window.is_zero(begin, first).map_err(unread)?;
        let list = if is_zero { &mut finding.notes } else { &mut finding.doubts };
        list.push(format!("there are {} bytes before its first frame", first - begin));
    }
    let mut sound = Mp3Sound::new(source, window, header, first..end);
    sound.follow(&mut finding)?;
    sound.judge(&mut finding)?;
    Ok(finding)
}
