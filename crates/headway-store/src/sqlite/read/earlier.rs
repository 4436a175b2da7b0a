//! What earlier jobs did to files.

use rusqlite::{Connection, params};
use serde_json::json;

use super::super::{all_of_jobs, column, nullable};
use super::is_undo;
use crate::Stored;
use crate::rows::{DoneContent, DoneRow, OutcomeRow, done_codes};
use headway_model::{Digest, JobKind, PlannedFile, RelPath};

pub(in crate::sqlite) fn outcomes(
    reader: &Connection,
    library: &str,
    paths: &[RelPath],
    before: u64,
    but: &[u64],
) -> Stored<Vec<OutcomeRow>> {
    // Items of the files by their present names, and items that gave them these names. `moved` is the name that a file
    // got, which is not always the one of the plan.
    const LATEST: &str = "SELECT path, moved_from, recipe, work, code, MAX(job_no) AS job_no, id FROM (
            SELECT i.path AS path, NULL AS moved_from, j.recipe, j.work, i.code, i.job_no, j.id
            FROM json_each(?1) AS wanted JOIN items i ON i.path = wanted.value JOIN jobs j USING (job_no)
            WHERE j.library = ?2 AND i.job_no < ?3 AND i.status IN ('succeeded', 'skipped', 'failed')
                AND (i.becomes IS NULL OR i.status <> 'succeeded' OR i.result ->> '$.moved' IS NULL)
            UNION ALL
            SELECT i.result ->> '$.moved', i.path, j.recipe, j.work, i.code, i.job_no, j.id
            FROM json_each(?1) AS wanted JOIN items i ON i.result ->> '$.moved' = wanted.value JOIN jobs j USING (job_no)
            WHERE i.becomes IS NOT NULL AND j.library = ?2 AND i.job_no < ?3 AND i.status = 'succeeded'
        ) WHERE job_no NOT IN (SELECT value FROM json_each(?4)) GROUP BY path, moved_from, recipe, work, code";
    let before = i64::try_from(before).unwrap_or(i64::MAX);
    let values = params![json!(paths).to_string(), library, before, json!(but).to_string()];
    all_of_jobs(reader, LATEST, values, |row| {
        let (path, moved_from, recipe) = (column(row, 0)?, nullable(row, 1)?, row.get(2)?);
        let (work, status) = (nullable(row, 3)?, column(row, 4)?);
        Ok(OutcomeRow { path, moved_from, recipe, work, status, job_no: row.get(5)?, job: column(row, 6)? })
    })
}

pub(in crate::sqlite) fn done(
    reader: &Connection,
    library: &str,
    recipe: &str,
    paths: &[RelPath],
    but: &[u64],
) -> Stored<Vec<DoneRow>> {
    // For each path, keep the last item of each `work`.
    const LATEST: &str = "SELECT i.path, i.size, i.mtime_ns, j.work, j.recipe, i.result, MAX(i.job_no) AS job_no, j.id
        FROM json_each(?) AS wanted JOIN items i ON i.path = wanted.value JOIN jobs j USING (job_no)
        WHERE j.library = ? AND j.recipe IN (?, ?) AND i.code IN (SELECT value FROM json_each(?))
            AND i.job_no NOT IN (SELECT value FROM json_each(?))
        GROUP BY i.path, j.recipe, j.work";
    let [paths, done, but] = [json!(paths), json!(done_codes()), json!(but)].map(|value| value.to_string());
    all_of_jobs(reader, LATEST, params![paths, library, recipe, JobKind::UNDO, done, but], |row| {
        let (path, size, mtime_ns) = (column(row, 0)?, row.get(1)?, row.get(2)?);
        let file = PlannedFile { path, size, mtime_ns, rerun: None, becomes: None };
        let undo = JobKind::of(row.get_ref(4)?.as_str()?) == JobKind::Undo;
        let work = nullable::<Digest>(row, 3)?.filter(|_| !undo);
        Ok(DoneRow { file, job_no: row.get(6)?, job: column(row, 7)?, work, result: row.get(5)? })
    })
}

pub(in crate::sqlite) fn done_contents(reader: &Connection, library: &str, work: Digest) -> Stored<Vec<DoneContent>> {
    let all = format!(
        "SELECT size, hash, path, id, job_no FROM (
            SELECT i.size AS size, i.result ->> '$.input' AS hash, i.path, j.id, i.job_no FROM jobs j JOIN items i USING (job_no)
            WHERE j.library = ?1 AND j.work = ?2 AND i.status = 'succeeded'
            UNION ALL
            SELECT i.result ->> '$.output.size', i.result ->> '$.output.hash', i.path, j.id, i.job_no
            FROM jobs j JOIN items i USING (job_no)
            WHERE j.library = ?1 AND j.work = ?2 AND i.status = 'succeeded' AND i.result ->> '$.output.path' = i.path
        ) WHERE hash IS NOT NULL AND id NOT IN (
            SELECT head ->> 'parent' FROM jobs WHERE {} AND head ->> 'parent' IS NOT NULL)",
        is_undo()
    );
    all_of_jobs(reader, &all, params![library, work.0], |row| {
        Ok(DoneContent { size: row.get(0)?, hash: column(row, 1)?, path: column(row, 2)?, job: column(row, 3)? })
    })
}
