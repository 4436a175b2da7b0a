//! What a plan of removals says: by which rule a file of each group stays, and which one stays instead of each file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead, SeekFrom};

use serde::Deserialize;
use serde_json::Value;

use super::super::groups::{GROUPS, Group, KeepRule, TOTALS};
use crate::report_head::ReportTotals;
use crate::report_notes::{NotesIndex, OpenReport};
use crate::{PlanReport, ReportHead, ReportNotes};
use headway_model::text::{counted, grouped};
use headway_model::{JobId, RelPath};

/// What the report of this job says about a plan that rests on it.
pub(super) fn report(job: JobId) -> PlanReport {
    let head = ReportHead { output: TOTALS, read: head };
    PlanReport { job, head, notes: ReportNotes { output: GROUPS, index, read: notes } }
}

/// The totals that a plan begins with.
#[derive(Deserialize)]
struct PlanTotals {
    keep: KeepRule,
    groups: u64,
    files: u64,
    remove: u64,
    bytes: u64,
}

/// The rule, and what the whole report comes to. Nothing if the report cannot be read.
fn head(report: &str) -> ReportTotals {
    let Ok(totals) = serde_json::from_str::<PlanTotals>(report) else { return ReportTotals::default() };
    let counted = |number, one, many| counted(number, ',', one, many);
    let rule = format!("One file of each group with the same content stays: {}", totals.keep.words());
    let sum = format!(
        "The report has {} with {}; removing {} of them frees {} once the trash is emptied",
        counted(totals.groups, "group", "groups"),
        counted(totals.files, "file", "files"),
        grouped(totals.remove, ','),
        counted(totals.bytes, "byte", "bytes")
    );
    ReportTotals { lines: vec![rule, sum], has_found: totals.remove > 0 }
}

/// Where the groups are listed, by each file that is not to stay.
fn index(report: &mut dyn BufRead) -> io::Result<NotesIndex> {
    let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        let length = report.read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(NotesIndex::of(lines));
        }
        let group: Group = serde_json::from_slice(&line)?;
        lines.extend(group.remove.iter().map(|path| (NotesIndex::key(path.as_str()), at)));
        at += length as u64;
    }
}

/// Which file stays instead of each of these, and by which rule.
fn notes(
    report: &mut dyn OpenReport,
    index: &NotesIndex,
    files: &[(RelPath, Value)],
) -> io::Result<Vec<Option<String>>> {
    let (mut groups, mut notes) = (HashMap::new(), Vec::with_capacity(files.len()));
    for (path, _) in files {
        let mut note = None;
        for at in index.begins(path.as_str()) {
            let group = match groups.entry(at) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(group_at(report, at)?),
            };
            note = note.or_else(|| kept(group, path));
        }
        notes.push(note);
    }
    Ok(notes)
}

fn group_at(report: &mut dyn OpenReport, at: u64) -> io::Result<Group> {
    report.seek(SeekFrom::Start(at))?;
    let mut line = Vec::new();
    report.read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// The file that stays instead of this one, if the group is about it.
fn kept(group: &Group, path: &RelPath) -> Option<String> {
    let stays = group.keep.first().filter(|_| group.remove.contains(path))?;
    let rule = group.by.map(|by| format!(" - {}", by.words())).unwrap_or_default();
    Some(format!("kept: {}{rule}", stays.shown()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Cursor;

    #[test]
    fn a_plan_says_the_rule_and_what_is_kept_for_each_file() {
        let group = |keep: &str, remove: &[&str], by: Value| {
            json!({ "size": 4, "blake3": "aa", "bytes": 8, "by": by, "keep": [keep], "remove": remove }).to_string()
        };
        // Earlier versions did not write the rule.
        let earlier = json!({ "size": 4, "blake3": "bb", "bytes": 4, "keep": ["x"], "remove": ["y"] }).to_string();
        let report = [group("A/x.jpg", &["b", "c"], json!("oldest")), earlier].join("\n");
        let known = index(&mut report.as_bytes()).expect("a report");
        let files = ["b", "A/x.jpg", "c", "y", "z"].map(|name| (name.parse().expect("a path"), Value::Null));
        let said = notes(&mut Cursor::new(&report), &known, &files).expect("a report");
        let oldest = Some("kept: A/x.jpg - the oldest".to_owned());
        assert_eq!(said, [oldest.clone(), None, oldest, Some("kept: x".to_owned()), None]);
        assert!(index(&mut "{".as_bytes()).is_err(), "a damaged report says nothing");
        let totals = json!({ "library": "l", "keep": "names", "groups": 2, "unread": 0, "files": 5, "remove": 3, "bytes": 12_000 });
        let said = head(&totals.to_string()).lines;
        let rule = "One file of each group with the same content stays: the one with most names, then the oldest";
        assert_eq!(said[0], rule);
        assert_eq!(
            said[1],
            "The report has 2 groups with 5 files; removing 3 of them frees 12,000 bytes once the trash is emptied"
        );
        assert_eq!(head("{"), ReportTotals::default());
    }
}
