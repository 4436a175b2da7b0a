//! The type of a file's content, told by its first bytes: for recipes, and for requests that ask for files of a type. Its names
//! are those of `file --mime-type`.

mod documents;
mod media;
mod names;
mod plain_text;
mod signatures;

use names::class;
pub use names::{nearest_type, type_name};

/// How many bytes at the beginning of a file tell its type as well as they can.
pub const TYPE_HEAD: usize = 4_096;

/// The type of a file's content, by its media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentType(&'static str);

impl ContentType {
    /// The type of content that begins like this; `None` if it is not known. Fewer bytes than [`TYPE_HEAD`] tell less.
    pub fn of(head: &[u8]) -> Option<Self> {
        let binary = media::of(head).or_else(|| documents::of(head)).or_else(|| signatures::of(head));
        binary.or_else(|| plain_text::of(head)).map(ContentType)
    }

    /// Its media type, such as `image/png`.
    pub fn media_type(self) -> &'static str {
        self.0
    }

    /// The media type of the format that it is written in: of a word processor's document, that of a zip archive.
    pub fn container(self) -> &'static str {
        match self.0 {
            "application/epub+zip" => documents::ZIP,
            office if office.starts_with("application/vnd.o") => documents::ZIP,
            "image/x-canon-cr2" => "image/tiff",
            own => own,
        }
    }

    /// Whether it has this name: its class, or its media type.
    pub fn is_called(self, name: &str) -> bool {
        name == self.0 || class(self.0) == Some(name)
    }
}

#[cfg(test)]
mod tests;
