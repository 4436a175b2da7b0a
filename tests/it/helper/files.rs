//! A library of real files in a folder that goes with the test.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A temporary folder with a library and room for data.
pub(crate) struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    /// An empty library.
    pub(crate) fn new() -> Self {
        let files = Files { folder: tempfile::tempdir().expect("a temporary folder") };
        std::fs::create_dir(files.library()).expect("a new folder");
        files
    }

    /// A library of `count` files, each with its number in it.
    pub(crate) fn numbered(count: usize) -> Self {
        let files = Files::new();
        files.number(count);
        files
    }

    /// Writes `count` files, each with its number in it.
    pub(crate) fn number(&self, count: usize) {
        (0..count).for_each(|number| self.write(&format!("{number:06}"), format!("file {number}\n").as_bytes()));
    }

    /// The library's root.
    pub(crate) fn library(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Another place for a library.
    pub(crate) fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file, as if that had been at this time.
    pub(crate) fn write_at(&self, name: &str, content: &[u8], time: SystemTime) {
        self.write(name, content);
        set_modified(&self.library().join(name), time);
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        self.write_bytes(path.as_bytes(), content);
    }

    /// Writes a file whose name need not be text.
    pub(crate) fn write_bytes(&self, path: &[u8], content: &[u8]) {
        let path = self.library().join(OsStr::from_bytes(path));
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a new folder");
        std::fs::write(path, content).expect("a new file");
    }

    /// Changes the log's file while no server has it.
    pub(crate) async fn sql(&self, statement: &str) {
        let connection = rusqlite::Connection::open(self.data().join("log.sqlite")).expect("the log");
        connection.execute_batch(statement).expect("a statement");
    }
}

/// Sets when a file was modified.
pub(crate) fn set_modified(path: &Path, time: SystemTime) {
    std::fs::File::options().write(true).open(path).expect("a file").set_modified(time).expect("a time");
}
