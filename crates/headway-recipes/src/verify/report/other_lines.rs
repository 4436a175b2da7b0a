//! The verdict of each line whose file was not an item of the job: looks whether the file exists.

use serde_json::Value;

use super::super::asked::RequestedFiles;
use super::super::folders::{Folders, NearMatch};
use super::super::verdict::{MISSING, NOT_CHECKED, UNREADABLE};
use super::super::{Outputs, RelPath, Unable};
use super::VerifyReport;
use headway_files::{environment, inspect, io_text, unable};
use headway_model::{SkipReason, StartJob};

/// For at most this many missing files, a file is searched whose name differs only in case.
const HINTED_LIMIT: u64 = 1_000;

impl VerifyReport<'_> {
    /// Checks the files that lines name and that were not items of the job.
    pub(super) fn other_lines(&mut self, request: &StartJob, outputs: &Outputs) -> anyhow::Result<()> {
        let lines = self.lines;
        let asked = RequestedFiles::by(request);
        let mut folders = Folders::new(self.library);
        let mut from = 0;
        for own in lines.lines.chunk_by(|one, other| one.path == other.path) {
            let range = from..from + own.len();
            from = range.end;
            let Some(first) = own.first().filter(|_| !self.is_told[range.start]) else { continue };
            outputs.check_wanted()?;
            let (verdict, mut why) = self.look(&first.path)?;
            let numbers = lines.numbers(own.iter());
            if verdict == MISSING && self.counted(MISSING) < HINTED_LIMIT {
                match folders.near(&first.path) {
                    NearMatch::Case(path) => {
                        why = format!("{why}; {} is there, which differs by the case of letters", path.shown());
                    }
                    NearMatch::NotKnown(unlisted) => {
                        why = format!("{why}; whether a file of almost this name is there is not known: {unlisted}");
                    }
                    NearMatch::Form(_) | NearMatch::Nothing => {}
                }
            }
            if let Some(note) = own.iter().find_map(|line| line.note.as_deref()) {
                why = format!("{why}; {note}");
            }
            let is_itself = lines.is_manifest(&first.path);
            if is_itself && verdict == NOT_CHECKED {
                why = "it is the manifest itself".to_owned();
            }
            self.rows.push(format!("{}\t{verdict}: {why} (line {})\n", first.path, numbers));
            range.for_each(|index| self.count(index, (verdict, why.as_str()), &Value::Null));
            let is_item = self.unread_items.contains(&first.path);
            if asked.leaves_out(&first.path, is_item) {
                continue;
            }
            if verdict != NOT_CHECKED || asked.for_file(&first.path, is_item) && !is_itself {
                self.blame(verdict, first.path.shown());
            }
        }
        Ok(())
    }

    fn look(&self, path: &RelPath) -> anyhow::Result<(&'static str, String)> {
        let absent = self.library.missing_disk_of(path);
        if let Some(disk) = absent.map_err(|error| unable("what is mounted cannot be seen", &error))? {
            return Ok((NOT_CHECKED, format!("the disk that was at {} is missing", disk.shown())));
        }
        let listed = inspect(self.library, path).map_err(Unable::Environment)?;
        Ok(match listed.skip {
            Some(SkipReason::Missing) => (MISSING, "the manifest names it, and it is not there".to_owned()),
            Some(reason) => (NOT_CHECKED, format!("it was not read: {}", reason.text())),
            None if listed.file.was_seen() => (NOT_CHECKED, "it is there, and was not read by this job".to_owned()),
            // Only opening it shows that it can be read.
            None => match self.library.readable(path, u64::MAX) {
                Err(error) => match environment(&error) {
                    Some(reason) => return Err(Unable::Environment(reason).into()),
                    None => (UNREADABLE, format!("it cannot be looked at: {}", io_text(&error))),
                },
                Ok(_) => (NOT_CHECKED, "it could not be looked at, and can be now".to_owned()),
            },
        })
    }
}
