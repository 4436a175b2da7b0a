//! The output of attempts. 64 items share one file, to which each attempt appends a line, because a file for each
//! item would take more room than its content.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{DataFolder, Found, bytes_in, gone, private, remove_tree};
use headway_model::JobId;
use headway_model::attempt::AttemptLog;

/// How many items share one file.
const ITEMS: u32 = 64;

#[derive(Serialize, Deserialize)]
struct AttemptLine<L> {
    item: u32,
    #[serde(flatten)]
    log: L,
}

impl DataFolder {
    /// Stores the output of an attempt, in place of anything stored for it before. This is not part of the job's log:
    /// if it cannot be stored, the server only logs a warning.
    pub fn keep_attempt(&self, job: JobId, item: u32, log: &AttemptLog) {
        if let Err(error) = self.append(job, &AttemptLine { item, log }) {
            tracing::warn!(job.id = %job, item, attempt = log.attempt, %error, "the output of an attempt cannot be kept");
        }
    }

    fn append(&self, job: JobId, line: &AttemptLine<&AttemptLog>) -> io::Result<()> {
        // The line feed at the beginning ends a line that a crash cut off.
        let mut text = b"\n".to_vec();
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
        self.open_attempts(job, line.item)?.write_all(&text)
    }

    fn open_attempts(&self, job: JobId, item: u32) -> io::Result<File> {
        let path = self.attempts_file(&job, item);
        let open = || private::open(private::options().append(true).create(true), &path);
        open().or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => private::make_folder(&self.attempts(&job)).and_then(|()| open()),
            _ => Err(error),
        })
    }

    /// The output of an item's attempts, in the order of the attempts.
    pub fn attempts_of(&self, job: JobId, item: u32) -> io::Result<Vec<AttemptLog>> {
        let text = Found::of(std::fs::read(self.attempts_file(&job, item))).known()?.unwrap_or_default();
        let begin = format!("{{\"item\":{item},");
        let lines = text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(begin.as_bytes()));
        let mut logs: Vec<AttemptLog> = lines
            .rev()
            .filter_map(|line| serde_json::from_slice::<AttemptLine<AttemptLog>>(line).ok())
            .map(|line| line.log)
            .collect();
        // If several have one number, the newest comes first and is kept.
        logs.sort_by_key(|log| log.attempt);
        logs.dedup_by_key(|log| log.attempt);
        Ok(logs)
    }

    /// The size in bytes of the stored output of a job's attempts.
    pub fn attempts_bytes(&self, job: &JobId) -> io::Result<u64> {
        bytes_in(&self.attempts(job))
    }

    /// Removes the stored output of a job's attempts.
    pub fn remove_attempts(&self, job: &JobId) -> io::Result<()> {
        gone(remove_tree(&self.attempts(job)))
    }

    fn attempts_file(&self, job: &JobId, item: u32) -> PathBuf {
        self.attempts(job).join(format!("{}.jsonl", item / ITEMS))
    }

    fn attempts(&self, job: &JobId) -> PathBuf {
        self.root.join("attempts").join(job.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::attempt::Kept;

    fn said(attempt: u32, text: &str) -> AttemptLog {
        let stdout = Kept { head: text.into(), ..Kept::default() };
        AttemptLog {
            attempt,
            argv: vec!["/bin/x".into()],
            exit: Some(0),
            ms: 1,
            stdout,
            stderr: Kept::default(),
            running: false,
        }
    }

    #[test]
    fn the_output_of_attempts_is_found_by_item_even_after_a_truncated_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(folder.path(), &[]).expect("a data folder");
        let (job, other) = (JobId::mint(1, [1; 10]), JobId::mint(1, [2; 10]));
        for item in 0..200 {
            data.keep_attempt(job, item, &said(1, &format!("one\n{item}")));
        }
        data.open_attempts(job, 7).and_then(|mut file| file.write_all(b"{\"item\":7,\"attem")).expect("a write");
        data.keep_attempt(job, 7, &said(2, "two"));
        data.keep_attempt(job, 7, &said(2, "two, and its check"));
        let attempts_of = |job, item| data.attempts_of(job, item).expect("what is known");
        assert_eq!(attempts_of(job, 7), [said(1, "one\n7"), said(2, "two, and its check")]);
        assert_eq!(attempts_of(job, 71), [said(1, "one\n71")]);
        assert_eq!((attempts_of(job, 200), attempts_of(other, 7)), (vec![], vec![]));
        assert_eq!(std::fs::read_dir(data.attempts(&job)).expect("a folder").count(), 4);
        assert_eq!(data.bytes_of(&job).expect("a size"), data.attempts_bytes(&job).expect("a size"));
        data.remove_attempts(&job).expect("a removal");
        assert_eq!(attempts_of(job, 7), []);
    }
}
