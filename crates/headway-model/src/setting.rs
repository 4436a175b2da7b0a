//! The settings of a recipe, as data. From it come the check of a request, the page's form, the API's schema and the command
//! line's help, and commands describe their settings in the same words.

mod check;
mod schema;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::serde_defaults::is_default;

pub use check::{WrongSetting, check, filled, identity, is_active};
pub use schema::schema;

/// Settings as a request gives them: values by name.
pub type Settings = Map<String, Value>;

/// One setting of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setting {
    /// Its name in requests.
    pub name: String,
    /// What it is called on the page, in a few words.
    pub label: String,
    /// What it does, in a sentence or two; empty if the label says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Which values it takes.
    #[serde(flatten)]
    pub kind: SettingKind,
    /// The value that holds if none is given; `None` if one must be given. A default never changes once it was released: files are known
    /// to be done by the settings that they were done with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The setting counts only under this condition; otherwise it has its default, whatever is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<OnlyIf>,
    /// Whether the recipe was released without it. At its default such a setting is no part of what a file was done with, so that files
    /// that were done before stay done.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
}

/// Which values a setting takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        /// The smallest that is taken.
        least: i64,
        /// The largest that is taken.
        most: i64,
        /// What it counts, such as `%` or `MiB`; empty if nothing.
        unit: String,
    },
    /// A text in one line.
    Text {
        /// How many bytes it has at most.
        longest: u32,
    },
    /// A file or folder of the library.
    Path {
        /// Whether a pattern with `*` and `?` is taken too, which stands for all files that it fits.
        #[serde(default, skip_serializing_if = "is_default")]
        patterns: bool,
    },
    /// A text with words in braces that are filled in for each file.
    Template {
        /// The words, each with its meaning.
        tokens: Vec<(String, String)>,
    },
}

/// A condition on another setting, which stands before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnlyIf {
    /// The other setting.
    pub setting: String,
    /// The values of it under which this one counts.
    pub is: Vec<Value>,
}

/// The most bytes of a path, and of a text unless the recipe allows fewer: as many as a path can have.
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

    /// A whole number; both ends of the range are taken.
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
        Setting::of(name, label, SettingKind::Path { patterns: false })
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

    /// The same with a sentence that says what it does.
    pub fn help(self, help: &str) -> Self {
        Setting { help: help.into(), ..self }
    }

    /// The same, but it counts only if another setting has one of these values.
    pub fn only_if<V: Into<Value>>(self, setting: &str, is: impl IntoIterator<Item = V>) -> Self {
        let is = is.into_iter().map(Into::into).collect();
        Setting { only_if: Some(OnlyIf { setting: setting.into(), is }), ..self }
    }

    /// The same with this default.
    pub fn default(self, value: impl Into<Value>) -> Self {
        Setting { default: Some(value.into()), ..self }
    }

    /// The same, for a recipe that was released without it.
    pub fn late(self) -> Self {
        Setting { late: true, ..self }
    }

    /// The value that a text stands for, as a form or a command line gives it: `80`, `on`, `sha256`. What cannot be read stays a text,
    /// and [`check`] says what is wrong with it.
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
    /// What it takes, in words: `a whole number from 1 to 100 %`.
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
            SettingKind::Path { patterns: false } => "a path below the library's folder".into(),
            SettingKind::Path { patterns: true } => {
                "a path below the library's folder, or a pattern for several".into()
            }
            SettingKind::Template { tokens } => {
                let words: Vec<_> = tokens.iter().map(|(word, _)| format!("{{{word}}}")).collect();
                format!("a text of 1 to {TEXT_LIMIT} bytes, in which {} are filled in", words.join(", "))
            }
        }
    }
}
