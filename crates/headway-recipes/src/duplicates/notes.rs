//! What the list of groups says about each file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead, SeekFrom};

use serde::Deserialize;
use serde_json::Value;

use super::groups::Group;
use crate::report_notes::{NotesIndex, OpenReport};
use headway_model::RelPath;
use headway_model::text::counted;

/// The note for a file that was read, and is in no group. What other jobs read, or this one could not, is not known.
const ALONE: &str = "no other file of this job that was read has this content";

/// The fields of a group that lead to its files.
#[derive(Deserialize)]
struct Content {
    blake3: String,
}

/// Where the groups are listed, by their content.
pub(super) fn index(report: &mut dyn BufRead) -> io::Result<NotesIndex> {
    let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        let length = report.read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(NotesIndex::of(lines));
        }
        let content: Content = serde_json::from_slice(&line)?;
        lines.push((NotesIndex::key(&content.blake3), at));
        at += length as u64;
    }
}

/// How many files have the content of each of these files, how large they are, and which of them stays. Nothing for a file that
/// did not have to be read.
pub(super) fn notes(
    report: &mut dyn OpenReport,
    index: &NotesIndex,
    files: &[(RelPath, Value)],
) -> io::Result<Vec<Option<String>>> {
    let mut groups: HashMap<&str, Option<Group>> = HashMap::new();
    let mut notes = Vec::with_capacity(files.len());
    for (path, result) in files {
        let Some(hash) = result.get("blake3").and_then(Value::as_str) else {
            notes.push(None);
            continue;
        };
        let group = match groups.entry(hash) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(group_of(report, index, hash)?),
        };
        notes.push(match group {
            Some(group) => note(group, path),
            None => Some(alone(result)),
        });
    }
    Ok(notes)
}

/// The group of the files with this content. Only the lines that can be about it are read.
fn group_of(report: &mut dyn OpenReport, index: &NotesIndex, hash: &str) -> io::Result<Option<Group>> {
    for at in index.begins(hash) {
        report.seek(SeekFrom::Start(at))?;
        let mut line = Vec::new();
        report.read_until(b'\n', &mut line)?;
        let group: Group = serde_json::from_slice(&line)?;
        if group.blake3 == hash {
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// The note for a file in no group, from its result. Several names of one file are no group.
fn alone(result: &Value) -> String {
    match result.get("links").and_then(Value::as_u64) {
        Some(links) if links > 1 => format!("{ALONE}; it has {} (hard links)", counted(links, ',', "name", "names")),
        _ => ALONE.to_owned(),
    }
}

fn note(group: &Group, path: &RelPath) -> Option<String> {
    let stays = group.keep.first()?;
    let stays = match group.keep.contains(path) {
        true if stays == path => "this one stays".to_owned(),
        true => format!("another name of {}, which stays", stays.shown()),
        false => format!("{} stays", stays.shown()),
    };
    let files = counted((group.keep.len() + group.remove.len()) as u64, ',', "file", "files");
    Some(format!("{files} with this content, {} each: {stays}", counted(group.size, ',', "byte", "bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Cursor;

    fn path(name: &str) -> RelPath {
        name.parse().expect("a path")
    }

    #[test]
    fn each_file_of_a_group_says_how_many_there_are_and_which_stays() {
        let group = |blake3: &str, keep: &[&str], remove: &[&str]| {
            json!({ "size": 1_200, "blake3": blake3, "bytes": 1_200, "keep": keep, "remove": remove }).to_string()
        };
        let report = [group("aa", &["x"], &["y"]), group("bb", &["a", "b"], &["c"])].join("\n");
        let file = |name: &str, hash: &str| (path(name), json!({ "size": 1_200, "blake3": hash }));
        let linked = (path("f"), json!({ "size": 1_200, "blake3": "dd", "links": 2 }));
        let unread = (path("e"), json!({ "size": 3 }));
        let files = [file("a", "bb"), file("b", "bb"), file("c", "bb"), file("d", "cc"), unread, linked];
        let index = super::index(&mut report.as_bytes()).expect("a report");
        let read = |report: &str| notes(&mut Cursor::new(report), &index, &files);
        let said = read(&report).expect("a report");
        let three = "3 files with this content, 1,200 bytes each:";
        assert_eq!(
            said,
            [
                Some(format!("{three} this one stays")),
                Some(format!("{three} another name of a, which stays")),
                Some(format!("{three} a stays")),
                Some("no other file of this job that was read has this content".to_owned()),
                None,
                Some(format!("{ALONE}; it has 2 names (hard links)")),
            ]
        );
        assert_eq!(read(&report.replace("\"aa\"", "{{{{")).expect("a report"), said, "no other line is read");
        assert!(read(&report.replace("\"bb\"", "{{{{")).is_err(), "a damaged report says nothing");
        assert!(super::index(&mut "{".as_bytes()).is_err());
    }
}
