//! The last step of verify: one verdict for each line, the report, and whether the job succeeds.

use std::collections::BTreeMap;

use super::asked::{RequestedFiles, is_in_litter};
use super::compare::is_blank;
use super::folders::{Folders, Near};
use super::lines::Lines;
use super::verdict::{self, MANIFEST, MISSING, NEW, NOT_CHECKED, OK, UNREADABLE};
use super::{ItemResults, Library, Outputs, RelPath, StartJob, Unable};
use headway_files::{environment, inspect, io_text, unable};
use headway_model::{FailReason, Query, SkipReason};

/// How many files the job's message names; the report names all.
const NAMED: usize = 3;

/// For at most this many missing files, a file is searched whose name differs only in case.
const HINTED: u64 = 1_000;

struct VerifyReport<'a> {
    lines: &'a Lines,
    library: &'a Library,
    /// Which lines already have a verdict.
    is_told: Vec<bool>,
    counts: BTreeMap<&'static str, u64>,
    /// How many files no line names.
    new: u64,
    /// How many files with lines were skipped because an earlier job had checked them.
    done: u64,
    /// Why the first of the files that were asked for and have lines could not be compared.
    uncompared: Option<String>,
    /// How many lines were not checked because they name what systems leave behind.
    litter: u64,
    rows: Vec<String>,
    /// What keeps the job from succeeding, by verdict: how many files, and the first few of them.
    wrong: BTreeMap<&'static str, (u64, Vec<String>)>,
}

/// Writes the report. The error is the reason why the job fails.
pub(super) fn write(
    lines: &Lines,
    library: &Library,
    request: &StartJob,
    results: &mut ItemResults<'_>,
    outputs: &Outputs,
) -> anyhow::Result<()> {
    let (is_told, counts) = (vec![false; lines.lines.len()], BTreeMap::new());
    let mut report = VerifyReport {
        lines,
        library,
        is_told,
        counts,
        new: 0,
        done: 0,
        uncompared: None,
        litter: 0,
        rows: Vec::new(),
        wrong: BTreeMap::new(),
    };
    for result in results {
        let result = result?;
        if let Some(reason) = result.skip {
            report.skipped(&result.path, reason);
            continue;
        }
        let word = result.result.get("verdict").and_then(|word| word.as_str()).unwrap_or(OK);
        let note = result.result.get("note").and_then(|note| note.as_str());
        report.item(&result.path, word, note, result.failure.as_ref());
    }
    report.others(&request.query, outputs)?;
    report.loose();
    outputs.write("REPORT.txt", |file| {
        report.head().iter().chain(&report.rows).try_for_each(|row| file.write_all(row.as_bytes()))?;
        Ok(())
    })?;
    report.end()
}

impl VerifyReport<'_> {
    /// Takes in an item of the job.
    fn item(&mut self, path: &RelPath, word: &str, note: Option<&str>, failure: Option<&(FailReason, String)>) {
        let lines = self.lines;
        let own = lines.of(path);
        if own.is_empty() {
            if let Some((_, text)) = failure {
                self.rows.push(format!("{path}\t{text}\n"));
            }
            return;
        }
        if let Some((reason, text)) = failure {
            let verdict = verdict::of_failure(*reason, text);
            if verdict == NOT_CHECKED {
                let plain = text.strip_prefix(NOT_CHECKED).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text);
                self.uncompared.get_or_insert_with(|| format!("{}: {plain}", path.shown()));
            }
            let prefix = if text.starts_with(verdict) { String::new() } else { format!("{verdict}: ") };
            self.rows.push(format!("{path}\t{prefix}{text}\n"));
            self.count_all(path, verdict);
            return;
        }
        if word == MANIFEST {
            self.uncompared.get_or_insert_with(|| format!("{} is the manifest itself", path.shown()));
            self.rows.push(format!("{path}\t{NOT_CHECKED}: it is the manifest itself\n"));
            self.count_all(path, NOT_CHECKED);
            return;
        }
        if let Some(note) = note {
            self.rows.push(format!("{path}\t{OK}: {note}\n"));
        }
        for (index, line) in lines.range(path).zip(own) {
            if is_blank(line) {
                let number = lines.numbers(std::iter::once(line));
                self.rows.push(format!("{path}\t{NOT_CHECKED}: line {number} has nothing that can be compared\n"));
            }
            self.count(index, if is_blank(line) { NOT_CHECKED } else { OK });
        }
    }

    /// Takes in a skipped item. If its file was missing or not a regular file, `others` looks at it again.
    fn skipped(&mut self, path: &RelPath, reason: SkipReason) {
        if reason == SkipReason::Unlisted {
            self.new += 1;
            self.rows.push(format!("{path}\t{NEW}: the manifest does not name it\n"));
            return;
        }
        let own = self.lines.of(path);
        if own.is_empty()
            || matches!(reason, SkipReason::Missing | SkipReason::Symlink | SkipReason::NotAFile | SkipReason::Named)
        {
            return;
        }
        let why = match reason {
            SkipReason::Done | SkipReason::Moved => {
                self.done += 1;
                "an earlier job checked it, and this one was asked to skip files that are done".to_owned()
            }
            reason => format!("it was not read: {}", reason.text()),
        };
        self.uncompared.get_or_insert_with(|| format!("{}: {why}", path.shown()));
        self.rows.push(format!("{path}\t{NOT_CHECKED}: {why}\n"));
        self.count_all(path, NOT_CHECKED);
    }

    /// Checks the files that lines name and that were not items of the job.
    fn others(&mut self, query: &Query, outputs: &Outputs) -> anyhow::Result<()> {
        let lines = self.lines;
        let asked = RequestedFiles::by(query);
        let leaves_litter = matches!(query, Query::Folder(folder) if !folder.system_files);
        let mut folders = Folders::new(self.library);
        let mut from = 0;
        for own in lines.lines.chunk_by(|one, other| one.path == other.path) {
            let range = from..from + own.len();
            from = range.end;
            let Some(first) = own.first().filter(|_| !self.is_told[range.start]) else { continue };
            outputs.is_wanted()?;
            let (verdict, mut why) = self.look(&first.path)?;
            let numbers = lines.numbers(own.iter());
            if verdict == MISSING && self.counted(MISSING) < HINTED {
                match folders.near(&first.path) {
                    Near::Case(path) => {
                        why = format!("{why}; {} is there, which differs by the case of letters", path.shown());
                    }
                    Near::NotKnown(unlisted) => {
                        why = format!("{why}; whether a file of almost this name is there is not known: {unlisted}");
                    }
                    Near::Form(_) | Near::Nothing => {}
                }
            }
            let is_itself = lines.is_manifest(&first.path);
            if is_itself && verdict == NOT_CHECKED {
                why = "it is the manifest itself".to_owned();
            } else if verdict == NOT_CHECKED && leaves_litter && is_in_litter(&first.path) {
                self.litter += own.len() as u64;
                why = format!("{why}: systems leave files of this name behind, and the job was not asked for them");
            }
            self.rows.push(format!("{}\t{verdict}: {why} (line {})\n", first.path, numbers));
            range.for_each(|index| self.count(index, verdict));
            if verdict != NOT_CHECKED || asked.for_file(&first.path) && !is_itself {
                self.blame(verdict, first.path.shown());
            }
        }
        Ok(())
    }

    fn look(&self, path: &RelPath) -> anyhow::Result<(&'static str, String)> {
        let absent = self.library.absent_disk_of(path);
        if let Some(disk) = absent.map_err(|error| unable("what is mounted cannot be seen", &error))? {
            return Ok((NOT_CHECKED, format!("the disk that was at {} is missing", disk.shown())));
        }
        let listed = inspect(self.library, path).map_err(Unable::Environment)?;
        Ok(match listed.skip {
            Some(SkipReason::Missing) => (MISSING, "the manifest names it, and it is not there".to_owned()),
            Some(reason) => (NOT_CHECKED, format!("it was not read: {}", reason.text())),
            None if listed.file.was_seen() => (NOT_CHECKED, "it is there, and was not read by this job".to_owned()),
            // Only who opens it knows that it could have been read.
            None => match self.library.readable(path, u64::MAX) {
                Err(error) => match environment(&error) {
                    Some(reason) => return Err(Unable::Environment(reason).into()),
                    None => (UNREADABLE, format!("it cannot be looked at: {}", io_text(&error))),
                },
                Ok(_) => (NOT_CHECKED, "it could not be looked at, and can be now".to_owned()),
            },
        })
    }

    /// Takes in the lines that are about no file.
    fn loose(&mut self) {
        for loose in &self.lines.loose {
            *self.counts.entry(NOT_CHECKED).or_default() += 1;
            let text = self.lines.describe(loose);
            self.rows.push(format!("{text} ({NOT_CHECKED})\n"));
            self.blame("line", text);
        }
        for path in &self.lines.empty {
            self.rows.push(format!("{path}\tthe manifest has no line with a checksum\n"));
            self.blame("empty", path.shown());
        }
    }

    /// Gives this verdict to all lines of a file that have none yet.
    fn count_all(&mut self, path: &RelPath, verdict: &'static str) {
        for index in self.lines.range(path) {
            self.count(index, verdict);
        }
    }

    fn count(&mut self, index: usize, verdict: &'static str) {
        if let Some(is_told) = self.is_told.get_mut(index).filter(|is_told| !**is_told) {
            *is_told = true;
            *self.counts.entry(verdict).or_default() += 1;
        }
    }

    fn blame(&mut self, what: &'static str, name: String) {
        let (count, names) = self.wrong.entry(what).or_default();
        *count += 1;
        if names.len() < NAMED {
            names.push(name);
        }
    }

    fn counted(&self, verdict: &str) -> u64 {
        self.counts.get(verdict).copied().unwrap_or_default()
    }

    fn head(&self) -> Vec<String> {
        let sources = &self.lines.sources;
        let name = match sources.as_slice() {
            [source] => source.path.to_string(),
            sources => format!("{} manifests", sources.len()),
        };
        let lines = self.lines.lines.len() + self.lines.loose.len();
        let counts: Vec<_> =
            verdict::ALL.iter().map(|verdict| format!("{verdict} {}", self.counted(verdict))).collect();
        let mut head =
            vec![format!("# {name}: {lines} {}: {}\n", if lines == 1 { "line" } else { "lines" }, counts.join(", "))];
        if self.new > 0 {
            head.push(format!("# beside them: {NEW} {}\n", self.new));
        }
        let of_files = "of files that systems leave behind, which this job was not asked for";
        match self.litter {
            0 => {}
            1 => head
                .push(format!("# 1 line was not checked: it has the name {}\n", of_files.replace("files", "a file"))),
            lines => head.push(format!("# {lines} lines were not checked: they have names {of_files}\n")),
        }
        head
    }

    fn end(&self) -> anyhow::Result<()> {
        let mut said = Vec::new();
        for (what, one, many) in [
            (MISSING, "file that the manifest names is missing", "files that the manifest names are missing"),
            (
                UNREADABLE,
                "file that the manifest names cannot be looked at",
                "files that the manifest names cannot be looked at",
            ),
            (NOT_CHECKED, "file that was asked for was not read", "files that were asked for were not read"),
            ("line", "line of the manifest was not checked", "lines of the manifest were not checked"),
            ("empty", "manifest has no line with a checksum", "manifests have no line with a checksum"),
        ] {
            let Some((count, names)) = self.wrong.get(what) else { continue };
            let more = if *count > NAMED as u64 { ", ..." } else { "" };
            said.push(format!("{count} {}: {}{more}", if *count == 1 { one } else { many }, names.join(", ")));
        }
        let compared = [verdict::OK, verdict::CHANGED, verdict::BIT_ROT, verdict::UNREADABLE];
        if said.is_empty() && compared.iter().all(|verdict| self.counted(verdict) == 0) {
            let none = "the manifest names none of the files that were asked for: nothing was compared";
            let done = "nothing was compared: an earlier job checked these files, and this one was asked to skip files that are done";
            said.push(match &self.uncompared {
                _ if self.done > 0 => done.to_owned(),
                Some(why) => format!("no file that was asked for could be judged by the manifest; {why}"),
                None => none.to_owned(),
            });
        }
        if said.is_empty() { Ok(()) } else { anyhow::bail!("{}", said.join("; ")) }
    }
}
