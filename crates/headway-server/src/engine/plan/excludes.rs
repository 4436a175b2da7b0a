//! Patterns of what is left out. Each is read as git reads a line of a `.gitignore`, but case does not matter, and `#`
//! begins a name. A pattern that git reads and never matches is refused, because it was meant to leave something out.

mod class;
#[cfg(test)]
mod tests;
mod wild;

use std::cell::OnceCell;

use headway_model::library::{folded, folded_bytes};
use wild::Wild;

/// Why a pattern can match no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExcludeError {
    #[error("it names nothing")]
    Nothing,
    #[error("there is no name between its slashes")]
    NoName,
    #[error("the names . and .. are not used here; begin with / for the root of the library")]
    Dots,
    #[error("its [ has no ]; write \\[ for the character itself")]
    Unclosed,
    #[error("[:{0}:] is no class of characters")]
    NoClass(String),
    #[error("nothing follows its last \\; write \\\\ for the character itself")]
    Escape,
}

/// What is left out. If several patterns match, the last one decides.
#[derive(Debug, Default)]
pub(super) struct Excludes(Vec<ExcludeLine>);

#[derive(Debug)]
struct ExcludeLine {
    wild: Wild,
    /// Whether it is compared with the name alone, at any depth, because it has no slash.
    is_name: bool,
    /// Whether it matches only folders, because it ends with a slash.
    only_folders: bool,
    /// Whether it takes back what an earlier pattern leaves out, because it begins with `!`.
    keeps: bool,
}

impl Excludes {
    /// Adds a pattern. A blank one has no effect.
    pub(super) fn add(&mut self, pattern: &str) -> Result<(), ExcludeError> {
        self.0.extend(ExcludeLine::new(pattern)?);
        Ok(())
    }

    /// Whether the last pattern that matches one of these paths of a file leaves the file out. The folders above it are not
    /// asked about.
    pub(super) fn leaves_out(&self, paths: &[Vec<u8>], is_folder: bool) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let paths: Vec<_> = paths.iter().map(|path| FoldedPath::new(path)).collect();
        let matches_path = |line: &ExcludeLine, path: &FoldedPath<'_>| {
            line.wild.matches(if line.is_name { &path.name } else { path.whole() })
        };
        let matches =
            |line: &ExcludeLine| (is_folder || !line.only_folders) && paths.iter().any(|path| matches_path(line, path));
        self.0.iter().rev().find(|line| matches(line)).is_some_and(|line| !line.keeps)
    }
}

/// A path as patterns are compared with it. The whole of it is prepared only for a pattern that is compared with the whole: most
/// patterns are names, and in deep folders a path is much longer than its name.
struct FoldedPath<'a> {
    path: &'a [u8],
    name: Vec<u32>,
    whole: OnceCell<Vec<u32>>,
}

impl<'a> FoldedPath<'a> {
    fn new(path: &'a [u8]) -> Self {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        FoldedPath { path, name: units(&folded_bytes(name)), whole: OnceCell::new() }
    }

    fn whole(&self) -> &[u32] {
        self.whole.get_or_init(|| units(&folded_bytes(self.path)))
    }
}

impl ExcludeLine {
    fn new(pattern: &str) -> Result<Option<Self>, ExcludeError> {
        let line = trimmed(pattern.strip_suffix('\r').unwrap_or(pattern));
        if line.is_empty() {
            return Ok(None);
        }
        let (rest, keeps) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
        let (rest, only_folders) = rest.strip_suffix('/').map_or((rest, false), |rest| (rest, true));
        if rest.is_empty() {
            return Err(ExcludeError::Nothing);
        }
        let is_name = !rest.contains('/');
        let wild = Wild::new(&folded(rest.strip_prefix('/').unwrap_or(rest)), is_name)?;
        Ok(Some(ExcludeLine { wild, is_name, only_folders, keeps }))
    }
}

/// The line without the spaces at its end, except those behind a backslash.
fn trimmed(line: &str) -> &str {
    let mut end = 0;
    let mut chars = line.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            ' ' => {}
            '\\' => end = chars.next().map_or(line.len(), |(at, next)| at + next.len_utf8()),
            _ => end = at + char.len_utf8(),
        }
    }
    &line[..end]
}

/// The characters of a text, and its bytes that are no UTF-8, which equal no character.
fn units(text: &[u8]) -> Vec<u32> {
    let invalid = |byte: &u8| char::MAX as u32 + 1 + u32::from(*byte);
    let chunk = |chunk: std::str::Utf8Chunk<'_>| {
        let valid: Vec<_> = chunk.valid().chars().map(u32::from).chain(chunk.invalid().iter().map(invalid)).collect();
        valid
    };
    text.utf8_chunks().flat_map(chunk).collect()
}
