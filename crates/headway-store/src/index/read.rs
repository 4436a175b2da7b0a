//! Every query of the index.

mod statement;

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Row};

use super::super::sqlite::{first, nullable};
use super::{StoreError, Stored, folder_no};
use headway_model::RelPath;
use headway_model::id::{Millis, Position};
use headway_model::item::ItemStatus;
use headway_model::library::{Entry, EntryKind, FolderPage, FolderView, LastOutcome, OutcomeFilter, RowKey, Under};
use statement::{Statement, add_filters, below, count, window, within};

pub(super) fn position(reader: &Connection) -> Stored<Position> {
    let position = first(reader, "SELECT position FROM cursor", [], |row| row.get(0))?;
    position.ok_or_else(|| StoreError::new("the index of files has no cursor"))
}

/// When the disk was last read for a view: its folder or, for a deep view, the whole library.
pub(super) fn seen(reader: &Connection, view: &FolderView) -> Stored<Option<Millis>> {
    if view.is_deep() {
        return seen_whole(reader, &view.library);
    }
    let folder = folder_no(&view.library, &view.folder);
    first(reader, "SELECT seen_at FROM folders WHERE folder_no = ? AND seen_at > 0", [folder], |row| row.get(0))
}

fn seen_whole(reader: &Connection, library: &str) -> Stored<Option<Millis>> {
    first(reader, "SELECT seen_at FROM scans WHERE library = ?", [library], |row| row.get(0))
}

/// The rows of a window, and where they are among all rows.
struct WindowRows {
    rows: Vec<(RowKey, Entry)>,
    /// How many rows come before them.
    before: u64,
    /// Whether rows come after them.
    more: bool,
    total: u64,
    /// How many of all rows are files.
    files: u64,
}

/// A window that begins or ends at a row, or begins with the first one.
fn at_key(reader: &Connection, view: &FolderView) -> Stored<WindowRows> {
    let (backwards, key) = match (&view.after, &view.before) {
        (Some(after), _) => (false, Some(after)),
        (None, before) => (before.is_some(), before.as_ref()),
    };
    let limit = view.limit as usize;
    // One row more shows whether there are more.
    let mut rows = window(view, backwards, key, (0, u64::from(view.limit) + 1)).all(reader, row)?;
    let more = backwards || rows.len() > limit;
    rows.truncate(limit);
    if backwards {
        rows.reverse();
    }
    let (total, files, before) = counts(reader, view, rows.first().map(|(key, _)| key))?;
    Ok(WindowRows { rows, before, more, total, files })
}

/// A window that begins after a number of rows.
fn at_number(reader: &Connection, view: &FolderView) -> Stored<WindowRows> {
    let (total, files, _) = counts(reader, view, None)?;
    let before = u64::from(view.skip).min(total);
    let limit = u64::from(view.limit).min(total - before);
    let behind = total - before - limit;
    // SQLite reads each row that it skips, so skip those at the nearer end.
    let backwards = behind < before;
    let mut rows = window(view, backwards, None, (before.min(behind), limit)).all(reader, row)?;
    if backwards {
        rows.reverse();
    }
    Ok(WindowRows { rows, before, more: behind > 0, total, files })
}

/// How many rows there are, how many are files, and how many come before this one.
fn counts(reader: &Connection, view: &FolderView, first: Option<&RowKey>) -> Stored<(u64, u64, u64)> {
    let counts = count(view, first).all(reader, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(counts.first().copied().unwrap_or_default())
}

pub(super) fn page(reader: &mut Connection, view: &FolderView) -> Stored<FolderPage> {
    let moment = reader.transaction()?;
    let window = if view.skip > 0 { at_number(&moment, view)? } else { at_key(&moment, view)? };
    let WindowRows { mut rows, before, more, total, files } = window;
    let first = rows.first().map(|(key, _)| key.clone());
    let last = rows.last().map(|(key, _)| key.clone());
    let under = under(&moment, view)?;
    let by_outcome = match view.show {
        OutcomeFilter::All => under,
        _ => self::under(&moment, &FolderView { show: OutcomeFilter::All, ..view.clone() })?,
    };
    for (_, entry) in rows.iter_mut().filter(|(_, entry)| entry.kind == EntryKind::Folder) {
        let inside = FolderView { library: view.library.clone(), folder: entry.path.clone(), ..FolderView::default() };
        // What is in a folder that was never read is not known.
        if self::seen(&moment, &inside)?.is_some() {
            entry.under = Some(self::under(&moment, &inside)?);
        }
    }
    let (left_out, mut seen) = (left_out(&moment, view)?, seen(&moment, view)?);
    // What is counted in folders below is as old as the last look at all of them. Only the first window has no folder if there is none.
    if before > 0 || rows.iter().any(|(_, entry)| entry.kind == EntryKind::Folder) {
        let whole = seen_whole(&moment, &view.library)?;
        seen = seen.map(|seen| whole.map_or(seen, |whole| whole.min(seen)));
    }
    Ok(FolderPage {
        folder: view.folder.clone(),
        entries: rows.into_iter().map(|(_, entry)| entry).collect(),
        total,
        files,
        first: before,
        next: last.filter(|_| more),
        previous: first.filter(|_| before > 0),
        left_out,
        under,
        by_outcome,
        seen,
        scan: None,
        unread: None,
    })
}

/// The files that a job over a view takes.
fn under(reader: &Connection, view: &FolderView) -> Stored<Under> {
    let mut query = Statement::new("SELECT count(*), coalesce(sum(f.size), 0), count(*) FILTER (WHERE f.shown_as = ");
    query.bind(OutcomeFilter::Processed.word().to_owned()).push("), count(*) FILTER (WHERE f.shown_as = ");
    query.bind(OutcomeFilter::Failed.word().to_owned());
    query.push(") FROM folders d CROSS JOIN files f USING (folder_no) WHERE f.kind = ").bind(EntryKind::File as u8);
    query.push(" AND f.present = 1 AND ");
    below(&mut query, view);
    add_filters(&mut query, view);
    let row = |row: &Row<'_>| {
        let (bytes, processed) = (row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?);
        Ok(Under { files: row.get(0)?, bytes, processed, failed: row.get(3)? })
    };
    Ok(query.all(reader, row)?.first().copied().unwrap_or_default())
}

/// How many entries have no rows because they are litter.
fn left_out(reader: &Connection, view: &FolderView) -> Stored<u64> {
    let mut query = Statement::new("SELECT coalesce(sum(d.litter), 0) FROM folders d WHERE ");
    within(&mut query, view);
    Ok(query.all(reader, |row| row.get(0))?.first().copied().unwrap_or_default())
}

fn row(row: &Row<'_>) -> rusqlite::Result<(RowKey, Entry)> {
    let (folder, name) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let path: RelPath = path.parse().map_err(|error| FromSqlError::Other(Box::new(error)))?;
    let kind = EntryKind::from_number(row.get(2)?);
    let size: i64 = row.get(3)?;
    let mtime_ns: i64 = row.get(4)?;
    let status = row.get::<_, Option<u8>>(5)?.and_then(ItemStatus::from_byte);
    let undone: Option<String> = row.get(7)?;
    let outcome = status.zip(nullable(row, 6)?).map(|(status, job)| LastOutcome {
        job,
        recipe: None,
        missed: undone.is_none() && status.is_missed(),
        status: undone.clone().unwrap_or_else(|| status.label().into()),
        reason: status.reason().map(Into::into),
        item: None,
        changed_since: false,
        at: None,
    });
    let key = RowKey { leaf: kind != EntryKind::Folder, value: row.get(8)?, path: path.clone() };
    let modified = u64::try_from(mtime_ns / 1_000_000).unwrap_or(0);
    let size = if kind == EntryKind::File { size.cast_unsigned() } else { 0 };
    Ok((key, Entry { path, kind, size, modified, outcome, under: None }))
}
