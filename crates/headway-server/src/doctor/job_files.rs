//! Which files of a library are those of a job. The job's library can be the same folder, one inside it or one around it; and
//! another folder or another disk can be there now.

use std::io;

use headway_files::{DataFolder, KnownAs, Library, SameFiles};
use headway_model::{JobId, RelPath};

/// A library as it is now, with every name under which jobs can have recorded files of it.
pub(crate) struct LibraryNow<'a> {
    /// The data folder that knows it.
    pub(crate) data: &'a DataFolder,
    /// The library.
    pub(crate) library: &'a Library,
    /// Its names.
    pub(crate) names: Vec<KnownAs>,
}

/// The files that a job and a library have in common.
pub(crate) struct JobFiles<'a> {
    library: &'a Library,
    name: &'a KnownAs,
    /// Which of them are those that the job saw; `None` if it is not stored what the job was planned on.
    same: Option<SameFiles>,
}

impl LibraryNow<'_> {
    /// Whether this is a name of the very same folder.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.is_same() && known.library == name)
    }

    /// The files of a job that gave its library this name; `None` if none of them can be in this library. Blocking.
    ///
    /// # Errors
    /// If what the job was planned on, or what is mounted, cannot be read.
    pub(crate) fn files_of(&self, job: &JobId, name: &str) -> io::Result<Option<JobFiles<'_>>> {
        let Some(name) = self.names.iter().find(|known| known.library == name) else { return Ok(None) };
        let grounds = self.data.grounds(job)?;
        let same = if grounds.is_empty() { None } else { Some(self.data.same_files(job, name, self.library)?) };
        Ok(Some(JobFiles { library: self.library, name, same }))
    }
}

impl JobFiles<'_> {
    /// The job's path of a file of the library; `None` if the job's library does not have it.
    pub(crate) fn theirs(&self, ours: &RelPath) -> Option<RelPath> {
        self.name.theirs(ours)
    }

    /// The library's path of a file of the job; `None` if the library does not have it.
    pub(crate) fn ours(&self, theirs: &RelPath) -> Option<RelPath> {
        self.name.ours(theirs)
    }

    /// Whether another folder or another disk than the job's is known to be in the place of this file of the job. A disk that is
    /// missing is no other one. Blocking.
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub(crate) fn is_elsewhere(&self, theirs: &RelPath) -> io::Result<bool> {
        if self.same.as_ref().is_none_or(|same| same.can_have(theirs)) {
            return Ok(false);
        }
        match self.ours(theirs) {
            Some(ours) => Ok(self.library.missing_disk_of(&ours)?.is_none()),
            None => Ok(true),
        }
    }
}
