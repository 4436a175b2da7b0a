//! How many cells a map has, how large they are, and in which rows they lie. A cell stands for one file or several.

use std::sync::Arc;

use super::order::{MapGroup, MapOrder};

/// The height of the line with a group's name.
const LINE: u32 = 22;

/// The sizes of cells.
const SIZES: std::ops::RangeInclusive<u32> = 2..=20;

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
    pub(super) bands: Arc<Vec<Band>>,
}

/// The cells of a group, below its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) group: MapGroup,
    /// Its first cell, and how many it has.
    pub(super) first: u32,
    pub(super) cells: u32,
    /// Where its cells begin.
    pub(super) top: u32,
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
        let cell = SIZES.rev().find(|cell| fits(*cell, 1)).unwrap_or(2);
        let least = files.div_ceil((width / cell) * (height / cell)).max(1);
        // The last row of each group can have room left, so that a few more files share a cell.
        let each = (least..=files.max(1)).find(|each| fits(cell, *each) || rows(cell, *each) <= groups.len() as u32);
        Grid { cell, columns: width / cell, each: each.unwrap_or(least), bands: Arc::default(), order }.banded(groups)
    }

    /// Lays out the groups, one below the other.
    pub(super) fn banded(mut self, groups: Vec<MapGroup>) -> Self {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_files_have_a_cell_each_and_of_a_million_some_share_one() {
        let grid = |files, height| Grid::of(MapOrder::default(), files, 1_168, height);
        assert_eq!(grid(100_000, 360).each, 1);
        assert_eq!(grid(1_000_000, 360).each, 10);
        assert_eq!(grid(3, 96).cell, 20);
    }
}
