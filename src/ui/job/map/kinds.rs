//! What each cell of a map shows: the kind of its file, or of the most important one of its files.

use super::grid::{Band, Grid};
use headway_model::ItemStatus;
use headway_model::item::ItemLabel;

/// The kinds of cells. If a cell stands for several files, it shows the kind that comes first here: what needs
/// attention comes first.
pub(super) const KINDS: [ItemLabel; 7] = [
    ItemLabel::Failed,
    ItemLabel::Interrupted,
    ItemLabel::Running,
    ItemLabel::Cancelled,
    ItemLabel::Waiting,
    ItemLabel::Skipped,
    ItemLabel::Succeeded,
];

/// The value of a cell in which nothing has been drawn yet.
pub(super) const NOTHING: u8 = 255;

/// Added to the kind of a cell outside the range that the list is limited to.
pub(super) const PALE: u8 = 8;

impl Grid {
    /// What each cell shows, as an index into [`KINDS`]. `bytes` are the items' statuses in order. Cells without a file of the
    /// span are pale.
    pub(super) fn kinds(&self, bytes: &[u8], span: Option<(u32, u32)>) -> Vec<u8> {
        let kind: [u8; 256] = std::array::from_fn(|byte| {
            let status = u8::try_from(byte).ok().and_then(ItemStatus::from_byte);
            let at = status.and_then(|status| KINDS.iter().position(|kind| *kind == status.label()));
            at.and_then(|at| u8::try_from(at).ok()).unwrap_or(NOTHING)
        });
        let of_file = |file: u32| bytes.get(file as usize).map_or(NOTHING, |byte| kind[usize::from(*byte)]);
        let is_meant = |file: u32| span.is_none_or(|(first, last)| (first..=last).contains(&file));
        let each = self.each.max(1);
        let mut kinds = Vec::with_capacity(self.cells() as usize);
        for Band { group, .. } in self.bands.iter() {
            let end = group.first + group.files;
            for first in (group.first..end).step_by(each as usize) {
                let files = (first..end.min(first.saturating_add(each))).map(|place| self.order.file_at(place));
                let (kind, is_meant) = files
                    .fold((NOTHING, false), |(kind, meant), file| (kind.min(of_file(file)), meant || is_meant(file)));
                kinds.push(if is_meant { kind } else { kind.saturating_add(PALE) });
            }
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::MapOrder;
    use super::*;
    use headway_model::{DiskEffect, FailReason};

    fn plain(cell: u32, columns: u32, each: u32) -> Grid {
        let grid = Grid { cell, columns, each, ..Grid::default() };
        grid.banded(MapOrder::default().groups(7))
    }

    fn shown(grid: &Grid, span: Option<(u32, u32)>) -> Vec<(ItemLabel, bool)> {
        let good = ItemStatus::Succeeded(DiskEffect::Read);
        let files = [good, good, good, ItemStatus::Failed(FailReason::Read), good, ItemStatus::Waiting, good];
        let kinds = grid.kinds(&files.map(ItemStatus::byte), span);
        kinds.into_iter().map(|kind| (KINDS[usize::from(kind % PALE)], kind >= PALE)).collect()
    }

    #[test]
    fn one_file_that_failed_is_seen_among_those_that_share_its_cell() {
        let kinds: Vec<_> = shown(&plain(2, 2, 2), None).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [ItemLabel::Succeeded, ItemLabel::Failed, ItemLabel::Waiting, ItemLabel::Succeeded]);
    }

    #[test]
    fn cells_outside_the_list_are_pale() {
        let pale: Vec<_> = shown(&plain(20, 7, 1), Some((2, 4))).into_iter().map(|(_, is_pale)| is_pale).collect();
        assert_eq!(pale, [true, true, false, false, false, true, true]);
    }
}
