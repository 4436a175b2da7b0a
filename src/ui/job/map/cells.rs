//! How many cells a map has, how large they are, and what each shows. A cell stands for one file or several, by the
//! fold's bytes.

use std::sync::Arc;

use super::order::{MapGroup, MapOrder};
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

/// The height of the line with a group's name.
const LINE: u32 = 22;

/// The sizes of cells, from the largest.
const SIZES: [u32; 13] = [20, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2];

/// How a map is laid out, in pixels. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Grid {
    /// The width and height of a cell, with its gap.
    pub(super) cell: u32,
    /// Cells in a row.
    pub(super) columns: u32,
    /// Files in a cell.
    pub(super) each: u32,
    /// The order of the files.
    pub(super) order: MapOrder,
    bands: Arc<Vec<Band>>,
}

/// The cells of a group, below its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) group: MapGroup,
    /// Its first cell, and how many it has.
    first: u32,
    cells: u32,
    /// Where its cells begin.
    top: u32,
}

impl Band {
    /// Its files as a range of the job's; `None` if others lie between them.
    pub(super) fn span(&self, order: &MapOrder) -> Option<(u32, u32)> {
        order.span(self.group.first, self.group.first + self.group.files - 1)
    }

    /// Where the line with its name begins.
    pub(super) fn line(&self) -> u32 {
        self.top.saturating_sub(LINE)
    }
}

impl Grid {
    /// The largest cells with which this many files fit; if they do not fit, the smallest cells with several files in
    /// each. Each group begins with a new row; the lines with the names are not counted in the height.
    pub(super) fn of(order: MapOrder, files: u32, width: u32, height: u32) -> Self {
        let (width, height) = (width.max(20), height.max(20));
        let groups = order.groups(files);
        let rows = |cell: u32, each: u32| -> u32 {
            let columns = width / cell;
            groups.iter().map(|group| group.files.div_ceil(each).div_ceil(columns)).sum()
        };
        let fits = |cell: u32, each: u32| rows(cell, each) <= height / cell;
        let cell = SIZES.into_iter().find(|cell| fits(*cell, 1)).unwrap_or(2);
        let least = files.div_ceil((width / cell) * (height / cell)).max(1);
        // The last row of each group can have room left, so that a few more files share a cell.
        let each = (least..=files.max(1)).find(|each| fits(cell, *each) || rows(cell, *each) <= groups.len() as u32);
        Grid { cell, columns: width / cell, each: each.unwrap_or(least), bands: Arc::default(), order }.banded(groups)
    }

    /// Lays out the groups, one below the other.
    fn banded(mut self, groups: Vec<MapGroup>) -> Self {
        let line = if self.order.is_grouped() { LINE } else { 0 };
        let (mut first, mut top) = (0, 0);
        let bands = groups.into_iter().filter(|group| group.files > 0).map(|group| {
            let cells = group.files.div_ceil(self.each.max(1));
            let band = Band { group, first, cells, top: top + line };
            first += cells;
            top += line + cells.div_ceil(self.columns.max(1)) * self.cell;
            band
        });
        self.bands = Arc::new(bands.collect());
        self
    }

    pub(super) fn bands(&self) -> &[Band] {
        &self.bands
    }

    pub(super) fn cells(&self) -> u32 {
        self.bands.last().map_or(0, |last| last.first + last.cells)
    }

    /// The height of all groups with their names.
    pub(super) fn height(&self) -> u32 {
        self.bands.last().map_or(0, |last| last.top + last.cells.div_ceil(self.columns.max(1)) * self.cell)
    }

    /// The number of the last group that begins at this or before it, where `begin` says at what a group begins.
    fn last_begun(&self, at: u32, begin: fn(&Band) -> u32) -> usize {
        self.bands.iter().take_while(|band| begin(band) <= at).count().saturating_sub(1)
    }

    /// The number of the group that a cell belongs to.
    fn band_of(&self, cell: u32) -> usize {
        self.last_begun(cell, |band| band.first)
    }

    /// The row and column of a cell within its group.
    fn row_of(&self, cell: u32) -> (u32, u32) {
        let within = cell - self.bands.get(self.band_of(cell)).map_or(0, |band| band.first);
        let columns = self.columns.max(1);
        (within / columns, within % columns)
    }

    /// Where a cell begins.
    pub(super) fn corner(&self, cell: u32) -> (u32, u32) {
        let top = self.bands.get(self.band_of(cell)).map_or(0, |band| band.top);
        let (row, column) = self.row_of(cell);
        (column * self.cell, top + row * self.cell)
    }

    /// Whether a cell is the first of its row.
    pub(super) fn begins_row(&self, cell: u32) -> bool {
        self.row_of(cell).1 == 0
    }

    /// The cell at a point, or the nearest one in its row; `None` if there are no cells.
    pub(super) fn at(&self, x: u32, y: u32) -> Option<u32> {
        let size = self.cell.max(1);
        let band = self.bands.get(self.last_begun(y, Band::line))?;
        let row = (y.saturating_sub(band.top) / size).min(band.cells.saturating_sub(1) / self.columns.max(1));
        let column = (x / size).min(self.columns.saturating_sub(1));
        Some(band.first + (row * self.columns + column).min(band.cells.saturating_sub(1)))
    }

    /// The cell below a cell, also in the next group; the cell itself if there is none.
    pub(super) fn below(&self, cell: u32) -> u32 {
        let Some(band) = self.bands.get(self.band_of(cell)) else { return cell };
        let (row, column) = self.row_of(cell);
        let last = band.cells.saturating_sub(1);
        match self.bands.get(self.band_of(cell) + 1) {
            _ if row < last / self.columns.max(1) => (cell + self.columns).min(band.first + last),
            Some(next) => next.first + column.min(next.cells.saturating_sub(1)),
            None => cell,
        }
    }

    /// The cell above a cell, also in the group before; the cell itself if there is none.
    pub(super) fn above(&self, cell: u32) -> u32 {
        let (row, column) = self.row_of(cell);
        if row > 0 {
            return cell - self.columns;
        }
        let before = self.band_of(cell).checked_sub(1).and_then(|before| self.bands.get(before));
        before.map_or(cell, |band| {
            let last = band.cells.saturating_sub(1);
            band.first + (last / self.columns.max(1) * self.columns + column).min(last)
        })
    }

    /// The cell of a file.
    pub(super) fn cell_of(&self, file: u32) -> u32 {
        let place = self.order.place_of(file);
        self.bands
            .get(self.last_begun(place, |band| band.group.first))
            .map_or(0, |band| band.first + (place - band.group.first) / self.each.max(1))
    }

    /// The places of the first and the last file of a cell.
    fn places_of(&self, cell: u32) -> (u32, u32) {
        let Some(band) = self.bands.get(self.band_of(cell)) else { return (0, 0) };
        let first = band.group.first + (cell - band.first).saturating_mul(self.each);
        let end = first.saturating_add(self.each).min(band.group.first + band.group.files);
        (first, end.saturating_sub(1).max(first))
    }

    /// The first file of a cell.
    pub(super) fn file_of(&self, cell: u32) -> u32 {
        self.order.file_at(self.places_of(cell).0)
    }

    /// How many files a cell has.
    pub(super) fn files_of(&self, cell: u32) -> u32 {
        let (first, last) = self.places_of(cell);
        last - first + 1
    }

    /// The files of two cells, in either order, and of all cells between them; `None` if they do not follow each other in the
    /// job.
    pub(super) fn span(&self, one: u32, other: u32) -> Option<(u32, u32)> {
        self.order.span(self.places_of(one.min(other)).0, self.places_of(one.max(other)).1)
    }

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
    use super::*;
    use headway_model::groups::ItemGroups;
    use headway_model::{DiskEffect, FailReason};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_file_has_a_cell_and_every_cell_has_room(files in 1_u32..2_000_000, width in 280_u32..2_000, height in 96_u32..400) {
            let grid = Grid::of(MapOrder::default(), files, width, height);
            let last = grid.cells() - 1;
            prop_assert_eq!(grid.places_of(0).0, 0);
            prop_assert_eq!(grid.places_of(last).1, files - 1);
            let (x, y) = grid.corner(last);
            prop_assert!(x + grid.cell <= width && y + grid.cell <= height, "the last cell is at {}, {}", x, y);
            for cell in [0, last / 3, last] {
                let (x, y) = grid.corner(cell);
                prop_assert_eq!(grid.at(x, y), Some(cell));
                prop_assert_eq!(grid.at(x + grid.cell - 1, y + grid.cell - 1), Some(cell));
                prop_assert_eq!(grid.cell_of(grid.places_of(cell).1), cell);
                if cell > 0 {
                    prop_assert_eq!(grid.places_of(cell - 1).1 + 1, grid.places_of(cell).0);
                }
            }
            prop_assert_eq!(grid.span(last, 0), Some((0, files - 1)));
        }

        #[test]
        fn in_groups_every_cell_has_its_own_place_and_the_arrows_lead_to_all_of_them(
            of in proptest::collection::vec(0_u8..5, 1..3_000), width in 280_u32..1_200,
        ) {
            let letters = of.iter().map(|group| char::from(b'a' + group)).collect();
            let names = (0..5).map(|group| group.to_string()).collect();
            let order = MapOrder::by(ItemGroups { names, of: letters });
            let grid = Grid::of(order, of.len() as u32, width, 360);
            let cells = grid.cells();
            prop_assert_eq!((0..cells).map(|cell| grid.files_of(cell)).sum::<u32>() as usize, of.len());
            let mut corners = std::collections::HashSet::new();
            for cell in 0..cells {
                let (x, y) = grid.corner(cell);
                prop_assert!(corners.insert((x, y)) && x + grid.cell <= width && y + grid.cell <= grid.height());
                prop_assert_eq!(grid.at(x, y), Some(cell));
                prop_assert_eq!(grid.cell_of(grid.file_of(cell)), cell);
                prop_assert!(grid.below(cell) >= cell && grid.above(cell) <= cell);
                if grid.below(cell) != cell && grid.corner(grid.below(cell)).0 == x {
                    prop_assert_eq!(grid.above(grid.below(cell)), cell);
                }
            }
            let steps = std::iter::successors(Some(0), |cell| Some(grid.below(*cell)).filter(|below| below != cell)).count();
            let rows: u32 = grid.bands().iter().map(|band| band.cells.div_ceil(grid.columns)).sum();
            prop_assert_eq!(steps as u32, rows, "the arrow down goes through every row");
        }
    }

    #[test]
    fn a_hundred_thousand_files_have_a_cell_each_and_of_a_million_some_share_one() {
        let grid = |files, height| Grid::of(MapOrder::default(), files, 1_168, height);
        assert_eq!(grid(100_000, 360).each, 1);
        assert_eq!(grid(1_000_000, 360).each, 10);
        assert_eq!(grid(3, 96).cell, 20);
    }

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
    fn what_the_list_is_not_of_is_pale() {
        let pale: Vec<_> = shown(&plain(20, 7, 1), Some((2, 4))).into_iter().map(|(_, is_pale)| is_pale).collect();
        assert_eq!(pale, [true, true, false, false, false, true, true]);
    }
}
