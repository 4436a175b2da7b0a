//! A setting that a configured command declares, and the argument that its value becomes.

use serde::Deserialize;
use serde_json::Value;

use headway_model::Settings;
use headway_model::setting::{self, SettingKind};

/// A setting of a command. Its value replaces an argument that is exactly `{NAME}`. Without `choices`, `number` or
/// `switch` it is a text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandSetting {
    /// Its name.
    pub name: String,
    /// Its label on the page.
    pub label: Option<String>,
    /// What it does, in one sentence.
    #[serde(default)]
    pub help: String,
    /// The words to choose from; the first is the default, unless `default` names another.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The range of a whole number.
    pub number: Option<Range>,
    /// For a switch: the argument while it is on. While it is off, the argument is omitted.
    pub switch: Option<String>,
    /// The value if none is given. A text or number without one must be given; a switch without one is off.
    #[serde(alias = "usual")]
    pub default: Option<Value>,
}

/// The range of a number, both ends included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The smallest value.
    pub least: i64,
    /// The largest value.
    pub most: i64,
    /// What it counts, such as `%`.
    #[serde(default)]
    pub unit: String,
}

impl CommandSetting {
    /// The setting in the form that recipes use.
    pub(in crate::command) fn described(&self) -> headway_model::Setting {
        use headway_model::Setting as Described;
        let (name, label) = (self.name.as_str(), self.label.as_deref().unwrap_or(&self.name));
        let described = match (&self.number, &self.switch) {
            (Some(Range { least, most, unit }), _) => {
                Described::of(name, label, SettingKind::Number { least: *least, most: *most, unit: unit.clone() })
            }
            (None, Some(_)) => Described::switch(name, label, false),
            (None, None) if self.choices.is_empty() => Described::text(name, label),
            (None, None) => {
                let words: Vec<_> = self.choices.iter().map(|word| (word.as_str(), word.as_str())).collect();
                Described::choice(name, label, &words)
            }
        };
        // An empty default counts as no default.
        let default = self.default.clone().filter(|value| *value != "").or_else(|| described.default.clone());
        Described { default, ..described }.help(&self.help)
    }

    /// Whether a person writes the argument as a text.
    pub(in crate::command) fn is_text(&self) -> bool {
        self.choices.is_empty() && self.number.is_none() && self.switch.is_none()
    }

    /// The argument for a value; `None` if the argument is omitted.
    pub(in crate::command) fn argument(&self, value: Option<&Value>) -> Option<String> {
        match (value, &self.switch) {
            (Some(Value::Bool(on)), Some(argument)) => on.then(|| argument.clone()),
            (Some(Value::String(text)), _) => Some(text.clone()),
            (Some(value), _) => Some(value.to_string()),
            (None, _) => Some(String::new()),
        }
    }

    /// What is wrong with its configuration.
    pub(super) fn wrong(&self) -> Option<String> {
        let kinds = [!self.choices.is_empty(), self.number.is_some(), self.switch.is_some()]
            .into_iter()
            .filter(|is| *is)
            .count();
        if kinds > 1 {
            return Some(format!("setting {:?} has more than one of `choices`, `number` and `switch`", self.name));
        }
        if self.number.as_ref().is_some_and(|range| range.least > range.most) {
            return Some(format!("the range of setting {:?} is empty", self.name));
        }
        if self.switch.as_ref().is_some_and(String::is_empty) {
            return Some(format!("setting {:?} is a switch without an argument", self.name));
        }
        let described = self.described();
        let given = described.default.clone().map(|value| (self.name.clone(), value))?;
        let wrong = setting::check(&[described], &Settings::from_iter([given])).err()?;
        Some(format!("its default does not fit: {}", wrong.first()?.reason))
    }
}
