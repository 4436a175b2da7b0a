//! Groups of files with the same content, which file of each group stays, and the reports.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::report::row;
use headway_files::Outputs;
use headway_model::RelPath;

/// The report that lists the groups, one on each line.
pub(super) const GROUPS: &str = "GROUPS.jsonl";

/// The report with the totals.
pub(super) const TOTALS: &str = "DUPLICATES.json";

/// The name of the report with a row for each file.
pub(super) const FILES: &str = "DUPLICATES.csv";

/// Which file of a group stays. Among several candidates, the first in the order of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeepRule {
    Names,
    Oldest,
    Newest,
    First,
}

impl KeepRule {
    pub(super) const CHOICES: [(&'static str, &'static str); 4] = [
        ("names", KeepRule::Names.words()),
        ("oldest", KeepRule::Oldest.words()),
        ("newest", KeepRule::Newest.words()),
        ("first", KeepRule::First.words()),
    ];

    /// The file that stays, in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            KeepRule::Names => "the one with most names, then the oldest",
            KeepRule::Oldest => "the oldest",
            KeepRule::Newest => "the newest",
            KeepRule::First => "the first in the order of paths",
        }
    }
}

/// A file whose content is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) path: RelPath,
    pub(super) hash: blake3::Hash,
    /// In bytes.
    pub(super) size: u64,
    pub(super) mtime_ns: i64,
    /// Device and inode, which all names of one file share.
    pub(super) file: (u64, u64),
    /// How many names the file has, inside the plan and outside.
    pub(super) links: u64,
}

/// Files with the same content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    /// Size of each file in bytes.
    pub(super) size: u64,
    pub(super) blake3: String,
    /// How many bytes are freed once the removed files are also gone from the trash.
    pub(super) bytes: u64,
    /// The rule by which one stays. Reports of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<KeepRule>,
    /// The names of the file that stays.
    pub(super) keep: Vec<RelPath>,
    /// The names of all other files.
    pub(super) remove: Vec<RelPath>,
}

/// Collects the files whose content is known, and counts the others.
#[derive(Debug, Default)]
pub(super) struct Collected {
    members: Vec<Member>,
    pub(super) unread: u64,
}

impl Collected {
    pub(super) fn add(&mut self, member: Member) {
        self.members.push(member);
    }

    /// The groups, largest saving first. A single file with several names is not a group.
    fn groups(mut self, keep: KeepRule) -> Vec<Group> {
        let key = |member: &Member| (Reverse(member.size), *member.hash.as_bytes());
        self.members.sort_unstable_by(|one, other| key(one).cmp(&key(other)).then_with(|| one.path.cmp(&other.path)));
        let alike = self.members.chunk_by(|one, other| key(one) == key(other));
        let mut groups: Vec<_> = alike.filter_map(|members| group(members, keep)).collect();
        groups.sort_by_key(|group| Reverse(group.bytes));
        groups
    }

    /// Writes the reports.
    pub(super) fn write(self, outputs: &Outputs, library: &str, keep: KeepRule) -> anyhow::Result<()> {
        let unread = self.unread;
        let groups = self.groups(keep);
        outputs.write(GROUPS, |lines| {
            for group in &groups {
                serde_json::to_writer(&mut *lines, group)?;
                lines.write_all(b"\n")?;
            }
            Ok(())
        })?;
        outputs.write(FILES, |csv| {
            row(csv, ["group", "path", "is", "size", "blake3"].map(str::to_owned).into_iter())?;
            for (number, group) in groups.iter().enumerate() {
                let named = |path: &RelPath, is: &str| {
                    [
                        (number + 1).to_string(),
                        path.to_string(),
                        is.to_owned(),
                        group.size.to_string(),
                        group.blake3.clone(),
                    ]
                };
                let others = group.keep.iter().skip(1).map(|path| named(path, "another name of it"));
                let rows = group.keep.iter().take(1).map(|path| named(path, "stays")).chain(others);
                for cells in rows.chain(group.remove.iter().map(|path| named(path, "could go"))) {
                    row(csv, cells.into_iter())?;
                }
            }
            Ok(())
        })?;
        let sum = |of: fn(&Group) -> u64| groups.iter().map(of).sum::<u64>();
        let totals = json!({
            "library": library, "keep": keep, "groups": groups.len(), "unread": unread,
            "files": sum(|group| (group.keep.len() + group.remove.len()) as u64),
            "remove": sum(|group| group.remove.len() as u64), "bytes": sum(|group| group.bytes),
        });
        outputs.write(TOTALS, |file| Ok(serde_json::to_writer(file, &totals)?))
    }
}

/// Makes a group of files with the same content, in the order of their paths; `None` if all are names of one file.
fn group(members: &[Member], by: KeepRule) -> Option<Group> {
    let mut files: HashMap<(u64, u64), Vec<&Member>> = HashMap::new();
    members.iter().for_each(|member| files.entry(member.file).or_default().push(member));
    if files.len() < 2 {
        return None;
    }
    let rank = |names: &[&Member]| {
        let (time, count) = (names[0].mtime_ns, Reverse(names[0].links));
        match by {
            KeepRule::Names => (count, time),
            KeepRule::Oldest => (Reverse(0), time),
            KeepRule::Newest => (Reverse(0), time.saturating_neg()),
            KeepRule::First => (Reverse(0), 0),
        }
    };
    let best = files.values().min_by_key(|names| (rank(names), &names[0].path))?;
    let stays = best[0].file;
    // A file is freed only when the last of its names is removed.
    let goes = files.values().filter(|names| names[0].file != stays && names.len() as u64 >= names[0].links).count();
    let (keep, remove): (Vec<_>, Vec<_>) = members.iter().partition(|member| member.file == stays);
    let paths = |members: Vec<&Member>| members.into_iter().map(|member| member.path.clone()).collect();
    let first = members.first()?;
    Some(Group {
        size: first.size,
        blake3: first.hash.to_hex().to_string(),
        bytes: first.size * goes as u64,
        by: Some(by),
        keep: paths(keep),
        remove: paths(remove),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(path: &str, content: &str, inode: u64, links: u64, mtime_ns: i64) -> Member {
        let (path, hash) = (path.parse().expect("a path"), blake3::hash(content.as_bytes()));
        Member { path, hash, size: content.len() as u64, mtime_ns, file: (1, inode), links }
    }

    fn groups(members: &[Member], keep: KeepRule) -> Vec<(Vec<String>, Vec<String>, u64)> {
        let names = |paths: &[RelPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        let groups = Collected { members: members.to_vec(), unread: 0 }.groups(keep);
        groups.iter().map(|group| (names(&group.keep), names(&group.remove), group.bytes)).collect()
    }

    fn of(keep: &[&str], remove: &[&str], bytes: u64) -> (Vec<String>, Vec<String>, u64) {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        (names(keep), names(remove), bytes)
    }

    #[test]
    fn names_of_one_file_are_no_duplicates_and_the_rule_says_which_file_stays() {
        let all = [
            member("a", "four", 1, 1, 30),
            member("b", "four", 2, 2, 20),
            member("c", "four", 2, 2, 20),
            member("d", "four", 3, 1, 10),
            member("e", "alone", 4, 3, 10),
            member("f", "alone", 4, 3, 10),
            member("g", "else", 5, 1, 10),
        ];
        assert_eq!(groups(&all, KeepRule::Names), [of(&["b", "c"], &["a", "d"], 8)]);
        assert_eq!(groups(&all, KeepRule::Oldest), [of(&["d"], &["a", "b", "c"], 8)]);
        assert_eq!(groups(&all, KeepRule::Newest), [of(&["a"], &["b", "c", "d"], 8)]);
        assert_eq!(groups(&all, KeepRule::First), [of(&["a"], &["b", "c", "d"], 8)]);
    }

    #[test]
    fn a_file_with_names_elsewhere_makes_no_room() {
        let all = [member("a", "four", 1, 3, 1), member("b", "four", 2, 2, 2)];
        assert_eq!(groups(&all, KeepRule::Names), [of(&["a"], &["b"], 0)]);
    }
}
