//! How our types stand in a column, and how rows are read.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Row};

use super::Stored;
use crate::model::id::JobId;
use crate::model::item::ItemStatus;
use crate::model::{Digest, RelPath};

/// Every row that a statement finds.
pub(in crate::server::store) fn all<T>(
    reader: &Connection,
    statement: &str,
    values: impl Params,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Stored<Vec<T>> {
    let mut statement = reader.prepare_cached(statement)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row that a statement finds.
pub(in crate::server::store) fn first<T>(
    reader: &Connection,
    statement: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Stored<Option<T>> {
    let mut statement = reader.prepare_cached(statement)?;
    let mut rows = statement.query(values)?;
    Ok(rows.next()?.map(read).transpose()?)
}

/// A value that stands as its text.
fn parsed<T: FromStr<Err: Display>>(value: ValueRef<'_>) -> FromSqlResult<T> {
    let text = value.as_str()?;
    text.parse().map_err(|error: T::Err| FromSqlError::Other(format!("{text:?} in a row: {error}").into()))
}

impl FromSql for JobId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        parsed(value)
    }
}

impl FromSql for RelPath {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        parsed(value)
    }
}

impl ToSql for RelPath {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl FromSql for Digest {
    /// As its bytes, or as its text where it stands in JSON.
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Text(_) => parsed(value),
            _ => FromSql::column_result(value).map(Digest),
        }
    }
}

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for ItemStatus {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = u8::column_result(value)?;
        ItemStatus::from_byte(code)
            .ok_or_else(|| FromSqlError::Other(format!("an item status {code} that this version does not know").into()))
    }
}
