//! The lines of all manifests of a job, by file.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

use super::super::hash::Hashes;
use super::super::manifest::{Algorithms, Sum, to_hex};
use super::super::record::ManifestRecord;
use super::{RelPath, SkipReason, Unable};
use headway_model::Digest;

/// At most this many line numbers are listed; the others are counted.
const NUMBERED: usize = 20;

/// One manifest.
#[derive(Debug)]
pub(super) struct ManifestSource {
    /// Its path.
    pub(super) path: RelPath,
    /// The record of the job that made the manifest, if there is one.
    pub(super) record: Option<ManifestRecord>,
    /// When it was last written to before it was read; `None` if it is no file of the library, but only of the job that made
    /// it.
    pub(super) written: Option<i64>,
    /// For checksums of 4, 8, 12, ... bytes: the algorithms that have matched so far, as bits.
    found: [AtomicU16; 17],
}

/// The content of one line, about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExpectedFile {
    /// The file.
    pub(super) path: RelPath,
    /// The manifest, by its index.
    pub(super) source: u32,
    /// The line number, from 1.
    pub(super) number: u64,
    /// The expected size in bytes.
    pub(super) size: Option<u64>,
    /// Its checksums.
    pub(super) sums: Vec<Sum>,
    /// Whether its checksum names no algorithm and has a length that no other line of the manifest has: it can be cut off.
    pub(super) is_odd: bool,
    /// How the file was found, if not by exactly the name in the line.
    pub(super) note: Option<Box<str>>,
}

/// A line that does not belong to a file of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnmatchedLine {
    /// The manifest, by its index.
    pub(super) source: u32,
    /// The line number, from 1.
    pub(super) number: u64,
    /// Why, as a text for people.
    pub(super) why: String,
}

/// The lines of all manifests.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The manifests.
    pub(super) sources: Vec<ManifestSource>,
    /// Lines about files, in the order of paths.
    pub(super) lines: Vec<ExpectedFile>,
    /// Lines that do not belong to a file of the library.
    pub(super) loose: Vec<UnmatchedLine>,
    /// The paths of the manifests, once all are read.
    manifests: HashSet<RelPath>,
    /// Manifests without a single entry.
    pub(super) empty: Vec<RelPath>,
    /// Manifests that a pattern matches and that were not read, because they are symbolic links or no regular files.
    pub(super) passed_over: Vec<UnreadEntry>,
}

/// An entry that a pattern might mean and that was not read.
#[derive(Debug)]
pub(super) enum UnreadEntry {
    /// A manifest that matches, and why it was not read.
    Manifest(RelPath, SkipReason),
    /// A folder that cannot be listed, so that it is not known whether it has a manifest.
    Folder(RelPath),
}

/// The digest of the lines about a file. It does not depend on where the lines are, or on the algorithm chosen for
/// lines that name none. It is stored, so each version must compute the same digest for the same lines.
pub(super) fn digest(lines: &[ExpectedFile]) -> Digest {
    Digest::of(digest_text(lines).as_bytes())
}

/// The content of the lines, one per line: the size or `-`, and each checksum after the name of its algorithm.
fn digest_text(lines: &[ExpectedFile]) -> String {
    let by = |sum: &Sum| match (&sum.unknown, sum.algorithms.only()) {
        (Some(tag), _) => format!("unknown-{}", to_hex(tag.as_bytes())),
        (None, Some(algorithm)) if sum.is_named && !sum.is_chosen => algorithm.name().to_owned(),
        (None, _) => "unnamed".to_owned(),
    };
    let line = |line: &ExpectedFile| {
        let size = line.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        let sums: String = line.sums.iter().map(|sum| format!(" {}:{}", by(sum), to_hex(&sum.hash))).collect();
        format!("{size}{sums}\n")
    };
    lines.iter().map(line).collect()
}

impl ManifestSource {
    /// A manifest that has not been read yet.
    pub(super) fn new(path: RelPath, record: Option<ManifestRecord>, written: Option<i64>) -> Self {
        ManifestSource { path, record, written, found: Default::default() }
    }

    /// The algorithms that have matched for checksums of this length in bytes.
    pub(super) fn found(&self, bytes: usize) -> Algorithms {
        let found = self.found.get(bytes / 4).map(|bits| bits.load(Ordering::Relaxed));
        Algorithms::from_bits(found.unwrap_or_default())
    }
}

impl Lines {
    /// No lines yet, and the manifests that were not read.
    pub(super) fn without(passed_over: Vec<UnreadEntry>) -> Self {
        Lines { passed_over, ..Lines::default() }
    }

    /// Notes that all manifests are read.
    pub(super) fn end(&mut self) -> Result<(), Unable> {
        let in_library = self.sources.iter().filter(|source| source.written.is_some());
        self.manifests = in_library.map(|source| source.path.clone()).collect();
        self.lines
            .sort_by(|one, other| (&one.path, one.source, one.number).cmp(&(&other.path, other.source, other.number)));
        if !self.lines.is_empty() {
            return Ok(());
        }
        let manifests: Vec<_> = self.sources.iter().map(|source| source.path.shown()).collect();
        Err(match self.loose.first() {
            Some(loose) => format!("{}; it names no file of the library", self.describe(loose)).into(),
            None => {
                format!("{} has no line with a checksum: it is empty, or its content is lost", manifests.join(", "))
                    .into()
            }
        })
    }

    /// Describes a loose line: where it is, and what is wrong with it.
    pub(super) fn describe(&self, loose: &UnmatchedLine) -> String {
        let manifest = self.sources.get(loose.source as usize).map(|source| source.path.shown()).unwrap_or_default();
        format!("line {} of {manifest}: {}", loose.number, loose.why)
    }

    /// The numbers of some lines, each with its manifest if there are several.
    pub(super) fn numbers<'a>(&self, lines: impl Iterator<Item = &'a ExpectedFile>) -> String {
        let number = |line: &ExpectedFile| match self.sources.get(line.source as usize) {
            Some(source) if self.sources.len() > 1 => format!("{} of {}", line.number, source.path.shown()),
            Some(_) | None => line.number.to_string(),
        };
        let mut lines = lines.fuse();
        let mut told: Vec<_> = lines.by_ref().take(NUMBERED).map(number).collect();
        match lines.count() {
            0 => {}
            more => told.push(format!("and {more} more")),
        }
        told.join(", ")
    }

    /// Whether a file is one of the manifests.
    pub(super) fn is_manifest(&self, path: &RelPath) -> bool {
        self.manifests.contains(path)
    }

    /// What the lines say about a file.
    pub(super) fn of(&self, path: &RelPath) -> &[ExpectedFile] {
        &self.lines[self.range(path)]
    }

    /// Whether a line names this file, or a file in this folder.
    pub(super) fn names(&self, path: &RelPath, is_folder: bool) -> bool {
        if !is_folder {
            return !self.range(path).is_empty();
        }
        let inside = format!("{}/", path.as_str());
        let from = self.lines.partition_point(|line| line.path.as_str() < inside.as_str());
        self.lines.get(from).is_some_and(|line| line.path.as_str().starts_with(&inside))
    }

    /// The files that lines name, each once and in order.
    pub(super) fn paths(&self) -> Vec<RelPath> {
        self.lines
            .chunk_by(|one, other| one.path == other.path)
            .filter_map(|own| Some(own.first()?.path.clone()))
            .collect()
    }

    /// The range of the lines about a file.
    pub(super) fn range(&self, path: &RelPath) -> Range<usize> {
        let from = self.lines.partition_point(|line| line.path < *path);
        from..from + self.lines[from..].partition_point(|line| line.path == *path)
    }

    /// All possible algorithms of the checksums in these lines.
    pub(super) fn candidates(&self, lines: &[ExpectedFile]) -> Algorithms {
        let sums = lines.iter().flat_map(|line| &line.sums);
        sums.fold(Algorithms::NONE, |all, sum| all | sum.algorithms)
    }

    /// The algorithms to try first: those that have matched in the same manifest, otherwise the common ones.
    pub(super) fn wanted(&self, lines: &[ExpectedFile]) -> Algorithms {
        let mut wanted = Algorithms::NONE;
        for line in lines {
            for sum in &line.sums {
                let likely = [self.found(line, sum), Algorithms::COMMON].map(|likely| sum.algorithms & likely);
                let first = likely.into_iter().find(|likely| !likely.is_empty());
                wanted = wanted | first.unwrap_or(sum.algorithms);
            }
        }
        wanted
    }

    /// Remembers with which algorithms these lines matched.
    pub(super) fn learn(&self, lines: &[ExpectedFile], hashes: &Hashes) {
        for (line, sum) in lines.iter().flat_map(|line| line.sums.iter().map(move |sum| (line, sum))) {
            let mut hashes = hashes.iter().filter(|(algorithm, _)| sum.algorithms.has(*algorithm));
            let source = self.sources.get(line.source as usize);
            let slot = source.and_then(|source| source.found.get(sum.hash.len() / 4));
            if let (Some((algorithm, _)), Some(slot)) = (hashes.find(|(_, hash)| **hash == *sum.hash), slot) {
                slot.fetch_or(Algorithms::of(algorithm).bits(), Ordering::Relaxed);
            }
        }
    }

    /// The algorithms that have matched in a line's manifest for checksums like this one.
    pub(super) fn found(&self, line: &ExpectedFile, sum: &Sum) -> Algorithms {
        let source = self.sources.get(line.source as usize);
        source.map(|source| source.found(sum.hash.len())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Algorithm;

    #[test]
    fn what_lines_say_is_stored_in_the_same_form_by_each_version() {
        let sum = |algorithms, is_named, is_chosen, unknown: Option<&str>| Sum {
            algorithms,
            is_named,
            is_chosen,
            hash: [0xab, 1].into(),
            unknown: unknown.map(Into::into),
            misfit: None,
        };
        let sha256 = Algorithms::of(Algorithm::Sha256);
        let line = |size, sums| {
            let path = RelPath::default();
            ExpectedFile { path, source: 0, number: 1, size, sums, is_odd: false, note: None }
        };
        let all = [
            line(Some(3), vec![sum(sha256, true, false, None), sum(Algorithms::NONE, true, false, Some("SM3"))]),
            line(None, vec![sum(Algorithms::of_length(32), false, false, None)]),
            line(Some(0), Vec::new()),
        ];
        assert_eq!(digest_text(&all), "3 sha256:ab01 unknown-534d33:ab01\n- unnamed:ab01\n0\n");
        // An algorithm that a person chose for a line is not part of the manifest.
        let chosen = [line(None, vec![sum(sha256, true, true, None)])];
        assert_eq!(digest(&chosen), digest(&all[1..2]));
        assert_ne!(digest(&all[..1]), digest(&all[1..2]));
    }
}
