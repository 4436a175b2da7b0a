//! The first files that a request names, for a preview before there is a plan.

use std::time::{Duration, Instant};

use super::QueryPatterns;
use headway_files::{Inspected, Library, ListedFile, inspect_named, now, walk};
use headway_model::library::in_order;
use headway_model::request::FolderQuery;
use headway_model::{Query, RelPath, StartJob};

/// How long they are looked for.
const PATIENCE: Duration = Duration::from_secs(1);

/// At most this many of the first files that a request names, in the order of its plan; fewer if they are not found soon. Whether the
/// recipe is for them, and whether they were done before, only the plan finds out. Blocking.
pub(crate) fn first_files(library: &Library, request: &StartJob, most: usize) -> Vec<RelPath> {
    let mut first = FirstFiles { library, request, most, until: Instant::now() + PATIENCE, found: Vec::new() };
    match &request.query {
        Query::Folder(query) => first.look_below(query),
        Query::Paths(paths) => {
            let mut paths: Vec<_> = paths.iter().collect();
            paths.sort_by_cached_key(|path| in_order(path));
            paths.into_iter().all(|path| first.look_at(path));
        }
        Query::Items(_) => {}
    }
    first.found
}

struct FirstFiles<'a> {
    library: &'a Library,
    request: &'a StartJob,
    most: usize,
    /// When the search ends.
    until: Instant,
    found: Vec<RelPath>,
}

impl FirstFiles<'_> {
    /// Looks at a path of the request, which can be that of a folder; returns whether to go on.
    fn look_at(&mut self, path: &RelPath) -> bool {
        match inspect_named(self.library, path) {
            Ok(Inspected::Folder) => self.look_below(&FolderQuery { path: path.clone(), ..FolderQuery::default() }),
            Ok(Inspected::Item(found)) => self.take(found),
            // The plan will say why; a preview shows what is there.
            Err(reason) => {
                tracing::debug!(library = self.library.name, reason = reason.text(), "a preview cannot look at files");
                return false;
            }
        }
        self.wants_more()
    }

    fn look_below(&mut self, query: &FolderQuery) {
        let library = self.library;
        let choice = match QueryPatterns::new(query) {
            Ok(choice) => choice,
            // The start will refuse it.
            Err(error) => return tracing::debug!(%error, "a preview has patterns that cannot be read"),
        };
        let walked = library.folder_at(&query.path).and_then(|folder| {
            let choice = choice.for_folder(&query.path, &folder);
            let leaves_out = |path: &RelPath, is_folder| choice.leaves_out(path, is_folder);
            let mut visit = |found: ListedFile| {
                if choice.wants(&found) {
                    self.take(found);
                }
                self.wants_more()
            };
            walk(library, &folder, &leaves_out, &mut visit)
        });
        // The plan will say why; what was found before the error is there.
        if let Err(error) = walked {
            tracing::debug!(library = library.name, folder = %query.path, %error, "a preview cannot list a folder");
        }
    }

    /// Takes a file that is to run as far as can be told from its size and age.
    fn take(&mut self, ListedFile { file, skip, .. }: ListedFile) {
        let is_unmet = || self.request.conditions.leaves_out(file.size, file.mtime_ns, now()).is_some();
        if skip.is_none() && file.was_seen() && !is_unmet() && !self.found.contains(&file.path) {
            self.found.push(file.path);
        }
    }

    fn wants_more(&self) -> bool {
        self.found.len() < self.most && Instant::now() < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_files_of_selected_folders_are_those_of_the_plan() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["b/2", "b/10", "b/c/1", "a/.DS_Store", "z"] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "x").expect("a file");
        }
        let library = Library::open("files", root.path()).expect("a library");
        let first = |query: Query, most| {
            let found = first_files(&library, &StartJob::new("files", "command", query), most);
            found.into_iter().map(|path| path.to_string()).collect::<Vec<_>>()
        };
        let paths = |paths: &[&str]| Query::Paths(paths.iter().map(|path| path.parse().expect("a path")).collect());
        assert_eq!(first(paths(&["z", "b", "b/2", "a", "gone"]), 3), ["b/2", "b/10", "b/c/1"]);
        assert_eq!(first(paths(&["a", "z"]), 3), ["z"]);
        let folder = FolderQuery { include: vec!["1*".into()], ..FolderQuery::default() };
        assert_eq!(first(Query::Folder(folder), 3), ["b/10", "b/c/1"]);
    }
}
