//! command: any program, once per file, without a shell. Named ones are defined by the operator in `headway.toml`; one that is
//! typed on the page is off unless the operator turns it on.

mod capture;
mod config;
mod shell;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use config::{CommandConfig, ConfigFile, ExitCodes, read_config};

use super::{Binding, Obstacle, Recipe, Setting, Settings, ShellFile, Unable, Work, WrongSetting};
use headway_files::template::{Template, Token};
use headway_files::{Found, Library};
use headway_model::policy::OnInterrupt;
use headway_model::summary::RecipeInfo;
use headway_model::{Output, Place, StartJob, setting};
use work::Bound;

/// The recipe of a command that is typed.
const TYPED: &str = "command";

/// A named command.
pub struct Command {
    config: CommandConfig,
}

/// A command that is typed.
pub struct AdHocCommand;

impl Command {
    /// The recipe of a named command.
    pub fn new(config: CommandConfig) -> Self {
        Command { config }
    }
}

impl Recipe for Command {
    fn info(&self) -> RecipeInfo {
        let config = &self.config;
        RecipeInfo {
            name: config.name.clone(),
            summary: config.summary.clone().unwrap_or_else(|| format!("Runs {} on every file.", config.run[0])),
            settings: config.setting.iter().map(config::Setting::described).collect(),
            output: output_of(&config.run, config.output.as_ref()),
            hidden: false,
        }
    }

    fn is_repeatable(&self) -> bool {
        self.config.repeatable
    }

    fn identity(&self) -> String {
        self.config.identity()
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        let settings = setting::check(&self.info().settings, given)?;
        let is_option = |setting: &&config::Setting| {
            let text = settings.get(&setting.name).and_then(|value| value.as_str()).unwrap_or_default();
            setting.is_text() && text.starts_with('-')
        };
        let texts = self.config.setting.iter().filter(is_option);
        let wrong: Vec<_> = texts.map(|setting| WrongSetting::new(&setting.name, "may not begin with -")).collect();
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

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(Bound::new(&self.config, job)?))
    }
}

impl Recipe for AdHocCommand {
    fn info(&self) -> RecipeInfo {
        RecipeInfo {
            name: TYPED.into(),
            summary: "Runs a program on every file: {} is the file, {out} where its output is to be written.".into(),
            settings: vec![
                Setting::text("run", "Command")
                    .help("As in a shell, with quotation marks; nothing else of a shell is read."),
            ],
            // What it is replaced by, if the command has no output at all, is nothing.
            output: Some(Output::to(Place::Beside { name: "{/.}.out".into() })),
            hidden: false,
        }
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn on_interrupt(&self) -> OnInterrupt {
        OnInterrupt::Ask
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        let settings = setting::check(&self.info().settings, given)?;
        words(&settings).map_err(|wrong| vec![WrongSetting::new("run", &format!("is no command: {wrong}"))])?;
        Ok(settings)
    }

    fn obstacle(&self, request: &StartJob, _: &Library) -> Option<Obstacle> {
        let text = match words(&request.settings) {
            Ok(words) => missing(&CommandConfig::of(TYPED, words))?,
            Err(wrong) => wrong,
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

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let config = CommandConfig::of(TYPED, words(&job.request.settings)?);
        Ok(Box::new(Bound::new(&config, job)?))
    }
}

/// The words of a typed command, quoted as in a shell; nothing else of a shell is understood.
fn words(settings: &Settings) -> Result<Vec<String>, String> {
    let text = settings.get("run").and_then(|value| value.as_str()).unwrap_or_default();
    let words = shlex::split(text).ok_or("the command has a quotation mark that is not closed")?;
    if words.is_empty() { Err("the command is empty".into()) } else { Ok(words) }
}

/// Whether a command writes an output, and where that goes unless the request says otherwise.
fn output_of(run: &[String], default: Option<&Output>) -> Option<Output> {
    let writes = run.iter().any(|word| Template::new(word).tokens().any(|token| token == Token::Out));
    writes.then(|| default.cloned().unwrap_or_else(|| Output::to(Place::Replace)))
}

/// The environment of every command: clean, and said.
fn environment(more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    const KEPT: [&str; 8] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "TZ"];
    let mut all: BTreeMap<_, _> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
    all.entry("PATH".into()).or_insert_with(|| "/usr/local/bin:/usr/bin:/bin".into());
    all.entry("LANG".into()).or_insert_with(|| "C.UTF-8".into());
    all.extend(more.clone());
    all
}

/// The path of a program: as given, or found in one of `folders`, which are those of `PATH`.
fn program(name: &str, folders: &str) -> Result<PathBuf, Unable> {
    if name.contains('/') {
        let path = PathBuf::from(name);
        return match path.is_absolute() && runs(&path)? {
            true => Ok(path),
            false => Err(format!("{name:?} is no program on the server; give its name, or its whole path").into()),
        };
    }
    let mut unknown = None;
    for path in folders.split(':').map(|folder| PathBuf::from(folder).join(name)) {
        match runs(&path) {
            Ok(true) => return Ok(path),
            Ok(false) => {}
            // It may lie in another folder.
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    Err(unknown.unwrap_or_else(|| {
        // Where it was looked for is for whoever runs the server, and for nobody who sees its pages.
        tracing::warn!(program = name, path = folders, "a program is not there");
        format!("there is no program called {name:?} on the server; install it, or give its whole path").into()
    }))
}

/// What is wrong with the programs of a command, as the server is now. What the environment keeps from being known is no fault of
/// the request.
fn missing(config: &CommandConfig) -> Option<String> {
    let all = environment(&config.environment);
    let path = all.get("PATH").map(String::as_str).unwrap_or_default();
    let first = [config.run.first(), config.verify.first()].into_iter().flatten();
    first.map(|name| program(name, path)).find_map(|found| match found {
        Err(Unable::Failed(text)) => Some(text),
        Err(Unable::Environment(_)) | Ok(_) => None,
    })
}

/// Whether there is a program at this path.
fn runs(path: &Path) -> Result<bool, Unable> {
    use std::os::unix::fs::PermissionsExt;
    let found = Found::of(path.metadata()).known();
    let found =
        found.map_err(|error| headway_files::unable(&format!("looking at the program {}", path.display()), &error))?;
    Ok(found.is_some_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0))
}
