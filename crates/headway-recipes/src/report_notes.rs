//! What the report of a job says about single files.

use std::io::{self, BufRead};

use serde_json::Value;

use headway_model::RelPath;

/// Makes a note for each of these files, given with their results; `None` for a file of which the report says nothing.
pub type MakeNotes = fn(&mut dyn BufRead, &[(RelPath, Value)]) -> io::Result<Vec<Option<String>>>;

/// Which report of a recipe says more about its files than their results, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct ReportNotes {
    /// The name of the report.
    pub output: &'static str,
    /// Reads the notes from it.
    pub read: MakeNotes,
}
