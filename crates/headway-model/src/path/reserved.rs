//! Names that are Headway's own.

use super::RelPath;

/// Prefix, in any case, of names that are Headway's own: temporary files, and the trash folders with their originals.
/// No job and no listing includes them.
pub const RESERVED: &str = ".headway-";

/// Whether a name on disk is Headway's own.
pub fn is_reserved(name: &[u8]) -> bool {
    name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED.as_bytes()))
}

impl RelPath {
    /// Whether any part of the path is a name of Headway's own. The check ignores case, because on some file systems
    /// all spellings are the same name.
    pub fn is_reserved(&self) -> bool {
        self.0.split('/').any(|part| is_reserved(part.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headways_own_are_known_in_any_case_and_at_any_depth() {
        let is = |text: &str| text.parse::<RelPath>().expect("a path").is_reserved();
        for own in [".headway-trash", "a/.HEADWAY-Trash/b", ".headway-", ".Headway-x%FF", "a/b/.headway-probe-1"] {
            assert!(is(own), "{own}");
        }
        for other in ["", "headway-trash", "a.headway-trash", ".headway", "a/.headwayx", ".head%FFway-trash"] {
            assert!(!is(other), "{other}");
        }
    }
}
