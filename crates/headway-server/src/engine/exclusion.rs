//! A lock per file: an attempt that finds its file locked waits, and shows which job it waits for. Readers share a lock.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use headway_model::{JobId, RelPath};
use headway_recipes::Attempt;

/// How often a waiting attempt checks whether it was stopped.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// The files that attempts hold. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Exclusion {
    inner: Arc<ExclusionInner>,
}

#[derive(Default)]
struct HoldTable {
    files: HashMap<Key, Held>,
    /// How many attempts wait for a file.
    waiting: usize,
}

#[derive(Default)]
struct ExclusionInner {
    held: Mutex<HoldTable>,
    freed: Condvar,
}

/// The absolute path, because libraries can be nested.
type Key = PathBuf;

struct Held {
    job: JobId,
    /// How many attempts read it; 0 if one writes it.
    readers: u32,
}

/// Held files, released on drop.
pub(super) struct FileHold {
    inner: Arc<ExclusionInner>,
    keys: Vec<Key>,
}

impl Exclusion {
    /// Waits until all of these files are free, then takes them together: no attempt waits while holding some. `None` if the attempt
    /// was stopped.
    pub(super) fn hold(&self, root: &Path, files: &[(RelPath, bool)], attempt: &Attempt) -> Option<FileHold> {
        let key = |path: &RelPath| root.join(OsStr::from_bytes(&path.to_bytes()));
        let wanted: Vec<_> = files.iter().map(|(path, write)| (key(path), *write)).collect();
        let mut table = self.inner.held.lock();
        loop {
            let taken = |key, write| table.files.get(key).filter(|held: &&Held| write || held.readers == 0);
            let other = wanted.iter().find_map(|(key, write)| taken(key, *write)).map(|held| held.job);
            attempt.waits_for(other);
            if other.is_none() {
                break;
            }
            if attempt.is_stopped() {
                return None;
            }
            table.waiting += 1;
            self.inner.freed.wait_for(&mut table, STOP_CHECK);
            table.waiting -= 1;
        }
        let mut keys = Vec::with_capacity(wanted.len());
        for (key, write) in wanted {
            let entry = table.files.entry(key.clone()).or_insert(Held { job: attempt.job, readers: 0 });
            entry.readers += u32::from(!write);
            keys.push(key);
        }
        Some(FileHold { inner: Arc::clone(&self.inner), keys })
    }
}

impl Drop for FileHold {
    fn drop(&mut self) {
        let mut table = self.inner.held.lock();
        for key in &self.keys {
            let last = table.files.get_mut(key).is_none_or(|held| {
                held.readers = held.readers.saturating_sub(1);
                held.readers == 0
            });
            if last {
                table.files.remove(key);
            }
        }
        // Notifying costs a system call each time.
        if table.waiting > 0 {
            self.inner.freed.notify_all();
        }
    }
}
