//! Reads a folder, or a whole library, for the index.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::super::IndexScanError;
use headway_files::{Library, ScanError, scan};
use headway_model::library::Unread;
use headway_model::{RelPath, SeenPart};

/// One transaction of the index takes this many entries or this many parts of folders, whichever comes first.
const BATCH: (usize, usize) = (2_000, 500);

/// How long a batch can stay incomplete, so that the files of a slow disk appear as they are found.
const BATCH_WAIT: Duration = Duration::from_millis(100);

/// Reads a folder; with `None`, the whole library. Sends what it finds in batches, and returns the folders that could not be read,
/// if it read all. Blocking.
pub(super) fn read_folder(
    library: &Library,
    folder: Option<RelPath>,
    batches: &mpsc::Sender<Vec<SeenPart>>,
) -> Result<Option<Unread>, IndexScanError> {
    let deep = folder.is_none();
    let folder = folder.unwrap_or_default();
    // A disk that was mounted after the start is what a person wants to see.
    library.look_again().map_err(|why| ScanError::unreachable(library, why))?;
    if let Err(error) = library.look_at_disks(&folder, deep) {
        tracing::warn!(library = library.name, %error, "an exchanged disk is not noticed, as what is mounted cannot be seen");
    }
    let mut batch = Vec::new();
    let (mut entries, mut begun) = (0, Instant::now());
    let unread = scan(library, &folder, deep, &mut |part| {
        entries += part.entries.len();
        batch.push(part);
        if entries < BATCH.0 && batch.len() < BATCH.1 && begun.elapsed() < BATCH_WAIT {
            return true;
        }
        (entries, begun) = (0, Instant::now());
        batches.blocking_send(std::mem::take(&mut batch)).is_ok()
    })?;
    batches.blocking_send(batch).ok();
    Ok(unread)
}
