//! A pattern with wildcards, compared with a path or a name in time proportional to their lengths.

use super::ExcludeError;
use super::class::Class;

const SLASH: u32 = '/' as u32;

/// A pattern, cut into what matches one after the other.
#[derive(Debug)]
pub(super) struct Wild(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    /// This character.
    Char(u32),
    /// `?`: one character.
    Any,
    /// `[...]`: one of these characters.
    Class(Class),
    /// `*`: any characters within a name.
    Star,
    /// `**`: any characters, and slashes.
    Deep,
    /// The two pieces behind it can be absent: `**/` is this, [`Piece::Deep`] and a slash.
    Perhaps,
}

impl Wild {
    /// Reads a folded pattern without the slashes at its ends. `**` is more than `*` only in the pattern of a path.
    pub(super) fn new(pattern: &str, is_name: bool) -> Result<Self, ExcludeError> {
        let chars: Vec<char> = pattern.chars().collect();
        let (mut pieces, mut at) = (Vec::new(), 0);
        while let Some(char) = chars.get(at).copied() {
            at += 1;
            match char {
                '\\' => {
                    pieces.push(Piece::Char(u32::from(*chars.get(at).ok_or(ExcludeError::Escape)?)));
                    at += 1;
                }
                '?' => pieces.push(Piece::Any),
                '[' => pieces.push(Piece::Class(Class::read(&chars, &mut at)?)),
                '*' => {
                    let before = &chars[..at - 1];
                    let more = chars[at..].iter().take_while(|char| **char == '*').count();
                    at += more;
                    let is_deep = more > 0 && !is_name && begins(before) && ends(&chars[at..]);
                    if is_deep && chars.get(at) == Some(&'/') {
                        at += 1;
                        pieces.extend([Piece::Perhaps, Piece::Deep, Piece::Char(SLASH)]);
                    } else {
                        pieces.push(if is_deep { Piece::Deep } else { Piece::Star });
                    }
                }
                _ => pieces.push(Piece::Char(u32::from(char))),
            }
        }
        check(&pieces)?;
        Ok(Wild(pieces))
    }

    pub(super) fn matches(&self, text: &[u32]) -> bool {
        let pieces = &self.0;
        // Which numbers of pieces match the text so far.
        let mut now = vec![false; pieces.len() + 1];
        now[0] = true;
        skip_absent(pieces, &mut now);
        for unit in text.iter().copied() {
            let mut next = vec![false; pieces.len() + 1];
            for (at, piece) in pieces.iter().enumerate().filter(|(at, _)| now[*at]) {
                match piece {
                    Piece::Star => next[at] |= unit != SLASH,
                    Piece::Deep => next[at] = true,
                    Piece::Perhaps => {}
                    Piece::Char(char) => next[at + 1] |= unit == *char,
                    Piece::Any => next[at + 1] |= unit != SLASH,
                    Piece::Class(class) => next[at + 1] |= unit != SLASH && class.has(unit),
                }
            }
            skip_absent(pieces, &mut next);
            if next.iter().all(|is_reached| !is_reached) {
                return false;
            }
            now = next;
        }
        now[pieces.len()]
    }
}

/// Goes over the pieces that match no character.
fn skip_absent(pieces: &[Piece], reached: &mut [bool]) {
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Star | Piece::Deep => reached[at + 1] |= reached[at],
            Piece::Perhaps => {
                reached[at + 1] |= reached[at];
                reached[at + 3] |= reached[at];
            }
            Piece::Char(_) | Piece::Any | Piece::Class(_) => {}
        }
    }
}

/// Whether a `**` behind this is more than a `*`: behind a slash and, in git, also behind plain text from the start.
fn begins(before: &[char]) -> bool {
    before.last().is_none_or(|char| *char == '/') || !before.iter().any(|char| matches!(char, '*' | '?' | '[' | '\\'))
}

/// Whether a `**` before this is more than a `*`.
fn ends(behind: &[char]) -> bool {
    matches!(behind, [] | ['/', ..] | ['\\', '/', ..])
}

/// Refuses what no path contains: an empty name, and the names `.` and `..`.
fn check(pieces: &[Piece]) -> Result<(), ExcludeError> {
    const DOT: u32 = '.' as u32;
    for name in pieces.split(|piece| matches!(piece, Piece::Char(SLASH))) {
        match name {
            [] => return Err(ExcludeError::NoName),
            [Piece::Char(DOT)] | [Piece::Char(DOT), Piece::Char(DOT)] => return Err(ExcludeError::Dots),
            _ => {}
        }
    }
    Ok(())
}
