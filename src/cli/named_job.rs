//! How a person names a job on the command line: the same in every command.

use headway_model::JobId;

/// The least length of a part of an id. A shorter number after `@` counts jobs.
const PART: usize = 6;

/// A job as a person names it: by its id, by six or more of its first or last characters, each also after `@`, or by `@1` for the
/// newest, `@2` for the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NamedJob {
    /// This one. It need not exist.
    Id(JobId),
    /// The one with this number, counted from the newest, which is 1.
    Nth(usize),
    /// The one whose id begins or ends with this.
    Part(String),
}

impl NamedJob {
    /// `None` if the text names no job.
    pub(super) fn of(text: &str) -> Option<Self> {
        let after = text.strip_prefix('@');
        let name = after.unwrap_or(text);
        if let Ok(id) = name.parse() {
            return Some(NamedJob::Id(id));
        }
        if name.len() < PART {
            let nth = after.and_then(|number| number.parse::<usize>().ok());
            return nth.filter(|nth| *nth > 0).map(NamedJob::Nth);
        }
        let is_part = name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        is_part.then(|| NamedJob::Part(name.to_ascii_lowercase()))
    }

    /// Whether it means this job, which has this number from the newest.
    pub(super) fn means(&self, job: JobId, number: usize) -> bool {
        match self {
            NamedJob::Id(id) => *id == job,
            NamedJob::Nth(nth) => *nth == number,
            NamedJob::Part(part) => {
                let id = job.to_string();
                id.starts_with(part) || id.ends_with(part)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::job_id;

    #[test]
    fn a_job_is_named_in_the_same_ways_with_and_without_an_at_sign() {
        let job = job_id(7);
        let id = job.to_string();
        let (first, last) = (&id[..8], &id[id.len() - 6..]);
        for name in [id.as_str(), first, last] {
            for text in [name.to_owned(), format!("@{name}"), name.to_uppercase()] {
                assert!(NamedJob::of(&text).is_some_and(|named| named.means(job, 3)), "{text}");
            }
        }
        assert_eq!(NamedJob::of("@3"), Some(NamedJob::Nth(3)));
        assert_eq!(NamedJob::of("@123456"), Some(NamedJob::Part("123456".into())), "a part of an id");
        for wrong in ["", "@", "@0", "3", "12345", "@last", "checksum", "@-1"] {
            assert_eq!(NamedJob::of(wrong), None, "{wrong}");
        }
    }
}
