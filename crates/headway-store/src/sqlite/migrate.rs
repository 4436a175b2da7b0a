//! Migrates the tables of a log: one file of statements per version, each in its own transaction.

use rusqlite::Connection;

use super::{StoreError, Stored, immediate};

/// The migrations in order; a version's number is its place, counted from 1. A released migration never changes.
const VERSIONS: [&str; 13] = [
    include_str!("../../migrations/0001_log.sql"),
    include_str!("../../migrations/0002_done.sql"),
    include_str!("../../migrations/0003_prune.sql"),
    include_str!("../../migrations/0004_leases.sql"),
    include_str!("../../migrations/0005_settled.sql"),
    include_str!("../../migrations/0006_files.sql"),
    include_str!("../../migrations/0007_undo.sql"),
    include_str!("../../migrations/0008_missed.sql"),
    include_str!("../../migrations/0009_becomes.sql"),
    include_str!("../../migrations/0010_moved.sql"),
    include_str!("../../migrations/0011_moved_to.sql"),
    include_str!("../../migrations/0012_set_aside.sql"),
    include_str!("../../migrations/0013_missed_in_plan.sql"),
];

/// Applies the missing migrations. Refuses a log of a later version and leaves it untouched.
pub(super) fn migrate(writer: &mut Connection) -> Stored<()> {
    let done = version(writer)?;
    if done > VERSIONS.len() {
        let ours = VERSIONS.len();
        return Err(StoreError::new(format!(
            "the log has version {done}, but this Headway supports only up to {ours}: use the Headway that wrote it, or a later one"
        )));
    }
    for (number, statements) in (1..).zip(VERSIONS).skip(done) {
        let transaction = immediate(writer)?;
        transaction.execute_batch(statements)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The version of the tables. Early logs kept a table of applied migrations.
fn version(writer: &mut Connection) -> Stored<usize> {
    const EARLY: &str = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let early: bool = writer.query_row(EARLY, [], |row| row.get(0))?;
    if early {
        let transaction = immediate(writer)?;
        let done: i64 = transaction.query_row("SELECT count(*) FROM _sqlx_migrations", [], |row| row.get(0))?;
        transaction.pragma_update(None, "user_version", done)?;
        transaction.execute_batch("DROP TABLE _sqlx_migrations")?;
        transaction.commit()?;
    }
    Ok(writer.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
