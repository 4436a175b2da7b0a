//! The rows of a list that have been read: windows of fifty. Any of them can be missing.

use super::ROWS_PER_WINDOW;
use headway_model::library::Entry;

/// The most windows in one call.
const WINDOWS_PER_CALL: usize = 20;

/// The rows that have been read, by their numbers in the list.
#[derive(Debug)]
pub(super) struct ReadRows {
    /// Each window. One that was not read is empty.
    windows: Vec<Vec<Entry>>,
    /// How many rows the list has.
    total: u32,
}

impl ReadRows {
    /// The rows that came with a list: its first ones and, from row `at` on, those that were near the screen. Between
    /// the two calls a row can have moved; it is shown where it was read last.
    pub(super) fn new(total: u32, mut first: Vec<Entry>, at: u32, near: Vec<Entry>) -> Self {
        first.retain(|row| near.iter().all(|other| other.path != row.path));
        let mut rows = ReadRows { windows: Vec::new(), total };
        rows.set(0, first);
        rows.set(at, near);
        rows
    }

    /// How many rows the list has.
    pub(super) fn total(&self) -> u32 {
        self.total
    }

    /// A row, if it was read.
    pub(super) fn get(&self, row: u32) -> Option<&Entry> {
        self.windows.get((row / ROWS_PER_WINDOW) as usize)?.get((row % ROWS_PER_WINDOW) as usize)
    }

    /// Every row that was read.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.windows.iter().flatten()
    }

    /// The first unbroken part of these rows that was read: its first row, and how many there are.
    pub(super) fn unbroken(&self, from: u32, rows: u32) -> (u32, u32) {
        let is_missing = |row: &u32| self.get(*row).is_none();
        let first = (from..from + rows).find(|row| !is_missing(row)).unwrap_or(from + rows);
        let end = (first..from + rows).find(is_missing).unwrap_or(from + rows);
        (first, end - first)
    }

    /// The rows to read next so that none from `from` until `to` is missing, in whole windows.
    pub(super) fn missing(&self, from: u32, to: u32) -> Option<(u32, u32)> {
        let end = to.min(self.total).div_ceil(ROWS_PER_WINDOW);
        let first = (from / ROWS_PER_WINDOW..end).find(|window| self.lacks(*window))?;
        let rows = (first..end).take(WINDOWS_PER_CALL).take_while(|window| self.lacks(*window)).count() as u32;
        Some((first * ROWS_PER_WINDOW, ((first + rows) * ROWS_PER_WINDOW).min(self.total)))
    }

    /// Whether rows of a window are missing.
    fn lacks(&self, window: u32) -> bool {
        let read = self.windows.get(window as usize).map_or(0, Vec::len) as u32;
        read < ROWS_PER_WINDOW.min(self.total.saturating_sub(window * ROWS_PER_WINDOW))
    }

    /// Adds rows that were missing, as they were read when the list had `total` rows. Returns false, and adds nothing,
    /// if they do not fit: the list has changed since the other rows were read.
    pub(super) fn add(&mut self, (from, to): (u32, u32), total: u32, rows: Vec<Entry>) -> bool {
        let fits = total == self.total && rows.len() as u32 == to - from && self.are_new(from, to, &rows);
        if fits {
            self.set(from, rows);
        }
        fits
    }

    /// Whether those of these rows that were read before are in the same place, and none is in the windows beside them.
    fn are_new(&self, from: u32, to: u32, rows: &[Entry]) -> bool {
        let stay = (from..to).zip(rows).all(|(row, new)| self.get(row).is_none_or(|old| old.path == new.path));
        let before = (from / ROWS_PER_WINDOW).checked_sub(1);
        let beside = before.into_iter().chain([to.div_ceil(ROWS_PER_WINDOW)]);
        let mut beside = beside.filter_map(|window| self.windows.get(window as usize)).flatten();
        stay && beside.all(|old| rows.iter().all(|new| new.path != old.path))
    }

    /// Sets windows, beginning with the one of row `from`.
    fn set(&mut self, from: u32, rows: Vec<Entry>) {
        let mut number = (from / ROWS_PER_WINDOW) as usize;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            if self.windows.len() <= number {
                self.windows.resize_with(number + 1, Vec::new);
            }
            self.windows[number] = rows.by_ref().take(ROWS_PER_WINDOW as usize).collect();
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::library::EntryKind;

    fn rows(from: u32, to: u32) -> Vec<Entry> {
        let entry = |row: u32| {
            let path = row.to_string().parse().expect("a path");
            Entry { path, kind: EntryKind::File, size: 1, modified: 0, outcome: None, under: None }
        };
        (from..to).map(entry).collect()
    }

    fn name(list: &ReadRows, row: u32) -> Option<String> {
        list.get(row).map(|row| row.path.to_string())
    }

    #[test]
    fn any_row_can_be_read_and_others_stay_missing() {
        let mut list = ReadRows::new(1_050, rows(0, 100), 0, Vec::new());
        assert_eq!(list.missing(0, 100), None);
        assert_eq!(list.missing(910, 1_050), Some((900, 1_050)));
        assert!(list.add((900, 1_050), 1_050, rows(900, 1_050)));
        assert_eq!((name(&list, 1_049), name(&list, 500)), (Some("1049".into()), None));
        assert_eq!((list.missing(900, 1_050), list.missing(1_049, 9_999)), (None, None));
        assert_eq!(list.missing(50, 1_050), Some((100, 900)));
        assert_eq!([50, 880, 300].map(|from| list.unbroken(from, 100)), [(50, 50), (900, 80), (400, 0)]);
        assert_eq!(list.all().count(), 250);
        let long = ReadRows::new(9_000, Vec::new(), 0, Vec::new());
        assert_eq!(long.missing(0, 9_000), Some((0, 1_000)), "one call reads so many");
    }

    #[test]
    fn rows_of_a_list_that_has_changed_are_not_added() {
        let mut list = ReadRows::new(300, rows(0, 100), 0, Vec::new());
        assert!(!list.add((100, 200), 301, rows(100, 200)), "another number of rows");
        assert!(!list.add((100, 200), 300, rows(99, 199)), "a row of the window before");
        assert!(!list.add((100, 200), 300, rows(100, 199)), "too few");
        assert_eq!((name(&list, 100), name(&list, 99)), (None, Some("99".into())));
        assert!(list.add((200, 300), 300, rows(200, 300)) && !list.add((100, 200), 300, rows(101, 201)));
        assert!(list.add((100, 200), 300, rows(100, 200)));
        assert_eq!(list.missing(0, 300), None);
    }

    #[test]
    fn a_row_that_was_read_twice_with_a_list_is_shown_once() {
        let list = ReadRows::new(300, rows(0, 100), 100, rows(99, 199));
        assert_eq!((name(&list, 98), name(&list, 99), name(&list, 100)), (Some("98".into()), None, Some("99".into())));
        assert_eq!(list.missing(0, 100), Some((50, 100)), "its window is read again");
    }
}
