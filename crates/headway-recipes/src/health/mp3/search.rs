//! Finds where frames begin. Eleven set bits are too weak a sign, so another frame, a tag or the end must follow.

use std::io;

use super::header::Mp3Header;
use crate::health::tags;
use crate::health::window::FileWindow;

/// Whether a frame begins at this offset, which can follow the `first` one, in a sound that ends at `end`.
pub(super) fn begins(window: &mut FileWindow<'_, '_>, at: u64, end: u64, first: Option<Mp3Header>) -> io::Result<bool> {
    let header = Mp3Header::of(window.at(at, Mp3Header::LENGTH)?);
    let Some(header) = header.filter(|header| header.continues(first.unwrap_or(*header))) else { return Ok(false) };
    let next = at + header.length();
    if next >= end {
        return Ok(next == end);
    }
    let following = Mp3Header::of(window.at(next, Mp3Header::LENGTH)?);
    Ok(following.is_some_and(|following| following.continues(header)) || tags::length(window, next)? > 0)
}

/// The first frame at this offset or after it, which can follow the `first` one: where it begins, and its header.
pub(super) fn next_frame(
    window: &mut FileWindow<'_, '_>,
    from: u64,
    end: u64,
    first: Option<Mp3Header>,
) -> io::Result<Option<(u64, Mp3Header)>> {
    for at in from..end {
        // Most bytes begin nothing.
        let head = window.at(at, Mp3Header::LENGTH)?;
        if head.first() != Some(&0xff) {
            continue;
        }
        if let Some(header) = Mp3Header::of(head)
            && begins(window, at, end, first)?
        {
            return Ok(Some((at, header)));
        }
    }
    Ok(None)
}
