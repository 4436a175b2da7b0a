//! The key of a row: its position in the order of a window.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::as_text::as_text;
use crate::path::RelPath;
use crate::read::FromJson;

/// A row's position in the order of its window, whether or not the row still exists. On the wire: `LEAF.VALUE.PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct RowKey {
    /// Whether it is anything but a folder.
    pub leaf: bool,
    /// The value it is sorted by; 0 for the order by name.
    pub value: i64,
    /// The row's path.
    pub path: RelPath,
}

/// The text is not a row key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid row position {0:?}; omit it to start at the first row")]
pub struct InvalidRowKey(String);

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", u8::from(self.leaf), self.value, self.path)
    }
}

impl FromStr for RowKey {
    type Err = InvalidRowKey;

    fn from_str(text: &str) -> Result<Self, InvalidRowKey> {
        let read = || {
            let (leaf, rest) = text.split_once('.')?;
            let (value, path) = rest.split_once('.')?;
            Some(RowKey { leaf: leaf == "1", value: value.parse().ok()?, path: path.parse().ok()? })
        };
        read().ok_or_else(|| InvalidRowKey(text.to_owned()))
    }
}

as_text!(RowKey);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_in_a_folder_survives_the_wire(leaf: bool, value: i64, name in "[a-z.%]{1,12}") {
            if let Ok(path) = RelPath::from_bytes(name.as_bytes()) {
                let key = RowKey { leaf, value, path };
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }
}
