//! Where the output of a file goes.

use headway_files::LONGEST_NAME;
use headway_files::template::{Template, Values};
use headway_model::path::{InvalidPath, RESERVED, is_reserved};
use headway_model::{Output, OutputPlace, RelPath, SkipReason};

/// No output can have the name that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutputNameError {
    /// Longer than any file system takes, in bytes.
    #[error("the output's name is {0} bytes long; the limit is {LONGEST_NAME}")]
    TooLong(usize),
    /// The template turns the input's name into something that is not a file name.
    #[error("the output's name {template:?} does not fit: {error}")]
    NoName { template: String, error: InvalidPath },
    /// Headway reserves it for its own files.
    #[error("the output's name would be {0:?}; names that begin with {RESERVED} are reserved for Headway")]
    Reserved(String),
    /// The input's folder cannot be below the output's.
    #[error(transparent)]
    Folder(#[from] InvalidPath),
}

impl OutputNameError {
    /// Why a plan skips a file whose output has this error.
    pub(crate) fn skip_reason(&self) -> SkipReason {
        match self {
            OutputNameError::TooLong(_) => SkipReason::TooLong,
            OutputNameError::NoName { .. } | OutputNameError::Folder(_) => SkipReason::NoName,
            OutputNameError::Reserved(_) => SkipReason::Reserved,
        }
    }
}

/// The path of the output of a file, which is item `number` of `total`, counted from 1.
pub(crate) fn target(output: &Output, path: &RelPath, number: u32, total: u32) -> Result<RelPath, OutputNameError> {
    let folder = path.parent().unwrap_or_default();
    let named = |folder: &RelPath, template: &str| {
        let input = path.to_bytes();
        let values = Values { input: &input, number, total, slot: 0, out: b"", tmp: b"" };
        let name = Template::new(template).expand(&values);
        if name.len() > LONGEST_NAME {
            return Err(OutputNameError::TooLong(name.len()));
        }
        if is_reserved(&name) {
            return Err(OutputNameError::Reserved(String::from_utf8_lossy(&name).into_owned()));
        }
        folder.join(&name).map_err(|error| OutputNameError::NoName { template: template.to_owned(), error })
    };
    match &output.place {
        OutputPlace::Replace => Ok(path.clone()),
        OutputPlace::Beside { name } => named(&folder, name),
        OutputPlace::Folder { path: other, name } => {
            let mirrored = if folder.is_root() { other.clone() } else { other.join_all(&folder.to_bytes())? };
            named(&mirrored, name.as_deref().unwrap_or("{/}"))
        }
    }
}
