//! Makes the rows of one job again from its events, if they cannot be read. A job whose events cannot be read either
//! is set aside: it has no rows, so it keeps nothing from being read of the other jobs.

use crate::session::SqlSession;
use crate::sweep::{clear, set_aside};
use crate::values::{parsed, signed, text_of_bytes, unsigned};
use crate::{read, write};
use headway_model::JobId;
use headway_store::mend::{Mend, NotReplayed};
use headway_store::replay::{Replay, pruned_at};
use headway_store::rows::EventRow;
use headway_store::{SetAside, StoreError, Stored};

const EVENTS_PER_READ: u32 = 1_000;

/// Does it, within a transaction of the writer. If the store fails, nothing is changed.
pub(crate) async fn carry_out(session: &SqlSession, mend: Mend<u64>, damage: &StoreError) -> Stored<()> {
    let (Mend::Rows(job_no) | Mend::Aside(job_no)) = mend;
    let job = id_of(session, job_no).await?;
    let why = match mend {
        Mend::Aside(_) => damage.message.clone(),
        Mend::Rows(_) => match replay(session, job_no).await {
            Ok(()) => {
                tracing::warn!(job_no, ?job, %damage, "the rows of a job were made again from its events");
                return Ok(());
            }
            Err(NotReplayed::NoJob) => {
                tracing::warn!(job_no, ?job, %damage, "rows of no job were removed, and those of their job made again");
                return without_rows(session).await;
            }
            Err(NotReplayed::Store(error)) => return Err(error),
            Err(NotReplayed::Unreadable(why)) => why,
        },
    };
    let aside = SetAside { job_no, job, why };
    tracing::error!(%damage, "{aside}");
    set_aside(session, &aside).await
}

/// Makes the rows of the jobs that have events and no row: the job that had a wrong number by mistake is one of them.
async fn without_rows(session: &SqlSession) -> Stored<()> {
    const LOST: &str = "SELECT DISTINCT job_no FROM headway.events e WHERE
        NOT EXISTS (SELECT 1 FROM headway.jobs j WHERE j.job_no = e.job_no)
        AND NOT EXISTS (SELECT 1 FROM headway.set_aside a WHERE a.job_no = e.job_no)";
    for row in session.rows(LOST, &[]).await? {
        let job_no = unsigned(&row, 0)?;
        match replay(session, job_no).await {
            Ok(()) => {}
            Err(NotReplayed::Store(error)) => return Err(error),
            Err(NotReplayed::NoJob | NotReplayed::Unreadable(_)) => {
                clear(session, job_no).await?;
                tracing::error!(job_no, "`headway rebuild` says why this job has no rows");
            }
        }
    }
    Ok(())
}

/// The id of a job, from its row or else from its first event; `None` if neither can be read.
async fn id_of(session: &SqlSession, job_no: u64) -> Stored<Option<JobId>> {
    const ROW: &str = "SELECT id FROM headway.jobs WHERE job_no = $1";
    const FIRST: &str = "SELECT payload FROM headway.events WHERE job_no = $1 ORDER BY position LIMIT 1";
    let row = session.row(ROW, &[&signed(job_no)]).await?;
    let id = row.and_then(|row| parsed(&row, 0).ok());
    let first = session.row(FIRST, &[&signed(job_no)]).await?;
    Ok(id.or_else(|| first.and_then(|row| EventRow::id_in(&text_of_bytes(&row, 0).ok()?))))
}

/// Makes the rows of a job again. If its events are unreadable, some are there that the caller has to remove.
async fn replay(session: &SqlSession, job_no: u64) -> Result<(), NotReplayed> {
    clear(session, job_no).await?;
    let head = read::head(session).await?;
    let (mut pruned, mut after) = (None, 0);
    while let Some((page, last)) = events(session, job_no, after).await? {
        pruned = page.iter().find_map(pruned_at).or(pruned);
        after = last;
    }
    if after == 0 {
        return Err(NotReplayed::NoJob);
    }
    let mut replay = Replay::new(pruned.into_iter().collect());
    after = 0;
    while let Some((page, last)) = events(session, job_no, after).await? {
        session.all(&write::rows(&replay.page(&page, head))).await?;
        after = last;
    }
    match replay.unreadable.pop_first() {
        None => Ok(()),
        Some((_, (_, error))) => Err(NotReplayed::Unreadable(error.to_string())),
    }
}

/// A page of a job's events after a position, and its last position.
async fn events(session: &SqlSession, job_no: u64, after: u64) -> Result<Option<(Vec<EventRow>, u64)>, NotReplayed> {
    let rows = read::history_rows(session, job_no, after, EVENTS_PER_READ).await?;
    let page: Stored<Vec<_>> = rows.iter().map(read::event).collect();
    let page = page.map_err(|error| NotReplayed::Unreadable(error.message))?;
    Ok(page.last().map(|last| last.position).map(|last| (page, last)))
}
