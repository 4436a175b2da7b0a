//! Every statement that writes the index.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::sqlite::{all, first, immediate};
use super::{LibraryFolders, SeenOutcome, StoreError, Stored, VERSION, folder_no};
use headway_model::id::{Millis, Position};
use headway_model::item::ItemStatus;
use headway_model::library::{EntryKind, OutcomeFilter, Pattern, natural, natural_path};
use headway_model::{RelPath, SeenPart};

/// A part ends after its last entry, and the last part of a folder after all entries.
const END: (u8, &str) = (2, "");

/// Creates the tables of this version; fails if the file has another version.
pub(super) fn prepare(writer: &mut Connection) -> Stored<()> {
    let version: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == VERSION {
        return Ok(());
    }
    if version != 0 {
        return Err(StoreError::new(format!("the file has version {version}, not {VERSION}")));
    }
    let transaction = immediate(writer)?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

pub(super) fn see(writer: &mut Connection, library: &str, parts: &[SeenPart]) -> Stored<()> {
    let transaction = immediate(writer)?;
    for part in parts {
        see_part(&transaction, library, part)?;
    }
    Ok(transaction.commit()?)
}

fn see_part(transaction: &Transaction<'_>, library: &str, part: &SeenPart) -> Stored<()> {
    let folder = folder_no(library, &part.folder);
    add_folder(transaction, folder, library, &part.folder)?;
    let mut see = transaction.prepare_cached(
        "INSERT INTO files (folder_no, leaf, name, natural, searched, kind, size, mtime_ns, inode, present)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
        ON CONFLICT DO UPDATE SET kind = excluded.kind, size = excluded.size, mtime_ns = excluded.mtime_ns,
            inode = excluded.inode, present = 1
        WHERE (kind, size, mtime_ns, inode, present)
            IS NOT (excluded.kind, excluded.size, excluded.mtime_ns, excluded.inode, 1)",
    )?;
    for entry in &part.entries {
        let leaf = entry.kind != EntryKind::Folder;
        let searched = Pattern::searched(&entry.name);
        let size = i64::try_from(entry.size).unwrap_or(i64::MAX);
        let inode = entry.inode.cast_signed();
        see.execute(params![
            folder,
            leaf,
            entry.name,
            natural(&entry.name),
            searched,
            entry.kind as u8,
            size,
            entry.mtime_ns,
            inode
        ])?;
    }
    let behind = part.behind.as_ref().map_or((-1, ""), |(leaf, name)| (i8::from(*leaf), name.as_str()));
    let up_to = part.up_to.as_ref().map_or(END, |(leaf, name)| (u8::from(*leaf), name.as_str()));
    let there: HashSet<_> =
        part.entries.iter().map(|entry| (entry.kind != EntryKind::Folder, entry.name.as_str())).collect();
    // Entries within the part that the scan did not find.
    let mut known = transaction.prepare_cached(
        "SELECT leaf, name FROM files WHERE folder_no = ? AND present = 1
            AND (leaf, name) > (?, ?) AND (leaf, name) <= (?, ?)",
    )?;
    let mut known = known.query(params![folder, behind.0, behind.1, up_to.0, up_to.1])?;
    let mut gone: Vec<(bool, String)> = Vec::new();
    while let Some(row) = known.next()? {
        let key = (row.get(0)?, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        if !there.contains(&key) {
            gone.push((key.0, key.1.to_owned()));
        }
    }
    let mut forget =
        transaction.prepare_cached("UPDATE files SET present = 0 WHERE folder_no = ? AND leaf = ? AND name = ?")?;
    for (leaf, name) in gone {
        forget.execute(params![folder, leaf, name])?;
    }
    if let Some(whole) = part.whole {
        let mut read = transaction.prepare_cached("UPDATE folders SET seen_at = ?, litter = ? WHERE folder_no = ?")?;
        read.execute(params![whole, part.litter, folder])?;
    }
    Ok(())
}

fn add_folder(transaction: &Transaction<'_>, folder: i64, library: &str, path: &RelPath) -> Stored<()> {
    let mut add = transaction.prepare_cached(
        "INSERT INTO folders (folder_no, library, path, natural, seen_at) VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
    )?;
    add.execute(params![folder, library, path.as_str(), natural_path(path)])?;
    Ok(())
}

pub(super) fn follow_for(writer: &mut Connection, libraries: &str) -> Stored<()> {
    let transaction = immediate(writer)?;
    let known =
        transaction.execute("UPDATE cursor SET position = 0, libraries = ?1 WHERE libraries <> ?1", [libraries])?;
    if known > 0 {
        transaction.execute_batch(
            "UPDATE files SET outcome = NULL, shown_as = 'unprocessed', tells = 0, undone = NULL, job_no = 0, job = NULL
                WHERE outcome IS NOT NULL;
            DELETE FROM failures;
            DELETE FROM files WHERE present = 0;",
        )?;
    }
    Ok(transaction.commit()?)
}

pub(super) fn end(writer: &mut Connection, outcomes: &[SeenOutcome], up_to: Position) -> Stored<LibraryFolders> {
    let transaction = immediate(writer)?;
    let mut unseen = LibraryFolders::new();
    // In the order of the jobs: a failure is known before a later job renames the file.
    let mut by_job = BTreeMap::<u64, Vec<&SeenOutcome>>::new();
    outcomes.iter().for_each(|outcome| by_job.entry(outcome.job_no).or_default().push(outcome));
    for outcomes in by_job.values() {
        take_failures_along(&transaction, outcomes)?;
        for outcome in outcomes {
            if end_one(&transaction, outcome)? {
                unseen.insert((outcome.library.clone(), outcome.path.parent().unwrap_or_default()));
            }
        }
    }
    transaction.execute("UPDATE cursor SET position = ?", [up_to])?;
    transaction.commit()?;
    Ok(unseen)
}

/// Gives the failures of renamed files to their new names. All are read before any is written, because one file can take
/// the name of another. The old name keeps its own, for the case that the job is undone.
fn take_failures_along(transaction: &Transaction<'_>, outcomes: &[&SeenOutcome]) -> Stored<()> {
    const OF: &str = "SELECT tried, outcome, job_no, job FROM failures WHERE folder_no = ? AND name = ?";
    const FORGET: &str = "DELETE FROM failures WHERE folder_no = ? AND name = ?";
    const GIVE: &str = "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?)";
    let place = |library: &str, path: &RelPath| {
        (folder_no(library, &path.parent().unwrap_or_default()), path.name().to_owned())
    };
    let mut moved = Vec::new();
    for outcome in outcomes {
        let Some(from) = &outcome.moved_from else { continue };
        let (folder, name) = place(&outcome.library, from);
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
        };
        moved.push((place(&outcome.library, &outcome.path), all(transaction, OF, params![folder, name], row)?));
    }
    for ((folder, name), failures) in moved {
        transaction.prepare_cached(FORGET)?.execute(params![folder, name])?;
        for (tried, code, job_no, job) in failures {
            transaction.prepare_cached(GIVE)?.execute(params![folder, name, tried, code, job_no, job])?;
        }
    }
    Ok(())
}

/// Returns whether a job had the file in hand, which the index has never seen.
fn end_one(transaction: &Transaction<'_>, outcome: &SeenOutcome) -> Stored<bool> {
    // A failure is shown even if the job is older than that of the last outcome. What says something about the file is
    // shown even if a later job only left it out.
    let mut end = transaction.prepare_cached(
        "INSERT INTO files
            (folder_no, leaf, name, natural, searched, kind, size, mtime_ns, inode, present, outcome, shown_as, tells, undone, job_no, job)
        VALUES (?, 1, ?, ?, ?, 1, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET outcome = excluded.outcome, shown_as = excluded.shown_as, tells = excluded.tells,
            undone = excluded.undone, job = excluded.job,
            job_no = iif(excluded.tells > tells, excluded.job_no, max(job_no, excluded.job_no))
        WHERE excluded.shown_as = 'failed' OR excluded.tells > tells
            OR (excluded.tells = tells AND excluded.job_no >= job_no)
        RETURNING present",
    )?;
    let parent = outcome.path.parent().unwrap_or_default();
    let (folder, name) = (folder_no(&outcome.library, &parent), outcome.path.name());
    add_folder(transaction, folder, &outcome.library, &parent)?;
    let (code, shown_as, undone, job) = match note_failure(transaction, folder, outcome)? {
        Some((code, job)) => (code, OutcomeFilter::Failed, None, job),
        None if outcome.undone.is_some() => {
            (outcome.status.byte(), OutcomeFilter::Unprocessed, outcome.undone, outcome.job.to_string())
        }
        None => (outcome.status.byte(), outcome.status.shown_as(), None, outcome.job.to_string()),
    };
    let tells = shown_as == OutcomeFilter::Failed || outcome.status.tells_of_file();
    let (natural, searched) = (natural(name), Pattern::searched(name));
    let values = params![folder, name, natural, searched, code, shown_as.word(), tells, undone, outcome.job_no, job];
    let is_present: Option<bool> = end.query_row(values, |row| row.get(0)).optional()?;
    Ok(is_present == Some(false) && matches!(outcome.status, ItemStatus::Succeeded(_) | ItemStatus::Failed(_)))
}

/// Notes whether the recipe's last try with the file failed. Returns the newest failure of any recipe that still holds: the
/// item's byte, and the job.
fn note_failure(transaction: &Transaction<'_>, folder: i64, outcome: &SeenOutcome) -> Stored<Option<(u8, String)>> {
    const FAILED: &str = "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
        SET outcome = excluded.outcome, job_no = excluded.job_no, job = excluded.job WHERE excluded.job_no >= job_no";
    const PASSED: &str = "DELETE FROM failures WHERE folder_no = ? AND name = ? AND tried = ? AND job_no <= ?";
    const NEWEST: &str =
        "SELECT outcome, job FROM failures WHERE folder_no = ? AND name = ? ORDER BY job_no DESC LIMIT 1";
    let (name, tried, job_no) = (outcome.path.name(), &outcome.tried, outcome.job_no);
    match outcome.status.shown_as() {
        OutcomeFilter::Failed => {
            let (code, job) = (outcome.status.byte(), outcome.job.to_string());
            transaction.prepare_cached(FAILED)?.execute(params![folder, name, tried, code, job_no, job])?;
        }
        OutcomeFilter::Processed => {
            transaction.prepare_cached(PASSED)?.execute(params![folder, name, tried, job_no])?;
        }
        // Such a job did not try the file.
        OutcomeFilter::Unprocessed | OutcomeFilter::All => {}
    }
    first(transaction, NEWEST, params![folder, name], |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(super) fn finish_scan(writer: &mut Connection, library: &str, whole: Option<Millis>) -> Stored<()> {
    const GONE: &str = "SELECT d.library, d.path, f.name FROM files f JOIN folders d USING (folder_no)
        WHERE f.leaf = 0 AND f.present = 0";
    const BELOW: &str = "UPDATE files SET present = 0 WHERE present = 1 AND folder_no IN (SELECT folder_no FROM folders
        WHERE library = ?1 AND (path = ?2 OR (path > ?2 || '/' AND path < ?2 || '0')))";
    const CLEAN: &str = "UPDATE folders SET litter = 0
        WHERE library = ?1 AND (path = ?2 OR (path > ?2 || '/' AND path < ?2 || '0'))";
    const READ: &str = "INSERT INTO scans VALUES (?, ?) ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at";
    let transaction = immediate(writer)?;
    if let Some(whole) = whole {
        transaction.execute(READ, params![library, whole])?;
    }
    let gone = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let gone: Vec<(String, String, String)> = all(&transaction, GONE, [], gone)?;
    for (library, parent, name) in gone {
        let path = if parent.is_empty() { name } else { format!("{parent}/{name}") };
        transaction.execute(BELOW, params![library, path])?;
        transaction.execute(CLEAN, params![library, path])?;
    }
    transaction.execute("DELETE FROM files WHERE present = 0 AND outcome IS NULL", [])?;
    Ok(transaction.commit()?)
}
