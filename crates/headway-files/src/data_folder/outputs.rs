//! The folder of the files that one job wrote for its user, such as a manifest or a report.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{entries, gone, private};
use crate::paths;

/// The extension of the names of unfinished files.
const PART: &str = ".part";

/// Tells the unfinished files of this process apart, because a stopped step might still be writing one when the step
/// runs again.
static PARTS: AtomicU64 = AtomicU64::new(0);

/// The folder of the files that one job wrote for its user.
#[derive(Debug, Clone)]
pub struct Outputs {
    folder: PathBuf,
    /// Set when nobody waits any longer for the step that writes here.
    stop: Arc<AtomicBool>,
    /// Whether the job was halted before all of its items ran.
    is_halted: bool,
}

/// Nobody waits for the step any longer.
#[derive(Debug, thiserror::Error)]
#[error("it was stopped")]
pub struct StepStopped;

impl Outputs {
    pub(super) fn at(folder: PathBuf) -> Self {
        Outputs { folder, stop: Arc::default(), is_halted: false }
    }

    /// The same folder for a step that this flag stops: once it is set, nothing more is written. Removes files that
    /// an earlier step did not finish.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn for_step(self, stop: Arc<AtomicBool>) -> io::Result<Self> {
        for entry in entries(&self.folder)? {
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") && name.as_encoded_bytes().ends_with(PART.as_bytes()) {
                gone(paths::remove_file(&entry.path()))?;
            }
        }
        Ok(Outputs { stop, ..self })
    }

    /// The folder of a job that was halted before all of its items ran.
    pub fn of_halted(self) -> Self {
        Outputs { is_halted: true, ..self }
    }

    /// Whether the job was halted before all of its items ran, so that what is written here does not cover every file
    /// that was asked for. The name of such a file must say so.
    pub fn is_halted(&self) -> bool {
        self.is_halted
    }

    /// Checks whether anybody still waits for the step that writes here. A long step must ask this from time to time.
    ///
    /// # Errors
    /// If nobody does.
    pub fn check_wanted(&self) -> Result<(), StepStopped> {
        if self.stop.load(Ordering::Relaxed) { Err(StepStopped) } else { Ok(()) }
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// Errors of `fill` and of the file system; [`StepStopped`] if the step is stopped before the file has its name.
    pub fn write(&self, name: &str, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.check_wanted()?;
        private::make_folder(&self.folder)?;
        let part = PARTS.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join(format!(".{name}.{part}{PART}"));
        let written = self.write_to(&temporary, &self.folder.join(name), fill);
        if written.is_err()
            && let Err(error) = gone(paths::remove_file(&temporary))
        {
            tracing::warn!(path = %temporary.display(), %error, "an unfinished file of a job stays");
        }
        written
    }

    fn write_to(
        &self,
        temporary: &Path,
        target: &Path,
        fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut file = BufWriter::new(Stoppable { file: private::create(temporary)?, outputs: self });
        fill(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.file.sync_all()?;
        self.check_wanted()?;
        paths::rename(temporary, target)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// An empty file without a name, for what does not fit into memory. Nothing of it is left once it is closed.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn unnamed(&self) -> io::Result<File> {
        private::make_folder(&self.folder)?;
        let part = PARTS.fetch_add(1, Ordering::Relaxed);
        // If the process dies before the name is gone, the next step removes it.
        let path = self.folder.join(format!(".unnamed.{part}{PART}"));
        let file = private::open(private::options().read(true).write(true).create_new(true), &path)?;
        gone(paths::remove_file(&path))?;
        Ok(file)
    }

    /// The names of the files, in order.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let names = entries(&self.folder)?.into_iter().map(|entry| entry.file_name().into_string());
        let mut names: Vec<_> = names.filter_map(Result::ok).filter(|name| !name.starts_with('.')).collect();
        names.sort();
        Ok(names)
    }

    /// The path of the file of this name; `None` if there is none.
    pub fn path(&self, name: &str) -> io::Result<Option<PathBuf>> {
        Ok(self.names()?.iter().find(|known| *known == name).map(|known| self.folder.join(known)))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A file that refuses further writes once the step is stopped.
struct Stoppable<'a> {
    file: File,
    outputs: &'a Outputs,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outputs.check_wanted().map_err(io::Error::other)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().expect("a name")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_stopped_step_writes_nothing_more_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = folder.path().join("job");
        let stop = Arc::new(AtomicBool::new(false));
        let outputs = Outputs::at(job.clone()).for_step(Arc::clone(&stop)).expect("a folder");
        outputs.write("before", |file| Ok(file.write_all(b"1")?)).expect("written");
        let stopped = outputs.write("REPORT", |file| {
            file.write_all(b"half")?;
            file.flush()?;
            stop.store(true, Ordering::Relaxed);
            assert!(file.write_all(&[0; 100_000]).is_err(), "more than is gathered");
            Ok(())
        });
        assert!(stopped.expect_err("stopped").is::<StepStopped>());
        assert!(outputs.write("after", |_| Ok(())).is_err());
        assert_eq!(there(&job), ["before"]);
    }

    #[test]
    fn the_files_of_a_killed_step_are_removed_when_the_step_runs_again() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [".REPORT.7.part", ".REPORT.part", ".seen-1", "REPORT"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        Outputs::at(folder.path().into()).for_step(Arc::default()).expect("a folder");
        assert_eq!(there(folder.path()), [".seen-1", "REPORT"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_whole_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = Outputs::at(folder.path().join("job"));
        let failed = outputs.write("REPORT", |file| {
            file.write_all(b"half")?;
            anyhow::bail!("the results cannot be read")
        });
        assert_eq!(failed.expect_err("an error").to_string(), "the results cannot be read");
        assert!(there(outputs.folder()).is_empty());
    }
}
