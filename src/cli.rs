//! The command line.

mod config;
mod copy_store;
mod doctor;
mod done_rows;
mod export;
mod failure;
mod follow;
mod go_on;
mod help;
mod host;
mod import;
mod items;
mod jobs;
mod log;
mod named_job;
mod next_job;
mod out;
mod plan;
mod preset;
mod program_output;
mod progress;
mod rebuild;
mod recipes;
mod reported;
mod run;
mod schedules;
mod selection;
mod serve;
mod session;
mod shell;
mod show;
mod shown;
mod signals;
mod steer;
mod systemd;
mod text;
mod times;
mod trash;
mod verify;
mod watch;
mod webhooks;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use headway_server::ask_all;
use tokio::signal::unix::Signal;

use failure::{CommandFailure, CommandResult, NO, NOT_BEGUN, USAGE};
use headway_server::recipes::Recipe;
use headway_server::recipes::command::{AdHocCommand, NamedCommand, presets, read_config};

/// Run one recipe over many files and see a status you can trust.
///
/// Headway serves a page on which you choose files in your folders, run a recipe over them, and follow its progress
/// live. Every status change is a numbered, durable event, so a page always ends up in the true state.
///
/// A command that follows jobs ends with the number of files that failed: see `headway run --help`. The others end with 0;
/// with 1 if they fail or the answer is no; with 2 if the command line is wrong; with 3 if there is no such job; with 4 if
/// there is neither a server nor a data folder.
#[derive(Debug, Parser)]
#[command(name = "headway", version, arg_required_else_help = true)]
struct Arguments {
    /// Show what happens inside, as `headway serve` does; HEADWAY_LOG=debug shows more
    #[arg(short, long, global = true, display_order = 900)]
    verbose: bool,

    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    Run(Box<run::RunCommand>),
    Jobs(jobs::JobsCommand),
    Show(jobs::ShowCommand),
    Watch(watch::WatchCommand),
    Wait(watch::WaitCommand),
    Pause(steer::PauseCommand),
    Resume(go_on::ResumeCommand),
    Cancel(steer::CancelCommand),
    Approve(steer::ApproveCommand),
    LeaveOut(steer::LeaveOutCommand),
    Change(steer::ChangeCommand),
    Retry(go_on::RetryCommand),
    Undo(go_on::UndoCommand),
    Trash(trash::TrashCommand),
    Export(export::ExportCommand),
    Import(Box<import::ImportCommand>),
    Recipes(recipes::RecipesCommand),
    Preset(preset::PresetCommand),
    Plan(Box<run::PlanCommand>),
    Serve(Box<serve::ServeCommand>),
    Config(Box<config::ConfigCommand>),
    Rebuild(rebuild::RebuildCommand),
    CopyStore(copy_store::CopyStoreCommand),
    Doctor(doctor::DoctorCommand),
    Verify(verify::VerifyCommand),
    Webhooks(webhooks::WebhooksCommand),
    Schedules(schedules::SchedulesCommand),
    Completions(shell::CompletionsCommand),
    Man(shell::ManCommand),
}

/// How long the end of the program waits for threads that are still working: one that waits for unresponsive storage must not keep the
/// process from ending.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the program, or the guard of commands if `headway serve` started this process as the guard. Returns the exit code; errors are
/// worded for people.
pub fn main() -> ExitCode {
    // Before any thread starts: the guard must be single-threaded.
    if std::env::args_os().nth(1).is_some_and(|word| word == "guard") {
        return headway_server::guard();
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::say(&format!("headway: cannot start its threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run());
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    ended
}

async fn run() -> ExitCode {
    // This comes before anything is read: a server that gets SIGHUP while it starts must not end.
    let command = std::env::args_os().skip(1).find(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let hang_ups = command.filter(|word| word == "serve").and_then(|_| serve::hang_ups().ok());
    let ended = match help::arguments() {
        Ok((arguments, settings)) => {
            let server = match &arguments.command {
                CliCommand::Serve(serve) => Some(serve.log()),
                _ => None,
            };
            log::begin(server, arguments.verbose);
            carried_out(arguments.command, &settings, hang_ups).await
        }
        Err(error) => clap_message(&error),
    };
    match ended {
        Ok(code) => code.into(),
        Err(CommandFailure { code, text }) => {
            text.iter().for_each(|text| out::say(&format!("headway: {text}")));
            code.into()
        }
    }
}

async fn carried_out(
    command: CliCommand,
    settings: &[config::ServeSetting],
    hang_ups: Option<Signal>,
) -> CommandResult {
    match command {
        CliCommand::Run(run) => run::command(*run).await,
        CliCommand::Plan(plan) => run::plan(*plan).await,
        CliCommand::Jobs(jobs) => jobs::jobs(jobs).await,
        CliCommand::Show(show) => jobs::show(show).await,
        CliCommand::Watch(watch) => watch::watch(watch).await,
        CliCommand::Wait(wait) => watch::wait(wait).await,
        CliCommand::Pause(pause) => steer::pause(pause).await,
        CliCommand::Resume(resume) => go_on::resume(resume).await,
        CliCommand::Cancel(cancel) => steer::cancel(cancel).await,
        CliCommand::Approve(approve) => steer::approve(approve).await,
        CliCommand::LeaveOut(leave_out) => steer::leave_out(leave_out).await,
        CliCommand::Change(change) => steer::change(change).await,
        CliCommand::Retry(retry) => go_on::retry(retry).await,
        CliCommand::Undo(undo) => go_on::undo(undo).await,
        CliCommand::Trash(trash) => trash::trash(trash).await,
        CliCommand::Export(export) => export::export(export).await,
        CliCommand::Import(import) => import::import(*import).await,
        CliCommand::Recipes(recipes) => recipes::recipes(&recipes),
        CliCommand::Preset(preset) => preset::preset(preset).await,
        CliCommand::Serve(serve) => Ok(serve::serve(*serve, settings.to_vec(), hang_ups).await.map(|()| 0)?),
        CliCommand::Config(arguments) => config::config(&arguments, settings),
        CliCommand::Rebuild(rebuild) => Ok(rebuild::rebuild(rebuild).await.map(|()| 0)?),
        CliCommand::CopyStore(copy) => Ok(copy_store::copy_store(copy).await.map(|()| 0)?),
        CliCommand::Doctor(doctor) => Ok(doctor::doctor(doctor).await.map(|()| 0)?),
        CliCommand::Verify(verify) => Ok(verify::verify(&verify).map(|()| 0)?),
        CliCommand::Webhooks(webhooks) => webhooks::webhooks(webhooks).await,
        CliCommand::Schedules(schedules) => schedules::schedules(&schedules).await,
        CliCommand::Completions(completions) => shell::completions(&completions),
        CliCommand::Man(man) => shell::man(&man),
    }
}

/// The commands whose exit code counts files.
const COUNT_FILES: [&str; 10] =
    ["run", "plan", "import", "watch", "wait", "retry", "undo", "resume", "approve", "leave-out"];

/// Whether the exit code of a command counts files, given the words of the command line.
fn counts_files(words: impl Iterator<Item = OsString>) -> bool {
    let mut words = words.filter(|word| !word.as_encoded_bytes().starts_with(b"-"));
    match words.next() {
        Some(command) if command == "preset" => words.next().is_some_and(|what| what == "run"),
        Some(command) => COUNT_FILES.iter().any(|name| command == *name),
        None => false,
    }
}

/// Prints the text of clap: help, or what is wrong with the command line. Commands whose exit code counts files end
/// with 255 for the latter.
fn clap_message(error: &clap::Error) -> CommandResult {
    let text = error.render();
    if !error.use_stderr() {
        out::bytes(text.to_string().as_bytes())?;
        return Ok(0);
    }
    out::say(text.to_string().trim_end());
    let code = if counts_files(std::env::args_os().skip(1)) { NOT_BEGUN } else { USAGE };
    Err(CommandFailure { code, text: None })
}

/// Recipes, and the names of some.
type Offers = (Vec<Arc<dyn Recipe>>, BTreeSet<String>);

/// Every recipe that a server of this program has, and the names of those that its owner alone can start.
fn offers(config: Option<&Path>) -> Result<Offers, CommandFailure> {
    let mut known = headway_server::recipes::all();
    let place = config_file(config)?;
    let read = place.as_deref().map(read_config).transpose();
    let mut file = read.map_err(|error| CommandFailure::new(NO, error.to_string()))?.unwrap_or_default();
    let typed: Arc<dyn Recipe> = Arc::new(AdHocCommand);
    let name = typed.info().name;
    for (at, command) in std::mem::take(&mut file.command).into_iter().enumerate() {
        if known.iter().any(|recipe| recipe.info().name == command.name) || command.name == name {
            let text = format!("command {:?} has the same name as a recipe; choose another", command.name);
            let place = file.line_of(place.as_deref().unwrap_or(Path::new("")), at);
            return Err(CommandFailure::new(NO, format!("{place}: {text}")));
        }
        known.push(Arc::new(NamedCommand::new(command)));
    }
    // A command that the operator defines replaces the preset of the same name.
    let is_free = |preset: &NamedCommand| known.iter().all(|recipe| recipe.info().name != preset.info().name);
    let presets: Vec<Arc<dyn Recipe>> =
        presets().into_iter().filter(is_free).map(|preset| Arc::new(preset) as Arc<dyn Recipe>).collect();
    known.extend(presets);
    known.push(typed);
    let owner_only = if file.allow_commands { BTreeSet::new() } else { BTreeSet::from([name]) };
    Ok((known, owner_only))
}

/// The file of settings: the one that is named, or else the user's or the system's, if there is one.
fn config_file(named: Option<&Path>) -> std::io::Result<Option<PathBuf>> {
    named.map_or_else(config::place, |config| Ok(Some(config.into())))
}

/// The default data folder: inside the platform's state folder.
fn default_data() -> PathBuf {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok();
    let state = strategy.map(|folders| folders.state_dir().unwrap_or_else(|| folders.data_dir()));
    state.unwrap_or_else(|| ".".into()).join("headway")
}

/// The two parts of NAME=DIR; no name in DIR.
fn named_library(text: &str) -> (&str, &str) {
    text.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains('/')).unwrap_or(("", text))
}

/// Parses a library from the command line, DIR or NAME=DIR, into its name and its root.
fn library(text: &str) -> anyhow::Result<(String, PathBuf)> {
    let (name, root) = named_library(text);
    let (name, root) = (name.to_owned(), PathBuf::from(root));
    // A missing folder, such as a disk that is not plugged in, can appear later.
    let look = |root: PathBuf| {
        let found = root.canonicalize().or_else(|_| std::path::absolute(&root))?;
        // Opening it says why it cannot be looked at.
        std::io::Result::Ok((found.metadata().is_ok_and(|found| !found.is_dir()), found))
    };
    // A folder whose storage does not answer is waited for as well.
    let found = ask_all(vec![root.clone()], look).pop().flatten();
    let found = found.unwrap_or_else(|| Ok((false, std::path::absolute(&root)?)));
    let (is_wrong, root) = found.with_context(|| format!("cannot find the folder {}", root.display()))?;
    if is_wrong {
        bail!("{} is not a folder", root.display());
    }
    if !name.is_empty() {
        return Ok((name, root));
    }
    let name = root.file_name().map_or_else(|| "files".into(), |name| name.to_string_lossy().into_owned());
    Ok((name, root))
}
