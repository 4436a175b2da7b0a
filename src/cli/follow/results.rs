//! What a job did with its files, in words: how many are done, and why the others are not.

use std::collections::BTreeMap;

use super::super::out::count;
use headway_model::item::{DiskEffect, ItemLabel};
use headway_model::{Counters, ItemStatus};

/// The counts in words. Only what succeeded is called done; every other file is counted with the reason.
pub(super) fn results(counters: &Counters, items: impl Iterator<Item = ItemStatus>) -> String {
    let (mut missed, mut skipped, mut unchanged) = (Reasons::default(), Reasons::default(), 0_u64);
    for status in items {
        unchanged += u64::from(status == ItemStatus::Succeeded(DiskEffect::Unchanged));
        if status.is_missed() {
            missed.add(status);
        } else if status.label() == ItemLabel::Skipped {
            skipped.add(status);
        }
    }
    let same = if unchanged > 0 { format!(" ({} unchanged)", count(unchanged)) } else { String::new() };
    let mut parts = vec![format!("{} done{same}", count(counters.succeeded.into()))];
    parts.extend((counters.failed > 0).then(|| format!("{} failed", count(counters.failed.into()))));
    parts.extend(missed.text("missed"));
    parts.extend(skipped.text("skipped"));
    parts.extend((counters.cancelled > 0).then(|| format!("{} cancelled", count(counters.cancelled.into()))));
    parts.join(", ")
}

/// How many files there are for each reason.
#[derive(Default)]
struct Reasons(BTreeMap<&'static str, u64>);

impl Reasons {
    fn add(&mut self, status: ItemStatus) {
        *self.0.entry(status.reason().unwrap_or_default()).or_default() += 1;
    }

    /// `3 skipped (already done)`, or `3 skipped (2 already done; 1 a symbolic link)`.
    fn text(&self, what: &str) -> Option<String> {
        let all: u64 = self.0.values().sum();
        let why = match self.0.first_key_value() {
            None => return None,
            Some((one, _)) if self.0.len() == 1 => (*one).to_owned(),
            Some(_) => {
                let each = self.0.iter().map(|(reason, number)| format!("{} {reason}", count(*number)));
                each.collect::<Vec<_>>().join("; ")
            }
        };
        Some(format!("{} {what} ({why})", count(all)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::item::{FailReason, SkipReason};

    fn results_of(statuses: &[ItemStatus]) -> String {
        let mut counters = Counters::default();
        statuses.iter().for_each(|status| counters.add(*status));
        results(&counters, statuses.iter().copied())
    }

    fn skipped(reason: SkipReason) -> ItemStatus {
        ItemStatus::Skipped { reason, planned: true }
    }

    #[test]
    fn only_what_succeeded_is_called_done_and_the_rest_has_its_reason() {
        let done = ItemStatus::Succeeded(DiskEffect::Changed);
        let all = [done, done, ItemStatus::Failed(FailReason::Read), skipped(SkipReason::Lacking)];
        let lacks = SkipReason::Lacking.text();
        assert_eq!(results_of(&all), format!("2 done, 1 failed, 1 skipped ({lacks})"));
        let taken = [skipped(SkipReason::Collision), skipped(SkipReason::Collision), skipped(SkipReason::Done)];
        assert_eq!(results_of(&taken), "0 done, 2 missed (another file has the new name), 1 skipped (already done)");
        let same = ItemStatus::Succeeded(DiskEffect::Unchanged);
        assert_eq!(results_of(&[done, same, same]), "3 done (2 unchanged)");
        let mixed = [skipped(SkipReason::Done), skipped(SkipReason::Symlink), skipped(SkipReason::Done)];
        assert_eq!(results_of(&mixed), "0 done, 3 skipped (1 a symbolic link; 2 already done)");
    }

    #[test]
    fn a_skip_by_an_exit_code_names_the_program_and_what_the_plan_found_missing_was_not_there() {
        let by_program = ItemStatus::Skipped { reason: SkipReason::Command, planned: false };
        assert_eq!(results_of(&[by_program; 2]), "0 done, 2 skipped (its program says that it needs nothing)");
        assert_eq!(results_of(&[skipped(SkipReason::Missing)]), "0 done, 1 missed (not there)");
    }
}
