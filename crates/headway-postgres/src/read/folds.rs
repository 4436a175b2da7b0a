//! The folds of jobs.

use super::head;
use super::jobs::with_rows;
use crate::session::SqlSession;
use crate::values::{damaged, signed, unsigned, value};
use headway_model::Fold;
use headway_model::id::{JobId, Position};
use headway_store::rows::JobRow;
use headway_store::{StoreError, Stored};

pub(crate) async fn folds(session: &SqlSession, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)> {
    session.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let position = head(session).await?.position;
    let mut folds = Vec::new();
    for id in jobs {
        let Some(row) = with_rows(session, *id).await? else { continue };
        folds.push(fold(session, &row).await?);
    }
    session.send("COMMIT").await?;
    Ok((position, folds))
}

async fn fold(session: &SqlSession, row: &JobRow) -> Stored<Fold> {
    const ITEMS: &str = "SELECT code, attempt, job_no FROM headway.items WHERE job_no = $1 ORDER BY item";
    let mut items = Vec::new();
    // A pruned job has no items, even if some of their rows remain.
    if !row.summary.pruned {
        session
            .each(ITEMS, &[&signed(row.job_no)], |item| {
                let code = u8::try_from(value::<i16>(item, 0)?).map_err(|error| damaged(item, &error.to_string()))?;
                items.push((code, unsigned(item, 1)?));
                Ok(())
            })
            .await?;
    }
    row.fold_of(items).map_err(|why| StoreError::damaged(row.job_no, &why))
}
