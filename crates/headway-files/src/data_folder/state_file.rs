//! A small file of the data folder that is read whole and replaced whole.

use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use super::private;
use crate::Found;

/// A file of the data folder that was read, or that is not there yet. Only such a file can be replaced: after a read that
/// failed, nothing is known of what the file holds, so nothing may take its place.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    text: Option<Vec<u8>>,
}

impl StateFile {
    /// Reads a file of at most this many bytes.
    ///
    /// # Errors
    /// As [`private::read`]. A missing file is not an error.
    pub fn read(path: PathBuf, most: u64) -> io::Result<Self> {
        let text = Found::of(private::read(&path, most)).known()?;
        Ok(StateFile { path, text })
    }

    /// What it holds; `None` if it is not there.
    pub fn text(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }

    /// The line that it holds; `None` if it is not there.
    pub(super) fn line(&self) -> Option<String> {
        self.text().map(|text| String::from_utf8_lossy(text).trim_end().to_owned())
    }

    /// What it holds as JSON; nothing if it is not there.
    ///
    /// # Errors
    /// If it is damaged.
    pub(super) fn json<T: DeserializeOwned + Default>(&self) -> io::Result<T> {
        let Some(text) = self.text() else { return Ok(T::default()) };
        serde_json::from_slice(text).map_err(|error| {
            let path = self.path.display();
            let text = format!("{path} is damaged ({error}); if you remove it, what it held is lost");
            io::Error::new(io::ErrorKind::InvalidData, text)
        })
    }

    /// Replaces it durably, whole or not at all.
    ///
    /// # Errors
    /// As [`private::replace`].
    pub fn replace(&self, text: &[u8]) -> io::Result<()> {
        private::replace(&self.path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_before_it_is_replaced_and_one_that_is_not_there_holds_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let read = || StateFile::read(path.clone(), 10);
        let first = read().expect("no file");
        assert_eq!(first.text(), None);
        assert_eq!(first.json::<Vec<u32>>().expect("nothing"), [0; 0]);
        first.replace(b"[1,2]").expect("replaced");
        let second = read().expect("a file");
        assert_eq!(second.json::<Vec<u32>>().expect("numbers"), [1, 2]);
        second.replace(b"[1,").expect("replaced");
        let third = read().expect("a file");
        assert_eq!(third.text(), Some(b"[1,".as_slice()));
        let damaged = third.json::<Vec<u32>>().expect_err("half of it");
        assert!(damaged.to_string().contains("state is damaged"), "{damaged}");
        third.replace(&[b' '; 11]).expect("replaced");
        read().expect_err("too long");
        std::fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("elsewhere", &path).expect("a link");
        read().expect_err("a link is no file of ours");
    }
}
