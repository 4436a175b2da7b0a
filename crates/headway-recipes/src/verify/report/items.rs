//! The verdict of each line whose file was an item of the job.

use serde_json::Value;

use super::super::compare::{is_blank, misfit};
use super::super::lines::UnmatchedLine;
use super::super::verdict::{self, MANIFEST, NEW, NOT_CHECKED, OK};
use super::super::{ItemResult, RelPath};
use super::VerifyReport;
use headway_model::{FailReason, SkipReason};

impl VerifyReport<'_> {
    /// Takes in an item of the job.
    pub(super) fn item(&mut self, item: &ItemResult) {
        let ItemResult { path, result, failure, .. } = item;
        let lines = self.lines;
        let own = lines.of(path);
        if let Some((reason, text)) = failure {
            return self.failed(path, (*reason, text.as_str()), result);
        }
        if own.is_empty() {
            return;
        }
        let field = |name: &str| result.get(name).and_then(Value::as_str);
        if field("verdict") == Some(MANIFEST) {
            let why = "it is the manifest itself";
            self.uncompared.get_or_insert_with(|| format!("{} is the manifest itself", path.shown()));
            self.rows.push(format!("{path}\t{NOT_CHECKED}: {why}\n"));
            self.count_all(path, (NOT_CHECKED, why), &Value::Null);
            return;
        }
        let note = field("note").unwrap_or_default();
        if !note.is_empty() {
            self.rows.push(format!("{path}\t{OK}: {note}\n"));
        }
        for (index, line) in lines.range(path).zip(own) {
            if let Some(why) = misfit(line) {
                let text = lines.describe(&UnmatchedLine { source: line.source, number: line.number, why });
                self.rows.push(format!("{path}\t{NOT_CHECKED}: {text}\n"));
                self.count(index, (NOT_CHECKED, text.as_str()), result);
                self.blame("line", text);
            } else if is_blank(line) {
                let number = lines.numbers(std::iter::once(line));
                let why = format!("line {number} has nothing that can be compared");
                self.rows.push(format!("{path}\t{NOT_CHECKED}: {why}\n"));
                self.count(index, (NOT_CHECKED, why.as_str()), result);
            } else {
                self.count(index, (OK, note), result);
            }
        }
    }

    /// Takes in an item that failed, for this reason and with this text.
    fn failed(&mut self, path: &RelPath, (reason, text): (FailReason, &str), result: &Value) {
        if self.lines.of(path).is_empty() {
            self.rows.push(format!("{path}\t{text}\n"));
            self.without_line(path, "", text);
            return;
        }
        let verdict = verdict::of_failure(reason, text);
        let plain = text.strip_prefix(verdict).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text);
        if verdict == NOT_CHECKED {
            self.uncompared.get_or_insert_with(|| format!("{}: {plain}", path.shown()));
        }
        let prefix = if text.starts_with(verdict) { String::new() } else { format!("{verdict}: ") };
        self.rows.push(format!("{path}\t{prefix}{text}\n"));
        self.count_all(path, (verdict, plain), result);
    }

    /// Takes in a skipped item. If its file or its disk was missing, or it is not a regular file, `other_lines` looks at it again.
    pub(super) fn skipped(&mut self, path: &RelPath, reason: SkipReason) {
        if reason == SkipReason::Unlisted {
            self.new += 1;
            let why = "the manifest does not name it";
            self.rows.push(format!("{path}\t{NEW}: {why}\n"));
            self.without_line(path, NEW, why);
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
            self.without_line(path, "", reason.text());
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
        self.count_all(path, (NOT_CHECKED, why.as_str()), &Value::Null);
    }
}
