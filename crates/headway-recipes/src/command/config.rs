//! `headway.toml`: the commands that the operator defines.

mod setting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use headway_files::template::{Template, Token};
use headway_model::Output;
pub(super) use setting::CommandSetting;

/// The content of `headway.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Whether commands may be typed on the page.
    #[serde(default)]
    pub allow_commands: bool,
    /// The named commands.
    #[serde(default)]
    pub command: Vec<CommandConfig>,
    /// The settings of the server, which the program itself reads.
    #[serde(default)]
    pub serve: toml::Table,
    /// The webhooks, which their own crate reads.
    #[serde(default)]
    pub webhook: Vec<toml::Table>,
    /// The schedules, which their own crate reads.
    #[serde(default)]
    pub schedule: Vec<toml::Table>,
    /// The watched folders, which the crate of the schedules reads.
    #[serde(default)]
    pub watch: Vec<toml::Table>,
    /// The line of each command, from 1.
    #[serde(skip)]
    lines: Vec<usize>,
}

impl ConfigFile {
    /// Where a command stands, for a person: `PATH:LINE`.
    pub fn line_of(&self, path: &Path, command: usize) -> String {
        let line = self.lines.get(command).map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}", path.display())
    }
}

/// The commands of a file, each with its place in the text.
#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    command: Vec<toml::Spanned<toml::Table>>,
}

/// A named command.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// What it does, in one sentence.
    pub summary: Option<String>,
    /// The program and its arguments, with tokens.
    pub run: Vec<String>,
    /// Where its output goes unless the request says otherwise.
    pub output: Option<Output>,
    /// A program that must succeed on a finished output before it goes anywhere.
    #[serde(default)]
    pub verify: Vec<String>,
    /// Whether an empty output can be correct.
    #[serde(default)]
    pub empty_output: bool,
    /// What exit codes mean.
    #[serde(default)]
    pub exit: ExitCodes,
    /// Whether it only reads, so that it can simply be run again.
    #[serde(default)]
    pub repeatable: bool,
    /// Its working directory; the library's root if omitted.
    pub directory: Option<PathBuf>,
    /// Additional environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Its niceness, as in nice(1).
    pub nice: Option<u8>,
    /// Whether it uses the disk only when nobody else does, as with `ionice -c 3`.
    #[serde(default)]
    pub idle_io: bool,
    /// How long it has to end after TERM, in seconds.
    #[serde(default = "five")]
    pub grace: u32,
    /// How much of its output is kept, in KiB: this much of the beginning, and as much of the end.
    #[serde(default = "sixty_four")]
    pub output_limit: u32,
    /// Settings that a person can choose.
    #[serde(default)]
    pub setting: Vec<CommandSetting>,
}

/// The meaning of exit codes. Any other code is a failure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitCodes {
    /// Success.
    #[serde(default = "zero")]
    pub ok: Vec<i32>,
    /// There was nothing to do.
    #[serde(default = "three")]
    pub skipped: Vec<i32>,
    /// A failure that can pass, so that the item is retried.
    #[serde(default = "seventy_five")]
    pub retry: Vec<i32>,
}

impl Default for ExitCodes {
    fn default() -> Self {
        ExitCodes { ok: zero(), skipped: three(), retry: seventy_five() }
    }
}

impl CommandConfig {
    /// Everything that determines what happens to a file, as a text.
    pub(super) fn identity(&self) -> String {
        let exit = &self.exit;
        let parts = (&self.run, &self.verify, &self.environment, &self.directory, (&exit.ok, &exit.skipped));
        let mut parts = serde_json::to_string(&parts).expect("every key is a text, so it is JSON");
        for setting in &self.setting {
            if let Some(argument) = &setting.switch {
                parts.push_str(&format!("{:?} {argument:?}", setting.name));
            }
        }
        parts
    }

    /// A command with everything else at its default.
    pub fn of(name: &str, run: Vec<String>) -> Self {
        CommandConfig {
            name: name.to_owned(),
            summary: None,
            run,
            output: None,
            verify: Vec::new(),
            empty_output: false,
            exit: ExitCodes::default(),
            repeatable: false,
            directory: None,
            environment: BTreeMap::new(),
            nice: None,
            idle_io: false,
            grace: five(),
            output_limit: sixty_four(),
            setting: Vec::new(),
        }
    }

    /// Everything that is wrong with it.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let plain = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if !plain(&self.name) {
            wrong.push("its name must be of letters, digits, - and _".to_owned());
        }
        if self.run.first().is_none_or(String::is_empty) {
            wrong.push("`run` must begin with a program".to_owned());
        }
        let whole = |name: &str| self.run.iter().any(|word| *word == format!("{{{name}}}"));
        for setting in &self.setting {
            wrong.extend(setting.wrong());
            if !plain(&setting.name) || matches!(setting.name.as_str(), "out" | "tmp") {
                wrong.push(format!("a setting cannot be called {:?}", setting.name));
            } else if !whole(&setting.name) {
                wrong.push(format!("setting {:?} must fill a whole argument: {{{}}}", setting.name, setting.name));
            }
            let inside =
                |word: &&String| word.contains(&format!("{{{}}}", setting.name)) && word.len() > setting.name.len() + 2;
            if let Some(word) = self.run.iter().find(inside) {
                wrong.push(format!("setting {:?} must be an argument alone, not in {word:?}", setting.name));
            }
        }
        let has_out = self.run.iter().any(|word| Template::new(word).tokens().any(|token| token == Token::Out));
        if self.output.is_some() && !has_out {
            wrong.push("it has an `output`, but `run` has no {out}".to_owned());
        }
        if self.empty_output && !has_out {
            wrong.push("it has `empty_output`, but `run` has no {out}".to_owned());
        }
        if self.nice.is_some_and(|nice| nice > 19) {
            wrong.push("`nice` is 0 to 19".to_owned());
        }
        wrong
    }
}

/// Why a file of commands cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// It is not valid TOML, or has unknown fields.
    #[error("{}: {error}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        error: Box<toml::de::Error>,
    },
    /// Commands in it are wrong.
    #[error("{}", reasons.join("\n"))]
    Commands {
        /// Everything that is wrong, each in a sentence after the file and the line of the command.
        reasons: Vec<String>,
    },
}

/// Reads a file of commands. Blocking.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_config(path: &Path) -> Result<ConfigFile, ConfigError> {
    let owned = || path.to_owned();
    let text =
        headway_files::named_file::read_text(path).map_err(|error| ConfigError::Unreadable { path: owned(), error })?;
    let syntax = |error| ConfigError::Syntax { path: owned(), error: Box::new(error) };
    let mut file: ConfigFile = toml::from_str(&text).map_err(syntax)?;
    let places: Places = toml::from_str(&text).map_err(syntax)?;
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    file.lines = places.command.iter().map(|command| line(command.span().start)).collect();
    let mut wrong = Vec::new();
    for (at, command) in file.command.iter().enumerate() {
        let place = file.line_of(path, at);
        let own = command.wrong().into_iter().map(|reason| format!("{place}: command {:?}: {reason}", command.name));
        wrong.extend(own);
        if file.command[..at].iter().any(|other| other.name == command.name) {
            wrong.push(format!("{place}: two commands are called {:?}", command.name));
        }
    }
    if wrong.is_empty() { Ok(file) } else { Err(ConfigError::Commands { reasons: wrong }) }
}

fn five() -> u32 {
    5
}

fn sixty_four() -> u32 {
    64
}

fn zero() -> Vec<i32> {
    vec![0]
}

fn three() -> Vec<i32> {
    vec![3]
}

fn seventy_five() -> Vec<i32> {
    vec![75]
}
