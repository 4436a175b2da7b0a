//! Makes the rows of one job again from its events, if they cannot be read. A job whose events cannot be read either
//! is set aside: it has no rows, so it keeps nothing from being read of the other jobs.

use rusqlite::{Connection, params};

use super::read::{HISTORY, events_of, head_of, lease_row};
use super::{StoreError, Stored, all, first, immediate, is_damage, write};
use crate::SetAside;
use crate::mend::{Mend, NotReplayed};
use crate::replay::{Replay, pruned_at};
use crate::rows::EventRow;
use headway_model::id::JobId;

const EVENTS_PER_READ: u32 = 1_000;

/// Does it to a job with a row that cannot be read.
pub(super) fn carry_out(mend: Mend<i64>, writer: &mut Connection, damage: &StoreError) -> Stored<()> {
    match mend {
        Mend::Rows(job_no) => make_again(writer, job_no, damage),
        Mend::Aside(job_no) => {
            let (job, why) = (id_of(writer, job_no), damage.message.clone());
            let aside = SetAside { job_no: job_no.cast_unsigned(), job, why };
            tracing::error!("{aside}");
            set_aside(writer, &aside)
        }
    }
}

/// Makes the rows of the job with this number again, and says so in the log. If the store fails, nothing is changed.
fn make_again(writer: &mut Connection, job_no: i64, damage: &StoreError) -> Stored<()> {
    let id = id_of(writer, job_no);
    let transaction = immediate(writer)?;
    clear(&transaction, job_no)?;
    match replay(&transaction, job_no) {
        Ok(()) => {
            transaction.commit()?;
            tracing::warn!(job_no, ?id, %damage, "the rows of a job were made again from its events");
            Ok(())
        }
        Err(NotReplayed::NoJob) => {
            // The job that had this number by mistake has events and no rows.
            for job_no in without_rows(&transaction)? {
                clear(&transaction, job_no)?;
                match replay(&transaction, job_no) {
                    Ok(()) => {}
                    Err(NotReplayed::Store(error)) => return Err(error),
                    Err(NotReplayed::NoJob | NotReplayed::Unreadable(_)) => {
                        tracing::error!(job_no, "`headway rebuild` says why this job has no rows");
                    }
                }
            }
            transaction.commit()?;
            tracing::warn!(job_no, ?id, %damage, "rows of no job were removed, and those of their job made again");
            Ok(())
        }
        Err(NotReplayed::Store(error)) => Err(error),
        Err(NotReplayed::Unreadable(why)) => {
            drop(transaction);
            let aside = SetAside { job_no: job_no.cast_unsigned(), job: id, why };
            set_aside(writer, &aside)?;
            tracing::error!(%damage, "{aside}");
            Ok(())
        }
    }
}

/// The numbers of the jobs that have events and no row.
fn without_rows(writer: &Connection) -> Stored<Vec<i64>> {
    const LOST: &str = "SELECT DISTINCT job_no FROM events WHERE job_no NOT IN (SELECT job_no FROM jobs)
        AND job_no NOT IN (SELECT job_no FROM set_aside)";
    all(writer, LOST, [], |row| row.get(0))
}

/// The id of a job, from its row or else from its first event; `None` if neither can be read.
fn id_of(writer: &Connection, job_no: i64) -> Option<JobId> {
    const FIRST: &str = "SELECT payload FROM events WHERE job_no = ? ORDER BY position LIMIT 1";
    let text = |statement| first(writer, statement, [job_no], |row| row.get::<_, String>(0)).ok().flatten();
    let in_row = text("SELECT id FROM jobs WHERE job_no = ?").and_then(|id| id.parse().ok());
    in_row.or_else(|| text(FIRST).and_then(|payload| EventRow::id_in(&payload)))
}

/// Removes the rows of a job, and remembers why it has none.
pub(super) fn set_aside(writer: &mut Connection, aside: &SetAside) -> Stored<()> {
    let transaction = immediate(writer)?;
    let job_no = aside.job_no.cast_signed();
    clear(&transaction, job_no)?;
    transaction.execute("DELETE FROM leases WHERE job_no = ?", [job_no])?;
    let id = aside.job.map(|job| job.to_string());
    transaction.execute("INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?)", params![job_no, id, aside.why])?;
    Ok(transaction.commit()?)
}

fn clear(writer: &Connection, job_no: i64) -> Stored<()> {
    writer.execute("DELETE FROM items WHERE job_no = ?", [job_no])?;
    writer.execute("DELETE FROM jobs WHERE job_no = ?", [job_no])?;
    writer.execute("DELETE FROM set_aside WHERE job_no = ?", [job_no])?;
    let items = all(writer, "SELECT item FROM leases WHERE job_no = ?", [job_no], |row| row.get::<_, i64>(0))?;
    for item in items {
        // No event has leases, so one that cannot be read is lost.
        const LEASE: &str = "SELECT job_no, item, attempt, worker, until FROM leases WHERE job_no = ? AND item = ?";
        if first(writer, LEASE, [job_no, item], lease_row).is_err() {
            writer.execute("DELETE FROM leases WHERE job_no = ? AND item = ?", [job_no, item])?;
        }
    }
    Ok(())
}

fn replay(writer: &Connection, job_no: i64) -> Result<(), NotReplayed> {
    let number = u64::try_from(job_no).map_err(|_| NotReplayed::NoJob)?;
    let head = head_of(writer)?;
    let mut pruned = None;
    let mut after = 0;
    while let Some((page, last)) = events(writer, number, after)? {
        pruned = page.iter().find_map(pruned_at).or(pruned);
        after = last;
    }
    if after == 0 {
        return Err(NotReplayed::NoJob);
    }
    let mut replay = Replay::new(pruned.into_iter().collect());
    after = 0;
    while let Some((page, last)) = events(writer, number, after)? {
        write::write(writer, &replay.page(&page, head))?;
        after = last;
    }
    match replay.unreadable.pop_first() {
        Some((_, (_, error))) => Err(NotReplayed::Unreadable(error.to_string())),
        None => Ok(()),
    }
}

/// A page of a job's events after a position, and its last position.
fn events(writer: &Connection, job_no: u64, after: u64) -> Result<Option<(Vec<EventRow>, u64)>, NotReplayed> {
    let (mut read, mut damage) = (events_of(writer), None);
    let page = all(writer, HISTORY, params![job_no, after, EVENTS_PER_READ], |row| {
        read(row).inspect_err(|error| damage = is_damage(error).then(|| error.to_string()))
    });
    if let Some(why) = damage {
        return Err(NotReplayed::Unreadable(why));
    }
    let page = page?;
    Ok(page.last().map(|last| last.position).map(|last| (page, last)))
}
