//! How much work a job has, in files and bytes, and how long the rest of it might take.

use serde::{Deserialize, Serialize};

use super::id::Millis;
use super::item::{DiskEffect, FailReason, ItemStatus};
use super::serde_defaults::is_default;
use crate::read::FromJson;

/// A number of files and their total size. In a job's work, sizes are as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileTotals {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl FileTotals {
    /// Adds one file of this size in bytes.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// A job's work, without the files that the plan skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Load {
    /// Files whose work has ended, whether well or badly.
    pub done: FileTotals,
    /// Files that wait for their work, or are being worked on.
    pub open: FileTotals,
    /// Of the bytes of `done`, those of files that the recipe rejected, so that they were not processed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rejected: u64,
    /// Of the bytes of `done`, those of other files that were not processed: their work failed, or left them out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unprocessed: u64,
    /// How many files of `done` are as they were, because there was nothing to change.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unchanged: u64,
    /// The bytes of its outputs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub written: u64,
    /// How many bytes smaller the library's files are for it once the trash is emptied; negative if they are larger.
    #[serde(default, skip_serializing_if = "is_default")]
    pub saved: i64,
    /// Bytes free on the library's disk: only of a plan that waits, whose job writes files, and if that is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub free: Option<u64>,
    /// How much is done of open files, in thousandths of a file: see [`Load::with_parts`].
    #[serde(skip)]
    pub under_way: u64,
}

/// How much is done of a file that is being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePart {
    /// In thousandths of the file.
    pub thousandths: u64,
    /// In bytes; 0 if the work is not measured in bytes.
    pub bytes: u64,
}

/// How long a job might still take: a range, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The shorter time.
    pub low: Millis,
    /// The longer time.
    pub high: Millis,
}

/// Fewer finished files than this say nothing about the rest.
const LEAST_FILES: u64 = 3;

/// With fewer files, the bytes alone say how long the rest takes, once this part of them is done.
const LEAST_PART: u64 = 50;

/// Less time at work than this says nothing about the rest.
const LEAST_TIME: Millis = 3_000;

impl Load {
    /// Adds files with one status.
    pub fn add(&mut self, status: ItemStatus, part: FileTotals) {
        let to = match status {
            ItemStatus::Succeeded(_) | ItemStatus::Failed(_) | ItemStatus::Skipped { planned: false, .. } => {
                &mut self.done
            }
            ItemStatus::Waiting | ItemStatus::Running | ItemStatus::Placing | ItemStatus::Interrupted => &mut self.open,
            // These were not worked on and will not be.
            ItemStatus::Cancelled | ItemStatus::Skipped { planned: true, .. } => return,
        };
        to.files += part.files;
        to.bytes += part.bytes;
        match status {
            ItemStatus::Succeeded(DiskEffect::Unchanged) => self.unchanged += part.files,
            ItemStatus::Failed(FailReason::Recipe) => self.rejected += part.bytes,
            ItemStatus::Failed(_) => self.unprocessed += part.bytes,
            ItemStatus::Skipped { .. } if !status.is_done() => self.unprocessed += part.bytes,
            _ => {}
        }
    }

    /// Of the bytes of `done`, those that were processed; with `reads`, also those that were read and rejected.
    pub fn processed(&self, reads: bool) -> u64 {
        let rejected = if reads { 0 } else { self.rejected };
        self.done.bytes.saturating_sub(self.unprocessed.saturating_add(rejected))
    }

    /// Of the bytes of `done`, the others: those of files that failed or were left out. They count neither as done nor as part of
    /// what is to be done.
    pub fn not_processed(&self, reads: bool) -> u64 {
        self.done.bytes - self.processed(reads)
    }

    /// The total size of its files.
    pub fn bytes(&self) -> u64 {
        self.done.bytes + self.open.bytes
    }

    /// The same work, with what is done of the files that are being worked on.
    pub fn with_parts(self, parts: impl IntoIterator<Item = FilePart>) -> Load {
        let mut load = self;
        for part in parts {
            let bytes = part.bytes.min(load.open.bytes);
            load.done.bytes += bytes;
            load.open.bytes -= bytes;
            load.under_way += part.thousandths;
        }
        load
    }

    /// How long the rest might take, judging by the `at_work` milliseconds so far. Each file has a fixed cost and a
    /// cost for each byte: one end of the range assumes that the whole cost is fixed, the other that it is all for
    /// bytes. `None` while too little has been done to say, and if nothing is left.
    pub fn left(&self, at_work: Millis) -> Option<Estimate> {
        if self.open.files == 0 || at_work < LEAST_TIME {
            return None;
        }
        // Empty files say nothing about the cost of bytes.
        let by_bytes = share(at_work, self.open.bytes, self.done.bytes);
        if self.done.files < LEAST_FILES {
            let is_told = self.under_way > 0 && self.done.bytes > self.bytes() / LEAST_PART;
            return by_bytes.filter(|_| is_told).map(|left| Estimate { low: left, high: left });
        }
        let thousandths = |files: u64| files.saturating_mul(1_000);
        let open = thousandths(self.open.files).saturating_sub(self.under_way);
        let by_files = share(at_work, open, thousandths(self.done.files).saturating_add(self.under_way))?;
        let by_bytes = by_bytes.unwrap_or(by_files);
        Some(Estimate { low: by_files.min(by_bytes), high: by_files.max(by_bytes) })
    }
}

fn share(time: Millis, open: u64, done: u64) -> Option<Millis> {
    let ms = (u128::from(time) * u128::from(open)).checked_div(u128::from(done))?;
    Some(Millis::try_from(ms).unwrap_or(Millis::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::SkipReason;

    fn part(files: u64, bytes: u64) -> FileTotals {
        FileTotals { files, bytes }
    }

    #[test]
    fn one_large_file_at_the_end_makes_the_range_wide_and_equal_files_make_it_a_point() {
        let equal = Load { done: part(10, 1_000), open: part(20, 2_000), ..Load::default() };
        assert_eq!(equal.left(5_000), Some(Estimate { low: 10_000, high: 10_000 }));
        let large = Load { done: part(99, 1_000), open: part(1, 9_000), ..Load::default() };
        assert_eq!(large.left(9_900), Some(Estimate { low: 100, high: 89_100 }));
        let empty = Load { done: part(10, 0), open: part(10, 5), ..Load::default() };
        assert_eq!(empty.left(4_000), Some(Estimate { low: 4_000, high: 4_000 }));
    }

    #[test]
    fn a_large_file_under_way_counts_by_what_is_done_of_it() {
        let half = FilePart { thousandths: 500, bytes: 5_000 };
        let last = Load { done: part(9, 1_000), open: part(1, 10_000), ..Load::default() };
        let left = last.with_parts([half]).left(6_000);
        assert_eq!(left, Some(Estimate { low: 315, high: 5_000 }));
        // A program that reports only its progress.
        let told = last.with_parts([FilePart { bytes: 0, ..half }]).left(9_500);
        assert_eq!(told.map(|left| left.low), Some(500));
        // A single file without any other measure of its speed.
        let one = Load { open: part(1, 10_000), ..Load::default() };
        assert_eq!(one.with_parts([half]).left(6_000), Some(Estimate { low: 6_000, high: 6_000 }));
        assert_eq!(one.with_parts([FilePart { thousandths: 10, bytes: 100 }]).left(6_000), None, "too little of it");
        assert_eq!(one.left(60_000), None);
    }

    #[test]
    fn no_estimate_is_made_without_a_basis() {
        let load = Load { done: part(2, 500), open: part(20, 2_000), ..Load::default() };
        assert_eq!(load.left(60_000), None, "too few files");
        let load = Load { done: part(9, 500), open: part(20, 2_000), ..Load::default() };
        assert_eq!(load.left(2_999), None, "too short");
        assert_eq!(Load { open: FileTotals::default(), ..load }.left(60_000), None, "nothing is left");
        let huge = Load { done: part(3, 1), open: part(u64::MAX, u64::MAX), ..Load::default() };
        assert_eq!(huge.left(u64::MAX), Some(Estimate { low: u64::MAX, high: u64::MAX }));
    }

    #[test]
    fn skipped_and_cancelled_files_are_not_counted_as_work() {
        let mut load = Load::default();
        let (out, late) = (SkipReason::Done, SkipReason::Command);
        for (status, bytes) in [
            (ItemStatus::Waiting, 1),
            (ItemStatus::Running, 10),
            (ItemStatus::Succeeded(DiskEffect::Read), 100),
            (ItemStatus::Failed(FailReason::Read), 1_000),
            (ItemStatus::Skipped { reason: late, planned: false }, 10_000),
            (ItemStatus::Skipped { reason: out, planned: true }, 100_000),
            (ItemStatus::Cancelled, 1_000_000),
        ] {
            load.add(status, part(1, bytes));
        }
        let unprocessed = 11_000;
        assert_eq!(load, Load { done: part(3, 11_100), open: part(2, 11), unprocessed, ..Load::default() });
        assert_eq!((load.bytes(), load.processed(true), load.processed(false)), (11_111, 100, 100));
        assert_eq!(load.not_processed(true), 11_000);
        load.add(ItemStatus::Failed(FailReason::Recipe), part(1, 2));
        load.add(ItemStatus::Skipped { reason: SkipReason::NotSmaller, planned: false }, part(1, 30));
        assert_eq!((load.processed(true), load.processed(false)), (132, 130), "what was rejected was read");
        load.add(ItemStatus::Succeeded(DiskEffect::Unchanged), part(2, 7));
        assert_eq!(load.unchanged, 2);
    }
}
