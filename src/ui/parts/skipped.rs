//! Why files were skipped.

use headway_model::sorted::sort_few;
use headway_model::{Fold, ItemStatus, SkipReason};

/// A reason, how many items were skipped for it, and its text, as their rows have it.
pub(in crate::ui) type SkippedFor = (u32, SkipReason, &'static str);

/// Why those items were skipped whose status is `counted`, the most frequent reason first.
pub(in crate::ui) fn skip_reasons(fold: &Fold, counted: fn(ItemStatus) -> bool) -> Vec<SkippedFor> {
    let mut numbers: Vec<_> = SkipReason::ALL.iter().map(|reason| (0, *reason, reason.text())).collect();
    for (_, status) in fold.items().filter(|(_, status)| counted(*status)) {
        let ItemStatus::Skipped { reason, .. } = status else { continue };
        if let Some((number, _, text)) = numbers.iter_mut().find(|(_, known, _)| *known == reason) {
            *number += 1;
            *text = status.reason().unwrap_or(*text);
        }
    }
    numbers.retain(|(number, ..)| *number > 0);
    sort_few(&mut numbers, |(number, ..)| std::cmp::Reverse(*number));
    numbers
}
