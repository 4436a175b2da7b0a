//! Where a recipe's output goes, and the conditions it must meet.

use serde::{Deserialize, Serialize};

use super::path::RelPath;
use super::serde_defaults::{is_default, yes};
use crate::read::FromJson;

/// What happens to each item's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Where it goes.
    pub place: OutputPlace,
    /// Keep it only if it is smaller than the original by this many percent; 0 means by any amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smaller: Option<u8>,
    /// Which metadata it inherits from the original.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep: Keep,
    /// Whether to replace a file that has other hard links; only this name gets the output.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hard_links: bool,
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutputPlace {
    /// Beside the original, under a name made from a template: `{/.}.webp`.
    Beside {
        /// The template, with GNU parallel's tokens.
        name: String,
    },
    /// Below another folder of the library, mirroring the folder tree.
    Folder {
        /// The folder.
        path: RelPath,
        /// The template of the name; the original's name if omitted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// In the original's place; the original goes into the job's trash.
    Replace,
}

/// Which metadata an output inherits from the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Access and modification times.
    #[serde(default)]
    pub times: bool,
    /// Permissions and, where the server is allowed to set them, owner and group.
    #[serde(default = "yes")]
    pub permissions: bool,
    /// Extended attributes, including access control lists.
    #[serde(default)]
    pub xattrs: bool,
}

impl Output {
    /// An output at this place, with everything else at its default.
    pub fn to(place: OutputPlace) -> Self {
        Output { place, smaller: None, keep: Keep::default(), hard_links: false }
    }

    /// Whether the output replaces its original.
    pub fn replaces(&self) -> bool {
        self.place == OutputPlace::Replace
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
