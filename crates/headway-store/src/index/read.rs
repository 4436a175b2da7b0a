//! Every query of the index.

use rusqlite::types::{FromSqlError, Value};
use rusqlite::{Connection, Row, params_from_iter};

use super::super::sqlite::{all, first, nullable};
use super::{StoreError, Stored, folder_no};
use headway_model::RelPath;
use headway_model::id::{Millis, Position};
use headway_model::item::ItemStatus;
use headway_model::library::{
    Entry, EntryKind, FolderPage, FolderView, LastOutcome, OutcomeFilter, Pattern, RowKey, Sort, Under, natural,
    natural_path,
};

/// A statement under construction, with its bound values in order.
struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    fn new(text: &str) -> Self {
        Statement { text: text.to_owned(), values: Vec::new() }
    }

    fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.push("?")
    }

    fn all<T>(self, reader: &Connection, read: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Stored<Vec<T>> {
        all(reader, &self.text, params_from_iter(self.values), read)
    }
}

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

pub(super) fn page(reader: &mut Connection, view: &FolderView) -> Stored<FolderPage> {
    let (backwards, key) = match (&view.after, &view.before) {
        (Some(after), _) => (false, Some(after)),
        (None, before) => (before.is_some(), before.as_ref()),
    };
    let limit = view.limit as usize;
    let moment = reader.transaction()?;
    let mut rows = window(view, backwards, key).all(&moment, row)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    if backwards {
        rows.reverse();
    }
    let first = rows.first().map(|(key, _)| key.clone());
    let last = rows.last().map(|(key, _)| key.clone());
    let counts = count(view, first.as_ref()).all(&moment, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (total, files, before): (u64, u64, u64) = counts.first().copied().unwrap_or_default();
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
        next: last.filter(|_| more || backwards),
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

/// Reads one row more than requested, to know whether there are more.
fn window(view: &FolderView, backwards: bool, key: Option<&RowKey>) -> Statement {
    let mut query = Statement::new("SELECT d.path, f.name, f.kind, f.size, f.mtime_ns, f.outcome, f.job, f.undone, ");
    query.push(value(view.sort)).push(" FROM folders d CROSS JOIN files f USING (folder_no) WHERE ");
    matching(&mut query, view);
    if let Some(key) = key {
        query.push(" AND ");
        beyond(&mut query, view, key, backwards);
    }
    query.push(" ORDER BY f.leaf").push(if backwards { " DESC" } else { "" });
    let turn = if backwards == view.descending { "" } else { " DESC" };
    for column in columns(view) {
        query.push(", ").push(column).push(turn);
    }
    query.push(" LIMIT ").bind(i64::from(view.limit) + 1);
    query
}

/// How many rows there are, how many are files, and how many come before the window's first row.
fn count(view: &FolderView, first: Option<&RowKey>) -> Statement {
    let mut query = Statement::new("SELECT count(*), count(*) FILTER (WHERE f.kind = ");
    query.bind(EntryKind::File as u8).push("), count(*) FILTER (WHERE ");
    match first {
        Some(key) => beyond(&mut query, view, key, true),
        None => drop(query.push("false")),
    }
    query.push(") FROM folders d CROSS JOIN files f USING (folder_no) WHERE ");
    matching(&mut query, view);
    query
}

/// The size that a row shows: a file's own, or that of all files below a folder. `0` is the character after `/`.
const SIZE: &str = "CASE f.leaf WHEN 1 THEN f.size ELSE (SELECT coalesce(sum(g.size), 0) FROM folders e
    CROSS JOIN files g USING (folder_no) WHERE e.library = d.library
    AND e.path >= ltrim(d.path || '/', '/') || f.name AND e.path < ltrim(d.path || '/', '/') || f.name || '0'
    AND (e.path = ltrim(d.path || '/', '/') || f.name OR e.path > ltrim(d.path || '/', '/') || f.name || '/')
    AND g.kind = 1 AND g.present = 1) END";

/// The expression to sort by, before the path.
fn value(sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "0",
        Sort::Size => SIZE,
        Sort::Modified => "f.mtime_ns",
        Sort::Outcome => "coalesce(f.outcome, -1)",
    }
}

/// The order within the folders, and within everything else.
fn columns(view: &FolderView) -> Vec<&'static str> {
    let value = (view.sort != Sort::Name).then(|| value(view.sort));
    let path: &[_] = if view.is_deep() { &["d.natural", "d.path"] } else { &[] };
    value.into_iter().chain(path.iter().copied()).chain(["f.natural", "f.name"]).collect()
}

fn matching(query: &mut Statement, view: &FolderView) {
    query.push("f.present = 1 AND ");
    within(query, view);
    add_filters(query, view);
}

/// Restricts to what a view searches for and filters by.
fn add_filters(query: &mut Statement, view: &FolderView) {
    if let Some(pattern) = Pattern::new(&view.search) {
        query.push(" AND f.searched GLOB ").bind(pattern.as_str().replace('[', "[[]"));
    }
    if view.show != OutcomeFilter::All {
        query.push(" AND f.kind = ").bind(EntryKind::File as u8);
        query.push(" AND f.shown_as = ").bind(view.show.word().to_owned());
    }
}

/// Restricts to the view's folder or, for a deep view, to all folders below it.
fn within(query: &mut Statement, view: &FolderView) {
    if view.is_deep() {
        below(query, view);
    } else {
        query.push("d.folder_no = ").bind(folder_no(&view.library, &view.folder));
    }
}

/// Restricts to the view's folder and all folders below it.
fn below(query: &mut Statement, view: &FolderView) {
    query.push("d.library = ").bind(view.library.clone());
    if !view.folder.is_root() {
        let path = view.folder.as_str();
        // `0` is the character after `/`.
        query.push(" AND (d.path = ").bind(path.to_owned());
        query.push(" OR (d.path > ").bind(format!("{path}/"));
        query.push(" AND d.path < ").bind(format!("{path}0")).push("))");
    }
}

/// Restricts to rows after a key, or before it.
fn beyond(query: &mut Statement, view: &FolderView, key: &RowKey, before: bool) {
    let leaf = u8::from(key.leaf);
    query.push("(f.leaf ").push(if before { "< " } else { "> " }).bind(leaf);
    query.push(" OR (f.leaf = ").bind(leaf).push(" AND (");
    query.push(&columns(view).join(", "));
    query.push(if before == view.descending { ") > (" } else { ") < (" });
    let value = (view.sort != Sort::Name).then(|| Value::from(key.value));
    let folder = view.is_deep().then(|| key.path.parent().unwrap_or_default());
    let folder = folder.into_iter().flat_map(|folder| [natural_path(&folder), folder.to_string()]);
    let name = [natural(key.path.name()), key.path.name().to_owned()];
    for (at, value) in value.into_iter().chain(folder.chain(name).map(Value::from)).enumerate() {
        query.push(if at == 0 { "" } else { ", " }).bind(value);
    }
    query.push(")))");
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
        status: undone.clone().unwrap_or_else(|| status.label().into()),
        reason: status.reason().map(Into::into),
        changed_since: false,
    });
    let key = RowKey { leaf: kind != EntryKind::Folder, value: row.get(8)?, path: path.clone() };
    let modified = u64::try_from(mtime_ns / 1_000_000).unwrap_or(0);
    let size = if kind == EntryKind::File { size.cast_unsigned() } else { 0 };
    Ok((key, Entry { path, kind, size, modified, outcome, under: None }))
}
