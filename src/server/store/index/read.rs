//! Every query of the index.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};

use super::super::sqlite::parsed;
use super::{Stored, folder_no};
use crate::model::RelPath;
use crate::model::id::{Millis, Position};
use crate::model::item::ItemStatus;
use crate::model::library::{Entry, EntryKind, FolderPage, FolderView, LastOutcome, Pattern, RowKey, Show, Sort};

pub(super) async fn position(readers: &SqlitePool) -> Stored<Position> {
    let position: i64 = sqlx::query_scalar("SELECT position FROM cursor").fetch_one(readers).await?;
    Ok(position.cast_unsigned())
}

/// When the disk was last read for a view: its folder, or, for what lies below as well, the whole library.
pub(super) async fn seen(readers: &SqlitePool, view: &FolderView) -> Stored<Option<Millis>> {
    let query = if view.is_deep() {
        sqlx::query_scalar("SELECT seen_at FROM scans WHERE library = ?").bind(view.library.clone())
    } else {
        let folder = folder_no(&view.library, &view.folder);
        sqlx::query_scalar("SELECT seen_at FROM folders WHERE folder_no = ? AND seen_at > 0").bind(folder)
    };
    let seen: Option<i64> = query.fetch_optional(readers).await?;
    Ok(seen.map(i64::cast_unsigned))
}

pub(super) async fn page(readers: &SqlitePool, view: &FolderView) -> Stored<FolderPage> {
    let (backwards, key) = match (&view.after, &view.before) {
        (Some(after), _) => (false, Some(after)),
        (None, before) => (before.is_some(), before.as_ref()),
    };
    let limit = view.limit as usize;
    let mut transaction = readers.begin().await?;
    let rows = window(view, backwards, key).build().fetch_all(&mut *transaction).await?;
    let more = rows.len() > limit;
    let mut rows: Vec<(RowKey, Entry)> = rows.iter().take(limit).map(row).collect::<Stored<_>>()?;
    if backwards {
        rows.reverse();
    }
    let first = rows.first().map(|(key, _)| key.clone());
    let last = rows.last().map(|(key, _)| key.clone());
    let (total, before): (i64, i64) = count(view, first.as_ref()).build_query_as().fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    let seen = seen(readers, view).await?;
    Ok(FolderPage {
        folder: view.folder.clone(),
        entries: rows.into_iter().map(|(_, entry)| entry).collect(),
        total: total.cast_unsigned(),
        first: before.cast_unsigned(),
        next: last.filter(|_| more || backwards),
        previous: first.filter(|_| before > 0),
        seen,
        scan: None,
    })
}

/// One row more than asked for, so that it is known whether there are more.
fn window<'q>(view: &'q FolderView, backwards: bool, key: Option<&'q RowKey>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT d.path, f.name, f.kind, f.size, f.mtime_ns, f.outcome, f.job, ");
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
    query.push(" LIMIT ").push_bind(i64::from(view.limit) + 1);
    query
}

/// How many rows there are, and how many of them come before the first of the window.
fn count<'q>(view: &'q FolderView, first: Option<&'q RowKey>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT count(*), count(*) FILTER (WHERE ");
    match first {
        Some(key) => beyond(&mut query, view, key, true),
        None => drop(query.push("false")),
    }
    query.push(") FROM folders d CROSS JOIN files f USING (folder_no) WHERE ");
    matching(&mut query, view);
    query
}

/// What is sorted by, before the path.
fn value(sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "0",
        Sort::Size => "f.size",
        Sort::Modified => "f.mtime_ns",
        Sort::Outcome => "coalesce(f.outcome, -1)",
    }
}

/// The order among folders, and among the others.
fn columns(view: &FolderView) -> Vec<&'static str> {
    let value = (view.sort != Sort::Name).then(|| value(view.sort));
    let path = view.is_deep().then_some("d.path");
    value.into_iter().chain(path).chain(["f.name"]).collect()
}

fn matching(query: &mut QueryBuilder<Sqlite>, view: &FolderView) {
    query.push("f.present = 1 AND ");
    if view.is_deep() {
        query.push("d.library = ").push_bind(view.library.clone());
        if !view.folder.is_root() {
            let path = view.folder.as_str();
            // `0` is the character behind `/`.
            query.push(" AND (d.path = ").push_bind(path.to_owned());
            query.push(" OR (d.path > ").push_bind(format!("{path}/"));
            query.push(" AND d.path < ").push_bind(format!("{path}0")).push("))");
        }
    } else {
        query.push("d.folder_no = ").push_bind(folder_no(&view.library, &view.folder));
    }
    if let Some(pattern) = Pattern::new(&view.search) {
        query.push(" AND f.searched GLOB ").push_bind(pattern.as_str().replace('[', "[[]"));
    }
    if view.show != Show::All {
        query.push(" AND f.kind = ").push_bind(EntryKind::File as u8);
        query.push(" AND f.shown_as = ").push_bind(view.show.word());
    }
}

/// Rows behind a key, or before it.
fn beyond(query: &mut QueryBuilder<Sqlite>, view: &FolderView, key: &RowKey, before: bool) {
    let leaf = u8::from(key.leaf);
    query.push("(f.leaf ").push(if before { "< " } else { "> " }).push_bind(leaf);
    query.push(" OR (f.leaf = ").push_bind(leaf).push(" AND (");
    query.push(columns(view).join(", "));
    query.push(if before == view.descending { ") > (" } else { ") < (" });
    let mut bound = query.separated(", ");
    if view.sort != Sort::Name {
        bound.push_bind(key.value);
    }
    if view.is_deep() {
        bound.push_bind(key.path.parent().unwrap_or_default().to_string());
    }
    bound.push_bind(key.path.name().to_owned());
    query.push(")))");
}

fn row(row: &SqliteRow) -> Stored<(RowKey, Entry)> {
    let (folder, name): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
    let path: RelPath = parsed(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })?;
    let kind = EntryKind::from_number(row.try_get(2)?);
    let size: i64 = row.try_get(3)?;
    let mtime_ns: i64 = row.try_get(4)?;
    let status = row.try_get::<Option<u8>, _>(5)?.and_then(ItemStatus::from_byte);
    let job = row.try_get::<Option<String>, _>(6)?.map(parsed).transpose()?;
    let outcome = status.zip(job).map(|(status, job)| LastOutcome {
        job,
        status: status.label().into(),
        reason: status.reason().map(Into::into),
    });
    let key = RowKey { leaf: kind != EntryKind::Folder, value: row.try_get(7)?, path: path.clone() };
    let modified = u64::try_from(mtime_ns / 1_000_000).unwrap_or(0);
    let size = if kind == EntryKind::File { size.cast_unsigned() } else { 0 };
    Ok((key, Entry { path, kind, size, modified, outcome }))
}
