//! The hash of a file's whole content.

use std::io::{self, Read, Seek, SeekFrom};

use cap_std::fs::File;

use super::OpenFile;
use headway_model::Digest;

/// How many bytes are read at a time.
const BUFFER_BYTES: usize = 128 * 1024;

impl OpenFile {
    /// The hash of its whole content.
    pub fn hash(&self) -> io::Result<Digest> {
        hash(&self.file)
    }
}

/// The hash of a file's whole content, wherever the file's position is.
pub(super) fn hash(file: &File) -> io::Result<Digest> {
    let mut reader = file.try_clone()?;
    reader.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => drop(hasher.update(&buffer[..count])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Digest::from_hasher(&hasher))
}
