//! The statements that read a view: its rows, its counts, its order and its conditions.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::super::super::sqlite::all;
use super::super::{Stored, folder_no};
use headway_model::library::{EntryKind, FolderView, OutcomeFilter, Pattern, RowKey, Sort, natural, natural_path};

/// A statement under construction, with its bound values in order.
pub(super) struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    pub(super) fn new(text: &str) -> Self {
        Statement { text: text.to_owned(), values: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.push("?")
    }

    pub(super) fn all<T>(self, reader: &Connection, read: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Stored<Vec<T>> {
        all(reader, &self.text, params_from_iter(self.values), read)
    }
}

/// Reads rows in the order of a view or, `backwards`, against it: those beyond a key, `limit` of them after the first
/// `skip`.
pub(super) fn window(view: &FolderView, backwards: bool, key: Option<&RowKey>, (skip, limit): (u64, u64)) -> Statement {
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
    query.push(" LIMIT ").bind(limit.cast_signed());
    if skip > 0 {
        query.push(" OFFSET ").bind(skip.cast_signed());
    }
    query
}

/// How many rows there are, how many are files, and how many come before the window's first row.
pub(super) fn count(view: &FolderView, first: Option<&RowKey>) -> Statement {
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
pub(super) fn add_filters(query: &mut Statement, view: &FolderView) {
    if let Some(pattern) = Pattern::new(&view.search) {
        query.push(" AND f.searched GLOB ").bind(pattern.as_str().replace('[', "[[]"));
    }
    if view.show != OutcomeFilter::All {
        query.push(" AND f.kind = ").bind(EntryKind::File as u8);
        query.push(" AND f.shown_as = ").bind(view.show.word().to_owned());
    }
}

/// Restricts to the view's folder or, for a deep view, to all folders below it.
pub(super) fn within(query: &mut Statement, view: &FolderView) {
    if view.is_deep() {
        below(query, view);
    } else {
        query.push("d.folder_no = ").bind(folder_no(&view.library, &view.folder));
    }
}

/// Restricts to the view's folder and all folders below it.
pub(super) fn below(query: &mut Statement, view: &FolderView) {
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
