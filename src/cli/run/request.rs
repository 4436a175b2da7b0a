//! Turns a command line into the request that starts a job.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::failure::{CommandFailure, NOT_BEGUN};
use super::super::offers;
use super::super::selection::{ChosenFiles, GivenNames, SelectionScope, select};
use super::super::text::shown;
use super::RunArguments;
use super::arguments::WorkArguments;
use headway_model::event::{TITLE_LIMIT, cut};
use headway_model::nearest::nearest;
use headway_model::{BuiltIn, OnDone, Output, OutputPlace, Policy, RelPath, StartJob};
use headway_server::{is_absent, paths};

/// The separators before names, and before a file with names, as in GNU parallel.
const NAMES: &str = ":::";
const NAMES_OF: &str = "::::";

impl RunArguments {
    /// The request, with the files that its names stand for.
    pub(super) fn request(&self) -> Result<StartJob, CommandFailure> {
        let mut paths = self.paths.clone();
        let (program, named) = split(&self.program);
        let recipe = self.recipe_for(program, &mut paths)?;
        let from = match (named, &self.files.files_from) {
            (Some(_), Some(_)) => return Err(usage("give either --files-from or ::: names")),
            (Some(ProgramNames::On(names)), None) => {
                paths.extend(names.iter().cloned());
                None
            }
            (Some(ProgramNames::In(file)), None) => Some(file.to_owned()),
            (None, Some(file)) => Some(file.clone()),
            (None, None) => None,
        };
        // A library alone stands for all of its files. A list without a name stands for none.
        let is_whole = paths.is_empty() && from.is_none() && self.files.library.is_some();
        let dash = paths.iter().any(|path| path == "-");
        let mut names =
            GivenNames::from_arguments(&paths.iter().filter(|path| *path != "-").cloned().collect::<Vec<_>>());
        if paths.is_empty() && from.is_none() && self.files.library.is_none() && program.is_empty() {
            // Names would be read from standard input.
            let is_file = exists(&recipe)?;
            if let Some(meant) = self.meant(&recipe, is_file).filter(|_| is_file) {
                return Err(usage(&meant));
            }
        }
        let from = from.or_else(|| (dash || (paths.is_empty() && self.files.library.is_none())).then(|| "-".into()));
        if let Some(from) = from {
            names.0.extend(GivenNames::read(&from, self.files.null)?.0);
        }
        if let Some(done) = &self.done {
            names = done.left(names)?;
        }
        if names.0.is_empty() && !is_whole {
            return Err(usage("no file is named"));
        }
        let within = SelectionScope {
            library: self.files.library.as_deref(),
            also: self.work.into.as_deref(),
            prefers_here: recipe == BuiltIn::Command.name(),
            include: &self.files.include,
            exclude: &self.files.exclude,
            system_files: self.files.system_files,
        };
        let selection = select(&names, &within)?;
        self.ask_for(&recipe, program, selection)
    }

    /// The recipe that is named or meant. If a program follows and the first word is not a recipe, that word is a file.
    fn recipe_for(&self, program: &[OsString], paths: &mut Vec<OsString>) -> Result<String, CommandFailure> {
        match (self.recipe.clone(), program.is_empty()) {
            (Some(recipe), true) => Ok(recipe),
            (Some(recipe), false) if recipe == BuiltIn::Command.name() => Ok(recipe),
            (None, false) => Ok(BuiltIn::Command.name().to_owned()),
            // Only a recipe can be left out, so the first word is a file like the others.
            (Some(word), false) => {
                let exists = exists(&word)?;
                if !exists && word != "-" {
                    return Err(CommandFailure::new(NOT_BEGUN, self.no_such_file(&word)));
                }
                paths.insert(0, word.into());
                Ok(BuiltIn::Command.name().to_owned())
            }
            (None, true) => {
                let config = self.which.config_option();
                Err(usage(&format!("name a recipe, or a program after --; headway recipes{config} lists recipes")))
            }
        }
    }

    /// The request for these files, with everything else that the command line says.
    fn ask_for(&self, recipe: &str, program: &[OsString], selection: ChosenFiles) -> Result<StartJob, CommandFailure> {
        let output = self.work.output(&selection)?;
        let mut request = StartJob::new(&selection.library, recipe, selection.query);
        let settings = self.work.set.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
        request.settings.extend(settings);
        request.title.clone_from(&self.work.title);
        if !program.is_empty() {
            let text = command_text(program)?;
            request.title.get_or_insert_with(|| cut(&text, TITLE_LIMIT));
            request.settings.insert("run".into(), text.into());
        }
        (request.concurrency, request.priority, request.output) = (self.work.jobs, self.work.priority, output);
        request.sample = self.work.sample;
        request.conditions = self.files.conditions.conditions();
        request.policy = Policy {
            tries: self.work.tries,
            backoff_ms: self.work.backoff.map(|backoff| backoff.as_millis() as u64),
            timeout: self.work.timeout,
            halt: self.work.halt,
            on_interrupt: self.work.on_interrupt,
            on_done: self.work.on_done.or_else(|| self.work.resume.then_some(OnDone::Skip)),
        };
        Ok(request)
    }
}

/// A failure of the command line itself.
fn usage(text: &str) -> CommandFailure {
    CommandFailure::new(NOT_BEGUN, text)
}

impl RunArguments {
    /// The error for a first word that is followed by a program and is not a file.
    fn no_such_file(&self, word: &str) -> String {
        let words = |words: &[OsString]| words.iter().map(|word| format!(" {}", shown(word))).collect::<String>();
        let options = self.which.options();
        let line = format!("headway run{options}{} --{}", words(&self.paths), words(&self.program));
        format!("{word:?} is neither a file nor a folder, and a recipe takes no program; did you mean: {line}")
    }

    /// The command line that was probably meant, if the server has no recipe of this name.
    pub(super) fn meant(&self, recipe: &str, is_file: bool) -> Option<String> {
        let (known, _) = offers(self.which.config.as_deref()).ok()?;
        let known: Vec<_> = known.iter().map(|recipe| recipe.info().name).collect();
        if known.iter().any(|name| name == recipe) {
            return None;
        }
        let (options, word) = (self.which.options(), shown(OsStr::new(recipe)));
        let rest = |left_out: Option<&str>| {
            let paths = self.paths.iter().filter(|path| left_out.is_none_or(|word| *path != word));
            paths.map(|path| format!(" {}", shown(path))).collect::<String>()
        };
        if let Some(name) =
            self.paths.iter().filter_map(|path| path.to_str()).find(|path| known.contains(&(*path).to_owned()))
        {
            return Some(format!("the recipe comes first: headway run{options} {name} {word}{}", rest(Some(name))));
        }
        // The server's refusal says this itself; for a file, nobody asks the server.
        if let Some(near) = nearest(recipe, known.iter().map(String::as_str)).filter(|_| is_file) {
            return Some(format!("did you mean the recipe {near}?"));
        }
        is_file.then(|| {
            format!(
                "the recipe is left out: headway run{options} RECIPE {word}{0} (headway recipes{1} lists them), or for a program: \
                 headway run{options} {word}{0} -- PROGRAM {{}}",
                rest(None),
                self.which.config_option()
            )
        })
    }
}

impl WorkArguments {
    fn output(&self, selection: &ChosenFiles) -> Result<Option<Output>, CommandFailure> {
        let place = match (&self.beside, &self.into) {
            (Some(name), _) => OutputPlace::Beside { name: name.clone() },
            (None, Some(folder)) => OutputPlace::Folder { path: below(folder, selection.root.as_deref())?, name: None },
            (None, None) if self.replace => OutputPlace::Replace,
            (None, None) if self.smaller.is_some() => {
                return Err(CommandFailure::new(NOT_BEGUN, "--smaller goes with --replace, --beside or --into"));
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Output { smaller: self.smaller, ..Output::to(place) }))
    }
}

/// A folder that is named on the command line, below the library.
fn below(folder: &Path, root: Option<&Path>) -> Result<RelPath, CommandFailure> {
    use std::os::unix::ffi::OsStrExt;
    let whole = match root {
        Some(_) => std::path::absolute(folder)?,
        None => folder.to_owned(),
    };
    let parts: PathBuf = whole.components().collect();
    let real = match (parts.parent(), parts.file_name()) {
        (Some(parent), Some(name)) if root.is_some() => {
            match paths::without_links(parent) {
                Ok(parent) => parent.join(name),
                // The folder is created with the output.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => parts.clone(),
                Err(error) => {
                    let text = format!("cannot look at {}: {error}", parent.display());
                    return Err(CommandFailure::new(NOT_BEGUN, text));
                }
            }
        }
        _ => parts,
    };
    let within = real.strip_prefix(root.unwrap_or(Path::new(""))).map_err(|_| {
        CommandFailure::new(
            NOT_BEGUN,
            format!("{} is not in the folder of the files; name one with --in", folder.display()),
        )
    })?;
    let path = RelPath::from_bytes(within.as_os_str().as_bytes());
    path.map_err(|error| CommandFailure::new(NOT_BEGUN, format!("{}: {error}", folder.display())))
}

/// Whether something has this name.
pub(super) fn exists(name: &str) -> Result<bool, CommandFailure> {
    match paths::look_at(Path::new(name)) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(CommandFailure::new(NOT_BEGUN, format!("cannot look at {name}: {error}"))),
    }
}

/// The names after a program.
enum ProgramNames<'a> {
    On(&'a [OsString]),
    In(&'a OsString),
}

fn split(program: &[OsString]) -> (&[OsString], Option<ProgramNames<'_>>) {
    let Some(at) = program.iter().position(|word| word == NAMES || word == NAMES_OF) else { return (program, None) };
    let (program, names) = (&program[..at], &program[at..]);
    match names {
        [mark, file] if mark == NAMES_OF => (program, Some(ProgramNames::In(file))),
        _ => (program, Some(ProgramNames::On(&names[1..]))),
    }
}

/// The command that runs this program, as the recipe reads it.
fn command_text(program: &[OsString]) -> Result<String, CommandFailure> {
    let mut words = Vec::new();
    for word in program {
        let word = word.to_str().ok_or_else(|| usage("the program has an argument that is not text"))?;
        words.push(quoted(word).map_err(|error| usage(&error.to_string()))?);
    }
    Ok(words.join(" "))
}

/// A word of a command, quoted for the recipe. Tokens need no quotation marks.
fn quoted(word: &str) -> Result<std::borrow::Cow<'_, str>, shlex::QuoteError> {
    let plain = |char: char| char.is_alphanumeric() || "-_./:=@%+,{}#".contains(char);
    let is_plain = !word.is_empty() && !word.starts_with('#') && word.chars().all(plain);
    if is_plain { Ok(word.into()) } else { shlex::try_quote(word) }
}
