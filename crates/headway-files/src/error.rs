//! Why a folder cannot be used.

/// A folder cannot be used; the text says why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FolderError(pub String);
