//! Failures by cause: messages that differ only in details of one file (its name, numbers, hashes) have the same
//! cause.

mod normal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::item::{FailReason, ItemStatus};
use super::path::RelPath;
use super::serde_defaults::is_default;
use super::summary::ItemView;
use crate::read::FromJson;

pub use normal::normal;

/// Maximum number of failed items that are sorted by cause, and so the most that one retry can name.
pub const CAUSES_LIMIT: usize = 10_000;

/// Why a number of items failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// Identifies the cause in a URL. Derived from `text`, so equal texts have equal keys.
    pub key: String,
    /// The message without the details of one file.
    pub text: String,
    /// The items, in the order of the plan (not the order in which they failed).
    pub items: Vec<u32>,
    /// The path of the first item.
    pub first: RelPath,
    /// The path of the last item; equal to `first` if there is only one item.
    pub last: RelPath,
    /// The unchanged message of the first item.
    pub example: String,
    /// Whether each of the files is itself the reason, so that another attempt with the same bytes ends alike.
    #[serde(default, skip_serializing_if = "is_default")]
    pub of_file: bool,
}

/// Every cause of a job's failures, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Causes {
    /// The causes.
    pub causes: Vec<Cause>,
    /// How many failed items were left unsorted because there are more than [`CAUSES_LIMIT`].
    pub more: u32,
}

impl Causes {
    /// How many failed items are sorted here.
    pub fn sorted(&self) -> u32 {
        let items: usize = self.causes.iter().map(|cause| cause.items.len()).sum();
        u32::try_from(items).unwrap_or(u32::MAX)
    }

    /// Whether the files themselves are the reason for every failure, so that a retry changes nothing unless the files change first.
    pub fn are_of_files(&self) -> bool {
        self.more == 0 && !self.causes.is_empty() && self.causes.iter().all(|cause| cause.of_file)
    }
}

/// Sorts failed items by cause, one at a time.
#[derive(Debug, Default)]
pub struct Sorter(BTreeMap<String, Cause>);

impl Sorter {
    /// Adds the next failed item, which has this status. Items must be added in the order of the plan.
    pub fn add(&mut self, status: ItemStatus, item: &ItemView) {
        let of_file = matches!(status, ItemStatus::Failed(reason) if reason.is_of_file());
        let message = message(item);
        let text = normal(&message, item.path.as_str());
        let new = || Cause {
            key: Digest::of(text.as_bytes()).to_string().chars().take(8).collect(),
            text: text.clone(),
            items: Vec::new(),
            first: item.path.clone(),
            last: item.path.clone(),
            example: message,
            of_file,
        };
        let cause = self.0.entry(text.clone()).or_insert_with(new);
        cause.items.push(item.item);
        cause.of_file &= of_file;
        cause.last = item.path.clone();
    }

    /// The causes. `more` is how many items were not added.
    pub fn sorted(self, more: u32) -> Causes {
        let mut causes: Vec<_> = self.0.into_values().collect();
        causes.sort_by_key(|cause| (std::cmp::Reverse(cause.items.len()), cause.items.first().copied()));
        Causes { causes, more }
    }
}

/// The text shown for a failure: the reason, unless the message says it all.
fn message(item: &ItemView) -> String {
    let reason = item.reason.clone().unwrap_or_default();
    match item.message.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => reason,
        Some(text) if FailReason::adds_nothing(&reason) => text.to_owned(),
        Some(text) => format!("{reason}: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(item: u32, path: &str, message: &str) -> ItemView {
        ItemView {
            item,
            path: path.parse().expect("a path"),
            size: 1,
            status: crate::item::ItemLabel::Failed,
            reason: Some("the command failed".into()),
            message: Some(message.into()),
            missed: false,
            attempt: 1,
            result: None,
            rerun: None,
            becomes: None,
            output: None,
            will: None,
            retried: None,
        }
    }

    #[test]
    fn failures_are_sorted_by_cause_the_most_frequent_first() {
        let mut sorter = Sorter::default();
        let exit = ItemStatus::Failed(FailReason::Command);
        sorter.add(exit, &failed(1, "a/IMG_1.jpg", "exit code 2: a/IMG_1.jpg: cannot open codec"));
        for item in 2..5 {
            let path = format!("b/IMG_{item}.jpg");
            let message = format!("exit code 2: {path}: unsupported colour profile (line {item}23)");
            sorter.add(exit, &failed(item, &path, &message));
        }
        sorter.add(exit, &failed(7, "c", "exit code 3: c: cannot open codec"));
        let causes = sorter.sorted(9);
        assert_eq!((causes.sorted(), causes.more), (5, 9));
        let told: Vec<_> = causes.causes.iter().map(|cause| (cause.text.as_str(), cause.items.as_slice())).collect();
        assert_eq!(
            told,
            [
                ("exit code 2: …: unsupported colour profile (line …)", &[2, 3, 4][..]),
                ("exit code 2: …: cannot open codec", &[1]),
                ("exit code 3: …: cannot open codec", &[7]),
            ]
        );
        let most = &causes.causes[0];
        assert_eq!((most.first.as_str(), most.last.as_str()), ("b/IMG_2.jpg", "b/IMG_4.jpg"));
        assert_eq!(most.example, "exit code 2: b/IMG_2.jpg: unsupported colour profile (line 223)");
        assert_eq!(most.key.len(), 8);
        assert_ne!(most.key, causes.causes[1].key);
    }

    #[test]
    fn a_cause_is_of_the_files_only_if_no_attempt_of_theirs_could_end_otherwise() {
        let causes = |reasons: &[FailReason]| {
            let mut sorter = Sorter::default();
            for (item, reason) in (0..).zip(reasons) {
                sorter.add(ItemStatus::Failed(*reason), &failed(item, "a", "no PNG image"));
            }
            sorter.sorted(0)
        };
        assert!(causes(&[FailReason::Recipe, FailReason::Recipe]).are_of_files());
        for outside in [FailReason::Read, FailReason::Verify, FailReason::Unable] {
            assert!(!causes(&[FailReason::Recipe, outside]).are_of_files(), "{outside:?}");
        }
        assert!(!causes(&[]).are_of_files() && !Causes { more: 1, ..causes(&[FailReason::Recipe]) }.are_of_files());
    }
}
