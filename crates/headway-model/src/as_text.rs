//! Types that are one text in JSON.

/// Lets these types be read by `FromStr` and written by `Display`, for `#[serde(try_from = "String", into = "String")]`.
macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = <$name as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}

pub(crate) use as_text;
