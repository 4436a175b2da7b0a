//! Jobs, and those that are set aside.

use tokio_postgres::Row;

use super::all;
use crate::session::SqlSession;
use crate::values::{damaged, digest, digest_or_none, parsed, parsed_or_none, signed, text_of_bytes, unsigned, value};
use headway_model::id::JobId;
use headway_store::rows::{JobColumns, JobRow};
use headway_store::{JobFilter, SetAside, StoreError, Stored};

/// Jobs under a condition.
macro_rules! jobs {
    ($condition:literal) => {
        concat!(
            "SELECT job_no, created_position, last_position, library, head, fold, summary, work, id, status, seq, digest,
                terminal, recipe, trimmed, parent, pruned, over_position FROM headway.jobs WHERE ",
            $condition
        )
    };
}

pub(crate) async fn job(session: &SqlSession, id: JobId) -> Stored<Option<JobRow>> {
    if let Some(row) = with_rows(session, id).await? {
        return Ok(Some(row));
    }
    const ASIDE: &str = "SELECT job_no AS number, id, why FROM headway.set_aside WHERE id = $1";
    let aside = session.row(ASIDE, &[&id.to_string()]).await?;
    aside.map_or(Ok(None), |row| Err(aside_row(&row)?.into()))
}

/// One job that is not set aside.
pub(super) async fn with_rows(session: &SqlSession, id: JobId) -> Stored<Option<JobRow>> {
    session.row(jobs!("id = $1"), &[&id.to_string()]).await?.map(|row| job_row(&row)).transpose()
}

pub(crate) async fn jobs(session: &SqlSession, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>> {
    let limit = i64::from(limit);
    let number = async |id: Option<JobId>| match id {
        Some(id) => Ok::<_, StoreError>(job(session, id).await?.map(|row| signed(row.job_no))),
        None => Ok(None),
    };
    let rows = match filter {
        JobFilter::Live => session.rows(jobs!("NOT terminal ORDER BY last_position LIMIT $1"), &[&limit]).await?,
        JobFilter::ChangedAfter(position) => {
            // An index finds the jobs that are over; the others are few.
            const CHANGED: &str = jobs!(
                "over_position > $1 OR NOT terminal AND last_position > $1
                ORDER BY last_position LIMIT $2"
            );
            session.rows(CHANGED, &[&signed(position), &limit]).await?
        }
        JobFilter::Over(after) => {
            const OVER: &str = jobs!("terminal AND NOT trimmed AND job_no > $1 ORDER BY job_no LIMIT $2");
            session.rows(OVER, &[&signed(after), &limit]).await?
        }
        JobFilter::Undoing(id) => {
            const UNDOING: &str = jobs!("recipe = 'undo' AND parent = $1 AND NOT pruned ORDER BY job_no DESC LIMIT $2");
            session.rows(UNDOING, &[&id.to_string(), &limit]).await?
        }
        JobFilter::Retrying(id) => {
            const RETRYING: &str = jobs!(
                "recipe <> 'undo' AND parent = $1 AND job_no > $3 AND NOT pruned
                ORDER BY job_no DESC LIMIT $2"
            );
            // Only later jobs can run its files again.
            let first = number(Some(id)).await?.unwrap_or(0);
            session.rows(RETRYING, &[&id.to_string(), &limit, &first]).await?
        }
        JobFilter::Repeating(id) => match job(session, id).await? {
            Some(row) => repeating(session, &row, limit).await?,
            None => Vec::new(),
        },
        JobFilter::Undos(after) => {
            const UNDOS: &str = jobs!("recipe = 'undo' AND job_no > $1 AND NOT pruned ORDER BY job_no DESC LIMIT $2");
            session.rows(UNDOS, &[&number(after).await?.unwrap_or(0), &limit]).await?
        }
        JobFilter::Before(id) => {
            const BEFORE: &str = jobs!("job_no < $1 AND NOT pruned ORDER BY job_no DESC LIMIT $2");
            let unknown = if id.is_some() { 0 } else { i64::MAX };
            session.rows(BEFORE, &[&number(id).await?.unwrap_or(unknown), &limit]).await?
        }
    };
    all(&rows, job_row)
}

/// Later jobs that do the same work for items of another one.
async fn repeating(session: &SqlSession, row: &JobRow, limit: i64) -> Stored<Vec<Row>> {
    const SAME: &str = jobs!(
        "work = $4 AND recipe = $1 AND recipe <> 'undo' AND job_no > $2 AND parent IS NOT NULL
        AND NOT pruned ORDER BY job_no DESC LIMIT $3"
    );
    const NONE: &str = jobs!(
        "work IS NULL AND recipe = $1 AND recipe <> 'undo' AND job_no > $2
        AND parent IS NOT NULL AND NOT pruned ORDER BY job_no DESC LIMIT $3"
    );
    let (recipe, number) = (row.summary.recipe.as_str(), signed(row.job_no));
    match &row.work {
        Some(work) => session.rows(SAME, &[&recipe, &number, &limit, &work.0.as_slice()]).await,
        None => session.rows(NONE, &[&recipe, &number, &limit]).await,
    }
}

pub(crate) async fn aside(session: &SqlSession) -> Stored<Vec<SetAside>> {
    const ALL: &str = "SELECT job_no AS number, id, why FROM headway.set_aside ORDER BY job_no";
    all(&session.rows(ALL, &[]).await?, aside_row)
}

fn aside_row(row: &Row) -> Stored<SetAside> {
    Ok(SetAside { job_no: unsigned(row, 0)?, job: parsed_or_none(row, 1)?, why: text_of_bytes(row, 2)? })
}

fn job_row(row: &Row) -> Stored<JobRow> {
    let columns = JobColumns {
        job_no: unsigned(row, 0)?,
        created_position: unsigned(row, 1)?,
        last_position: unsigned(row, 2)?,
        library: value(row, 3)?,
        head: value(row, 4)?,
        fold: digest_or_none(row, 5)?,
        summary: value(row, 6)?,
        work: digest_or_none(row, 7)?,
        id: parsed(row, 8)?,
        status: value(row, 9)?,
        seq: unsigned(row, 10)?,
        digest: digest(row, 11)?,
        is_terminal: value(row, 12)?,
        recipe: value(row, 13)?,
        is_trimmed: value(row, 14)?,
    };
    let found = columns.row().map_err(|why| damaged(row, &why))?;
    let is_over = found.summary.status.is_terminal();
    let same = [
        ("parent", parsed_or_none::<JobId>(row, 15)? == found.head.parent()),
        ("pruned", value::<bool>(row, 16)? == found.summary.pruned),
        ("over_position", value::<Option<i64>>(row, 17)? == is_over.then_some(signed(found.last_position))),
    ];
    match same.iter().find(|(_, is_same)| !is_same) {
        None => Ok(found),
        Some((column, _)) => Err(damaged(row, &format!("its column {column} is not what the rest of it says"))),
    }
}

#[cfg(test)]
mod tests {
    use headway_model::JobKind;

    #[test]
    fn the_recipe_that_the_statements_name_is_the_one_of_an_undo() {
        assert_eq!(JobKind::UNDO, "undo");
    }
}
