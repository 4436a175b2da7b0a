//! How the command line writes jobs, and words that a person can type.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use headway_model::JobId;
use headway_model::text::quoted;

/// The last six characters of a job's id, which people name it by.
pub(super) fn tail(job: JobId) -> String {
    let id = job.to_string();
    id[id.len() - 6..].to_owned()
}

/// A word for a shell, as text.
pub(super) fn shown(word: &OsStr) -> String {
    String::from_utf8_lossy(&quoted(word.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_can_be_typed_as_it_is_shown() {
        for (word, text) in [("", "''"), ("a b", "'a b'"), ("{a,b}.jpg", "'{a,b}.jpg'"), ("{/.}.jpg", "{/.}.jpg")] {
            assert_eq!(shown(OsStr::new(word)), text);
        }
    }
}
