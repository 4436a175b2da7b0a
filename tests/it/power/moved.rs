//! A power cut at every moment of a chain of renames and of a removal to the trash: each file has exactly one name, in a
//! folder that is there.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Call, Disk, about, folder, trace};
use crate::helper::Files;

/// Files that one record of the log moves.
struct MovedFiles {
    /// Each by its first name, and by its last one unless that is in the trash.
    files: Vec<(String, Option<String>)>,
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

/// What is wrong with what a power cut could leave, at any moment of these calls.
fn wrong(calls: &[Call], moved: &[MovedFiles], root: &str) -> Option<String> {
    let mut disk = Disk::default();
    let files = moved.iter().flat_map(|moved| &moved.files);
    disk.names.extend(files.map(|(from, _)| (from.clone(), old(from))));
    for (moment, call) in calls.iter().enumerate() {
        disk.take(call);
        assert!(disk.pending.len() < 12, "too much is pending at {moment}: {:?}", disk.pending);
        for subset in (0..1u32 << disk.pending.len()).filter(|subset| disk.may_be(*subset)) {
            let names = disk.after(|index| subset >> index & 1 == 1);
            if let Some(why) = moved.iter().find_map(|moved| moved.wrong(&disk, &names, root)) {
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
        if is_begun && !disk.log.contains(&self.changing) {
            return Some(format!("{:?} are moved, and the log does not know", self.files));
        }
        let is_said = disk.log.contains(&self.succeeded) || disk.log_pending.contains(&self.succeeded);
        (is_said && !is_over).then(|| format!("{:?} count as moved, and are not for certain", self.files))
    }
}

/// Checks the calls of a job, and that harm is found without its records and without some of its syncs.
fn check(text: &str, root: &str, moved: &[MovedFiles]) {
    let facts: Vec<_> = moved.iter().flat_map(|moved| [moved.changing.clone(), moved.succeeded.clone()]).collect();
    let calls = about(root, text, &facts);
    let is_move = |call: &Call| matches!(call, Call::Move(..));
    let count: usize = moved.iter().map(|moved| moved.files.len()).sum();
    assert_eq!(calls.iter().filter(|call| is_move(call)).count(), count, "{calls:#?}");
    assert_eq!(wrong(&calls, moved, root), None, "{calls:#?}");
    let first = calls.iter().position(is_move).expect("a move");
    let is_sync = |index: &usize| matches!(&calls[*index], Call::Sync(path) if path.starts_with(root));
    let needed = (first..calls.len()).filter(is_sync).filter(|index| {
        let without = [&calls[..*index], &calls[*index + 1..]].concat();
        wrong(&without, moved, root).is_some()
    });
    assert!(needed.count() >= moved.len(), "{calls:#?}");
    let logged = |call: &Call| matches!(call, Call::Log(facts) if facts.iter().any(|fact| fact.contains("changing")));
    let without: Vec<_> = calls.iter().filter(|call| !logged(call)).cloned().collect();
    assert!(wrong(&without, moved, root).is_some(), "moves that nobody recorded");
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
        changing: r#"\"event\":\"changing\","#.to_owned(),
        succeeded: r#"\"event\":\"succeeded\","#.to_owned(),
    };
    check(&text, &root, &[chain]);
    assert!(files.library().join("1.txt").exists() && !files.library().join("4.txt").exists());
}
