//! Why files were skipped.

use headway_model::sorted::sort_few;
use headway_model::{Fold, ItemStatus, SkipReason};

/// Why those items were skipped whose status is `counted`, and how many for each reason, the most frequent one first.
pub(in crate::ui) fn skip_reasons(fold: &Fold, counted: fn(ItemStatus) -> bool) -> Vec<(u32, SkipReason)> {
    let mut numbers: Vec<_> = SkipReason::ALL.iter().map(|reason| (0, *reason)).collect();
    for (_, status) in fold.items().filter(|(_, status)| counted(*status)) {
        if let ItemStatus::Skipped { reason, .. } = status {
            numbers.iter_mut().filter(|(_, known)| *known == reason).for_each(|(number, _)| *number += 1);
        }
    }
    numbers.retain(|(number, _)| *number > 0);
    sort_few(&mut numbers, |(number, _)| std::cmp::Reverse(*number));
    numbers
}
