//! Warns if the system cannot report the end of this process yet: nothing can end a thread that waits for storage that
//! does not answer, not even `kill -9`.

use std::fs::{DirEntry, read_to_string};
use std::io;
use std::path::Path;

/// Prints the warning if threads wait for storage. Called at the very end, when everything that answers has ended.
pub(super) fn warn_of_blocked_threads() {
    let waiting = waiting_threads(Path::new("/proc/self/task"));
    if waiting > 0 {
        let threads = if waiting == 1 { "1 thread waits".to_owned() } else { format!("{waiting} threads wait") };
        tracing::warn!(
            "{threads} for storage. If it does not answer, the system reports the end of this process only when it does; the \
             next server can start now"
        );
    }
}

/// The number of these threads that the system cannot end. A thread whose state cannot be read is not counted.
fn waiting_threads(tasks: &Path) -> usize {
    let threads = match std::fs::read_dir(tasks) {
        Ok(threads) => threads,
        Err(error) => {
            tracing::debug!(%error, "whether a thread waits for storage is not known");
            return 0;
        }
    };
    let waits = |thread: io::Result<DirEntry>| -> io::Result<bool> {
        let stat = read_to_string(thread?.path().join("stat"))?;
        Ok(is_waiting(&stat))
    };
    threads.map(waits).filter(|waits| matches!(waits, Ok(true))).count()
}

/// Whether the line of a thread in `/proc` says that it waits uninterruptibly. See proc_pid_stat(5).
fn is_waiting(stat: &str) -> bool {
    // The name is in brackets, and can contain brackets itself.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('D'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uninterruptible_thread_is_distinguished_from_a_sleeping_one() {
        assert!(is_waiting("17 (worker) D 1 17 17 0 -1"));
        assert!(is_waiting("17 (a) R (b) D 1 17 17 0 -1"));
        assert!(!is_waiting("17 (a) D (b) S 1 17 17 0 -1"));
        assert!(!is_waiting("17 (worker"));
        let folder = tempfile::tempdir().expect("a folder");
        for (thread, stat) in [("1", "1 (main) S 0"), ("2", "2 (worker) D 0"), ("3", "3 (worker) D 0")] {
            std::fs::create_dir(folder.path().join(thread)).expect("a folder");
            std::fs::write(folder.path().join(thread).join("stat"), stat).expect("a file");
        }
        assert_eq!(waiting_threads(folder.path()), 2);
        assert_eq!(waiting_threads(&folder.path().join("none")), 0);
    }
}
