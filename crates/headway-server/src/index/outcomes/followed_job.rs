//! What an item of a job did to files, under the names of every library that has them.

use std::collections::HashMap;

use serde_json::Value;

use headway_files::{KnownAs, SameFiles};
use headway_model::item::ItemStatus;
use headway_model::{DiskEffect, JobId, JobKind, RelPath};
use headway_store::rows::ItemRow;
use headway_store::{LibraryFolders, SeenOutcome};

/// A job, as far as the index needs to know it.
#[derive(Default)]
pub(super) struct FollowedJob {
    pub(super) recipe: String,
    /// What it tries with its files.
    pub(super) tried: String,
    /// The libraries that have its files, by name, each with the name that the job gave its library, and with the files that
    /// the job saw.
    pub(super) libraries: Vec<(String, KnownAs, SameFiles)>,
    /// If it is an undo: what the undone job made under another name, with the file that it made it of.
    pub(super) made_of: HashMap<RelPath, RelPath>,
    /// Whether it is the undo of an undo, which makes those files again.
    pub(super) redoes: bool,
}

impl FollowedJob {
    /// Adds the outcome of an item, and the folders that it has changed, in every library that has the file.
    pub(super) fn add(&self, job: JobId, row: ItemRow, ended: &mut Vec<SeenOutcome>, changed: &mut LibraryFolders) {
        let undoes = JobKind::of(&self.recipe) == JobKind::Undo;
        // The file is as the other job left it, also where that job's work was left alone.
        if undoes && !matches!(row.state.status, ItemStatus::Succeeded(_)) {
            return;
        }
        let result: Option<Value> = row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let places = places(&row, result.as_ref());
        let moved = row.moved_to();
        let undone = result.as_ref().filter(|_| undoes).map(undone);
        // What lay beside a file was taken away, and the file is as if nothing had been done to it.
        let source = self.made_of.get(&row.file.path).cloned();
        let (path, from) = match &moved {
            Some(path) => (path.clone(), Some(row.file.path)),
            None => (row.file.path, None),
        };
        for (library, name, same) in &self.libraries {
            let folders = places.iter().filter_map(|place| name.ours(place)?.parent());
            changed.extend(folders.map(|folder| (library.clone(), folder)));
            let mut end = |path: &RelPath, from: Option<&RelPath>, undone| {
                let Some(ours) = name.ours(path).filter(|_| same.can_have(path)) else { return };
                ended.push(SeenOutcome {
                    library: library.clone(),
                    path: ours,
                    job_no: row.job_no,
                    job,
                    moved_from: from.and_then(|from| name.ours(from)),
                    tried: self.tried.clone(),
                    status: row.state.status,
                    undone,
                });
            };
            end(&path, from.as_ref(), undone);
            if let Some(source) = &source {
                end(source, None, (!self.redoes).then_some("undone"));
            }
        }
    }
}

/// What an item made under another name than that of its file, with the file.
pub(super) fn made(row: ItemRow) -> Option<(RelPath, RelPath)> {
    let result: Value = serde_json::from_str(row.state.result.as_deref()?).ok()?;
    let made: RelPath = result["output"]["path"].as_str()?.parse().ok()?;
    (made != row.file.path && row.moved_to().is_none()).then_some((made, row.file.path))
}

/// The paths of files that an item made, moved or removed.
fn places(row: &ItemRow, result: Option<&Value>) -> Vec<RelPath> {
    if !matches!(row.state.status, ItemStatus::Succeeded(DiskEffect::Changed | DiskEffect::Created)) {
        return Vec::new();
    }
    let told = result.into_iter().flat_map(|result| [&result["moved"], &result["output"]["path"]]);
    let told = told.filter_map(|path| path.as_str()?.parse().ok());
    told.chain([row.file.path.clone()]).chain(row.file.becomes.clone()).collect()
}

/// How an undo that changed a file ended for it, in words.
fn undone(result: &Value) -> &'static str {
    if result.get("put_back").is_some() { "put back" } else { "taken away" }
}
