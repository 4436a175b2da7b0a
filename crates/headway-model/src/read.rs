//! Reads JSON for the page. `serde` and `serde_json` make code for each type that grows with everything that JSON can be; here
//! a type's own code only names its fields and variants (the derive is in `headway-derive`), and everything that looks at the
//! text exists once. What is written is read alike by both; `docs/decisions/0008-small-client.md` has the figures.

mod document;
mod lexer;
mod number;
mod object;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;

pub use document::{Document, JsonValue, JsonValues};
pub use headway_derive::FromJson;
pub(crate) use number::fraction;
pub use object::{ReadAs, Variant};

/// A type that can be read. Types of our own derive it, from the same attributes as `serde::Deserialize`.
pub trait FromJson: Sized {
    /// Reads a value.
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead>;

    /// The value of a field that is left out, if it can be.
    fn left_out() -> Option<Self> {
        None
    }
}

/// The text is not JSON, or not of this type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRead(String);

impl NotRead {
    /// An error with this text.
    pub fn new(error: &dyn fmt::Display) -> Self {
        NotRead(error.to_string())
    }

    /// The same error inside a field.
    #[inline(never)]
    fn inside(self, field: &str) -> Self {
        NotRead(format!("{field}: {}", self.0))
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotRead {}

/// Reads a value. Nothing except white space may follow it.
pub fn read<T: FromJson>(text: &str) -> Result<T, NotRead> {
    T::from_json(Document::parse(text)?.root())
}
