//! Decides which rows of a long list are in the page: those on the screen and some around them. Empty space stands
//! for the other rows, so that the scrollbar shows the length of the list and leads to any row at once.

/// Rows above the screen that are in the page, at least, and as many below it. Each row takes the browser a millisecond to make, so
/// there are few.
const AROUND: u32 = 10;

/// By how many rows those in the page change at a time, so that they do not change with every pixel.
const STEP: u32 = 10;

/// Maximum height of a list, because browsers measure nothing beyond about 17,000,000 pixels. In a longer list, a
/// pixel stands for more.
const TALLEST: u32 = 12_000_000;

/// What is on the screen, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Screen {
    /// How much of the list is above the screen.
    pub(super) above: u32,
    /// The height of the screen.
    pub(super) height: u32,
    /// The height of a row.
    pub(super) row: u32,
}

/// Where the rows in the page are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::ui) struct RowPositions {
    /// The index of the first row, from 0.
    pub(in crate::ui) first: u32,
    /// How many rows there are.
    pub(in crate::ui) rows: u32,
    /// The space above them, in pixels.
    pub(super) before: u32,
    /// The space below them, in pixels.
    pub(super) behind: u32,
}

impl RowPositions {
    /// Only some of the rows, and space of this height for each of the others.
    pub(super) fn part(self, first: u32, rows: u32, row: u32) -> Self {
        let above = first.saturating_sub(self.first);
        let below = self.rows.saturating_sub(above + rows);
        RowPositions { first, rows, before: self.before + above * row, behind: self.behind + below * row }
    }
}

impl Screen {
    /// Before anything was measured: so high that it shows the 50 rows of a page without JavaScript.
    pub(super) const UNKNOWN: Screen = Screen { above: 0, height: 1_160, row: 40 };

    fn is_compressed(self, total: u32) -> bool {
        u64::from(total) * u64::from(self.row) > u64::from(TALLEST)
    }

    fn tall(self, total: u32) -> u32 {
        total.saturating_mul(self.row).min(TALLEST)
    }

    /// How many rows are in the page, at most.
    fn rows(self) -> u32 {
        self.height.div_ceil(self.row.max(1)) + 1 + 2 * AROUND + STEP
    }

    /// The rows to show of a list with this many rows.
    pub(super) fn place(self, total: u32) -> RowPositions {
        let at = self.at(total);
        // At its beginning a list has no rows above the screen.
        let rows = if at < AROUND { self.rows() - AROUND } else { self.rows() };
        let rows = total.min(rows);
        let last = total - rows;
        let tall = self.tall(total);
        if !self.is_compressed(total) {
            let first = (at.saturating_sub(AROUND) / STEP * STEP).min(last);
            let before = first * self.row;
            return RowPositions { first, rows, before, behind: tall - before - rows * self.row };
        }
        let first = at.saturating_sub(AROUND).min(last);
        let lowest = tall - rows * self.row;
        let is_end = at + self.height / self.row.max(1) >= total;
        let before = if is_end { lowest } else { self.above.saturating_sub((at - first) * self.row).min(lowest) };
        RowPositions { first, rows, before, behind: tall - before - rows * self.row }
    }

    /// The row at the upper edge of the screen.
    fn at(self, total: u32) -> u32 {
        let fitting = self.height / self.row.max(1);
        let last = total.saturating_sub(fitting);
        let at = if self.is_compressed(total) {
            let way = TALLEST.saturating_sub(self.height).max(1);
            u32::try_from(u64::from(self.above.min(way)) * u64::from(last) / u64::from(way)).unwrap_or(last)
        } else {
            self.above / self.row.max(1)
        };
        at.min(last)
    }

    /// How much of the list must be above the screen to make a row visible; unchanged if it is already visible.
    pub(super) fn above_for(self, total: u32, row: u32) -> u32 {
        // The table's header covers a row or two.
        let fitting = (self.height / self.row.max(1)).saturating_sub(3).max(1);
        let at = self.at(total);
        let wanted = if row < at + 2 {
            row.saturating_sub(1)
        } else if row >= at + fitting {
            row + 1 - fitting
        } else {
            return self.above;
        };
        if self.is_compressed(total) {
            let last = total.saturating_sub(self.height / self.row.max(1)).max(1);
            let way = u64::from(TALLEST.saturating_sub(self.height));
            return u32::try_from(u64::from(wanted) * way / u64::from(last)).unwrap_or(TALLEST);
        }
        wanted * self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_screen_is_full_of_rows_wherever_it_is(
            total in prop_oneof![0_u32..500, 0_u32..3_000_000], share in 0_u32..=1_000, row in 24_u32..80, height in 300_u32..1_500
        ) {
            let screen = |above| Screen { above, height, row };
            let tall = screen(0).tall(total);
            let above = (u64::from(tall.saturating_sub(height)) * u64::from(share) / 1_000) as u32;
            let place = screen(above).place(total);
            let rows = place.rows;
            prop_assert!(rows <= total.min(screen(above).rows()));
            prop_assert_eq!(place.before + rows * row + place.behind, tall, "the list keeps its height");
            prop_assert!(place.first + rows <= total);
            // There are rows from the top of the screen to its bottom, or to the end of the list.
            prop_assert!(place.before <= above);
            prop_assert!(place.before + rows * row >= (above + height).min(tall));
            if share == 1_000 {
                prop_assert_eq!(place.first + rows, total, "the end of the scrollbar is the end of the list");
            }
            if share == 0 {
                prop_assert_eq!(place.first, 0);
            }
        }

        #[test]
        fn any_row_can_be_gone_to(total in prop_oneof![1_u32..500, 1_u32..3_000_000], share in 0_u32..=1_000, row in 24_u32..80, height in 400_u32..1_500) {
            let wanted = (u64::from(total - 1) * u64::from(share) / 1_000) as u32;
            let screen = Screen { above: 0, height, row };
            let above = screen.above_for(total, wanted).min(screen.tall(total).saturating_sub(height));
            let place = Screen { above, ..screen }.place(total);
            prop_assert!((place.first..place.first + place.rows).contains(&wanted), "{} of {} is not in {:?}", wanted, total, place);
        }
    }

    #[test]
    fn rows_that_are_missing_leave_their_space() {
        let place = Screen { above: 4_000, height: 800, row: 40 }.place(1_000);
        assert_eq!((place.first, place.rows, place.before, place.behind), (90, 51, 3_600, 34_360));
        let part = place.part(100, 30, 40);
        assert_eq!((part.first, part.rows, part.before, part.behind), (100, 30, 4_000, 34_800));
        let none = place.part(90, 0, 40);
        assert_eq!((none.rows, none.before, none.behind), (0, 3_600, 36_400));
    }

    #[test]
    fn a_page_without_javascript_has_all_its_rows() {
        assert_eq!(Screen::UNKNOWN.place(1_000).rows, 50);
    }

    #[test]
    fn a_row_that_is_seen_moves_nothing() {
        let screen = Screen { above: 4_000, height: 800, row: 40 };
        assert_eq!([102, 110].map(|row| screen.above_for(1_000, row)), [4_000, 4_000]);
        assert_eq!([50, 130].map(|row| screen.above_for(1_000, row)), [1_960, 4_560]);
    }
}
