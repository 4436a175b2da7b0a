//! What earlier jobs did to files.

use super::all;
use crate::session::SqlSession;
use crate::values::{
    digest_or_none, parsed, parsed_or_none, signed, signed_all, status, text_of_bytes, text_of_bytes_or_none, unsigned,
    value,
};
use headway_model::{Digest, JobKind, PlannedFile, RelPath};
use headway_store::Stored;
use headway_store::rows::{DoneContent, DoneRow, OutcomeRow, done_codes};

pub(crate) async fn outcomes(
    session: &SqlSession,
    library: &str,
    paths: &[RelPath],
    before: u64,
    but: &[u64],
) -> Stored<Vec<OutcomeRow>> {
    // Items of the files by their present names, and items that gave them these names. `moved` is the name that a file
    // got, which is not always the one of the plan.
    const LATEST: &str = "SELECT DISTINCT ON (path, moved_from, recipe, work, code)
            path, moved_from, recipe, work, code, job_no, id FROM (
            SELECT i.path, NULL::text COLLATE \"C\" AS moved_from, j.recipe, j.work, i.code, i.job_no, j.id
            FROM headway.items i JOIN headway.jobs j ON j.job_no = i.job_no
            WHERE i.path = ANY($1) AND j.library = $2 AND i.job_no < $3
                AND i.status IN ('succeeded', 'skipped', 'failed')
                AND (i.becomes IS NULL OR i.status <> 'succeeded' OR i.moved IS NULL)
            UNION ALL
            SELECT i.moved, i.path, j.recipe, j.work, i.code, i.job_no, j.id
            FROM headway.items i JOIN headway.jobs j ON j.job_no = i.job_no
            WHERE i.moved = ANY($1) AND i.becomes IS NOT NULL AND j.library = $2 AND i.job_no < $3
                AND i.status = 'succeeded'
        ) AS found WHERE job_no <> ALL($4) ORDER BY path, moved_from, recipe, work, code, job_no DESC";
    let paths: Vec<_> = paths.iter().map(RelPath::as_str).collect();
    let rows = session.rows(LATEST, &[&paths, &library, &signed(before), &signed_all(but)]).await?;
    all(&rows, |row| {
        let (path, moved_from, recipe) = (parsed(row, 0)?, parsed_or_none(row, 1)?, value(row, 2)?);
        let (work, status) = (digest_or_none(row, 3)?, status(row, 4)?);
        Ok(OutcomeRow { path, moved_from, recipe, work, status, job_no: unsigned(row, 5)?, job: parsed(row, 6)? })
    })
}

pub(crate) async fn done(
    session: &SqlSession,
    library: &str,
    recipe: &str,
    paths: &[RelPath],
    but: &[u64],
) -> Stored<Vec<DoneRow>> {
    // For each path, keep the last item of each `work`.
    const LATEST: &str = "SELECT DISTINCT ON (i.path, j.recipe, j.work)
            i.path, i.size, i.mtime_ns, j.work, j.recipe, i.result, i.job_no, j.id
        FROM headway.items i JOIN headway.jobs j ON j.job_no = i.job_no
        WHERE i.path = ANY($1) AND j.library = $2 AND j.recipe = ANY($3) AND i.code = ANY($4) AND i.job_no <> ALL($5)
        ORDER BY i.path, j.recipe, j.work, i.job_no DESC";
    let paths: Vec<_> = paths.iter().map(RelPath::as_str).collect();
    let codes: Vec<_> = done_codes().into_iter().map(i16::from).collect();
    let recipes = [recipe, JobKind::UNDO].to_vec();
    let rows = session.rows(LATEST, &[&paths, &library, &recipes, &codes, &signed_all(but)]).await?;
    all(&rows, |row| {
        let (path, size, mtime_ns) = (parsed(row, 0)?, unsigned(row, 1)?, value(row, 2)?);
        let file = PlannedFile { path, size, mtime_ns, rerun: None, becomes: None };
        let undo = JobKind::of(&value::<String>(row, 4)?) == JobKind::Undo;
        let work = digest_or_none(row, 3)?.filter(|_| !undo);
        Ok(DoneRow {
            file,
            job_no: unsigned(row, 6)?,
            job: parsed(row, 7)?,
            work,
            result: text_of_bytes_or_none(row, 5)?,
        })
    })
}

pub(crate) async fn done_contents(session: &SqlSession, library: &str, work: Digest) -> Stored<Vec<DoneContent>> {
    // The results are parsed here: a database refuses JSON that it cannot hold as text, such as a zero byte.
    const RESULTS: &str = "SELECT j.id, i.path, i.size, i.result, i.job_no
        FROM headway.jobs j JOIN headway.items i ON i.job_no = j.job_no
        WHERE j.library = $1 AND j.work = $2 AND i.status = 'succeeded' AND i.result IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM headway.jobs u WHERE u.recipe = 'undo' AND u.parent = j.id)";
    let mut contents = Vec::new();
    session
        .each(RESULTS, &[&library, &work.0.as_slice()], |row| {
            let (path, result) = (parsed(row, 1)?, text_of_bytes(row, 3)?);
            contents.extend(DoneContent::of_result(parsed(row, 0)?, &path, unsigned(row, 2)?, &result));
            Ok(())
        })
        .await?;
    Ok(contents)
}
