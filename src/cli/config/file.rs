//! The section `[serve]` of `headway.toml`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, Command};
use headway_model::text::line_and_column;
use headway_server::{is_absent, named_file};
use serde::Deserialize;
use toml::{Spanned, Value};

/// Settings that name a file or folder; a relative one is below the folder of the file.
const PATHS: [&str; 4] = ["data", "token_file", "read_token_file", "site"];

/// The folders to serve, each as DIR or NAME=DIR.
const LIBRARIES: &str = "libraries";

/// The settings of `headway serve` in the file.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct ServeFile {
    /// The file, if there is one.
    pub(super) path: Option<PathBuf>,
    /// The settings by the names of their arguments.
    pub(super) settings: BTreeMap<String, FileSetting>,
}

/// A setting in the file.
#[derive(Debug, Clone)]
pub(super) struct FileSetting {
    /// The line of its value, from 1.
    pub(super) line: usize,
    /// Its value or values, as on a command line.
    pub(super) values: Vec<String>,
}

/// The file as far as it is read here; the commands are read elsewhere.
#[derive(Deserialize)]
struct Sections {
    #[serde(default)]
    serve: BTreeMap<String, Spanned<Value>>,
}

/// The file if none is named: the user's, or else the system's.
///
/// # Errors
/// If it cannot be determined whether there is one.
pub(in crate::cli) fn place() -> std::io::Result<Option<PathBuf>> {
    use etcetera::BaseStrategy;
    let user = etcetera::choose_base_strategy().ok().map(|folders| folders.config_dir().join("headway"));
    for folder in user.into_iter().chain(["/etc/headway".into()]) {
        let file = folder.join("headway.toml");
        match file.metadata() {
            Ok(_) => return Ok(Some(file)),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(std::io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
        }
    }
    Ok(None)
}

impl ServeFile {
    /// Reads the section of a file, whose settings are the long arguments of a command.
    ///
    /// # Errors
    /// Everything that is wrong with it, a line each.
    pub(in crate::cli) fn read(path: &Path, command: &Command) -> Result<Self, String> {
        let text = named_file::read_text(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let file: Sections = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let (mut settings, mut wrong) = (BTreeMap::new(), Vec::new());
        for (name, value) in file.serve {
            let (line, column) = line_and_column(&text, value.span().start);
            match read(path, command, &name, value.get_ref()) {
                Ok(values) => _ = settings.insert(name, FileSetting { line, values }),
                Err(why) => wrong.push(format!("{}:{line}:{column}: serve.{name}: {why}", path.display())),
            }
        }
        if wrong.is_empty() { Ok(ServeFile { path: Some(path.into()), settings }) } else { Err(wrong.join("\n")) }
    }

    /// The file with these settings alone.
    pub(in crate::cli) fn only(mut self, names: &[&str]) -> Self {
        self.settings.retain(|known, _| names.contains(&known.as_str()));
        self
    }

    /// Whether it has no settings.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The command, with the values of the file as its defaults. A setting that the command does not have is left out.
    pub(in crate::cli) fn as_defaults(&self, command: Command) -> Command {
        let known: Vec<_> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
        let settings = self.settings.iter().filter(|(name, _)| known.contains(name));
        settings.fold(command, |command, (name, setting)| {
            command.mut_arg(name, |argument| argument.required(false).default_values(setting.values.clone()))
        })
    }
}

/// The values of a setting, each checked by the parser of its argument.
fn read(path: &Path, command: &Command, name: &str, value: &Value) -> Result<Vec<String>, String> {
    let known: Vec<_> = command.get_arguments().filter(|argument| is_setting(argument)).collect();
    let Some(argument) = known.iter().find(|argument| argument.get_id() == name) else {
        let names: Vec<_> = known.iter().map(|argument| argument.get_id().as_str()).collect();
        return Err(format!("there is no such setting; there are {}", names.join(", ")));
    };
    let texts = match value {
        Value::Array(values) => values.iter().map(text).collect::<Option<Vec<_>>>(),
        value => text(value).map(|text| vec![text]),
    };
    let texts = texts.ok_or("a text, a number or a list of texts is needed")?;
    if texts.is_empty() || (texts.len() > 1 && !takes_list(argument)) {
        return Err(if takes_list(argument) { "the list is empty" } else { "one value is needed" }.into());
    }
    let texts: Vec<_> = texts.into_iter().map(|text| below(path, name, text)).collect();
    tried(argument, &texts).map(|()| texts)
}

/// Whether an argument is a setting: not the file itself, and not a call for help.
pub(super) fn is_setting(argument: &Arg) -> bool {
    argument.get_action().takes_values() && argument.get_id() != "config"
}

/// Whether a setting is a list.
pub(super) fn takes_list(argument: &Arg) -> bool {
    argument.is_positional() || matches!(argument.get_action(), clap::ArgAction::Append)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A relative path as one below the folder of the file; any other value as it is.
fn below(file: &Path, name: &str, text: String) -> String {
    let folder = file.parent().unwrap_or(Path::new(""));
    let joined = |path: &str| folder.join(path).to_string_lossy().into_owned();
    match text.split_once('=') {
        Some((library, path)) if name == LIBRARIES => format!("{library}={}", joined(path)),
        _ if name == LIBRARIES || PATHS.contains(&name) => joined(&text),
        _ => text,
    }
}

/// Whether the argument takes these values; the error is its own.
fn tried(argument: &Arg, values: &[String]) -> Result<(), String> {
    let command = Command::new("headway").no_binary_name(true).arg(argument.clone());
    let flag = argument.get_long().map(|long| format!("--{long}"));
    let words = values.iter().flat_map(|value| flag.iter().cloned().chain([value.clone()])).map(OsString::from);
    command.try_get_matches_from(words).map(|_| ()).map_err(|error| {
        let told = error.to_string();
        told.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}
