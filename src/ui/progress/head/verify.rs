//! The way from a checksum job to a check of its files.

use crate::ui::library::address;
use headway_model::built_in::CHECKSUM_MANIFESTS;
use headway_model::library::FolderView;
use headway_model::summary::{JobView, LibraryName};
use headway_model::{BuiltIn, JobStatus, Query, RelPath};

/// The address at which the job's files are compared with the manifest that it made; `None` if it made none, or its library
/// is not one of these.
pub(in crate::ui::progress) fn verify_address(view: &JobView, libraries: &[LibraryName]) -> Option<String> {
    let request = view.request.as_ref().filter(|request| request.recipe == BuiltIn::Checksum.name())?;
    let has_manifest = view.outputs.iter().any(|name| CHECKSUM_MANIFESTS.contains(&name.as_str()));
    let is_over = matches!(view.summary.status, JobStatus::Completed | JobStatus::CompletedWithErrors);
    let is_served = libraries.iter().any(|library| library.name == request.library);
    let folder = match &request.query {
        Query::Folder(folder) => folder.path.clone(),
        Query::Paths(paths) => around(paths),
        // The request does not tell where they are.
        Query::Items(_) => RelPath::default(),
    };
    (has_manifest && is_over && is_served).then(|| {
        let there = FolderView { library: request.library.clone(), folder, ..FolderView::default() };
        format!("{}&verify={}", address(&there), view.summary.job)
    })
}

/// The deepest folder that contains all of these files.
fn around(paths: &[RelPath]) -> RelPath {
    let folders = |path: &RelPath| path.parent().map(|folder| folder.ancestors()).unwrap_or_default();
    let mut common = paths.first().map(folders).unwrap_or_default();
    for path in paths {
        let own = folders(path);
        common.retain(|folder| own.contains(folder));
    }
    common.into_iter().max_by_key(|folder| folder.as_str().len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_chosen_are_verified_in_the_folder_around_them() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let of = |paths: &[&str]| around(&paths.iter().map(|text| path(text)).collect::<Vec<_>>()).to_string();
        assert_eq!(of(&["a/b/x", "a/b/y"]), "a/b");
        assert_eq!(of(&["a/b/x", "a/c/y", "a/z"]), "a");
        assert_eq!([of(&["a/x", "b"]), of(&[])], ["", ""]);
    }
}
