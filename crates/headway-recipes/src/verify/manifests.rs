//! Which manifests a job is about: one by its path, or all that a pattern fits, such as one in each folder.

use globset::{GlobBuilder, GlobMatcher};

use super::{Binding, Library, RelPath, Unable};
use headway_files::{is_litter, walk};
use headway_model::path::InvalidPath;

/// Larger manifests are not read: at 100 bytes a line this is one of 5 million files.
pub(super) const LIMIT: u64 = 512 * 1024 * 1024;

/// What the setting says.
pub(super) enum ManifestChoice {
    /// The manifest at this path.
    One(RelPath),
    /// All files whose path below the library this fits, and the path of one that has it for a name.
    Pattern(Box<GlobMatcher>, Option<RelPath>),
}

/// The setting names no manifest.
#[derive(Debug, thiserror::Error)]
pub(super) enum NamedError {
    #[error("the manifest {text:?}: {error}")]
    Path { text: String, error: InvalidPath },
    #[error("the manifest {text:?}: {error}")]
    Pattern { text: String, error: globset::Error },
}

impl From<NamedError> for Unable {
    fn from(error: NamedError) -> Self {
        Unable::Failed(error.to_string())
    }
}

impl ManifestChoice {
    /// Reads the setting.
    pub(super) fn by(text: &str) -> Result<ManifestChoice, NamedError> {
        let path = text.parse::<RelPath>();
        if !text.contains(['*', '?']) {
            return path.map(ManifestChoice::One).map_err(|error| NamedError::Path { text: text.to_owned(), error });
        }
        let glob = GlobBuilder::new(text).literal_separator(true).case_insensitive(true).build();
        let glob = glob.map_err(|error| NamedError::Pattern { text: text.to_owned(), error })?;
        let matcher = glob.compile_matcher();
        Ok(ManifestChoice::Pattern(Box::new(matcher), path.ok()))
    }

    /// The paths, in order. Blocking.
    pub(super) fn find(self, job: &Binding<'_>) -> Result<Vec<RelPath>, Unable> {
        let library: &Library = job.library;
        let (matcher, literal) = match self {
            ManifestChoice::One(path) => return Ok(vec![path]),
            ManifestChoice::Pattern(matcher, literal) => (matcher, literal),
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
            &|path, is_folder| is_litter(path.name().as_bytes(), is_folder),
            &mut |listed| {
                let path = listed.file.path;
                if listed.is_unlisted {
                    unlisted.get_or_insert(path);
                } else if listed.skip.is_none() && matcher.is_match(path.as_str()) {
                    found.push(path);
                }
                job.is_wanted().is_ok()
            },
        );
        job.is_wanted()?;
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
