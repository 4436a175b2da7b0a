//! Selects items of a job: one filter for showing them, for acting on them, and for programs.

use serde::{Deserialize, Serialize};

use crate::item::StatusFilter;
use crate::read::FromJson;

/// Maximum number of items that a search by name returns.
pub const NAMED_LIMIT: usize = 10_000;

/// Selects the items that meet every condition that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ItemFilter {
    /// The label of their status; or `errors` for those that failed, or that were asked for and could not be processed; or `missed`
    /// for the latter and `left_out` for the others that were skipped.
    pub status: Option<StatusFilter>,
    /// The key of the cause of their failure, or of the reason for which they were skipped.
    pub cause: Option<String>,
    /// The lowest index.
    pub first: Option<u32>,
    /// The highest index.
    pub last: Option<u32>,
    /// A part of their path, or a pattern with `*` and `?` for the whole path or the whole name.
    pub name: Option<String>,
}

/// Items whose path matches, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
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
