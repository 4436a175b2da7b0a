//! Which manifests a job is about: one by its path, or all that a pattern fits, such as one in each folder.

use globset::{GlobBuilder, GlobMatcher};

use super::{Library, RelPath, Unable};
use headway_files::{is_litter, walk};

/// Larger manifests are not read: at 100 bytes a line this is one of 5 million files.
pub(super) const LIMIT: u64 = 512 * 1024 * 1024;

/// What the setting says.
pub(super) enum Named {
    /// The manifest at this path.
    One(RelPath),
    /// All files whose path below the library this fits, and the path of one that has it for a name.
    Pattern(Box<GlobMatcher>, Option<RelPath>),
}

impl Named {
    /// Reads the setting; what is wrong with it, if so.
    pub(super) fn by(text: &str) -> Result<Named, String> {
        let path = text.parse::<RelPath>();
        if !text.contains(['*', '?']) {
            return path.map(Named::One).map_err(|error| format!("the manifest {text:?}: {error}"));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let matcher = glob.map_err(|error| format!("the manifest {text:?}: {error}"))?.compile_matcher();
        Ok(Named::Pattern(Box::new(matcher), path.ok()))
    }

    /// The paths, in order. Blocking.
    pub(super) fn find(self, library: &Library) -> Result<Vec<RelPath>, Unable> {
        let (matcher, literal) = match self {
            Named::One(path) => return Ok(vec![path]),
            Named::Pattern(matcher, literal) => (matcher, literal),
        };
        if let Some(path) = literal {
            let there = library.has_file(&path);
            if there.map_err(|error| headway_files::unable("looking for the manifest", &error))? {
                return Ok(vec![path]);
            }
        }
        let (mut found, mut unlisted) = (Vec::new(), None);
        let walked = walk(
            library,
            &RelPath::default(),
            None,
            &|path, is_folder| is_litter(path.name().as_bytes(), is_folder),
            &mut |listed| {
                let path = listed.file.path;
                if listed.is_unlisted {
                    unlisted.get_or_insert(path);
                } else if listed.skip.is_none() && matcher.is_match(path.as_str()) {
                    found.push(path);
                }
                true
            },
        );
        walked.map_err(|error| headway_files::unable("looking for manifests", &error))?;
        if let Some(folder) = unlisted {
            let text =
                format!("whether the folder {:?} has a manifest is not known: it cannot be listed", folder.shown());
            return Err(text.into());
        }
        if found.is_empty() {
            return Err(format!("no file of {} fits the pattern {}", library.name, matcher.glob()).into());
        }
        Ok(found)
    }
}

/// Of one that cannot be read.
pub(super) fn unread(manifest: &RelPath, library: &Library) -> String {
    format!("the manifest {:?} of {} cannot be read", manifest.shown(), library.name)
}
