//! Jobs that are set aside, and jobs whose rows hold text that should be JSON.

use rusqlite::{Connection, Row};

use super::super::{all, nullable};
use crate::{SetAside, Stored};
use headway_model::id::JobId;

const COLUMNS: &str = "SELECT job_no, id, why FROM set_aside";

pub(in crate::sqlite) fn aside(reader: &mut Connection) -> Stored<Vec<SetAside>> {
    all(reader, &format!("{COLUMNS} ORDER BY job_no"), [], aside_row)
}

/// Fails if this job is set aside.
pub(super) fn refuse(reader: &Connection, id: JobId) -> Stored<()> {
    let found = all(reader, &format!("{COLUMNS} WHERE id = ?"), [id.to_string()], aside_row)?;
    found.into_iter().next().map_or(Ok(()), |aside| Err(aside.into()))
}

fn aside_row(row: &Row<'_>) -> rusqlite::Result<SetAside> {
    Ok(SetAside { job_no: row.get(0)?, job: nullable(row, 1)?, why: row.get(2)? })
}

/// The numbers of the jobs that have a row with text that should be JSON, and numbers that no job can have.
pub(in crate::sqlite) fn malformed(reader: &Connection) -> Stored<Vec<i64>> {
    const MALFORMED: &str = "SELECT job_no FROM jobs WHERE NOT json_valid(head) OR NOT json_valid(summary)
        OR job_no < 0
        UNION SELECT job_no FROM items WHERE job_no < 0 OR result IS NOT NULL AND NOT json_valid(result)";
    all(reader, MALFORMED, [], |row| row.get(0))
}
