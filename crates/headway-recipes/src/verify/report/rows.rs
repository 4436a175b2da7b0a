//! The rows of the report. Its first lines tell the counts of all rows, so they are known last: rows that would take much
//! memory until then wait in a file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use super::super::Outputs;

/// How many bytes of rows wait in memory.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// The rows, in order.
pub(super) struct WaitingRows<'a> {
    outputs: &'a Outputs,
    /// A file without a name, with the rows that did not fit into memory.
    first: Option<File>,
    /// The rows after those.
    last: Vec<u8>,
    /// Why some rows are lost.
    failed: Option<io::Error>,
}

impl<'a> WaitingRows<'a> {
    pub(super) fn new(outputs: &'a Outputs) -> Self {
        WaitingRows { outputs, first: None, last: Vec::new(), failed: None }
    }

    /// Adds a row, which ends its line. Whether it could be kept, [`WaitingRows::write_to`] tells.
    pub(super) fn push(&mut self, row: impl AsRef<[u8]>) {
        self.last.extend_from_slice(row.as_ref());
        if self.last.len() < IN_MEMORY {
            return;
        }
        if self.failed.is_none() {
            self.failed = self.move_out().err();
        }
        self.last.clear();
    }

    fn move_out(&mut self) -> io::Result<()> {
        let first = match &mut self.first {
            Some(first) => first,
            none => none.insert(self.outputs.unnamed()?),
        };
        first.write_all(&self.last)
    }

    /// Writes all rows.
    ///
    /// # Errors
    /// Errors of the file systems; so that a report never lacks a row.
    pub(super) fn write_to(&mut self, file: &mut dyn Write) -> io::Result<()> {
        if let Some(lost) = self.failed.take() {
            return Err(lost);
        }
        if let Some(first) = &mut self.first {
            first.seek(SeekFrom::Start(0))?;
            io::copy(first, file)?;
        }
        file.write_all(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::DataFolder;
    use headway_model::JobId;

    #[test]
    fn rows_of_many_megabytes_come_back_in_order_and_leave_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = DataFolder::open(folder.path(), &[]).expect("a data folder").outputs(&JobId::mint(1, [1; 10]));
        let mut rows = WaitingRows::new(&outputs);
        let row = |number: u32| format!("{number:0100}\n");
        (0..100_000).for_each(|number| rows.push(row(number)));
        assert!(rows.first.is_some() && rows.last.len() < IN_MEMORY);
        let mut written = Vec::new();
        rows.write_to(&mut written).expect("written");
        assert!(written == (0..100_000).map(row).collect::<String>().into_bytes());
        let left = std::fs::read_dir(folder.path().join("jobs").join(JobId::mint(1, [1; 10]).to_string()));
        assert_eq!(left.expect("a folder").count(), 0);
    }
}
