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

/// A server's text in which the commands about jobs have these options too: the server does not know with which options a command
/// finds it. Its commands stand between backticks.
pub(super) fn with_options(text: &str, options: &str) -> String {
    let is_command = |part: &str| {
        let mut words = part.split(' ');
        words.next() == Some("headway") && words.nth(1).is_some_and(|word| word.parse::<JobId>().is_ok())
    };
    let parts = text.split('`').enumerate().map(|(at, part)| match at % 2 == 1 && is_command(part) {
        true => format!("{part}{options}"),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::job_id;

    #[test]
    fn a_word_can_be_typed_as_it_is_shown() {
        for (word, text) in [("", "''"), ("a b", "'a b'"), ("{a,b}.jpg", "'{a,b}.jpg'"), ("{/.}.jpg", "{/.}.jpg")] {
            assert_eq!(shown(OsStr::new(word)), text);
        }
    }

    #[test]
    fn a_command_of_the_server_can_be_typed_as_it_is_shown() {
        let job = job_id(7);
        let told =
            format!("waits: `headway resume {job}` goes on, `headway doctor --try-again` and `headway serve` too");
        let whole = told.replacen(&format!("{job}`"), &format!("{job} --data 'a b'`"), 1);
        assert_eq!(with_options(&told, " --data 'a b'"), whole);
        assert_eq!(
            with_options("headway resume is not a command here", " --data D"),
            "headway resume is not a command here"
        );
    }
}
