//! command: any program, once per file, without a shell. The operator defines named commands in `headway.toml`.
//! Commands typed on the page are off unless the operator turns them on.

mod argv;
mod capture;
mod complaint;
mod config;
mod presets;
mod scratch;
mod shell;
mod start_failures;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use config::{CommandConfig, ConfigError, ConfigFile, ExitCodes, read_config};
pub use presets::presets;

use super::{Binding, Effect, Obstacle, Recipe, Setting, Settings, ShellFile, Unable, Work, WrongSetting};
use headway_files::template::{Template, Token};
use headway_files::{Found, Library};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, Output, OutputPlace, RelPath, StartJob, setting};
use work::CommandWork;

/// The name of the recipe for typed commands.
const TYPED: &str = BuiltIn::Command.name();

/// The recipe of a named command.
pub struct NamedCommand {
    config: CommandConfig,
    is_hidden: bool,
}

/// The recipe for typed commands.
pub struct AdHocCommand;

impl NamedCommand {
    /// The recipe of a named command.
    pub fn new(config: CommandConfig) -> Self {
        NamedCommand { config, is_hidden: false }
    }

    /// The recipe of a command that comes with Headway: hidden if its programs are not installed now. Blocking.
    fn preset(config: CommandConfig) -> Self {
        NamedCommand { is_hidden: !is_installed(&config), config }
    }
}

impl Recipe for NamedCommand {
    fn info(&self) -> RecipeInfo {
        let config = &self.config;
        RecipeInfo {
            name: config.name.clone(),
            summary: config.summary.clone().unwrap_or_else(|| format!("Runs {} on every file.", config.run[0])),
            settings: config.setting.iter().map(config::CommandSetting::described).collect(),
            output: output_of(&config.run, config.output.as_ref()),
            output_if: None,
            to_files: to_files(config),
            hidden: self.is_hidden,
        }
    }

    fn effect(&self) -> Effect {
        if self.config.repeatable { Effect::READS } else { Effect::ACTS }
    }

    fn identity(&self) -> String {
        self.config.identity()
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        let settings = setting::check(&self.info().settings, given)?;
        let is_option = |setting: &&config::CommandSetting| {
            let text = settings.get(&setting.name).and_then(|value| value.as_str()).unwrap_or_default();
            setting.is_text() && text.starts_with('-')
        };
        let texts = self.config.setting.iter().filter(is_option);
        let wrong: Vec<_> = texts.map(|setting| WrongSetting::new(&setting.name, "must not begin with -")).collect();
        if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
    }

    fn obstacle(&self, _: &StartJob, _: &Library) -> Option<Obstacle> {
        missing(&self.config).map(|text| Obstacle { setting: None, text })
    }

    fn runs_programs(&self) -> bool {
        true
    }

    fn shell_words(&self, request: &StartJob, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
        shell::words(&self.config, &request.settings, file)
    }

    fn run_words(&self, request: &StartJob, file: &ShellFile<'_>, out: Option<&RelPath>) -> Option<Vec<Vec<u8>>> {
        Some(shell::run_words(&self.config, &request.settings, file, out))
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(CommandWork::new(&self.config, job)?))
    }
}

impl Recipe for AdHocCommand {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: TYPED.into(),
            summary: "Runs a program on every file: {} is the file, {out} where its output is to be written.".into(),
            settings: vec![
                Setting::text("run", "Command")
                    .help("Quotation marks work as in a shell; other features of a shell do not."),
            ],
            // Ignored if the command has no output.
            output: Some(Output::to(OutputPlace::Beside { name: "{/.}.out".into() })),
            output_if: None,
            to_files: "What you type decides that.".into(),
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::ACTS
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        let settings = setting::check(&self.info().settings, given)?;
        words(&settings).map_err(|wrong| vec![WrongSetting::new("run", &format!("invalid command: {wrong}"))])?;
        Ok(settings)
    }

    fn obstacle(&self, request: &StartJob, _: &Library) -> Option<Obstacle> {
        let text = match words(&request.settings) {
            Ok(words) => missing(&CommandConfig::of(TYPED, words))?,
            Err(wrong) => wrong.to_string(),
        };
        Some(Obstacle { setting: Some("run"), text })
    }

    fn runs_programs(&self) -> bool {
        true
    }

    fn shell_words(&self, request: &StartJob, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
        match words(&request.settings) {
            Ok(words) => shell::words(&CommandConfig::of(TYPED, words), &request.settings, file),
            Err(_) => file.by_headway(request),
        }
    }

    fn run_words(&self, request: &StartJob, file: &ShellFile<'_>, out: Option<&RelPath>) -> Option<Vec<Vec<u8>>> {
        let words = words(&request.settings).ok()?;
        Some(shell::run_words(&CommandConfig::of(TYPED, words), &request.settings, file, out))
    }

    fn output_for(&self, request: &StartJob, _: &RelPath) -> Option<Output> {
        let words = words(&request.settings).ok()?;
        request.output.clone().filter(|_| output_of(&words, None).is_some())
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let config = CommandConfig::of(TYPED, words(&job.request.settings)?);
        Ok(Box::new(CommandWork::new(&config, job)?))
    }
}

/// A typed command that cannot be run.
#[derive(Debug, thiserror::Error)]
enum NoCommand {
    #[error("the command has a quotation mark that is not closed")]
    OpenQuotation,
    #[error("the command is empty")]
    Empty,
}

impl From<NoCommand> for Unable {
    fn from(error: NoCommand) -> Self {
        Unable::Failed(error.to_string())
    }
}

/// Splits a typed command into words. Quoting works as in a shell; no other feature of a shell is supported.
fn words(settings: &Settings) -> Result<Vec<String>, NoCommand> {
    let text = settings.get("run").and_then(|value| value.as_str()).unwrap_or_default();
    let words = shlex::split(text).ok_or(NoCommand::OpenQuotation)?;
    if words.is_empty() { Err(NoCommand::Empty) } else { Ok(words) }
}

/// What a named command does to the files, as far as its configuration says.
fn to_files(config: &CommandConfig) -> String {
    let text = match (output_of(&config.run, None), config.repeatable) {
        (Some(_), _) => "",
        (None, true) => "The files are only read.",
        (None, false) => "The program gets each file, and can change it.",
    };
    text.to_owned()
}

/// Whether a command writes an output, and where that goes unless the request says otherwise.
fn output_of(run: &[String], default: Option<&Output>) -> Option<Output> {
    let writes = run.iter().any(|word| Template::new(word).tokens().any(|token| token == Token::Out));
    writes.then(|| default.cloned().unwrap_or_else(|| Output::to(OutputPlace::Replace)))
}

/// The environment of every command: clean, with explicit variables only.
fn environment(more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    const KEPT: [&str; 8] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "TZ"];
    let mut all: BTreeMap<_, _> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
    all.entry("PATH".into()).or_insert_with(|| "/usr/local/bin:/usr/bin:/bin".into());
    all.entry("LANG".into()).or_insert_with(|| "C.UTF-8".into());
    all.extend(more.clone());
    all
}

/// The path of a program: as given, or found in one of `folders`, which has the syntax of `PATH`.
fn program(name: &str, folders: &str) -> Result<PathBuf, Unable> {
    if name.contains('/') {
        let path = PathBuf::from(name);
        return match path.is_absolute() && runs(&path)? {
            true => Ok(path),
            false => Err(format!("{name:?} is not a program; give its name, or its absolute path").into()),
        };
    }
    let mut unknown = None;
    for path in folders.split(':').map(|folder| PathBuf::from(folder).join(name)) {
        match runs(&path) {
            Ok(true) => return Ok(path),
            Ok(false) => {}
            // The program might be in another folder.
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    Err(unknown.unwrap_or_else(|| {
        // The log says where the program was looked for; users of the pages do not learn that.
        tracing::info!(program = name, path = folders, "a program is not there");
        format!("there is no program called {name:?}; install it, or give its absolute path").into()
    }))
}

/// What is wrong with the programs of a command now. If the environment keeps the programs from being inspected, the
/// request is not to blame.
fn missing(config: &CommandConfig) -> Option<String> {
    let all = environment(&config.environment);
    let path = all.get("PATH").map(String::as_str).unwrap_or_default();
    let first = [config.run.first(), config.verify.first()].into_iter().flatten();
    first.map(|name| program(name, path)).find_map(|found| match found {
        Err(Unable::Failed(text)) => Some(text),
        Err(Unable::Environment(_) | Unable::Call(..)) | Ok(_) => None,
    })
}

/// Whether the programs of a command are in a folder of `PATH`, as far as that can be seen. Logs nothing if they are
/// not.
fn is_installed(config: &CommandConfig) -> bool {
    let all = environment(&config.environment);
    let folders = all.get("PATH").map(String::as_str).unwrap_or_default();
    let is_there =
        |name: &String| folders.split(':').any(|folder| matches!(runs(&PathBuf::from(folder).join(name)), Ok(true)));
    [config.run.first(), config.verify.first()].into_iter().flatten().all(is_there)
}

/// Whether there is an executable program at this path.
fn runs(path: &Path) -> Result<bool, Unable> {
    use std::os::unix::fs::PermissionsExt;
    let found = Found::of(path.metadata()).known();
    let found =
        found.map_err(|error| headway_files::unable(&format!("looking at the program {}", path.display()), &error))?;
    Ok(found.is_some_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0))
}
