//! What an item of a job did to files, under the names of every library that has them.

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
        let (path, from) = match &moved {
            Some(path) => (path.clone(), Some(row.file.path)),
            None => (row.file.path, None),
        };
        for (library, name, same) in &self.libraries {
            let folders = places.iter().filter_map(|place| name.ours(place)?.parent());
            changed.extend(folders.map(|folder| (library.clone(), folder)));
            let Some(path) = name.ours(&path).filter(|_| same.can_have(&path)) else { continue };
            ended.push(SeenOutcome {
                library: library.clone(),
                path,
                job_no: row.job_no,
                job,
                moved_from: from.as_ref().and_then(|from| name.ours(from)),
                tried: self.tried.clone(),
                status: row.state.status,
                undone,
            });
        }
    }
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
