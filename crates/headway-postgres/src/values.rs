//! Conversions between the model's types and columns.

use std::fmt::Display;
use std::str::FromStr;

use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

use headway_model::Digest;
use headway_model::item::ItemStatus;
use headway_store::{StoreError, Stored};

/// A number as a column holds it. No number of ours reaches the half of them that has no place there.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// These numbers as an array.
pub(crate) fn signed_all(numbers: &[u64]) -> Vec<i64> {
    numbers.iter().copied().map(signed).collect()
}

/// A value of a column whose type the migrations guarantee.
pub(crate) fn value<T: FromSqlOwned>(row: &Row, at: usize) -> Stored<T> {
    row.try_get(at).map_err(|error| unreadable(row, at, &error))
}

/// A number that is never negative.
pub(crate) fn unsigned<T: TryFrom<i64>>(row: &Row, at: usize) -> Stored<T> {
    let number: i64 = value(row, at)?;
    T::try_from(number).map_err(|_| unreadable(row, at, &format_args!("{number} is out of range")))
}

pub(crate) fn digest(row: &Row, at: usize) -> Stored<Digest> {
    digest_or_none(row, at)?.ok_or_else(|| unreadable(row, at, &"it is missing"))
}

pub(crate) fn digest_or_none(row: &Row, at: usize) -> Stored<Option<Digest>> {
    let bytes: Option<Vec<u8>> = value(row, at)?;
    let parse = |bytes: Vec<u8>| match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ok(Digest(bytes)),
        Err(bytes) => Err(unreadable(row, at, &format_args!("{} bytes are no digest", bytes.len()))),
    };
    bytes.map(parse).transpose()
}

/// A value that is stored as its text.
pub(crate) fn parsed<T: FromStr<Err: Display>>(row: &Row, at: usize) -> Stored<T> {
    parsed_or_none(row, at)?.ok_or_else(|| unreadable(row, at, &"it is missing"))
}

pub(crate) fn parsed_or_none<T: FromStr<Err: Display>>(row: &Row, at: usize) -> Stored<Option<T>> {
    let text: Option<String> = value(row, at)?;
    let parse = |text: String| text.parse().map_err(|error: T::Err| unreadable(row, at, &error));
    text.map(parse).transpose()
}

/// Text that is stored as its bytes: a column of text cannot hold a zero byte.
pub(crate) fn text_of_bytes(row: &Row, at: usize) -> Stored<String> {
    text_of_bytes_or_none(row, at)?.ok_or_else(|| unreadable(row, at, &"it is missing"))
}

pub(crate) fn text_of_bytes_or_none(row: &Row, at: usize) -> Stored<Option<String>> {
    let bytes: Option<Vec<u8>> = value(row, at)?;
    bytes.map(String::from_utf8).transpose().map_err(|error| unreadable(row, at, &error))
}

/// The status of an item, from its code.
pub(crate) fn status(row: &Row, at: usize) -> Stored<ItemStatus> {
    let code: i16 = value(row, at)?;
    let known = u8::try_from(code).ok().and_then(ItemStatus::from_byte);
    known.ok_or_else(|| unreadable(row, at, &format_args!("an item status {code} that this version does not know")))
}

/// What a column holds is not what this program writes. If the row tells its job, the job's rows can be made again.
pub(crate) fn unreadable(row: &Row, at: usize, why: &dyn Display) -> StoreError {
    let column = row.columns().get(at).map_or("?", |column| column.name());
    damaged(row, &format!("its column {column}: {why}"))
}

/// A row that cannot be read.
pub(crate) fn damaged(row: &Row, why: &str) -> StoreError {
    let is_number = |name: &str| row.columns().iter().any(|column| column.name() == name);
    let number = is_number("job_no").then(|| row.try_get::<_, i64>("job_no").ok()).flatten();
    match number.and_then(|number| u64::try_from(number).ok()) {
        Some(job_no) => StoreError::damaged(job_no, why),
        None => StoreError::new(format!("a row cannot be read: {why}")),
    }
}
