//! Groups of a job's items, for its map: the items of a folder, or those of a size.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::path::RelPath;
use crate::read::FromJson;

/// Maximum number of groups. The smallest folders beyond it share the last group.
const GROUPS_LIMIT: usize = 24;

/// The name of the group of all other folders.
const OTHERS: &str = "other folders";

/// The name of the group of the files that are in no folder.
const TOP: &str = "not in a folder";

/// The sizes of a group: less than these bytes, and its name.
const SIZES: [(u64, &str); 7] = [
    (10_000, "under 10 kB"),
    (100_000, "10 to 100 kB"),
    (1_000_000, "100 kB to 1 MB"),
    (10_000_000, "1 to 10 MB"),
    (100_000_000, "10 to 100 MB"),
    (1_000_000_000, "100 MB to 1 GB"),
    (u64::MAX, "1 GB and more"),
];

/// What items are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// By the first folder in which they differ.
    Folder,
    /// By size, each group ten times the one before.
    Size,
}

/// The groups, and the group of each item. As JSON they are one list of texts, `of` first: the page already has the
/// code that reads such a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct ItemGroups {
    /// The names of the groups, as people read them.
    pub names: Vec<String>,
    /// A letter for each item, in order: `a` for the first group. One text is far shorter than a list of numbers.
    pub of: String,
}

impl From<Vec<String>> for ItemGroups {
    fn from(mut texts: Vec<String>) -> Self {
        let of = if texts.is_empty() { String::new() } else { texts.remove(0) };
        ItemGroups { names: texts, of }
    }
}

impl From<ItemGroups> for Vec<String> {
    fn from(ItemGroups { mut names, of }: ItemGroups) -> Self {
        names.insert(0, of);
        names
    }
}

/// Takes in the items in order.
#[derive(Debug)]
pub struct GroupSorter {
    by: GroupBy,
    /// The key of each group, and its number in the order of arrival.
    known: BTreeMap<String, u32>,
    /// By item: the number of its key.
    of: Vec<u32>,
}

impl GroupSorter {
    /// No items yet.
    pub fn new(by: GroupBy) -> Self {
        GroupSorter { by, known: BTreeMap::new(), of: Vec::new() }
    }

    /// Takes in the next item.
    pub fn add(&mut self, path: &RelPath, size: u64) {
        let key = match self.by {
            GroupBy::Folder => path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder),
            GroupBy::Size => SIZES.iter().find(|(below, _)| size < *below).map_or(SIZES[6].1, |(_, name)| name),
        };
        let number = match self.known.get(key) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
                self.known.insert(key.to_owned(), number);
                number
            }
        };
        self.of.push(number);
    }

    /// The groups of all items.
    pub fn end(self) -> ItemGroups {
        let names: Vec<String> = match self.by {
            GroupBy::Size => SIZES.iter().map(|(_, name)| (*name).to_owned()).collect(),
            GroupBy::Folder => self.folders(),
        };
        // By the number of a key: the place of its group among the names.
        let mut places = vec![names.len().saturating_sub(1); self.known.len()];
        let common = common(self.known.keys().map(String::as_str));
        for (key, number) in &self.known {
            let name = if self.by == GroupBy::Folder { top(key, &common) } else { key.clone() };
            if let Some(place) = names.iter().position(|known| *known == name) {
                places[*number as usize] = place;
            }
        }
        let of: Vec<usize> = self.of.iter().map(|number| places[*number as usize]).collect();
        named(names, &of)
    }

    /// The names of the groups by folder: those with the most files, in the order of their names.
    fn folders(&self) -> Vec<String> {
        let common = common(self.known.keys().map(String::as_str));
        let mut files = vec![0_u32; self.known.len()];
        self.of.iter().for_each(|number| files[*number as usize] += 1);
        let mut tops: BTreeMap<String, u32> = BTreeMap::new();
        for (key, number) in &self.known {
            *tops.entry(top(key, &common)).or_default() += files[*number as usize];
        }
        let mut tops: Vec<(String, u32)> = tops.into_iter().collect();
        let has_others = tops.len() > GROUPS_LIMIT;
        if has_others {
            tops.sort_by_key(|(_, files)| std::cmp::Reverse(*files));
            tops.truncate(GROUPS_LIMIT - 1);
            tops.sort();
        }
        tops.into_iter().map(|(name, _)| name).chain(has_others.then(|| OTHERS.to_owned())).collect()
    }
}

/// The folder that all of these are, or are below.
fn common<'a>(folders: impl Iterator<Item = &'a str>) -> String {
    let mut folders = folders;
    let mut common: Vec<&str> = parts(folders.next().unwrap_or_default()).collect();
    for folder in folders {
        let same = common.iter().zip(parts(folder)).take_while(|(one, other)| **one == *other).count();
        common.truncate(same);
    }
    common.join("/")
}

fn parts(folder: &str) -> impl Iterator<Item = &str> {
    folder.split('/').filter(|part| !part.is_empty())
}

/// The name of the group of a folder: the folder in `common` that it is, or is below.
fn top(folder: &str, common: &str) -> String {
    let depth = parts(common).count() + 1;
    let name: Vec<&str> = parts(folder).take(depth).collect();
    if name.is_empty() { TOP.into() } else { RelPath::shown_text(&name.join("/")) }
}

/// The groups that have items, and the letter of each item's group.
fn named(names: Vec<String>, of: &[usize]) -> ItemGroups {
    let mut is_used = vec![false; names.len()];
    of.iter().for_each(|place| is_used[*place] = true);
    let mut letters = vec!['a'; names.len()];
    for (letter, (place, _)) in ('a'..='z').zip(is_used.iter().enumerate().filter(|(_, is_used)| **is_used)) {
        letters[place] = letter;
    }
    let used = names.into_iter().zip(&is_used).filter(|(_, is_used)| **is_used);
    ItemGroups { names: used.map(|(name, _)| name).collect(), of: of.iter().map(|place| letters[*place]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_same_after_their_way_to_a_page() {
        for groups in [ItemGroups::default(), ItemGroups { names: vec!["a".into(), "b".into()], of: "abba".into() }] {
            let text = serde_json::to_string(&groups).expect("JSON");
            assert_eq!(crate::read::read::<ItemGroups>(&text).expect("groups"), groups);
        }
    }

    fn grouped(by: GroupBy, files: &[(&str, u64)]) -> (Vec<String>, String) {
        let mut sorter = GroupSorter::new(by);
        for (path, size) in files {
            sorter.add(&path.parse().expect("a path"), *size);
        }
        let ItemGroups { names, of } = sorter.end();
        (names, of)
    }

    #[test]
    fn folders_are_those_in_which_the_files_differ() {
        let files = [("a/x/1", 0), ("a/y/2", 0), ("a/y/deep/3", 0), ("a/4", 0)];
        assert_eq!(grouped(GroupBy::Folder, &files), (vec!["a".into(), "a/x".into(), "a/y".into()], "bcca".into()));
        let files = [("1", 0), ("b/2", 0), ("b%0A/3", 0)];
        let (names, of) = grouped(GroupBy::Folder, &files);
        assert_eq!((names.len(), of.as_str()), (3, "cab"), "{names:?}");
        assert!(names.contains(&TOP.to_owned()));
        assert_eq!(grouped(GroupBy::Folder, &[]), (Vec::new(), String::new()));
        assert_eq!(grouped(GroupBy::Folder, &[("a/1", 0)]), (vec!["a".into()], "a".into()));
    }

    #[test]
    fn the_smallest_of_many_folders_share_a_group() {
        let paths: Vec<String> =
            (0..30).flat_map(|folder| (0..=folder).map(move |file| format!("{folder:02}/{file}"))).collect();
        let files: Vec<(&str, u64)> = paths.iter().map(|path| (path.as_str(), 0)).collect();
        let (names, of) = grouped(GroupBy::Folder, &files);
        assert_eq!((names.len(), names[0].as_str(), names[23].as_str()), (24, "07", OTHERS));
        assert_eq!(of.len(), files.len());
        assert_eq!(of.matches('x').count(), (1..=7).sum::<usize>(), "the files of the seven smallest");
    }

    #[test]
    fn sizes_have_the_groups_that_are_needed() {
        let files = [("1", 5_000_000_000), ("2", 0), ("3", 9_999), ("4", 10_000)];
        let names = ["under 10 kB", "10 to 100 kB", "1 GB and more"].map(String::from).to_vec();
        assert_eq!(grouped(GroupBy::Size, &files), (names, "caab".into()));
    }
}
