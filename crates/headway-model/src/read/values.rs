//! How the types of the standard library are read, and JSON itself.

use serde_json::{Map, Value};

use super::document::JsonValue;
use super::number::Number;
use super::{FromJson, NotRead};
use crate::sorted::SortedMap;

impl FromJson for bool {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        match json.begin() {
            b't' => Ok(true),
            b'f' => Ok(false),
            _ => Err(json.expected("true or false")),
        }
    }
}

impl FromJson for String {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        json.string().map(Into::into)
    }
}

impl FromJson for () {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        if json.is_null() { Ok(()) } else { Err(json.expected("null")) }
    }
}

impl JsonValue<'_> {
    /// A whole number within these limits.
    #[inline(never)]
    fn whole(self, least: i64, most: u64) -> Result<u64, NotRead> {
        match self.number()? {
            Number::Unsigned(number) if number <= most => Ok(number),
            Number::Signed(number) if number >= least => Ok(number.cast_unsigned()),
            Number::Float(_) => Err(self.expected("a whole number")),
            Number::Unsigned(_) | Number::Signed(_) => Err(self.expected("a number that is not so large or small")),
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ident)*) => {$(
        impl FromJson for $number {
            fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
                // Within these limits the conversion is exact.
                json.whole($number::MIN as i64, $number::MAX as u64).map(|number| number as $number)
            }
        }
    )*};
}

whole_numbers!(u8 u16 u32 u64 i32 i64);

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        if json.is_null() { Ok(None) } else { T::from_json(json).map(Some) }
    }

    fn left_out() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        T::from_json(json).map(Box::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        let mut read = Vec::new();
        for value in json.array()? {
            read.push(T::from_json(value)?);
        }
        Ok(read)
    }
}

impl<K: FromJson + Ord, V: FromJson> FromJson for SortedMap<K, V> {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        let (mut values, mut read) = (json.object()?, SortedMap::new());
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            read.insert(K::from_json(key)?, V::from_json(value)?);
        }
        Ok(read)
    }
}

impl JsonValue<'_> {
    /// Reads exactly this many elements.
    #[inline(never)]
    fn elements<const COUNT: usize>(self) -> Result<[Self; COUNT], NotRead> {
        let (mut values, mut read) = (self.array()?, [self; COUNT]);
        for element in &mut read {
            *element = values.next().ok_or_else(|| self.expected("a longer array"))?;
        }
        if values.next().is_some() { Err(self.expected("a shorter array")) } else { Ok(read) }
    }
}

impl<A: FromJson, B: FromJson> FromJson for (A, B) {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        let [a, b] = json.elements()?;
        Ok((A::from_json(a)?, B::from_json(b)?))
    }
}

impl<A: FromJson, B: FromJson, C: FromJson> FromJson for (A, B, C) {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        let [a, b, c] = json.elements()?;
        Ok((A::from_json(a)?, B::from_json(b)?, C::from_json(c)?))
    }
}

impl<T: FromJson, E: FromJson> FromJson for Result<T, E> {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        let variant = json.variant(&["Ok", "Err"])?;
        match variant.number {
            0 => T::from_json(variant.content()?).map(Ok),
            _ => E::from_json(variant.content()?).map(Err),
        }
    }
}

impl FromJson for Value {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        Ok(match json.begin() {
            b'"' => Value::String(json.string()?.into()),
            b'[' => Value::Array(FromJson::from_json(json)?),
            b'{' => Value::Object(FromJson::from_json(json)?),
            b't' | b'f' => Value::Bool(FromJson::from_json(json)?),
            b'n' => Value::Null,
            _ => match json.number()? {
                Number::Unsigned(number) => number.into(),
                Number::Signed(number) => number.into(),
                Number::Float(number) => number.into(),
            },
        })
    }
}

impl FromJson for Map<String, Value> {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        let (mut values, mut read) = (json.object()?, Map::new());
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            read.insert(FromJson::from_json(key)?, FromJson::from_json(value)?);
        }
        Ok(read)
    }
}
