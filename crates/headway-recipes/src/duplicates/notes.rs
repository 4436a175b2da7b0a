//! What the list of groups says about each file.

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::Value;

use super::groups::Group;
use headway_model::RelPath;
use headway_model::text::counted;

/// The note for a file that was read, and is in no group. What other jobs read, or this one could not, is not known.
const ALONE: &str = "no other file of this job that was read has this content";

/// The part of a group by which its files are found.
#[derive(Deserialize)]
struct Content {
    blake3: String,
}

/// How many files have the content of each of these files, how large they are, and which of them stays. Nothing for a file that
/// did not have to be read.
pub(super) fn notes(report: &mut dyn BufRead, files: &[(RelPath, Value)]) -> io::Result<Vec<Option<String>>> {
    let mut wanted: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut notes = vec![None; files.len()];
    for (at, (_, result)) in files.iter().enumerate() {
        if let Some(hash) = result.get("blake3").and_then(Value::as_str) {
            wanted.entry(hash).or_default().push(at);
            notes[at] = Some(alone(result));
        }
    }
    for line in report.lines() {
        if wanted.is_empty() {
            break;
        }
        let line = line?;
        let content: Content = serde_json::from_str(&line)?;
        let Some(found) = wanted.remove(content.blake3.as_str()) else { continue };
        let group: Group = serde_json::from_str(&line)?;
        for at in found {
            notes[at] = note(&group, &files[at].0);
        }
    }
    Ok(notes)
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
        let said = notes(&mut report.as_bytes(), &files).expect("a report");
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
        assert!(notes(&mut "{".as_bytes(), &files).is_err(), "a damaged report says nothing");
    }
}
