//! Manifests of checksums: the format that Headway writes, and those that other tools write.
//!
//! This module does no IO: bytes come in, entries and findings go out. No input makes it fail.

mod algorithm;
mod base32;
mod control;
mod dfxml;
mod document;
mod encoding;
mod entry;
mod form;
mod line;
mod magnet;
mod name;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use algorithm::{Algorithm, Algorithms};
pub use entry::{HashLength, ManifestEntry, ManifestLine, Name, Sum, to_hex};
#[cfg(test)]
pub(crate) use name::readings;
pub use name::{NameTarget, place};
pub use read::read;
pub use write::line;
