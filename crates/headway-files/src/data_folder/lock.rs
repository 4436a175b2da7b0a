//! The lock of a data folder: at most one process holds it.
//!
//! If a process is killed while one of its threads waits for storage that does not answer, the kernel cannot end the
//! process until the storage answers. The process runs no more code, but keeps its file locks. So the lock is a
//! sequence of files, each with the number of the process that holds it. To take the lock, a process locks the first
//! file that no dying process holds, and *then* looks at all the others: if a living process holds one of them, that
//! process has the lock. A dying process is given two seconds first, so that its last writes arrive before anything
//! else is written.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::private;
use crate::library::{Found, calls};

/// The files, in the order in which they are tried.
pub(super) const NAMES: [&str; 4] = ["lock", "lock.1", "lock.2", "lock.3"];

/// How long to wait for a lock that another process holds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum length of a process number with its line feed, in bytes.
const PID_LIMIT_BYTES: u64 = 32;

/// The lock, held as long as the data folder is in use.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
    /// Whether a dying process holds one of the files.
    pub(super) after_a_dying: bool,
}

/// Who holds one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    Dying,
    Living,
}

/// Whether a process other than a dying one holds the lock of this data folder. The answer can be out of date at
/// once, so a caller that acts on it must take the lock itself.
///
/// # Errors
/// The system's error.
pub fn is_held(root: &Path) -> io::Result<bool> {
    for name in NAMES {
        if holder(&root.join(name))? == Holder::Living {
            return Ok(true);
        }
    }
    Ok(false)
}

impl FolderLock {
    /// Takes the lock; `None` if another process has it. A process that was just killed holds it until the kernel has
    /// cleaned up, so this waits a little.
    pub(super) fn take(root: &Path) -> io::Result<Option<FolderLock>> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(lock) = FolderLock::try_to_take(root, false)? {
                return Ok(Some(lock));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // The dying process's last writes to this folder have arrived by now; it waits for other storage.
        FolderLock::try_to_take(root, true)
    }

    fn try_to_take(root: &Path, past_a_dying: bool) -> io::Result<Option<FolderLock>> {
        for name in NAMES {
            let mut file = private::open(private::options().read(true).write(true).create(true), &root.join(name))?;
            match calls::again(|| flock(&file, FlockOperation::NonBlockingLockExclusive)) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) if past_a_dying && is_dying_holder(&mut file)? => continue,
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            let mut after_a_dying = false;
            for other in NAMES.into_iter().filter(|other| *other != name) {
                match holder(&root.join(other))? {
                    Holder::Nobody => {}
                    Holder::Dying if past_a_dying => after_a_dying = true,
                    Holder::Dying | Holder::Living => return Ok(None),
                }
            }
            return Ok(Some(FolderLock { _file: file, after_a_dying }));
        }
        Ok(None)
    }
}

fn holder(path: &Path) -> io::Result<Holder> {
    let opened = Found::of(private::open(private::options().read(true), path)).known()?;
    let Some(mut file) = opened else { return Ok(Holder::Nobody) };
    match calls::again(|| flock(&file, FlockOperation::NonBlockingLockShared)) {
        Ok(()) => Ok(Holder::Nobody),
        Err(Errno::WOULDBLOCK) if is_dying_holder(&mut file)? => Ok(Holder::Dying),
        Err(Errno::WOULDBLOCK) => Ok(Holder::Living),
        Err(error) => Err(error.into()),
    }
}

/// Whether the process that holds this file is known and runs no more code.
fn is_dying_holder(file: &mut File) -> io::Result<bool> {
    let mut text = String::new();
    file.take(PID_LIMIT_BYTES).read_to_string(&mut text)?;
    // Earlier versions wrote no number.
    let Ok(process) = text.trim().parse::<u32>() else { return Ok(false) };
    Ok(Found::of(is_dying(process)).known()?.unwrap_or(false))
}

/// Whether every thread of a process has ended, or was killed and waits for storage.
fn is_dying(process: u32) -> io::Result<bool> {
    let mut is_waiting = false;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let status = std::fs::read_to_string(task?.path().join("status"))?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        match field("State:").and_then(|state| state.chars().next()) {
            Some('Z' | 'X') => {}
            Some('D') if field("SigPnd:").is_some_and(is_killed) => is_waiting = true,
            _ => return Ok(false),
        }
    }
    Ok(is_waiting)
}

/// Whether SIGKILL is among these signals.
fn is_killed(pending: &str) -> bool {
    u64::from_str_radix(pending, 16).is_ok_and(|pending| pending & (1 << 8) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_holder_has_any_part_of_the_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let take = || FolderLock::try_to_take(folder.path(), true).expect("files");
        let is_held = || is_held(folder.path()).expect("files");
        let first = take().expect("it is free");
        assert!(!first.after_a_dying && take().is_none() && is_held());
        drop(first);
        assert!(!is_held());
        for name in NAMES {
            let part = private::create(&folder.path().join(name)).expect("a file");
            flock(&part, FlockOperation::NonBlockingLockExclusive).expect("it is free");
            assert!(take().is_none() && is_held(), "{name}");
        }
        assert!(take().is_some());
    }

    #[test]
    fn a_process_that_runs_or_is_gone_is_not_dying() {
        assert!(!is_dying(std::process::id()).expect("this process"));
        assert!(!is_dying(1).expect("the first process"));
        assert!(Found::of(is_dying(u32::MAX)).known().expect("an answer").is_none());
        assert!(is_killed("0000000000000100") && !is_killed("0000000000004000") && !is_killed(""));
    }
}
