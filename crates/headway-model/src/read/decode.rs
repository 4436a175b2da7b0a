//! What a type asks for. Each of these is copied for each type, so it only calls what exists once.

use std::borrow::Cow;

use serde::de::{Deserializer, Visitor};

use super::access::{Elements, Fields, Raw, Variant};
use super::lexer::Lexer;
use super::number::Number;
use super::{NotRead, RAW};

type Decoded<T> = Result<T, NotRead>;

impl<'text> Deserializer<'text> for &mut Lexer<'text> {
    type Error = NotRead;

    fn deserialize_any<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        match self.peek() {
            b'"' => self.deserialize_str(visitor),
            b'{' => self.deserialize_map(visitor),
            b'[' => self.deserialize_seq(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => self.deserialize_f64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.boolean()?;
        visitor.visit_bool(value)
    }

    fn deserialize_u64<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        match self.number()? {
            Number::Unsigned(number) => visitor.visit_u64(number),
            Number::Signed(number) => visitor.visit_i64(number),
            Number::Float(number) => visitor.visit_f64(number),
        }
    }

    fn deserialize_str<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_str(&text),
        }
    }

    fn deserialize_option<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        if self.word("null") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        if self.word("null") { visitor.visit_unit() } else { Err(self.expected("null")) }
    }

    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'text>>(self, name: &'static str, visitor: V) -> Decoded<V::Value> {
        // Known while compiling, so only the raw text has the first branch.
        if name == RAW { visitor.visit_map(Raw(Some(self.skip()?))) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_seq<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.open(b'[', "an array")?;
        let value = visitor.visit_seq(Elements { lexer: &mut *self, first: true })?;
        self.close(b']')?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.open(b'{', "an object")?;
        let value = visitor.visit_map(Fields { lexer: &mut *self, first: true })?;
        self.close(b'}')?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'text>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let is_object = self.peek() == b'{';
        if is_object {
            self.open(b'{', "an object")?;
        }
        let value = visitor.visit_enum(Variant { lexer: &mut *self, is_object })?;
        if is_object {
            self.close(b'}')?;
        }
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_i8<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_i16<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_i32<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_i64<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u8<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f32<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f64<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_char<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'text>>(self, _: &'static str, visitor: V) -> Decoded<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'text>>(self, _: usize, visitor: V) -> Decoded<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'text>>(self, _: &'static str, _: usize, visitor: V) -> Decoded<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'text>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_bytes<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'text>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_any(visitor)
    }
}

impl Lexer<'_> {
    #[inline(never)]
    fn boolean(&mut self) -> Decoded<bool> {
        // The key of a map is in quotation marks.
        let quoted = self.key && self.word("\"");
        let value = if self.word("true") {
            true
        } else if self.word("false") {
            false
        } else {
            return Err(self.expected("true or false"));
        };
        if quoted && !self.word("\"") {
            return Err(self.expected("the end of a key"));
        }
        Ok(value)
    }
}
