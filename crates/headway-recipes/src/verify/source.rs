//! Reads one manifest: each line becomes an expectation about a file, or a finding.

use super::super::manifest::{self, Algorithm, Algorithms, ManifestEntry, ManifestLine as Read, Name};
use super::lengths::LengthCounts;
use super::lines::{ExpectedFile, Lines, ManifestSource, UnmatchedLine};
use super::locate::Locator;
use super::manifest_text::Manifest;
use super::unnamed;
use super::{Binding, RelPath, Unable, own};

/// Adds everything that a manifest says. Blocking.
pub(super) fn add(
    lines: &mut Lines,
    job: &Binding<'_>,
    manifest: Manifest,
    chosen: Option<Algorithm>,
) -> Result<(), Unable> {
    let Manifest { path, text, record, written } = manifest;
    let (path, text) = (&path, text.as_slice());
    let source = lines.sources.len() as u32;
    let (from, before) = (lines.lines.len(), lines.loose.len());
    let mut locator = Locator::new(job.library, path);
    let (mut entries, mut lengths) = (0u64, LengthCounts::default());
    manifest::read(text, &mut |line| {
        entries += 1;
        if let Read::Entry(ManifestEntry { name, sums, .. }) = line {
            lengths.note(&sums);
            if let Name::Readings(readings) = name {
                locator.note_readings(&readings);
            }
        }
        job.check_wanted().is_ok()
    });
    job.check_wanted()?;
    locator.finish()?;
    // For a manifest that a job made, the job's record names the algorithm.
    let chosen = record.as_ref().map(|record| record.algorithm).or(chosen);
    let manifest = ManifestNow { path, source, chosen, has_one_line: entries == 1, lengths };
    let mut ended = Ok(());
    manifest::read(text, &mut |line| {
        ended = job.check_wanted().and_then(|()| manifest.take(lines, &mut locator, line));
        ended.is_ok()
    });
    ended?;
    if lines.lines.len() == from && lines.loose.len() == before {
        lines.empty.push(path.clone());
    }
    lines.sources.push(ManifestSource::new(path.clone(), record, written));
    join_sizes(&mut lines.lines, from);
    Ok(())
}

/// The manifest whose lines are taken in.
struct ManifestNow<'a> {
    path: &'a RelPath,
    /// Its index.
    source: u32,
    /// The algorithm of lines that name none.
    chosen: Option<Algorithm>,
    /// Whether it has one line that says something, and no other.
    has_one_line: bool,
    /// How long the checksums of its lines are.
    lengths: LengthCounts,
}

impl ManifestNow<'_> {
    /// Takes in one line.
    fn take(&self, lines: &mut Lines, locator: &mut Locator<'_>, line: Read) -> Result<(), Unable> {
        let source = self.source;
        let ManifestEntry { number, name, size, mut sums } = match line {
            Read::Entry(entry) => entry,
            Read::Unread { number, why } => {
                lines.loose.push(UnmatchedLine { source, number, why: why.to_owned() });
                return Ok(());
            }
        };
        let is_alone = self.lengths.is_alone(&sums);
        for sum in &mut sums {
            if let Some(chosen) = self.chosen.filter(|chosen| sum.algorithms.has(*chosen)) {
                sum.is_chosen |= !sum.is_named;
                (sum.algorithms, sum.is_named) = (Algorithms::of(chosen), true);
            }
        }
        let is_odd = is_alone && sums.iter().all(|sum| !sum.is_chosen);
        let found = match name {
            Name::Readings(readings) => locator.locate(&readings)?,
            Name::WithoutFolder(readings) => unnamed::without_folder(locator, &readings)?,
            Name::Beside => unnamed::alone(locator, self.path)?,
            Name::StandardInput { written_alike } => {
                unnamed::standard_input(locator, self.path, written_alike, self.has_one_line)?
            }
        };
        match found {
            Ok((path, _)) if path.is_reserved() => lines.loose.push(UnmatchedLine { source, number, why: own(&path) }),
            Ok((path, note)) => lines.lines.push(ExpectedFile { path, source, number, size, sums, is_odd, note }),
            Err(why) => lines.loose.push(UnmatchedLine { source, number, why }),
        }
        Ok(())
    }
}

/// Merges a line that has only a size into the line of the same manifest that has the file's checksum.
fn join_sizes(lines: &mut Vec<ExpectedFile>, from: usize) {
    let mut own = lines.split_off(from);
    // Lines with checksums come first.
    own.sort_by(|one, other| {
        (&one.path, one.sums.is_empty(), one.number).cmp(&(&other.path, other.sums.is_empty(), other.number))
    });
    for line in own {
        let holds = |last: &&mut ExpectedFile| {
            last.path == line.path && !last.sums.is_empty() && last.size.is_none_or(|size| Some(size) == line.size)
        };
        match lines[from..].last_mut().filter(|_| line.sums.is_empty()).filter(holds) {
            Some(last) => last.size = line.size,
            None => lines.push(line),
        }
    }
}
