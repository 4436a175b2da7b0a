//! The settings of `headway serve` as they are, with where each comes from.

use std::fmt;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::file::{ServeFile, is_setting, takes_list};
use headway_server::config::StoreAddress;

/// A setting as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct ServeSetting {
    pub(in crate::cli) name: String,
    pub(in crate::cli) values: Vec<String>,
    takes_list: bool,
    pub(in crate::cli) source: SettingSource,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum SettingSource {
    /// Nobody gave it, and it has no default.
    Unset,
    /// Headway's default.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable.
    Variable(String),
    /// The command line.
    Argument(String),
}

impl fmt::Display for SettingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingSource::Unset => f.write_str("not set"),
            SettingSource::Default => f.write_str("default"),
            SettingSource::File(path, line) => write!(f, "{}:{line}", path.display()),
            SettingSource::Variable(name) | SettingSource::Argument(name) => f.write_str(name),
        }
    }
}

impl ServeSetting {
    /// The setting as a line of the file; as a remark if it has no value.
    pub(super) fn line(&self) -> String {
        let value = |text: &String| match text.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => toml::Value::from(text.as_str()).to_string(),
        };
        let name = &self.name;
        match self.values.as_slice() {
            [] => format!("# {name} ="),
            [one] if !self.takes_list => format!("{name} = {}", value(one)),
            all => {
                let all: Vec<_> = all.iter().map(|text| toml::Value::from(text.as_str()).to_string()).collect();
                format!("{name} = [{}]", all.join(", "))
            }
        }
    }
}

/// Every setting that people give, in the order of the help.
pub(in crate::cli) fn settings(command: &Command, matches: &ArgMatches, file: &ServeFile) -> Vec<ServeSetting> {
    let shown = command.get_arguments().filter(|argument| is_setting(argument) && !argument.is_hide_set());
    shown.map(|argument| setting(argument, matches, file)).collect()
}

fn setting(argument: &Arg, matches: &ArgMatches, file: &ServeFile) -> ServeSetting {
    let name = argument.get_id().as_str();
    let raw = matches.get_raw(name).into_iter().flatten();
    let variable = || argument.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let flag = || argument.get_long().map_or_else(|| "argument".into(), |long| format!("--{long}"));
    let source = match (matches.value_source(name), file.settings.get(name), &file.path) {
        (Some(ValueSource::CommandLine), ..) => SettingSource::Argument(flag()),
        (Some(ValueSource::EnvVariable), ..) => SettingSource::Variable(variable()),
        (Some(_), Some(setting), Some(path)) => SettingSource::File(path.clone(), setting.line),
        (Some(_), ..) => SettingSource::Default,
        (None, ..) => SettingSource::Unset,
    };
    ServeSetting {
        name: name.into(),
        values: raw.map(|value| shown(name, &value.to_string_lossy())).collect(),
        takes_list: takes_list(argument),
        source,
    }
}

/// The value of a setting for everybody's eyes: the address of a database has no password.
fn shown(name: &str, value: &str) -> String {
    if name == "store" { StoreAddress::from(value).to_string() } else { value.to_owned() }
}
