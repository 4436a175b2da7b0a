//! Manifests of checksums: the one that Headway writes, and those that the trade's tools write.
//!
//! Nothing here knows a disk: bytes come in, entries and findings go out. No bytes whatever make it fail.

mod algorithm;
mod encoding;
mod entry;
mod form;
mod line;
mod name;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use algorithm::{Algorithm, Algorithms};
pub use entry::{ManifestEntry, ManifestLine, Name, Sum, to_hex};
pub use name::{NameTarget, place};
pub use read::read;
pub use write::line;
