//! undo: moves the outputs of another job to this job's own trash and puts the originals back, verified by hash.
//! Renamed files get their old names back. A file that has changed since the other job is kept, and reported.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use serde_json::json;

use super::{Attempt, Binding, Effect, EmptyOutput, Failure, ItemResults, Recipe, Rename, Success, Unable, Work};
use headway_files::{Change, Library, Moved, Moves, OpenFile, Outputs, Placement, unable};
use headway_model::summary::RecipeInfo;
use headway_model::{
    BuiltIn, Digest, DiskEffect, FailReason, Keep, Output, OutputPlace, PlannedFile, Query, RelPath, SkipReason,
};

pub(super) struct Undo;

struct UndoWork {
    library: Arc<Library>,
    undone: HashMap<RelPath, Change>,
    /// Whether the trash of the other job was emptied.
    is_emptied: bool,
    /// The folders that the other job made for its outputs and for new names.
    made: HashSet<RelPath>,
    /// Why some of them are not known.
    unread: Option<String>,
}

impl Recipe for Undo {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: BuiltIn::Undo.name().into(),
            summary: "Puts back what another job replaced or renamed, and removes what it made.".into(),
            settings: Vec::new(),
            output: None,
            output_if: None,
            to_files: "What the other job did is taken back.".into(),
            hidden: true,
        }
    }

    fn effect(&self) -> Effect {
        Effect::TIDIES
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let undone = job.undone.iter().map(|change| (change.path(), change.clone()));
        let (is_emptied, made) = match &job.request.query {
            Query::Items(of) => (job.data.was_emptied(&of.job), job.data.made_folders(&of.job)),
            Query::Folder(_) | Query::Paths(_) => (Ok(false), Ok(HashSet::new())),
        };
        let is_emptied = is_emptied.map_err(|error| unable("looking whether the trash was emptied", &error))?;
        let doing = "the folders that the job made are not known, so empty ones can stay";
        let (mut made, unread) = match made.map_err(|error| unable(doing, &error)) {
            Ok(made) => (made, None),
            // The files come back all the same. The last step says what is missing.
            Err(Unable::Failed(why)) => (HashSet::new(), Some(why)),
            Err(passing @ (Unable::Environment(_) | Unable::Call(..))) => return Err(passing),
        };
        made.extend(job.undone_folders.iter().cloned());
        let (library, undone) = (Arc::clone(job.library), undone.collect());
        Ok(Box::new(UndoWork { library, undone, is_emptied, made, unread }))
    }
}

impl Work for UndoWork {
    fn output(&self, path: &RelPath, _: Option<&Output>) -> Option<Output> {
        let replaced = matches!(self.undone.get(path), Some(Change::Output(placement)) if placement.trash.is_some());
        // The original brings its own metadata.
        replaced.then(|| Output { keep: Keep::NONE, ..Output::to(OutputPlace::Replace) })
    }

    fn renames(&self, file: &PlannedFile, _: u32) -> Result<Vec<Rename>, Failure> {
        match self.undone.get(&file.path) {
            Some(Change::Names(moves)) => self.names_back(file, moves),
            _ => Ok(Vec::new()),
        }
    }

    fn removes(&self, file: &PlannedFile) -> bool {
        // An output that the job wrote under a new name is removed.
        matches!(self.undone.get(&file.path), Some(Change::Names(moves)) if moves.main().is_output())
    }

    fn lies_at(&self, path: &RelPath) -> Option<RelPath> {
        match self.undone.get(path) {
            Some(Change::Names(moves)) => Some(moves.main()).filter(Moved::is_removed).map(|main| main.to),
            _ => None,
        }
    }

    fn writes(&self) -> bool {
        true
    }

    fn empty_output(&self) -> EmptyOutput {
        // An original can have been empty; its hash is compared anyway.
        EmptyOutput::Result
    }

    fn done_before(&self, attempt: &Attempt) -> Result<Option<Success>, Failure> {
        let Some(Change::Output(Placement { trash: None, new, .. })) = self.undone.get(&attempt.path) else {
            return Ok(None);
        };
        for earlier in 1..attempt.number {
            let trash = self.trash(attempt, earlier)?;
            if self.was_moved(attempt, &trash, *new)? {
                return Ok(Some(removed(&trash)));
            }
        }
        Ok(None)
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let gone = || Failure::Skipped(SkipReason::NotOurs);
        let placement = match self.undone.get(&attempt.path).ok_or_else(conflict)? {
            Change::Output(placement) => placement,
            Change::Names(moves) => return self.put_back(input, moves),
        };
        let present = input.hash().map_err(|error| Failure::of(FailReason::Read, "reading", &error))?;
        if present != placement.new {
            return Err(gone());
        }
        let Some(trash) = &placement.trash else { return self.take_away(input, attempt, present) };
        let output = attempt.output.as_ref().ok_or_else(gone)?;
        let original = self.library.open_trashed(trash).known();
        let original = original.map_err(|error| Failure::of(FailReason::Read, "reading the trash", &error))?;
        let original = original.ok_or_else(|| self.original_gone())?;
        let advance = |bytes| {
            attempt.advance(bytes);
            !attempt.is_stopped()
        };
        let hash = output.fill_from(&original, advance);
        match hash.map_err(|error| Failure::of(FailReason::Write, "copying the original", &error))? {
            None => Err(Failure::Stopped),
            Some(hash) if Some(hash) == placement.old => {
                Ok(Success { effect: DiskEffect::Changed, result: json!({ "put_back": trash }) })
            }
            Some(_) => {
                let message = "the file in the trash is no longer the original; nothing was touched".into();
                Err(Failure::Failed(FailReason::Verify, message))
            }
        }
    }

    fn finish(&self, _: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        self.library.remove_empty(self.made.iter().cloned().take_while(|_| outputs.check_wanted().is_ok()))?;
        outputs.check_wanted()?;
        match &self.unread {
            Some(why) => Err(anyhow::anyhow!("{why}")),
            None => Ok(()),
        }
    }
}

/// Why a file is not put back that the other job might have left half-changed.
fn conflict() -> Failure {
    let text = "nothing was put back: it is not known how far the job got with this file; `headway doctor` lists what is where";
    Failure::Failed(FailReason::Unable, text.into())
}

impl UndoWork {
    fn original_gone(&self) -> Failure {
        let text = match self.is_emptied {
            true => "the original cannot be put back: the trash of that job was emptied",
            false => "the original is no longer in the trash",
        };
        Failure::Failed(FailReason::Unable, text.into())
    }

    /// The old names of a file and of its sidecars. A sidecar that is gone is left out.
    fn names_back(&self, file: &PlannedFile, moves: &Moves) -> Result<Vec<Rename>, Failure> {
        let left = moves.main().file;
        if file.was_seen() && (file.size, file.mtime_ns) != (left.size, left.mtime_ns) {
            return Err(Failure::Skipped(SkipReason::NotOurs));
        }
        let mut renames = Vec::new();
        for Moved { from: to, to: from, .. } in moves.files().into_iter().filter(|moved| !moved.is_output()) {
            let there = from == file.path
                || from.is_reserved()
                || self.library.has_file(&from).map_err(|error| {
                    Failure::of(FailReason::Read, "looking for the files that were renamed with it", &error)
                })?;
            if there {
                renames.push(Rename { from, to });
            }
        }
        Ok(renames)
    }

    /// Checks, before files get their names back, that those whose content is known still have it, here and in the
    /// trash.
    fn put_back(&self, input: &OpenFile, moves: &Moves) -> Result<Success, Failure> {
        let reading = |error| Failure::of(FailReason::Read, "reading", &error);
        let main = moves.main();
        let is_ours = match (main.file.hash, main.file.inode) {
            (Some(hash), _) => input.hash().map_err(reading)? == hash,
            // If the content is not known, the inode decides.
            (None, inode) => inode.is_none_or(|inode| input.identity().1 == inode),
        };
        if main.is_output() && !is_ours {
            return Err(Failure::Skipped(SkipReason::NotOurs));
        }
        for removed in moves.files().into_iter().filter(Moved::is_removed) {
            let original = self.library.open_trashed(&removed.to).known().map_err(reading)?;
            let original = original.ok_or_else(|| self.original_gone())?;
            let is_known = match removed.file.hash {
                Some(hash) => original.hash().map_err(reading)? == hash,
                None => true,
            };
            if !is_known || (original.size(), original.mtime_ns()) != (removed.file.size, removed.file.mtime_ns) {
                let message = "the file in the trash is no longer the original; nothing was touched".into();
                return Err(Failure::Failed(FailReason::Verify, message));
            }
        }
        let first = moves.files().into_iter().find(|moved| !moved.is_output());
        let result = json!({ "put_back": first.map_or(main.from, |first| first.from) });
        Ok(Success { effect: DiskEffect::Changed, result })
    }

    /// Moves a file that the other job made to this job's trash.
    fn take_away(&self, input: &OpenFile, attempt: &Attempt, content: Digest) -> Result<Success, Failure> {
        let trash = self.trash(attempt, attempt.number)?;
        // Its content is known. On a file system that keeps an old count of names for a while, its ctime says nothing.
        if !self.library.is_still_whatever_its_names(&attempt.path, input).map_err(moving)? {
            return Err(Failure::Skipped(SkipReason::NotOurs));
        }
        // Nothing must be moved once nobody waits for this attempt any longer.
        if attempt.is_stopped() || !attempt.begin_placing() {
            return Err(Failure::Stopped);
        }
        match self.library.move_to_trash(&attempt.path, &trash) {
            Ok(()) => Ok(removed(&trash)),
            // It can have failed after the move, so look at the disk.
            Err(_) if self.was_moved(attempt, &trash, content)? => Ok(removed(&trash)),
            Err(error) => Err(moving(error)),
        }
    }

    /// The path in the trash for a file that this attempt removes.
    fn trash(&self, attempt: &Attempt, number: u32) -> Result<RelPath, Failure> {
        self.library.trash(&attempt.path, attempt.job, attempt.item, number).map_err(moving)
    }

    /// Whether the file is at this path in the trash and has left its old path.
    fn was_moved(&self, attempt: &Attempt, trash: &RelPath, content: Digest) -> Result<bool, Failure> {
        let lies_there = self.library.content(trash).map_err(moving)? == Some(content);
        Ok(lies_there && !self.library.has(&attempt.path).map_err(moving)?)
    }
}

fn moving(error: io::Error) -> Failure {
    Failure::of(FailReason::Write, "moving it to the trash", &error)
}

/// The result of a file that was removed, as every job that removes files tells it.
fn removed(trash: &RelPath) -> Success {
    Success { effect: DiskEffect::Changed, result: json!({ "removed": trash }) }
}
