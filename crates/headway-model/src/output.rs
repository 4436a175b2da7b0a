//! Where a recipe's output goes, and what must hold of it before it goes there.

use serde::{Deserialize, Serialize};

use super::path::RelPath;
use super::serde_defaults::{is_default, yes};

/// What becomes of the output of each item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Where it goes.
    pub place: Place,
    /// Keep it only if it is smaller than the original by this many percent; 0 is "smaller at all".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smaller: Option<u8>,
    /// What it takes over from the original.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep: Keep,
    /// Whether a file with other hard links is replaced: only this name of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hard_links: bool,
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Place {
    /// Beside the original, under a name made from a template: `{/.}.webp`.
    Beside {
        /// The template, with GNU parallel's tokens.
        name: String,
    },
    /// Below another folder of the library, in the same tree of folders.
    Folder {
        /// The folder.
        path: RelPath,
        /// The template of the name; that of the original if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// In the original's place; the original goes into the job's trash.
    Replace,
}

/// What an output takes over from the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// When it was last read and changed.
    #[serde(default)]
    pub times: bool,
    /// Who may do what with it, and, where the server may do that, whose it is.
    #[serde(default = "yes")]
    pub permissions: bool,
    /// Extended attributes, access lists among them.
    #[serde(default)]
    pub xattrs: bool,
}

impl Output {
    /// The output goes there, with nothing else said.
    pub fn to(place: Place) -> Self {
        Output { place, smaller: None, keep: Keep::default(), hard_links: false }
    }

    /// Whether it takes the place of the file it is made of.
    pub fn replaces(&self) -> bool {
        self.place == Place::Replace
    }
}

impl Default for Keep {
    fn default() -> Self {
        Keep { times: false, permissions: true, xattrs: false }
    }
}

impl Keep {
    /// Nothing.
    pub const NONE: Keep = Keep { times: false, permissions: false, xattrs: false };

    /// Everything.
    pub const ALL: Keep = Keep { times: true, permissions: true, xattrs: true };
}
