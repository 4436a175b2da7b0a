//! A file of a job, as a shell command would name it, for lists that other tools read.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use headway_model::{RelPath, StartJob};

/// A file of a job, for [`Recipe::shell_words`](crate::Recipe::shell_words).
#[derive(Debug, Clone, Copy)]
pub struct ShellFile<'a> {
    /// The path of the library's root.
    pub library: &'a Path,
    /// Its path in the library.
    pub path: &'a RelPath,
    /// Its number, from 1.
    pub number: u32,
    /// How many files the job has.
    pub total: u32,
}

impl ShellFile<'_> {
    /// Its absolute path.
    pub fn absolute(&self) -> PathBuf {
        self.library.join(OsStr::from_bytes(&self.path.to_bytes()))
    }

    /// The words of a `headway run` command that does the same to this file.
    pub fn by_headway(&self, request: &StartJob) -> Vec<Vec<u8>> {
        let settings = request.settings.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("--set={name}={value}").into_bytes()
        });
        let path = self.absolute().into_os_string().into_vec();
        let words = ["headway", "run", &request.recipe].map(|word| word.as_bytes().to_vec());
        words.into_iter().chain(settings).chain([path]).collect()
    }
}
