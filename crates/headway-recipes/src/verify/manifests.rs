//! Which manifests a job uses: one by its path, or all that match a pattern, such as one in each folder.

use globset::{GlobBuilder, GlobMatcher};

use super::super::record;
use super::lines::UnreadEntry;
use super::manifest_text::{LIMIT_BYTES, Manifest};
use super::{Binding, JobId, Library, RelPath, Unable, made_manifests};
use headway_files::{ListedFile, is_litter, walk};
use headway_model::library::folded;
use headway_model::path::InvalidPath;

/// What stands before the id of a job whose manifests are meant.
const MADE_BY: char = '@';

/// The parsed setting.
pub(super) enum ManifestChoice {
    /// What this checksum job made.
    Made(JobId),
    /// The manifest at this path.
    One(RelPath),
    /// All files whose path matches the pattern. The second part is the path of a file that literally has this name.
    Pattern(Box<NamePattern>, Option<RelPath>),
}

/// A pattern of manifests, which compares names without their case and normal form.
pub(super) struct NamePattern {
    /// As a person wrote it.
    text: String,
    matcher: GlobMatcher,
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
        if let Some(Ok(job)) = text.strip_prefix(MADE_BY).map(str::parse) {
            return Ok(ManifestChoice::Made(job));
        }
        let path = text.parse::<RelPath>();
        if !text.contains(['*', '?']) {
            return path.map(ManifestChoice::One).map_err(|error| NamedError::Path { text: text.to_owned(), error });
        }
        let glob = GlobBuilder::new(&folded(text)).literal_separator(true).build();
        let glob = glob.map_err(|error| NamedError::Pattern { text: text.to_owned(), error })?;
        let pattern = NamePattern { text: text.to_owned(), matcher: glob.compile_matcher() };
        Ok(ManifestChoice::Pattern(Box::new(pattern), path.ok()))
    }

    /// The manifests, in order, each with its content, and those that cannot be read because of what they are. Blocking.
    pub(super) fn read(self, job: &Binding<'_>) -> Result<(Vec<Manifest>, Vec<UnreadEntry>), Unable> {
        if let ManifestChoice::Made(maker) = self {
            return Ok((made_manifests::manifests(job, maker)?, Vec::new()));
        }
        let mut manifests = Vec::new();
        let (paths, passed_over) = self.find(job)?;
        for path in paths {
            let text = job.library.read(&path, LIMIT_BYTES, job.stop);
            let (text, written) = text.map_err(|error| unreadable(&path, job.library, &error))?;
            job.check_wanted()?;
            let record = record::find(job.data, job.library, &text)
                .map_err(|error| headway_files::unable("looking for the record of an earlier job", &error))?;
            manifests.push(Manifest { path, text, record, written: Some(written) });
        }
        Ok((manifests, passed_over))
    }

    /// The paths of the manifests, in order, and what else has such a name. Blocking.
    fn find(self, job: &Binding<'_>) -> Result<(Vec<RelPath>, Vec<UnreadEntry>), Unable> {
        let library: &Library = job.library;
        let (pattern, literal) = match self {
            ManifestChoice::Made(_) => return Ok(Default::default()),
            ManifestChoice::One(path) => return Ok((vec![path], Vec::new())),
            ManifestChoice::Pattern(pattern, literal) => (pattern, literal),
        };
        if let Some(path) = literal {
            let there = library.has_file(&path);
            if there.map_err(|error| headway_files::unable("looking for the manifest", &error))? {
                return Ok((vec![path], Vec::new()));
            }
        }
        let (mut found, mut passed_over) = (Vec::new(), Vec::new());
        let walked = walk(
            library,
            &RelPath::default(),
            &|path, is_folder| is_litter(path.name().as_bytes(), is_folder),
            &mut |listed| {
                let ListedFile { file, skip, .. } = listed;
                // A folder that is gone has no manifest.
                if file.is_unlisted() && skip.is_none() {
                    passed_over.push(UnreadEntry::Folder(file.path));
                } else if pattern.matcher.is_match(folded(file.path.as_str())) {
                    match skip {
                        None => found.push(file.path),
                        Some(reason) => passed_over.push(UnreadEntry::Manifest(file.path, reason)),
                    }
                }
                job.check_wanted().is_ok()
            },
        );
        job.check_wanted()?;
        walked.map_err(|error| headway_files::unable("looking for manifests", &error))?;
        if found.is_empty() {
            let other = passed_over.first().map(|other| match other {
                UnreadEntry::Manifest(path, reason) => format!("; {} was not read: {}", path.shown(), reason.text()),
                UnreadEntry::Folder(path) => format!("; the folder {} cannot be listed", path.shown()),
            });
            let missing = library.gone_without();
            let missing = missing.map_err(|error| headway_files::unable("what is mounted cannot be seen", &error))?;
            let missing = missing.first().map(|disk| format!("; the disk that was at {} is missing", disk.shown()));
            let other = other.or(missing).unwrap_or_default();
            return Err(format!("no file of {} matches the pattern {}{other}", library.name, pattern.text).into());
        }
        Ok((found, passed_over))
    }
}

/// What it means that a manifest cannot be read. If a person has the job go on without its disk, nothing is known of it.
fn unreadable(manifest: &RelPath, library: &Library, error: &std::io::Error) -> Unable {
    let unread = unread(manifest, library);
    match (headway_files::unable(&unread, error), library.missing_disk_of(manifest)) {
        (Unable::Failed(_), Ok(Some(disk))) => {
            Unable::Failed(format!("{unread}: the disk that was at {} is missing", disk.shown()))
        }
        (unable, Ok(_) | Err(_)) => unable,
    }
}

/// The message for a manifest that cannot be read.
pub(super) fn unread(manifest: &RelPath, library: &Library) -> String {
    format!("the manifest {:?} of {} cannot be read", manifest.shown(), library.name)
}
