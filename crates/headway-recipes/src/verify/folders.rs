//! Finds near matches for a missing name: in another Unicode normal form, or in another case.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use super::{Library, RelPath};
use headway_files::scan;
use headway_model::library::EntryKind;
use headway_model::library::folded;

/// A near match for a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NearMatch {
    /// The same name in another normal form: it counts as the file.
    Form(RelPath),
    /// A name that differs in case too: it counts as another file.
    Case(RelPath),
    /// No near match, or several.
    Nothing,
    /// Not known, because a folder could not be read, for this reason.
    NotKnown(String),
}

/// The folders of a library that were listed for this purpose.
pub(super) struct Folders<'a> {
    library: &'a Library,
    listed: HashMap<RelPath, ListedFolder>,
}

/// A folder that was listed.
#[derive(Default)]
struct ListedFolder {
    /// Its encoded names, by their form without case and normal form.
    names: HashMap<String, Vec<String>>,
    /// The names of its subfolders.
    folders: HashSet<String>,
    /// Why some names are missing, if any are.
    unread: Option<String>,
}

impl<'a> Folders<'a> {
    /// No folders listed yet.
    pub(super) fn new(library: &'a Library) -> Self {
        Folders { library, listed: HashMap::new() }
    }

    /// Looks for a near match for a missing path. Blocking.
    pub(super) fn near(&mut self, path: &RelPath) -> NearMatch {
        let (mut here, mut is_case) = (RelPath::default(), false);
        let mut parts = path.as_str().split('/').peekable();
        while let Some(part) = parts.next() {
            let listed = self.listed(&here);
            let names = listed.names.get(&folded(part)).map(Vec::as_slice).unwrap_or_default();
            let exact = names.iter().find(|name| *name == part);
            let form: Vec<_> = names.iter().filter(|name| name.nfc().eq(part.nfc())).collect();
            let name = match (exact, form.as_slice(), names) {
                (Some(name), _, _) => name,
                (None, [name], _) => *name,
                (None, [], [name]) => {
                    is_case = true;
                    name
                }
                (None, _, _) => return listed.unread.clone().map_or(NearMatch::Nothing, NearMatch::NotKnown),
            };
            if parts.peek().is_some() && !listed.folders.contains(name) {
                return NearMatch::Nothing;
            }
            let next = if here.is_root() { name.clone() } else { format!("{here}/{name}") };
            match next.parse() {
                Ok(next) => here = next,
                Err(_) => return NearMatch::Nothing,
            }
        }
        if is_case { NearMatch::Case(here) } else { NearMatch::Form(here) }
    }

    fn listed(&mut self, folder: &RelPath) -> &ListedFolder {
        let library = self.library;
        self.listed.entry(folder.clone()).or_insert_with(|| {
            let mut listed = ListedFolder::default();
            let scanned = scan(library, folder, false, &mut |part| {
                for entry in part.entries {
                    if entry.kind == EntryKind::Folder {
                        listed.folders.insert(entry.name.clone());
                    }
                    listed.names.entry(folded(&entry.name)).or_default().push(entry.name);
                }
                true
            });
            listed.unread = match scanned {
                Ok(None) => None,
                Ok(Some(_)) => Some(format!("some files in the folder {:?} cannot be looked at", folder.shown())),
                Err(why) => Some(why.to_string()),
            };
            listed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_name_is_near_only_where_its_folder_could_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sub")).expect("a folder");
        for name in ["sub/\u{e4}", "sub/Case", "file"] {
            std::fs::write(folder.path().join(name), "x").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let mut folders = Folders::new(&library);
        assert_eq!(folders.near(&path("sub/a\u{308}")), NearMatch::Form(path("sub/\u{e4}")));
        assert_eq!(folders.near(&path("sub/case")), NearMatch::Case(path("sub/Case")));
        for nothing in ["sub/none", "none/a\u{308}", "file/a\u{308}"] {
            assert_eq!(folders.near(&path(nothing)), NearMatch::Nothing, "{nothing}");
        }
        // The library is missing, so nothing is known about its content.
        let (gone, _) = Library::open_or_wait("gone", &folder.path().join("none"), None);
        assert!(matches!(Folders::new(&gone).near(&path("sub/a\u{308}")), NearMatch::NotKnown(_)));
    }
}
