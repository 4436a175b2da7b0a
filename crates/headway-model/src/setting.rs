//! The settings of a recipe, as data. The check of a request, the page's form, the API's schema and the command
//! line's help are all made from it, and commands describe their settings in the same way.

mod check;
mod normal;
mod schema;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::serde_defaults::is_default;
use crate::read::FromJson;

pub use check::{WrongSetting, check, filled, identity, is_active};
pub use schema::schema;

/// Settings as a request gives them: values by name.
pub type Settings = Map<String, Value>;

/// One setting of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setting {
    /// Its name in requests.
    pub name: String,
    /// What it is called on the page, in a few words.
    pub label: String,
    /// What it does, in a sentence or two; empty if the label says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Which values it accepts.
    #[serde(flatten)]
    pub kind: SettingKind,
    /// The value if none is given; `None` if one must be given. Once released, a default never changes: a file counts
    /// as done only under the settings that it was processed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The setting counts only under this condition; otherwise it has its default, whatever value is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<OnlyIf>,
    /// Whether the setting was added after the recipe's release. At its default, such a setting does not count
    /// towards what a file was processed with, so that files processed before it existed stay done.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
}

/// Which values a setting accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettingKind {
    /// One of a few words.
    Choice {
        /// The words, each with its label.
        choices: Vec<(String, String)>,
    },
    /// On or off: `true` or `false`.
    Switch,
    /// A whole number.
    Number {
        /// The smallest value.
        least: i64,
        /// The largest value.
        most: i64,
        /// What it counts, such as `%` or `MiB`; empty if nothing.
        unit: String,
    },
    /// A text on one line.
    Text {
        /// Maximum length in bytes.
        longest: u32,
    },
    /// A file or folder of the library.
    Path {
        /// Whether a pattern with `*` and `?` is accepted too; it stands for all files that match.
        #[serde(default, skip_serializing_if = "is_default")]
        patterns: bool,
        /// The recipe whose jobs can be named instead, each by `@` and its id: what such a job made is meant.
        #[serde(default, skip_serializing_if = "is_default")]
        made_by: Option<String>,
    },
    /// A finished job, by its id, with or without `@` before it.
    Job {
        /// The recipe of the job.
        made_by: String,
    },
    /// A text with words in braces that are filled in for each file.
    Template {
        /// The words, each with its meaning.
        tokens: Vec<(String, String)>,
    },
}

/// A condition on another setting, which must come before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnlyIf {
    /// The other setting.
    pub setting: String,
    /// The values of the other setting under which this one counts.
    pub is: Vec<Value>,
}

impl OnlyIf {
    /// Whether the other setting has one of these values.
    pub fn holds(&self, settings: &Settings) -> bool {
        settings.get(&self.setting).is_some_and(|value| self.is.contains(value))
    }
}

/// Maximum length of a path in bytes, and of a text unless the recipe allows less: the longest path that Linux
/// accepts.
pub const TEXT_LIMIT: u32 = 4_096;

impl Setting {
    /// A choice; the first word is the default.
    pub fn choice(name: &str, label: &str, choices: &[(&str, &str)]) -> Self {
        let pairs =
            |all: &[(&str, &str)]| all.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect();
        let default = choices.first().map(|(word, _)| Value::from(*word));
        Setting { default, ..Setting::of(name, label, SettingKind::Choice { choices: pairs(choices) }) }
    }

    /// A switch.
    pub fn switch(name: &str, label: &str, default: bool) -> Self {
        Setting { default: Some(default.into()), ..Setting::of(name, label, SettingKind::Switch) }
    }

    /// A whole number; both ends of the range are accepted.
    pub fn number(name: &str, label: &str, default: i64, range: std::ops::RangeInclusive<i64>, unit: &str) -> Self {
        let kind = SettingKind::Number { least: *range.start(), most: *range.end(), unit: unit.into() };
        Setting { default: Some(default.into()), ..Setting::of(name, label, kind) }
    }

    /// A text that must be given.
    pub fn text(name: &str, label: &str) -> Self {
        Setting::of(name, label, SettingKind::Text { longest: TEXT_LIMIT })
    }

    /// A path that must be given.
    pub fn path(name: &str, label: &str) -> Self {
        Setting::of(name, label, SettingKind::Path { patterns: false, made_by: None })
    }

    /// A finished job of this recipe, which must be given.
    pub fn job(name: &str, label: &str, recipe: &str) -> Self {
        Setting::of(name, label, SettingKind::Job { made_by: recipe.to_owned() })
    }

    /// A template, with its words and their meanings.
    pub fn template(name: &str, label: &str, default: &str, tokens: &[(&str, &str)]) -> Self {
        let tokens = tokens.iter().map(|(word, meaning)| ((*word).to_owned(), (*meaning).to_owned())).collect();
        Setting { default: Some(default.into()), ..Setting::of(name, label, SettingKind::Template { tokens }) }
    }

    /// A setting of this kind that must be given.
    pub fn of(name: &str, label: &str, kind: SettingKind) -> Self {
        let (name, label) = (name.to_owned(), label.to_owned());
        Setting { name, label, help: String::new(), kind, default: None, only_if: None, late: false }
    }

    /// Adds a sentence that says what the setting does.
    pub fn help(self, help: &str) -> Self {
        Setting { help: help.into(), ..self }
    }

    /// Lets the setting count only if another one has one of these values.
    pub fn only_if<V: Into<Value>>(self, setting: &str, is: impl IntoIterator<Item = V>) -> Self {
        let is = is.into_iter().map(Into::into).collect();
        Setting { only_if: Some(OnlyIf { setting: setting.into(), is }), ..self }
    }

    /// Gives the setting this default.
    pub fn default(self, value: impl Into<Value>) -> Self {
        Setting { default: Some(value.into()), ..self }
    }

    /// Marks the setting as added after the recipe's release: see [`Setting::late`].
    pub fn late(self) -> Self {
        Setting { late: true, ..self }
    }

    /// Parses the text that a form or a command line gives: `80`, `on`, `sha256`. A text that cannot be parsed stays
    /// a text, and [`check`] says what is wrong with it.
    pub fn parse(&self, text: &str) -> Value {
        let text = text.trim();
        match (&self.kind, text) {
            (SettingKind::Number { .. }, number) => number.parse::<i64>().map_or_else(|_| number.into(), Into::into),
            (SettingKind::Switch, "on" | "true" | "yes") => true.into(),
            (SettingKind::Switch, "off" | "false" | "no") => false.into(),
            _ => text.into(),
        }
    }
}

impl SettingKind {
    /// What it accepts, in words: `a whole number from 1 to 100 %`.
    pub fn expects(&self) -> String {
        match self {
            SettingKind::Choice { choices } => {
                let words: Vec<_> = choices.iter().map(|(word, _)| word.as_str()).collect();
                format!("one of {}", words.join(", "))
            }
            SettingKind::Switch => "true or false".into(),
            SettingKind::Number { least, most, unit } => {
                let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
                format!("a whole number from {least} to {most}{unit}")
            }
            SettingKind::Text { longest } => format!("a text of 1 to {longest} bytes"),
            SettingKind::Path { patterns: false, .. } => "a path below the library's folder".into(),
            SettingKind::Path { patterns: true, .. } => {
                "a path below the library's folder, or a pattern for several".into()
            }
            SettingKind::Job { made_by } => {
                format!("the id of a finished job of {made_by} (run that recipe first if there is none)")
            }
            SettingKind::Template { tokens } => {
                let words: Vec<_> = tokens.iter().map(|(word, _)| format!("{{{word}}}")).collect();
                format!("a text of 1 to {TEXT_LIMIT} bytes, in which {} are filled in", words.join(", "))
            }
        }
    }
}
