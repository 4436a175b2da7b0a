//! The inside of arrays, objects and variants.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::lexer::Lexer;
use super::{NotRead, RAW};

/// The elements of an array.
pub(super) struct Elements<'lexer, 'text> {
    pub(super) lexer: &'lexer mut Lexer<'text>,
    pub(super) first: bool,
}

impl<'text> SeqAccess<'text> for Elements<'_, 'text> {
    type Error = NotRead;

    fn next_element_seed<T: DeserializeSeed<'text>>(&mut self, seed: T) -> Result<Option<T::Value>, NotRead> {
        if !self.lexer.more(b']', self.first)? {
            return Ok(None);
        }
        self.first = false;
        seed.deserialize(&mut *self.lexer).map(Some)
    }
}

/// The fields of an object.
pub(super) struct Fields<'lexer, 'text> {
    pub(super) lexer: &'lexer mut Lexer<'text>,
    pub(super) first: bool,
}

impl<'text> MapAccess<'text> for Fields<'_, 'text> {
    type Error = NotRead;

    fn next_key_seed<K: DeserializeSeed<'text>>(&mut self, seed: K) -> Result<Option<K::Value>, NotRead> {
        if !self.lexer.more(b'}', self.first)? {
            return Ok(None);
        }
        self.first = false;
        self.lexer.begin_key()?;
        let key = seed.deserialize(&mut *self.lexer)?;
        self.lexer.end_key()?;
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'text>>(&mut self, seed: V) -> Result<V::Value, NotRead> {
        seed.deserialize(&mut *self.lexer)
    }
}

impl Lexer<'_> {
    #[inline(never)]
    fn begin_key(&mut self) -> Result<(), NotRead> {
        self.key = true;
        if self.peek() == b'"' { Ok(()) } else { Err(self.expected("a key")) }
    }

    #[inline(never)]
    fn end_key(&mut self) -> Result<(), NotRead> {
        self.key = false;
        self.take(b':', "a colon")
    }
}

/// A variant: its name alone, or an object with its name and content.
pub(super) struct Variant<'lexer, 'text> {
    pub(super) lexer: &'lexer mut Lexer<'text>,
    pub(super) is_object: bool,
}

impl<'text> EnumAccess<'text> for Variant<'_, 'text> {
    type Error = NotRead;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'text>>(self, seed: V) -> Result<(V::Value, Self), NotRead> {
        let name = seed.deserialize(&mut *self.lexer)?;
        if self.is_object {
            self.lexer.take(b':', "a colon")?;
        }
        Ok((name, self))
    }
}

impl Variant<'_, '_> {
    fn content(&self) -> Result<(), NotRead> {
        if self.is_object { Ok(()) } else { Err(self.lexer.expected("the content of a variant")) }
    }
}

impl<'text> VariantAccess<'text> for Variant<'_, 'text> {
    type Error = NotRead;

    fn unit_variant(self) -> Result<(), NotRead> {
        if self.is_object && !self.lexer.word("null") { Err(self.lexer.expected("null")) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'text>>(self, seed: T) -> Result<T::Value, NotRead> {
        self.content()?;
        seed.deserialize(self.lexer)
    }

    fn tuple_variant<V: Visitor<'text>>(self, _: usize, visitor: V) -> Result<V::Value, NotRead> {
        self.content()?;
        self.lexer.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'text>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, NotRead> {
        self.content()?;
        self.lexer.deserialize_map(visitor)
    }
}

/// The text of a value, in the way that `RawValue` takes it: as a map with one key.
pub(super) struct Raw<'text>(pub(super) Option<&'text str>);

impl<'text> MapAccess<'text> for Raw<'text> {
    type Error = NotRead;

    fn next_key_seed<K: DeserializeSeed<'text>>(&mut self, seed: K) -> Result<Option<K::Value>, NotRead> {
        match self.0 {
            Some(_) => seed.deserialize(BorrowedStrDeserializer::new(RAW)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'text>>(&mut self, seed: V) -> Result<V::Value, NotRead> {
        seed.deserialize(BorrowedStrDeserializer::new(self.0.take().unwrap_or_default()))
    }
}
