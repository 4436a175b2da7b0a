//! How long the finished files of a job took, by their size: a running file is compared with those.

use std::sync::atomic::{AtomicU64, Ordering};

use headway_model::message::SimilarFiles;

/// A class of sizes for each number of binary digits, and one for empty files.
const CLASSES: usize = 65;

/// Fewer files than this say nothing about another one.
const FEW: u64 = 3;

/// The files that succeeded. Attempts note theirs at the same time, each without waiting for another.
pub(super) struct TookBySize([TookOfClass; CLASSES]);

/// How many files of a class of sizes there are, and how long they took together, in milliseconds.
#[derive(Default)]
struct TookOfClass {
    files: AtomicU64,
    ms: AtomicU64,
}

impl Default for TookBySize {
    fn default() -> Self {
        TookBySize(std::array::from_fn(|_| TookOfClass::default()))
    }
}

/// The class of a size in bytes.
fn class(size: u64) -> usize {
    (u64::BITS - size.leading_zeros()) as usize
}

impl TookBySize {
    /// Notes that a file of this size in bytes succeeded after this many milliseconds.
    pub(super) fn note(&self, size: u64, ms: u64) {
        let of = &self.0[class(size)];
        of.files.fetch_add(1, Ordering::Relaxed);
        of.ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// The finished files of about this size, from about half to about double; `None` if they are too few.
    pub(super) fn similar(&self, size: u64) -> Option<SimilarFiles> {
        let class = class(size);
        let near = &self.0[class.saturating_sub(1)..(class + 2).min(CLASSES)];
        let sum = |part: fn(&TookOfClass) -> &AtomicU64| -> u64 {
            near.iter().map(|of| part(of).load(Ordering::Relaxed)).fold(0, u64::saturating_add)
        };
        let files = sum(|of| &of.files);
        (files >= FEW).then(|| SimilarFiles { files, ms: sum(|of| &of.ms) / files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_compared_with_finished_files_of_about_its_size_alone() {
        let took = TookBySize::default();
        [(900, 10), (1_000, 20)].iter().for_each(|(size, ms)| took.note(*size, *ms));
        assert_eq!(took.similar(1_000), None, "two are too few");
        took.note(1_500, 60);
        assert_eq!(took.similar(1_000), Some(SimilarFiles { files: 3, ms: 30 }));
        took.note(9_000_000_000, 3_600_000);
        assert_eq!(took.similar(1_000), Some(SimilarFiles { files: 3, ms: 30 }), "a large file says nothing");
        assert_eq!(took.similar(9_000_000_000), None);
        for _ in 0..3 {
            took.note(0, 5);
            took.note(u64::MAX, 7);
        }
        assert_eq!(took.similar(0), Some(SimilarFiles { files: 3, ms: 5 }));
        assert_eq!(took.similar(u64::MAX), Some(SimilarFiles { files: 3, ms: 7 }));
    }
}
