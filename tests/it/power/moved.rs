//! A power cut at every moment of a chain of renames and of the removal of duplicates, in whose place a hard link or a clone can
//! come: each file has exactly one name, in a folder that is there, and what takes its place is whole.

use std::collections::BTreeMap;

use headway_model::JobId;
use serde_json::json;

use super::{Call, Disk, about, folder, trace};
use crate::command::Served;
use crate::helper::{Files, Mount};

/// Files that one record of the log moves.
struct MovedFiles {
    /// Each by its first name, and by its last one unless that is in the trash.
    files: Vec<(String, Option<String>)>,
    /// The file that has the first name of the first one in the end, if something takes its place.
    substitute: Option<String>,
    /// The texts that the record and its end are recognised by in the log.
    changing: String,
    succeeded: String,
}

fn old(name: &str) -> String {
    format!("old {name}")
}

/// Whether every folder above a name is there.
fn is_reached(names: &BTreeMap<String, String>, name: &str, root: &str) -> bool {
    let mut above = folder(name);
    while above.len() > root.len() {
        if names.get(&above).map(String::as_str) != Some("folder") {
            return false;
        }
        above = folder(&above);
    }
    true
}

/// What is wrong with what a power cut could leave, at any moment of these calls. The `others` stay where they are.
fn wrong(calls: &[Call], moved: &[MovedFiles], others: &[String], root: &str) -> Option<String> {
    let mut disk = Disk::default();
    let files = moved.iter().flat_map(|moved| &moved.files);
    disk.names.extend(files.map(|(from, _)| from).chain(others).map(|name| (name.clone(), old(name))));
    disk.synced.extend(others.iter().map(|name| old(name)));
    for (moment, call) in calls.iter().enumerate() {
        disk.take(call);
        assert!(disk.pending.len() < 12, "too much is pending at {moment}: {:?}", disk.pending);
        for subset in (0..1u32 << disk.pending.len()).filter(|subset| disk.may_be(*subset)) {
            let names = disk.after(|index| subset >> index & 1 == 1);
            let lost = others.iter().find(|name| names.get(*name) != Some(&old(name)));
            let lost = lost.map(|name| format!("{name} is not there any more"));
            if let Some(why) = lost.or_else(|| moved.iter().find_map(|moved| moved.wrong(&disk, &names, root))) {
                return Some(format!("at {moment}, {why}"));
            }
        }
    }
    None
}

impl MovedFiles {
    /// What is wrong if these names are left.
    fn wrong(&self, disk: &Disk, names: &BTreeMap<String, String>, root: &str) -> Option<String> {
        let (mut is_begun, mut is_over) = (false, true);
        for (from, to) in &self.files {
            let is_it = |(name, file): &(&String, &String)| **file == old(from) && is_reached(names, name, root);
            let found: Vec<_> = names.iter().filter(is_it).map(|(name, _)| name).collect();
            let [at] = found.as_slice() else { return Some(format!("{from} is at {found:?}")) };
            is_begun |= *at != from;
            is_over &= to.as_ref().map_or(*at != from, |to| *at == to);
        }
        if let (Some(file), Some((from, _))) = (&self.substitute, self.files.first()) {
            let is_there = names.get(from) == Some(file);
            if is_there && !disk.synced.contains(file) {
                return Some(format!("the content of what takes the place of {from} might not be there"));
            }
            is_begun |= is_there;
            is_over &= is_there;
        }
        if is_begun && !disk.log.contains(&self.changing) {
            return Some(format!("{:?} are moved, and the log does not know", self.files));
        }
        let is_said = disk.log.contains(&self.succeeded) || disk.log_pending.contains(&self.succeeded);
        (is_said && !is_over).then(|| format!("{:?} count as moved, and are not for certain", self.files))
    }
}

/// Checks the calls of a job, and that harm is found without its records and without some of its syncs.
fn check(text: &str, root: &str, moved: &[MovedFiles], others: &[String]) {
    let facts: Vec<_> = moved.iter().flat_map(|moved| [moved.changing.clone(), moved.succeeded.clone()]).collect();
    let calls = about(root, text, &facts);
    let is_move = |call: &Call| matches!(call, Call::Move(..));
    let count: usize = moved.iter().map(|moved| moved.files.len() + usize::from(moved.substitute.is_some())).sum();
    assert_eq!(calls.iter().filter(|call| is_move(call)).count(), count, "{calls:#?}");
    assert_eq!(wrong(&calls, moved, others, root), None, "{calls:#?}");
    let first = calls.iter().position(is_move).expect("a move");
    let is_sync = |index: &usize| matches!(&calls[*index], Call::Sync(path) if path.starts_with(root));
    let needed = (first..calls.len()).filter(is_sync).filter(|index| {
        let without = [&calls[..*index], &calls[*index + 1..]].concat();
        wrong(&without, moved, others, root).is_some()
    });
    assert!(needed.count() >= moved.len(), "{calls:#?}");
    let logged = |call: &Call| matches!(call, Call::Log(facts) if facts.iter().any(|fact| fact.contains("changing")));
    let without: Vec<_> = calls.iter().filter(|call| !logged(call)).cloned().collect();
    assert!(wrong(&without, moved, others, root).is_some(), "moves that nobody recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_of_a_chain_of_renames_loses_no_file() {
    let files = Files::new();
    for name in ["2.txt", "3.txt", "4.txt"] {
        files.write(name, name.as_bytes());
    }
    let (text, _, root) = trace(&files, "1", "rename", json!({ "name": "{#}.{+.}" })).await;
    let path = |number: u32| format!("{root}/{number}.txt");
    let chain = MovedFiles {
        files: [2, 3, 4].map(|number| (path(number), Some(path(number - 1)))).to_vec(),
        substitute: None,
        changing: r#"\"event\":\"changing\","#.to_owned(),
        succeeded: r#"\"event\":\"succeeded\","#.to_owned(),
    };
    check(&text, &root, &[chain], &[]);
    assert!(files.library().join("1.txt").exists() && !files.library().join("4.txt").exists());
}

/// Checks a job that removes two of three equal files. `substitute` is what takes the place of an item's file, by the root, the
/// job, the number of the item, and that of its attempt.
async fn removals(files: &Files, action: &str, substitute: impl Fn(&str, JobId, usize, usize) -> Option<String>) {
    for name in ["a", "b", "c"] {
        files.write(name, b"the same");
    }
    // Another server finds them, so that none of that is traced.
    let served = Served::start(files);
    let report = served.run("duplicates", json!({ "settings": { "keep": "first" } })).await.job;
    drop(served);
    let settings = json!({ "report": report.to_string(), "action": action });
    let (text, job, root) = trace(files, "1", "deduplicate", settings).await;
    // A page of the log that is written again holds events of the job that found the files, too: it only read them.
    let succeeded = |item: usize, attempt: usize| {
        format!(r#"\"event\":\"succeeded\",\"item\":{item},\"attempt\":{attempt},\"effect\":\"changed\""#)
    };
    let removed = |(item, name): (usize, &str)| {
        // Not always the first attempt: an item waits while the other one holds the file that both are compared with.
        let attempt = (1..10).find(|attempt| text.contains(&succeeded(item, *attempt))).expect("the item succeeded");
        MovedFiles {
            files: vec![(format!("{root}/{name}"), None)],
            substitute: substitute(&root, job, item, attempt),
            changing: format!(r#"\"event\":\"changing\",\"item\":{item},"#),
            succeeded: succeeded(item, attempt),
        }
    };
    check(&text, &root, &[(1, "b"), (2, "c")].map(removed), &[format!("{root}/a")]);
    let is_there = |name: &str| files.library().join(name).exists();
    let stays = action != "trash";
    assert_eq!(["a", "b", "c"].map(is_there), [true, stays, stays], "{action}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_of_a_removal_to_the_trash_loses_no_file() {
    removals(&Files::new(), "trash", |_, _, _, _| None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_at_which_a_hard_link_takes_the_place_of_a_file_loses_no_file() {
    removals(&Files::new(), "link", |root, _, _, _| Some(old(&format!("{root}/a")))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_at_which_a_clone_takes_the_place_of_a_file_loses_no_file() {
    let files = Files::new();
    let Some(_mount) = Mount::btrfs(&files.library()) else { return };
    removals(&files, "reflink", |root, job, item, attempt| Some(format!("new {root}/.headway-{job}-{item}-{attempt}")))
        .await;
}
