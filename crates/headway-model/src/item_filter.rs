//! Which of a job's items are meant: one filter for seeing them, for acting on them, and for programs.

use serde::{Deserialize, Serialize};

/// The most items that a search for names tells.
pub const NAMED_LIMIT: usize = 10_000;

/// Each part that is given leaves fewer items.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ItemFilter {
    /// The label of their status.
    pub status: Option<String>,
    /// The key of the cause of their failure.
    pub cause: Option<String>,
    /// The first of them in the plan's order, by its index.
    pub first: Option<u32>,
    /// The last of them.
    pub last: Option<u32>,
    /// A part of their path, or a pattern with `*` and `?` for the whole path or the whole name.
    pub name: Option<String>,
}

/// Items whose path matches, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MatchingItems {
    /// The items; at most [`NAMED_LIMIT`].
    pub items: Vec<u32>,
    /// How many more match.
    pub more: u32,
}

impl MatchingItems {
    /// Adds the next item that matches.
    pub fn add(&mut self, item: u32) {
        if self.items.len() < NAMED_LIMIT {
            self.items.push(item);
        } else {
            self.more += 1;
        }
    }
}
