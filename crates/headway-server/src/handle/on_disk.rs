//! What a job's view says about the storage of its library.

use super::Server;
use crate::engine;
use headway_files::{Swap, io_text};
use headway_model::{JobId, Output, RelPath, StartJob};

/// What a job's view says about its library.
#[derive(Default)]
pub(super) struct OnDisk {
    /// The number and bytes of files in the job's trash.
    pub(super) trash: (u64, u64),
    /// Whether the trash could not be read.
    pub(super) trash_unknown: bool,
    /// A note for a person: how the job replaces files, if it does, or what cannot be read.
    pub(super) note: Option<String>,
    /// Whether the folder at the library's path is not the one on which the job was planned.
    pub(super) is_replaced: bool,
    /// A missing disk inside the library that the job needs: path and device.
    pub(super) absent: Option<(RelPath, String)>,
}

impl Server {
    /// What a job's view says about its library.
    pub(super) async fn on_disk(&self, name: &str, id: JobId, request: Option<&StartJob>) -> OnDisk {
        const SILENT: &str = "The storage of this library does not answer.";
        const SECOND_NAME: &str = "This file system cannot exchange two files in one step: each original gets a second name \
            in the trash, then the output takes its first.";
        const TWO_MOVES: &str = "This file system can neither exchange two files in one step nor give one a second name: each \
            original is moved to the trash, then the output gets its name. For a moment there is no file of that name. If \
            the server ends at that moment, the next one completes the exchange.";
        let unknown = || OnDisk { trash_unknown: true, ..OnDisk::default() };
        let Ok(library) = self.library_of_job(name).await else { return unknown() };
        let replaces = request.and_then(|request| request.output.as_ref()).is_some_and(Output::replaces);
        let request = request.cloned();
        let ground = self.inner.context.data.ground(&id);
        let look = move || {
            let note = match replaces.then(|| library.swap()).flatten() {
                None | Some(Swap::Exchange) => None,
                Some(Swap::SecondName) => Some(SECOND_NAME.to_owned()),
                Some(Swap::TwoMoves) => Some(TWO_MOVES.to_owned()),
            };
            let is_replaced = library.is_replaced(ground);
            // If that is unknown, the view says nothing about it; the plan reports it.
            let absent = request.and_then(|request| engine::missed_disk(&library, &request).unwrap_or_default());
            match library.trashed(id) {
                Ok(trash) => {
                    OnDisk { trash: (trash.files, trash.bytes), trash_unknown: false, note, is_replaced, absent }
                }
                Err(error) if replaces => {
                    let why = format!("The trash cannot be read: {}.", io_text(&error));
                    let note = Some([Some(why), note].into_iter().flatten().collect::<Vec<_>>().join(" "));
                    OnDisk { trash: (0, 0), trash_unknown: true, note, is_replaced, absent }
                }
                Err(_) => OnDisk { trash: (0, 0), trash_unknown: true, note, is_replaced, absent },
            }
        };
        let silent = || OnDisk { note: Some(SILENT.to_owned()), ..unknown() };
        self.inner.looks.look(name, look).await.unwrap_or_else(silent)
    }
}
