//! Migrates the tables of a log: one file of statements per version, each in its own transaction.

use crate::session::SqlSession;
use headway_store::{StoreError, Stored};

/// The migrations in order; a version's number is its place, counted from 1. A released migration never changes.
const VERSIONS: [&str; 2] = [include_str!("../migrations/0001_log.sql"), include_str!("../migrations/0002_holder.sql")];

/// Creates the table that counts versions, in a schema of our own: the database can have tables of others.
const BEGIN: &str = "CREATE SCHEMA IF NOT EXISTS headway;
    CREATE TABLE IF NOT EXISTS headway.version (one BOOLEAN PRIMARY KEY CHECK (one), number INTEGER NOT NULL);
    INSERT INTO headway.version VALUES (TRUE, 0) ON CONFLICT DO NOTHING";

/// Applies the missing migrations. Refuses a log of a later version and leaves it untouched. The caller holds the lock
/// of the writer.
pub(crate) async fn migrate(session: &SqlSession) -> Stored<()> {
    if !exists(session).await? {
        session.send(&format!("BEGIN; {BEGIN}; COMMIT")).await?;
    }
    let done = version(session).await?;
    for (number, statements) in (1..).zip(VERSIONS).skip(done) {
        let count = format!("UPDATE headway.version SET number = {number}");
        session.send(&format!("BEGIN; {statements}; {count}; COMMIT")).await?;
    }
    Ok(())
}

/// Refuses a database whose log is not of this version.
pub(crate) async fn compare(session: &SqlSession) -> Stored<()> {
    let done = if exists(session).await? { version(session).await? } else { 0 };
    match done == VERSIONS.len() {
        true => Ok(()),
        false => Err(StoreError::new(format!(
            "the log has version {done}, and this Headway reads version {}: start the server that writes it first",
            VERSIONS.len()
        ))),
    }
}

async fn exists(session: &SqlSession) -> Stored<bool> {
    let there = session.plain("SELECT to_regclass('headway.version') IS NOT NULL").await?;
    Ok(there.first().is_some_and(|answer| answer == "t"))
}

async fn version(session: &SqlSession) -> Stored<usize> {
    let (told, ours) = (session.plain("SELECT number FROM headway.version").await?, VERSIONS.len());
    let done = told.first().and_then(|number| number.parse().ok());
    let done: usize = done.ok_or_else(|| StoreError::new("the table headway.version holds no number"))?;
    match done > ours {
        true => Err(StoreError::new(format!(
            "the log has version {done}, but this Headway supports only up to {ours}: use the Headway that wrote it, or a later one"
        ))),
        false => Ok(done),
    }
}
