//! Every statement that writes the index.

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use super::{SeenOutcome, SeenPart, VERSION, folder_no};
use crate::model::id::{Millis, Position};
use crate::model::library::{EntryKind, Pattern};

/// A part ends behind its last entry, and the last part of a folder behind all of them.
const END: (u8, &str) = (2, "");

const SEE: &str = "BEGIN IMMEDIATE;
INSERT INTO folders (folder_no, library, path, seen_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, 0 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING;
INSERT INTO files (folder_no, leaf, name, searched, kind, size, mtime_ns, inode, present)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, 1
    FROM json_each(?2) WHERE true
    ON CONFLICT DO UPDATE SET kind = excluded.kind, size = excluded.size, mtime_ns = excluded.mtime_ns,
        inode = excluded.inode, present = 1
    WHERE (kind, size, mtime_ns, inode, present)
        IS NOT (excluded.kind, excluded.size, excluded.mtime_ns, excluded.inode, 1);
UPDATE files SET present = 0 FROM json_each(?1) AS part
    WHERE files.folder_no = part.value ->> 0 AND files.present = 1
        AND (files.leaf, files.name) > (part.value ->> 3, part.value ->> 4)
        AND (files.leaf, files.name) <= (part.value ->> 5, part.value ->> 6)
        AND (files.folder_no, files.leaf, files.name)
            NOT IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2));
UPDATE folders SET seen_at = part.value ->> 7 FROM json_each(?1) AS part
    WHERE folders.folder_no = part.value ->> 0 AND part.value ->> 7 IS NOT NULL;
COMMIT";

const END_ALL: &str = "BEGIN IMMEDIATE;
INSERT INTO folders (folder_no, library, path, seen_at)
    SELECT DISTINCT value ->> 0, value ->> 1, value ->> 2, 0 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING;
INSERT INTO files
        (folder_no, leaf, name, searched, kind, size, mtime_ns, inode, present, outcome, shown_as, job_no, job)
    SELECT value ->> 0, 1, value ->> 3, value ->> 4, 1, 0, 0, 0, 0, value ->> 5, value ->> 6, value ->> 7, value ->> 8
    FROM json_each(?1) WHERE true
    ON CONFLICT DO UPDATE SET outcome = excluded.outcome, shown_as = excluded.shown_as, job_no = excluded.job_no,
        job = excluded.job
    WHERE excluded.job_no >= job_no;
UPDATE cursor SET position = ?2;
COMMIT";

/// Tables of this version; an error if the file has others.
pub(super) async fn prepare(writer: &mut SqliteConnection) -> sqlx::Result<()> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *writer).await?;
    if version == VERSION {
        return Ok(());
    }
    if version != 0 {
        return Err(sqlx::Error::Protocol(format!("it has version {version}, not {VERSION}")));
    }
    let mut transaction = writer.begin().await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&mut *transaction).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {VERSION}"))).execute(&mut *transaction).await?;
    transaction.commit().await
}

pub(super) async fn see(writer: &mut SqliteConnection, library: &str, parts: &[SeenPart]) -> sqlx::Result<()> {
    let mut rows = Vec::new();
    let mut windows = Vec::new();
    for part in parts {
        let folder = folder_no(library, &part.folder);
        for entry in &part.entries {
            let leaf = u8::from(entry.kind != EntryKind::Folder);
            let searched = Pattern::searched(&entry.name);
            let size = i64::try_from(entry.size).unwrap_or(i64::MAX);
            let inode = entry.inode.cast_signed();
            rows.push((folder, leaf, &entry.name, searched, entry.kind as u8, size, entry.mtime_ns, inode));
        }
        let behind = part.behind.as_ref().map_or((-1, ""), |(leaf, name)| (i8::from(*leaf), name.as_str()));
        let upto = part.upto.as_ref().map_or(END, |(leaf, name)| (u8::from(*leaf), name.as_str()));
        windows.push((folder, library, &part.folder, behind.0, behind.1, upto.0, upto.1, part.whole));
    }
    let (windows, rows) = (json!(windows).to_string(), json!(rows).to_string());
    run(writer, sqlx::query(SEE).bind(windows).bind(rows)).await
}

pub(super) async fn end(writer: &mut SqliteConnection, outcomes: &[SeenOutcome], upto: Position) -> sqlx::Result<()> {
    let rows = outcomes.iter().map(|outcome| {
        let folder = outcome.path.parent().unwrap_or_default();
        let name = outcome.path.name();
        json!([
            folder_no(&outcome.library, &folder),
            outcome.library,
            folder,
            name,
            Pattern::searched(name),
            outcome.status.byte(),
            outcome.status.shown_as().word(),
            outcome.job_no,
            outcome.job,
        ])
    });
    let rows = serde_json::Value::Array(rows.collect()).to_string();
    run(writer, sqlx::query(END_ALL).bind(rows).bind(upto as i64)).await
}

pub(super) async fn settle(writer: &mut SqliteConnection, library: &str, whole: Option<Millis>) -> sqlx::Result<()> {
    const GONE: &str = "SELECT d.library, d.path, f.name FROM files f JOIN folders d USING (folder_no)
        WHERE f.leaf = 0 AND f.present = 0";
    const BELOW: &str = "UPDATE files SET present = 0 WHERE present = 1 AND folder_no IN (SELECT folder_no FROM folders
        WHERE library = ?1 AND (path = ?2 OR (path > ?2 || '/' AND path < ?2 || '0')))";
    const READ: &str = "INSERT INTO scans VALUES (?, ?) ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at";
    let mut transaction = writer.begin().await?;
    if let Some(whole) = whole {
        let query = sqlx::query(READ).bind(library.to_owned()).bind(whole.cast_signed());
        query.execute(&mut *transaction).await?;
    }
    let gone: Vec<(String, String, String)> = sqlx::query_as(GONE).fetch_all(&mut *transaction).await?;
    for (library, parent, name) in gone {
        let path = if parent.is_empty() { name } else { format!("{parent}/{name}") };
        sqlx::query(BELOW).bind(library).bind(path).execute(&mut *transaction).await?;
    }
    sqlx::query("DELETE FROM files WHERE present = 0 AND outcome IS NULL").execute(&mut *transaction).await?;
    transaction.commit().await
}

/// A whole transaction in one call. After an error nothing of it may stay open on this connection.
async fn run<'q>(
    writer: &mut SqliteConnection,
    query: sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
) -> sqlx::Result<()> {
    let done = query.execute(&mut *writer).await;
    if done.is_err() {
        sqlx::query("ROLLBACK").execute(&mut *writer).await.ok();
    }
    done.map(drop)
}
