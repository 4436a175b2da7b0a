//! Where each cell of a grid is: at which point, beside which cells, and for which files.

use super::grid::{Band, Grid};

impl Grid {
    /// The number of the last group that begins at this or before it; `begin` returns where a group begins.
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

    /// The cell below a cell, possibly in the next group; the cell itself if there is none.
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

    /// The cell above a cell, possibly in the group before; the cell itself if there is none.
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
}

#[cfg(test)]
mod tests {
    use super::super::order::MapOrder;
    use super::*;
    use headway_model::groups::ItemGroups;
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
}
