//! How many cells a map has, how large they are, and what each shows. A cell stands for one file or several, by the
//! fold's bytes.

use headway_model::ItemStatus;

/// The kinds of cells. If a cell stands for several files, it shows the kind that comes first here: what needs
/// attention comes first.
pub(super) const KINDS: [&str; 7] =
    ["failed", "interrupted", "running", "cancelled", "waiting", "skipped", "succeeded"];

/// The value of a cell in which nothing has been drawn yet.
pub(super) const NOTHING: u8 = 255;

/// Added to the kind of a cell outside the range that the list is limited to.
pub(super) const PALE: u8 = 8;

/// How a map is laid out, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Grid {
    /// The width and height of a cell, with its gap.
    pub(super) cell: u32,
    /// Cells in a row.
    pub(super) columns: u32,
    /// Files in a cell.
    pub(super) each: u32,
    /// The files of the job.
    pub(super) files: u32,
}

impl Grid {
    /// The largest cells with which this many files fit; if they do not fit, the smallest cells with several files in
    /// each.
    pub(super) fn of(files: u32, width: u32, height: u32) -> Self {
        let (width, height) = (width.max(20), height.max(20));
        let room = |cell: u32| (width / cell) * (height / cell);
        let sizes = [20, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2];
        let cell = sizes.into_iter().find(|cell| room(*cell) >= files).unwrap_or(2);
        Grid { cell, columns: width / cell, each: files.div_ceil(room(cell)).max(1), files }
    }

    pub(super) fn cells(self) -> u32 {
        self.files.div_ceil(self.each.max(1))
    }

    /// Where a cell begins.
    pub(super) fn corner(self, cell: u32) -> (u32, u32) {
        let columns = self.columns.max(1);
        (cell % columns * self.cell, cell / columns * self.cell)
    }

    /// The cell at a point, or the nearest one; `None` if there are no cells.
    pub(super) fn at(self, x: u32, y: u32) -> Option<u32> {
        let size = self.cell.max(1);
        let column = (x / size).min(self.columns.saturating_sub(1));
        let cell = (y / size).saturating_mul(self.columns).saturating_add(column);
        self.cells().checked_sub(1).map(|last| cell.min(last))
    }

    /// The cell of a file.
    pub(super) fn cell_of(self, file: u32) -> u32 {
        file / self.each.max(1)
    }

    /// The first and the last file of a cell.
    pub(super) fn files_of(self, cell: u32) -> (u32, u32) {
        let first = cell.saturating_mul(self.each);
        (first, first.saturating_add(self.each).min(self.files).saturating_sub(1).max(first))
    }

    /// The files of two cells, in either order, and of all cells between them.
    pub(super) fn span(self, one: u32, other: u32) -> (u32, u32) {
        (self.files_of(one.min(other)).0, self.files_of(one.max(other)).1)
    }

    /// What each cell shows, as an index into [`KINDS`]. `bytes` are the items' statuses in order. Cells outside the
    /// span are pale.
    pub(super) fn kinds(self, bytes: &[u8], span: Option<(u32, u32)>) -> Vec<u8> {
        let kind: [u8; 256] = std::array::from_fn(|byte| {
            let status = u8::try_from(byte).ok().and_then(ItemStatus::from_byte);
            let at = status.and_then(|status| KINDS.iter().position(|kind| *kind == status.label()));
            at.and_then(|at| u8::try_from(at).ok()).unwrap_or(NOTHING)
        });
        let each = self.each.max(1) as usize;
        let of_cell = |files: &[u8]| files.iter().map(|byte| kind[usize::from(*byte)]).min().unwrap_or(NOTHING);
        let mut kinds: Vec<u8> = bytes.chunks(each).map(of_cell).collect();
        if let Some((first, last)) = span {
            let (from, to) = (self.cell_of(first) as usize, self.cell_of(last) as usize);
            for (cell, kind) in kinds.iter_mut().enumerate() {
                if !(from..=to).contains(&cell) {
                    *kind = kind.saturating_add(PALE);
                }
            }
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::{DiskEffect, FailReason};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_file_has_a_cell_and_every_cell_has_room(files in 1_u32..2_000_000, width in 280_u32..2_000, height in 96_u32..400) {
            let grid = Grid::of(files, width, height);
            let last = grid.cells() - 1;
            prop_assert_eq!(grid.files_of(0).0, 0);
            prop_assert_eq!(grid.files_of(last).1, files - 1);
            let (x, y) = grid.corner(last);
            prop_assert!(x + grid.cell <= width && y + grid.cell <= height, "the last cell is at {}, {}", x, y);
            for cell in [0, last / 3, last] {
                let (x, y) = grid.corner(cell);
                prop_assert_eq!(grid.at(x, y), Some(cell));
                prop_assert_eq!(grid.at(x + grid.cell - 1, y + grid.cell - 1), Some(cell));
                prop_assert_eq!(grid.cell_of(grid.files_of(cell).1), cell);
                if cell > 0 {
                    prop_assert_eq!(grid.files_of(cell - 1).1 + 1, grid.files_of(cell).0);
                }
            }
            prop_assert_eq!(grid.span(last, 0), (0, files - 1));
        }
    }

    #[test]
    fn a_hundred_thousand_files_have_a_cell_each_and_of_a_million_some_share_one() {
        assert_eq!(Grid::of(100_000, 1_168, 360).each, 1);
        assert_eq!(Grid::of(1_000_000, 1_168, 360).each, 10);
        assert_eq!(Grid::of(3, 1_168, 96).cell, 20);
    }

    fn shown(grid: Grid, span: Option<(u32, u32)>) -> Vec<(&'static str, bool)> {
        let good = ItemStatus::Succeeded(DiskEffect::Read);
        let files = [good, good, good, ItemStatus::Failed(FailReason::Read), good, ItemStatus::Waiting, good];
        let kinds = grid.kinds(&files.map(ItemStatus::byte), span);
        kinds.into_iter().map(|kind| (KINDS[usize::from(kind % PALE)], kind >= PALE)).collect()
    }

    #[test]
    fn one_file_that_failed_is_seen_among_those_that_share_its_cell() {
        let grid = Grid { cell: 2, columns: 2, each: 2, files: 7 };
        let kinds: Vec<_> = shown(grid, None).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["succeeded", "failed", "waiting", "succeeded"]);
    }

    #[test]
    fn what_the_list_is_not_of_is_pale() {
        let grid = Grid { cell: 20, columns: 7, each: 1, files: 7 };
        let pale: Vec<_> = shown(grid, Some((2, 4))).into_iter().map(|(_, is_pale)| is_pale).collect();
        assert_eq!(pale, [true, true, false, false, false, true, true]);
    }
}
