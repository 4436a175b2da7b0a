//! What the report of a job says about single files.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, BufRead, Seek};

use serde_json::Value;

use super::ReportHead;
use headway_model::{JobId, RelPath};

/// A report that can be read from any byte on.
pub trait OpenReport: BufRead + Seek {}

impl<T: BufRead + Seek> OpenReport for T {}

/// Reads a whole report, and finds out where its lines begin.
pub type IndexNotes = fn(&mut dyn BufRead) -> io::Result<NotesIndex>;

/// Makes a note for each of these files, given with their results; `None` for a file that the report does not mention.
pub type MakeNotes = fn(&mut dyn OpenReport, &NotesIndex, &[(RelPath, Value)]) -> io::Result<Vec<Option<String>>>;

/// Which report of a recipe says more about its files than their results, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct ReportNotes {
    /// The name of the report.
    pub output: &'static str,
    /// Makes its index, with which only the lines that are wanted are read.
    pub index: IndexNotes,
    /// Reads the notes from it.
    pub read: MakeNotes,
}

/// The report of another job on which a plan rests, and what it says about the plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanReport {
    /// The job that wrote it.
    pub job: JobId,
    /// What it says about the whole plan.
    pub head: ReportHead,
    /// What it says about single files. It knows their paths; results are not there yet, and empty.
    pub notes: ReportNotes,
}

/// Where the lines of a report begin, by what they are about. It takes 16 bytes for each line.
#[derive(Debug, Default)]
pub struct NotesIndex {
    /// A hash of what the line is about, and its first byte; in order.
    lines: Vec<(u64, u64)>,
}

impl NotesIndex {
    /// What a line about this content is found by.
    pub fn key(content: &str) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(content)
    }

    /// The index of lines with these keys, which begin at these bytes.
    pub fn of(mut lines: Vec<(u64, u64)>) -> Self {
        lines.sort_unstable();
        lines.shrink_to_fit();
        NotesIndex { lines }
    }

    /// The first bytes of the lines that can be about this content. Two contents can have the same key.
    pub fn begins(&self, content: &str) -> impl Iterator<Item = u64> {
        let key = Self::key(content);
        let from = self.lines.partition_point(|(known, _)| *known < key);
        self.lines[from..].iter().take_while(move |(known, _)| *known == key).map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_what_they_are_about() {
        let [a, b] = ["a", "b"].map(NotesIndex::key);
        let index = NotesIndex::of(vec![(b, 0), (a, 7), (b, 3)]);
        let of = |content: &str| index.begins(content).collect::<Vec<_>>();
        assert_eq!((of("a"), of("b"), of("c")), (vec![7], vec![0, 3], vec![]));
    }
}
