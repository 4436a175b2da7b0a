//! Names that are almost the one looked for: in another Unicode normal form, or in other letters' case.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::{Library, RelPath};
use headway_files::scan;

/// What is near a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Near {
    /// The same name in another normal form: this file.
    Form(RelPath),
    /// A name that differs by the case of letters too: another file.
    Case(RelPath),
    /// Nothing, or several, or it cannot be told.
    Unknown,
}

/// The folders of a library that were listed for this.
pub(super) struct Folders<'a> {
    library: &'a Library,
    /// The names in each, coded, by what they are without form and case.
    listed: HashMap<RelPath, HashMap<String, Vec<String>>>,
}

impl<'a> Folders<'a> {
    /// None yet.
    pub(super) fn new(library: &'a Library) -> Self {
        Folders { library, listed: HashMap::new() }
    }

    /// Looks for what is near a path that is not there. Blocking.
    pub(super) fn near(&mut self, path: &RelPath) -> Near {
        let (mut here, mut is_case) = (RelPath::default(), false);
        for part in path.as_str().split('/') {
            let names = self.names(&here).get(&folded(part)).map(Vec::as_slice).unwrap_or_default();
            let exact = names.iter().find(|name| *name == part);
            let form: Vec<_> = names.iter().filter(|name| name.nfc().eq(part.nfc())).collect();
            let name = match (exact, form.as_slice(), names) {
                (Some(name), _, _) => name,
                (None, [name], _) => *name,
                (None, [], [name]) => {
                    is_case = true;
                    name
                }
                (None, _, _) => return Near::Unknown,
            };
            let next = if here.is_root() { name.clone() } else { format!("{here}/{name}") };
            match next.parse() {
                Ok(next) => here = next,
                Err(_) => return Near::Unknown,
            }
        }
        if is_case { Near::Case(here) } else { Near::Form(here) }
    }

    fn names(&mut self, folder: &RelPath) -> &HashMap<String, Vec<String>> {
        let library = self.library;
        self.listed.entry(folder.clone()).or_insert_with(|| {
            let mut names = HashMap::<String, Vec<String>>::new();
            // Of a folder that cannot be listed nothing is near: the file itself is looked for all the same, and told of.
            let listed = scan(library, folder, false, &mut |part| {
                for entry in part.entries {
                    names.entry(folded(&entry.name)).or_default().push(entry.name);
                }
                true
            });
            if let Err(text) = listed {
                tracing::debug!(%folder, text, "names in another normal form are not looked for");
            }
            names
        })
    }
}

/// A name without its normal form and without case.
fn folded(name: &str) -> String {
    name.nfc().flat_map(char::to_lowercase).nfc().collect()
}
