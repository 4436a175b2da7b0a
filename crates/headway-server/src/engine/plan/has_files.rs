//! Whether a folder has any file, even one that the patterns of a query leave out.

use super::QueryPatterns;
use headway_files::{Library, ListedFile, unable, walk};
use headway_model::RelPath;
use headway_model::request::FolderQuery;
use headway_recipes::Unable;

/// Looks for a regular file below the folder of a query, up to the first one. Litter does not count, unless the
/// query asks for it. Blocking.
pub(crate) fn has_files(library: &Library, query: &FolderQuery) -> Result<bool, Unable> {
    let all = FolderQuery { exclude: Vec::new(), ..query.clone() };
    let patterns = QueryPatterns::new(&all).map_err(|error| Unable::Failed(error.to_string()))?;
    let cannot = |error| unable("looking for files that are left out", &error);
    // A missing disk might be what the query leaves out.
    let missing = library.missing_mounts().map_err(cannot)?;
    let leaves_out = |path: &RelPath, is_folder| missing.contains_key(path) || patterns.is_litter(path, is_folder);
    let mut has_files = false;
    let mut visit = |found: ListedFile| {
        has_files = found.skip.is_none();
        !has_files
    };
    let folder = library.folder_at(&query.path).map_err(cannot)?;
    walk(library, &folder, &leaves_out, &mut visit).map_err(cannot)?;
    Ok(has_files)
}
