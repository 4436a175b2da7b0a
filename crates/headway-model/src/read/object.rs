//! The functions that the code of a type calls on a value, to read its fields and to find its variant.

use super::document::JsonValue;
use super::{FromJson, NotRead};

/// A way to read a value.
pub type ReadAs<T> = fn(JsonValue<'_>) -> Result<T, NotRead>;

/// Which variant a value is, and what is inside it.
pub struct Variant<'document> {
    /// Its index among the given names.
    pub number: usize,
    whole: JsonValue<'document>,
    content: Option<JsonValue<'document>>,
}

impl Variant<'_> {
    /// Checks that it has no content.
    pub fn nothing(&self) -> Result<(), NotRead> {
        match self.content {
            Some(content) if !content.is_null() => Err(content.expected("null")),
            _ => Ok(()),
        }
    }
}

impl<'document> Variant<'document> {
    /// Its content.
    pub fn content(&self) -> Result<JsonValue<'document>, NotRead> {
        self.content.ok_or_else(|| self.whole.expected("the content of a variant"))
    }
}

impl<'document> JsonValue<'document> {
    /// The field with this name; `None` if it is left out.
    pub fn find<T: FromJson>(self, name: &str) -> Result<Option<T>, NotRead> {
        match self.get(name)? {
            Some(value) => T::from_json(value).map(Some).map_err(|error| error.inside(name)),
            None => Ok(None),
        }
    }

    /// The field with this name.
    pub fn field<T: FromJson>(self, name: &str) -> Result<T, NotRead> {
        match self.get(name)? {
            Some(value) => T::from_json(value).map_err(|error| error.inside(name)),
            None => T::left_out().ok_or_else(|| self.missing(name)),
        }
    }

    #[inline(never)]
    fn get(self, name: &str) -> Result<Option<JsonValue<'document>>, NotRead> {
        let (mut values, mut found) = (self.object()?, None);
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            if key.is_key(name) && found.replace(value).is_some() {
                return Err(key.refused(&format_args!("a second field {name:?}")));
            }
        }
        Ok(found)
    }

    #[inline(never)]
    fn missing(self, name: &str) -> NotRead {
        self.refused(&format_args!("no field {name:?}"))
    }

    /// Checks that it has no other fields than these.
    #[inline(never)]
    pub fn only(self, names: &[&str]) -> Result<(), NotRead> {
        let mut values = self.object()?;
        while let (Some(key), Some(_)) = (values.next(), values.next()) {
            if !names.iter().any(|name| key.is_key(name)) {
                return Err(key.refused(&format_args!("an unknown field {}", key.text())));
            }
        }
        Ok(())
    }

    /// The index of the text among these that it equals.
    #[inline(never)]
    pub fn word(self, names: &[&str]) -> Result<usize, NotRead> {
        let word = self.string()?;
        let number = names.iter().position(|name| *name == word);
        number.ok_or_else(|| self.refused(&format_args!("an unknown word {word:?}")))
    }

    /// The index of the text among these that its field with this name equals.
    #[inline(never)]
    pub fn tag(self, field: &str, names: &[&str]) -> Result<usize, NotRead> {
        let value = self.get(field)?.ok_or_else(|| self.missing(field))?;
        value.word(names).map_err(|error| error.inside(field))
    }

    /// The variant among these that it is: the name alone, or an object with the name and the content.
    #[inline(never)]
    pub fn variant(self, names: &[&str]) -> Result<Variant<'document>, NotRead> {
        if self.begin() == b'"' {
            return Ok(Variant { number: self.word(names)?, whole: self, content: None });
        }
        let mut values = self.object()?;
        match (values.next(), values.next(), values.next()) {
            (Some(name), content, None) => Ok(Variant { number: name.word(names)?, whole: self, content }),
            _ => Err(self.expected("one variant")),
        }
    }

    /// The result of the first of these attempts that succeeds.
    pub fn first<T>(self, attempts: &[ReadAs<T>]) -> Result<T, NotRead> {
        let read = attempts.iter().find_map(|attempt| attempt(self).ok());
        read.ok_or_else(|| self.expected("one of the known variants"))
    }
}
