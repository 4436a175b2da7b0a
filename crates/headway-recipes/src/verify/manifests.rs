//! Which manifests a job uses: one by its path, or all that match a pattern, such as one in each folder.

use globset::{GlobBuilder, GlobMatcher};

use super::{Binding, Library, RelPath, Unable};
use headway_files::{is_litter, walk};
use headway_model::path::InvalidPath;

/// Maximum size of a manifest in bytes: 5 million lines of 100 bytes each.
pub(super) const LIMIT: u64 = 512 * 1024 * 1024;

/// The parsed setting.
pub(super) enum ManifestChoice {
    /// The manifest at this path.
    One(RelPath),
    /// All files whose path matches the pattern. The second part is the path of a file that literally has this name.
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
    /// Parses the setting.
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

    /// The paths of the manifests, in order. Blocking.
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
            return Err(format!("no file of {} matches the pattern {}", library.name, matcher.glob()).into());
        }
        Ok(found)
    }
}

/// The message for a manifest that cannot be read.
pub(super) fn unread(manifest: &RelPath, library: &Library) -> String {
    format!("the manifest {:?} of {} cannot be read", manifest.shown(), library.name)
}
