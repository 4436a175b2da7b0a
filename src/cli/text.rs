//! How the command line writes jobs, and words that a person can type.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use headway_model::JobId;

/// The last six characters of a job's id, which people name it by.
pub(super) fn tail(job: JobId) -> String {
    let id = job.to_string();
    id[id.len() - 6..].to_owned()
}

/// A word for a shell, as text.
pub(super) fn shown(word: &OsStr) -> String {
    String::from_utf8_lossy(&quoted(word.as_bytes())).into_owned()
}

/// A word for a shell. Quotation marks stand only where they are needed.
fn quoted(word: &[u8]) -> Vec<u8> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(byte);
    match word.iter().all(is_plain) {
        true => word.to_vec(),
        // A word of the command line contains no NUL, so it can be quoted.
        false => shlex::bytes::try_quote(word).map_or_else(|_| word.to_vec(), |quoted| quoted.into_owned()),
    }
}
