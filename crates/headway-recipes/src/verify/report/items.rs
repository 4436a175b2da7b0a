//! The verdict of each line whose file was an item of the job.

use super::super::RelPath;
use super::super::compare::{is_blank, misfit};
use super::super::lines::UnmatchedLine;
use super::super::verdict::{self, MANIFEST, NEW, NOT_CHECKED, OK};
use super::VerifyReport;
use headway_model::{FailReason, SkipReason};

impl VerifyReport<'_> {
    /// Takes in an item of the job.
    pub(super) fn item(
        &mut self,
        path: &RelPath,
        word: &str,
        note: Option<&str>,
        failure: Option<&(FailReason, String)>,
    ) {
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
            if let Some(why) = misfit(line) {
                let text = lines.describe(&UnmatchedLine { source: line.source, number: line.number, why });
                self.rows.push(format!("{path}\t{NOT_CHECKED}: {text}\n"));
                self.blame("line", text);
            } else if is_blank(line) {
                let number = lines.numbers(std::iter::once(line));
                self.rows.push(format!("{path}\t{NOT_CHECKED}: line {number} has nothing that can be compared\n"));
            }
            self.count(index, if is_blank(line) { NOT_CHECKED } else { OK });
        }
    }

    /// Takes in a skipped item. If its file or its disk was missing, or it is not a regular file, `other_lines` looks at it again.
    pub(super) fn skipped(&mut self, path: &RelPath, reason: SkipReason) {
        if reason == SkipReason::Unlisted {
            self.new += 1;
            self.rows.push(format!("{path}\t{NEW}: the manifest does not name it\n"));
            return;
        }
        // Nobody asked for it, so its lines are like those of any other file.
        if reason.is_unmet_condition() {
            return;
        }
        let own = self.lines.of(path);
        // A disk without which a person has the job go on: a manifest there is not even known.
        if own.is_empty() && reason == SkipReason::DiskMissing {
            self.rows.push(format!("{path}\t{}\n", reason.text()));
            return;
        }
        if own.is_empty()
            || matches!(
                reason,
                SkipReason::Missing
                    | SkipReason::DiskMissing
                    | SkipReason::Symlink
                    | SkipReason::NotAFile
                    | SkipReason::Named
            )
        {
            if !own.is_empty() {
                self.unread_items.insert(path.clone());
            }
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
}
