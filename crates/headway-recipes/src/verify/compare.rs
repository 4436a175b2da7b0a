//! Compares what lines say about a file with the file.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::hash::Hashes;
use super::super::manifest::{Algorithms, HashLength, Sum, to_hex};
use super::OpenFile;
use super::lines::{ExpectedFile, Lines};
use super::verdict::{BIT_ROT, CHANGED, NOT_CHECKED, OK};
use headway_model::text;

/// The result of comparing one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineMatch {
    /// All of the line is true.
    Match,
    /// Nothing in the line is true.
    Differs,
    /// A part of the line is true, and a part is not.
    Mixed,
    /// A part of the line is true. Of the rest only the length is known, which suggests an algorithm: it can be by another one.
    Guessed,
    /// Nothing in the line can be checked.
    Blank,
}

/// The results for the lines of a file, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compared(Vec<LineMatch>);

/// Whether nothing in a line can be checked.
pub(super) fn is_blank(line: &ExpectedFile) -> bool {
    line.sums.iter().all(|sum| sum.algorithms.is_empty())
}

/// Why a line cannot be compared, if its checksum has another length than it must have.
pub(super) fn misfit(line: &ExpectedFile) -> Option<String> {
    let (length, tag) = line.sums.iter().find_map(|sum| Some((sum.misfit?, sum.unknown.as_deref()?)))?;
    let HashLength { digits, expected } = length;
    Some(match expected {
        Some(expected) => format!("its hash has {digits} digits, where {tag} has {expected}"),
        None => format!("its hash has {digits} digits, and no algorithm that is supported has so many"),
    })
}

/// Compares lines with the checksums and the size of their file.
pub(super) fn compare(lines: &[ExpectedFile], hashes: &Hashes, size: u64) -> Compared {
    let word = |line: &ExpectedFile| {
        let sums = line.sums.iter().filter(|sum| !sum.algorithms.is_empty());
        let (same, mut other): (Vec<_>, Vec<_>) = sums.partition(|sum| is_of(sum, hashes));
        // The one that matches shows which of them is by the algorithm that is computed.
        other.retain(|sum: &&Sum| !same.iter().any(|one: &&Sum| one.is_beside(sum)));
        let other_size = line.size.is_some_and(|said| said != size);
        match (same.is_empty(), other.is_empty() && !other_size) {
            (false, true) => LineMatch::Match,
            (false, false) if !other_size && other.iter().all(|sum| !sum.is_named) => LineMatch::Guessed,
            (false, false) => LineMatch::Mixed,
            (true, false) => LineMatch::Differs,
            (true, true) => LineMatch::Blank,
        }
    };
    Compared(lines.iter().map(word).collect())
}

fn is_of(sum: &Sum, hashes: &Hashes) -> bool {
    hashes.iter().any(|(algorithm, hash)| sum.algorithms.has(algorithm) && *hash == *sum.hash)
}

impl Compared {
    /// Whether nothing contradicts the file.
    pub(super) fn is_match(&self) -> bool {
        self.0.iter().all(|word| matches!(word, LineMatch::Match | LineMatch::Blank))
    }

    fn has(&self, word: LineMatch) -> bool {
        self.0.contains(&word)
    }
}

impl Lines {
    /// The result of a file, or the failure message for people.
    pub(super) fn verdict(
        &self,
        lines: &[ExpectedFile],
        compared: &Compared,
        hashes: &Hashes,
        input: &OpenFile,
    ) -> Result<Value, String> {
        if compared.is_match() && compared.has(LineMatch::Match) {
            let note = lines.iter().find_map(|line| line.note.as_deref());
            return Ok(match note {
                Some(note) => json!({ "verdict": OK, "note": note }),
                None => json!({ "verdict": OK }),
            });
        }
        if compared.is_match() {
            return Err(format!("{NOT_CHECKED}: {}", blank(self, lines)));
        }
        let in_part = [LineMatch::Mixed, LineMatch::Guessed, LineMatch::Match];
        let is_split = in_part.into_iter().any(|word| compared.has(word)) || contradict(lines);
        if is_split {
            return Err(format!("{NOT_CHECKED}: {}", contradiction(self, lines, compared)));
        }
        let mut differing = lines.iter().zip(&compared.0).filter(|(_, word)| **word == LineMatch::Differs);
        let is_certain = |(line, _): &(&ExpectedFile, &LineMatch)| !is_doubtful(line, lines, input.size());
        let Some((line, _)) = differing.clone().find(is_certain) else {
            let doubtful = differing.next().map(|(line, _)| self.doubt(line));
            return Err(format!("{NOT_CHECKED}: {}", doubtful.unwrap_or_default()));
        };
        let record = self.sources.get(line.source as usize).and_then(|source| source.record.as_ref());
        let seen = record.and_then(|record| record.seen.get(&line.path));
        // A copy on another disk can have the modification time of its original. If the disk cannot be read, it is not
        // known to be the same.
        let is_on_its_disk =
            matches!(input.file_system(), Ok(id) if record.is_some_and(|record| record.was_on(&line.path, id)));
        let (verdict, why) = match seen {
            Some(_) if !is_on_its_disk => {
                (CHANGED, "cause unknown, because this might not be the disk of the file that the checksum job read")
            }
            Some(seen) if *seen == (input.size(), input.mtime_ns()) => (
                BIT_ROT,
                "its content changed, although its size and its modification time are those that the checksum job saw",
            ),
            Some((_, time)) if *time == input.mtime_ns() => (
                CHANGED,
                "cause unknown: its size differs, although its modification time is the one that the checksum job saw",
            ),
            Some(_) => (CHANGED, "since the checksum job, which saw another modification time"),
            None => (CHANGED, "cause unknown, because its modification time at the time of the checksum is not known"),
        };
        Err(format!("{verdict}: {why} ({})", self.difference(line, hashes, input.size())))
    }

    /// Why it is not known what it means that the file is not as a doubtful line says.
    fn doubt(&self, line: &ExpectedFile) -> String {
        let number = self.numbers(std::iter::once(line));
        let sum = line.sums.first();
        let (digits, tried) = sum.map(|sum| (sum.hash.len() * 2, sum.algorithms.shown())).unwrap_or_default();
        format!(
            "the hash in line {number} is the only one with {digits} digits, and not the file's by {tried}: it is not known whether the \
             line is damaged or by another algorithm, or the file changed"
        )
    }

    /// Describes the difference between the file and a line.
    fn difference(&self, line: &ExpectedFile, hashes: &Hashes, size: u64) -> String {
        let Some(sum) = line.sums.iter().find(|sum| !sum.algorithms.is_empty()) else {
            let wanted = text::grouped(line.size.unwrap_or_default(), ',');
            return format!("{}, not {wanted}", text::counted(size, ',', "byte", "bytes"));
        };
        let expected = to_hex(&sum.hash);
        let found = self.found(line, sum) & sum.algorithms;
        let known = sum.algorithms.only().filter(|_| sum.is_named).or(found.only());
        match (known, sum.algorithms.only()) {
            (Some(algorithm), _) => {
                let actual = hashes.get(algorithm).map(to_hex).unwrap_or_default();
                format!("{} {actual}, not {expected}", algorithm.name())
            }
            (None, Some(guessed)) => {
                format!("{expected} is not its {0}; no file has yet shown that the manifest uses {0}", guessed.shown())
            }
            (None, None) => {
                let tried = (hashes.algorithms() & sum.algorithms).shown();
                format!(
                    "{expected} is none of its checksums by {tried}; no file has yet shown which of these the manifest uses"
                )
            }
        }
    }
}

/// Whether a line that differs from its file can be damaged instead: its checksum is the only one of its length, nothing else
/// in it is known to differ, and no other line of its manifest is about the file.
fn is_doubtful(line: &ExpectedFile, lines: &[ExpectedFile], size: u64) -> bool {
    let own = lines.iter().filter(|other| other.source == line.source && !other.sums.is_empty());
    line.is_odd && line.size.is_none_or(|said| said == size) && own.count() == 1
}

/// Whether two lines cannot both be true. Checksums of one length without an algorithm are by one algorithm within a
/// manifest; in two manifests they can be by different ones.
fn contradict(lines: &[ExpectedFile]) -> bool {
    let mut said: HashMap<(Algorithms, Option<u32>), &[u8]> = HashMap::new();
    let mut sizes = lines.iter().filter_map(|line| line.size);
    let size = sizes.next();
    let sums = lines.iter().flat_map(|line| line.sums.iter().map(move |sum| (line, sum)));
    // Checksums of one length in one line are by different algorithms.
    let is_single = |line: &ExpectedFile, sum: &Sum| line.sums.iter().filter(|other| sum.is_beside(other)).count() < 2;
    // By unknown algorithms, two checksums need not be of one.
    for (line, sum) in sums.filter(|(line, sum)| !sum.algorithms.is_empty() && is_single(line, sum)) {
        let within = sum.algorithms.only().is_none().then_some(line.source);
        if *said.entry((sum.algorithms, within)).or_insert(&sum.hash) != &*sum.hash {
            return true;
        }
    }
    sizes.any(|other| Some(other) != size)
}

fn contradiction(all: &Lines, lines: &[ExpectedFile], compared: &Compared) -> String {
    let of = |wanted: LineMatch| {
        let lines = lines.iter().zip(&compared.0).filter(|(_, word)| **word == wanted);
        all.numbers(lines.map(|(line, _)| line))
    };
    let numbers = all.numbers(lines.iter());
    match (compared.has(LineMatch::Mixed), compared.has(LineMatch::Match)) {
        (true, _) => {
            format!(
                "line {} contradicts itself: part of it matches the file, part of it does not",
                of(LineMatch::Mixed)
            )
        }
        (false, _) if compared.has(LineMatch::Guessed) => format!(
            "a checksum in line {} matches the file, and another one, whose algorithm the line does not name, is by none of the algorithms \
             that are supported, or is damaged",
            of(LineMatch::Guessed)
        ),
        (false, true) => format!(
            "lines {numbers} contradict each other: the file is as line {} says, not as line {} does",
            of(LineMatch::Match),
            of(LineMatch::Differs)
        ),
        (false, false) => format!("lines {numbers} contradict each other, and the file matches none of them"),
    }
}

/// Why nothing in these lines can be checked.
fn blank(all: &Lines, lines: &[ExpectedFile]) -> String {
    if let Some((line, why)) = lines.iter().find_map(|line| Some((line, misfit(line)?))) {
        return format!("line {}: {why}", all.numbers(std::iter::once(line)));
    }
    let unknown = lines.iter().flat_map(|line| &line.sums).find_map(|sum| sum.unknown.as_deref());
    match unknown {
        Some(tag) => format!("the manifest has a checksum of {tag:?} for it, which is not supported"),
        None => "the manifest has no checksum of it, and its size is the one in the manifest".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ManifestEntry, ManifestLine as Read, read};

    /// Parses lines about one file.
    fn lines(text: &str) -> Vec<ExpectedFile> {
        let mut lines = Vec::new();
        read(text.as_bytes(), &mut |line| {
            if let Read::Entry(ManifestEntry { number, size, sums, .. }) = line {
                let path = Default::default();
                lines.push(ExpectedFile { path, source: 0, number, size, sums, is_odd: false, note: None });
            }
            true
        });
        lines
    }

    fn words(text: &str, hashes: &Hashes) -> Vec<LineMatch> {
        compare(&lines(text), hashes, 3).0
    }

    #[test]
    fn a_line_is_as_the_file_is_only_if_all_of_it_is() {
        let (md5, crc) = ("900150983cd24fb0d6963f7d28e17f72", "352441c2");
        let hashes = Hashes::of(b"abc", Algorithms::of_length(16) | Algorithms::of_length(4));
        for (line, word) in [
            (format!("{md5}  a"), LineMatch::Match),
            (format!("{}  a", md5.replace('9', "8")), LineMatch::Differs),
            (format!("a {crc} {md5}"), LineMatch::Match),
            (format!("a {crc} {} {md5}", md5.replace('9', "8")), LineMatch::Match),
            (format!("a {crc} {md5} {}", md5.replace('9', "8")), LineMatch::Match),
            (format!("a {crc} {}", md5.replace('9', "8")), LineMatch::Guessed),
            (format!("3 {md5}  a"), LineMatch::Match),
            (format!("4 {md5}  a"), LineMatch::Mixed),
            (format!("SM3 (a) = {md5}"), LineMatch::Blank),
            ("SIZE (a) = 3".into(), LineMatch::Blank),
            ("SIZE (a) = 4".into(), LineMatch::Differs),
            (format!("{md5} {} a", "00".repeat(20)), LineMatch::Mixed),
        ] {
            assert_eq!(words(&line, &hashes), [word], "{line}");
        }
    }

    #[test]
    fn lines_contradict_each_other_where_both_cannot_be_true() {
        let (one, other) = ("00".repeat(32), "11".repeat(32));
        assert!(contradict(&lines(&format!("SHA256 (a) = {one}\nSHA256 (a) = {other}\n"))));
        assert!(!contradict(&lines(&format!("SHA256 (a) = {one}\nSHA256 (a) = {one}\n"))));
        let unnamed = lines(&format!("{one}  a\n{other}  a\n"));
        assert!(contradict(&unnamed));
        // In another manifest, one can be by SHA-256 and the other by BLAKE3.
        let mut of_two = unnamed;
        of_two[1].source += 1;
        assert!(!contradict(&of_two));
        assert!(!contradict(&lines(&format!("SHA256 (a) = {one}\n{other}  a\n"))));
        assert!(!contradict(&lines(&format!("a {one} {other}\n"))));
        assert!(!contradict(&lines(&format!("SHA256 (a) = {one}\nBLAKE3 (a) = {other}\n"))));
        assert!(contradict(&lines("SIZE (a) = 1\nSIZE (a) = 2\n")));
        assert!(!contradict(&lines(&format!("SM3 (a) = {one}\nTTH (a) = {other}\n"))));
    }
}
