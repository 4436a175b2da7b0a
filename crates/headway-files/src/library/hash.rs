//! The hash of a file's whole content.

use std::io::{self, Read, Seek, SeekFrom};

use super::environment::retried;
use super::{LibraryFile, OpenFile};
use headway_model::Digest;

/// How many bytes are read at a time.
const BUFFER_BYTES: usize = 128 * 1024;

impl OpenFile {
    /// The hash of its whole content.
    pub fn hash(&self) -> io::Result<Digest> {
        hash(&self.file)
    }
}

/// The hash of a file's whole content, wherever the file's position is. After an error of the storage, the file is read a
/// second time: once a program has run, its attempt is not repeated for that.
pub(super) fn hash(file: &LibraryFile) -> io::Result<Digest> {
    retried(|| hash_once(file))
}

fn hash_once(file: &LibraryFile) -> io::Result<Digest> {
    let mut reader = file.try_clone()?;
    reader.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    Ok(Digest::from_hasher(&hasher))
}
