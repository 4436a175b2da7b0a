//! Conversions between the model's types and columns, and helpers that read rows.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Type, ValueRef};
use rusqlite::{Connection, Params, Row};

use super::{DamagedRows, Stored};
use headway_model::id::JobId;
use headway_model::item::ItemStatus;
use headway_model::{Digest, RelPath};

/// Every row that a statement returns.
pub(crate) fn all<T>(
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

/// Every row about jobs that a statement returns. The statement's column `job_no` tells whose row cannot be read.
pub(crate) fn all_of_jobs<T>(
    reader: &Connection,
    statement: &str,
    values: impl Params,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Stored<Vec<T>> {
    all(reader, statement, values, |row| read(row).map_err(|error| of_job(row, error)))
}

/// An error with the number of the job whose row cannot be read.
fn of_job(row: &Row<'_>, error: rusqlite::Error) -> rusqlite::Error {
    match row.get("job_no") {
        Ok(job_no) if is_damage(&error) => DamagedRow { job_no, error: Box::new(error) }.into(),
        _ => error,
    }
}

/// A row of a job that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a row of job number {job_no}: {error}")]
pub(crate) struct DamagedRow {
    pub(crate) job_no: i64,
    pub(crate) error: Box<rusqlite::Error>,
}

impl From<DamagedRow> for rusqlite::Error {
    fn from(damaged: DamagedRow) -> Self {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(damaged))
    }
}

/// Whether a row has a value that this program does not write.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..))
}

/// The rows to make again after this error. Where a statement itself reads the JSON of a row, the row is not known.
pub(crate) fn damaged(error: &rusqlite::Error) -> Option<DamagedRows> {
    use rusqlite::Error::{FromSqlConversionFailure, SqliteFailure};
    match error {
        FromSqlConversionFailure(_, _, cause) => {
            let damaged = cause.downcast_ref::<DamagedRow>()?;
            Some(DamagedRows::OfJob(damaged.job_no))
        }
        SqliteFailure(_, Some(message)) if message == "malformed JSON" => Some(DamagedRows::OfAny),
        _ => None,
    }
}

/// The first row that a statement returns, if any.
pub(crate) fn first<T>(
    reader: &Connection,
    statement: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Stored<Option<T>> {
    let mut statement = reader.prepare_cached(statement)?;
    let mut rows = statement.query(values)?;
    Ok(rows.next()?.map(read).transpose()?)
}

/// Parses a value that is stored as its text.
fn parsed<T: FromStr<Err: Display>>(value: ValueRef<'_>) -> FromSqlResult<T> {
    let text = value.as_str()?;
    text.parse().map_err(|error: T::Err| FromSqlError::Other(format!("{text:?} in a row: {error}").into()))
}

/// A type of the model that a column can hold.
pub(crate) struct Column<T>(T);

/// The value of a column.
pub(crate) fn column<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    Column<T>: FromSql,
{
    row.get::<_, Column<T>>(at).map(|column| column.0)
}

/// The value of a column that can be NULL.
pub(crate) fn nullable<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<T>>
where
    Column<T>: FromSql,
{
    row.get::<_, Option<Column<T>>>(at).map(|column| column.map(|column| column.0))
}

impl FromSql for Column<JobId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        parsed(value).map(Column)
    }
}

impl FromSql for Column<RelPath> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        parsed(value).map(Column)
    }
}

impl FromSql for Column<Digest> {
    /// A digest is stored as its bytes, or as its text inside JSON.
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let digest = match value {
            ValueRef::Text(_) => parsed(value)?,
            _ => Digest(FromSql::column_result(value)?),
        };
        Ok(Column(digest))
    }
}

impl FromSql for Column<ItemStatus> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = u8::column_result(value)?;
        let unknown = || format!("an item status {code} that this version does not know");
        ItemStatus::from_byte(code).map(Column).ok_or_else(|| FromSqlError::Other(unknown().into()))
    }
}
