//! The command line.

mod doctor;
mod export;
mod failure;
mod follow;
mod host;
mod import;
mod jobs;
mod out;
mod plan;
mod progress;
mod rebuild;
mod recipes;
mod run;
mod said;
mod selection;
mod serve;
mod session;
mod shell;
mod show;
mod signals;
mod steer;
mod times;
mod verify;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use headway_server::ask_all;

use failure::{Ended, Failure, NO, USAGE};
use headway_server::recipes::Recipe;
use headway_server::recipes::command::{AdHocCommand, Command as Named, read_config};

/// Run one recipe over many files and see a status you can trust.
///
/// Headway serves a page on which you choose files in your folders, run a recipe over them, and follow its progress
/// live. Every status change is a numbered, durable event, so a page always ends up in the true state.
#[derive(Debug, Parser)]
#[command(name = "headway", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Command>),
    Jobs(jobs::Jobs),
    Show(jobs::Show),
    Watch(watch::Watch),
    Wait(watch::Wait),
    Pause(steer::Pause),
    Resume(steer::Resume),
    Cancel(steer::Cancel),
    Approve(steer::Approve),
    LeaveOut(steer::LeaveOut),
    Change(steer::Change),
    Retry(steer::Retry),
    Undo(steer::Undo),
    Export(export::Export),
    Import(Box<import::Import>),
    Recipes(recipes::Recipes),
    Serve(Box<serve::Serve>),
    Rebuild(rebuild::Rebuild),
    Doctor(doctor::Doctor),
    Verify(verify::Verify),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// Runs the guard of commands, if this process was started as the guard by `headway serve`.
pub fn guard() -> Option<std::process::ExitCode> {
    (std::env::args_os().nth(1).is_some_and(|word| word == "guard")).then(headway_server::guard)
}

/// Runs the program; returns its exit code. Errors are worded for people.
pub async fn run() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("HEADWAY_LOG").unwrap_or_else(|_| "headway=info,warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match Arguments::try_parse() {
        Ok(arguments) => carried_out(arguments.command).await,
        Err(error) => said(&error),
    };
    match ended {
        Ok(code) => code.into(),
        Err(Failure { code, text }) => {
            text.iter().for_each(|text| out::say(&format!("headway: {text}")));
            code.into()
        }
    }
}

async fn carried_out(command: Command) -> Ended {
    match command {
        Command::Run(run) => run::command(*run).await,
        Command::Jobs(jobs) => jobs::jobs(jobs).await,
        Command::Show(show) => jobs::show(show).await,
        Command::Watch(watch) => watch::watch(watch).await,
        Command::Wait(wait) => watch::wait(wait).await,
        Command::Pause(pause) => steer::pause(pause).await,
        Command::Resume(resume) => steer::resume(resume).await,
        Command::Cancel(cancel) => steer::cancel(cancel).await,
        Command::Approve(approve) => steer::approve(approve).await,
        Command::LeaveOut(leave_out) => steer::leave_out(leave_out).await,
        Command::Change(change) => steer::change(change).await,
        Command::Retry(retry) => steer::retry(retry).await,
        Command::Undo(undo) => steer::undo(undo).await,
        Command::Export(export) => export::export(export).await,
        Command::Import(import) => import::import(*import).await,
        Command::Recipes(recipes) => recipes::recipes(&recipes),
        Command::Serve(serve) => Ok(serve::serve(*serve).await.map(|()| 0)?),
        Command::Rebuild(rebuild) => Ok(rebuild::rebuild(rebuild).await.map(|()| 0)?),
        Command::Doctor(doctor) => Ok(doctor::doctor(doctor).await.map(|()| 0)?),
        Command::Verify(verify) => Ok(verify::verify(&verify).map(|()| 0)?),
        Command::Completions(completions) => shell::completions(&completions),
        Command::Man(man) => shell::man(&man),
    }
}

/// What clap says: help, or what is wrong with the command line. The commands whose exit code counts files say that with 255.
fn said(error: &clap::Error) -> Ended {
    let text = error.render();
    if !error.use_stderr() {
        out::bytes(text.to_string().as_bytes())?;
        return Ok(0);
    }
    let counts = ["run", "import", "watch", "wait", "retry", "undo"];
    let command = std::env::args().nth(1).unwrap_or_default();
    out::say(text.to_string().trim_end());
    Err(Failure { code: if counts.contains(&command.as_str()) { follow::NOT_BEGUN } else { USAGE }, text: None })
}

/// Recipes, and the names of some.
type Offers = (Vec<Arc<dyn Recipe>>, BTreeSet<String>);

/// Every recipe that a server of this program has, and the names of those that its owner alone can start.
fn offers(config: Option<&Path>) -> Result<Offers, Failure> {
    let mut known = headway_server::recipes::all();
    let file = config.map(read_config).transpose().map_err(|error| Failure::new(NO, error))?.unwrap_or_default();
    let typed: Arc<dyn Recipe> = Arc::new(AdHocCommand);
    let name = typed.info().name;
    for command in file.command {
        if known.iter().any(|recipe| recipe.info().name == command.name) || command.name == name {
            let text = format!("command {:?} has the same name as a recipe; choose another", command.name);
            let config = config.unwrap_or(Path::new("")).display();
            return Err(Failure::new(NO, format!("{config}: {text}")));
        }
        known.push(Arc::new(Named::new(command)));
    }
    known.push(typed);
    let owner_only = if file.allow_commands { BTreeSet::new() } else { BTreeSet::from([name]) };
    Ok((known, owner_only))
}

/// The default data folder: inside the platform's state folder.
fn default_data() -> PathBuf {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok();
    let state = strategy.map(|folders| folders.state_dir().unwrap_or_else(|| folders.data_dir()));
    state.unwrap_or_else(|| ".".into()).join("headway")
}

/// Parses a library from the command line, DIR or NAME=DIR, into its name and its root.
fn library(text: &str) -> anyhow::Result<(String, PathBuf)> {
    let (name, root) = match text.split_once('=') {
        Some((name, root)) if !name.is_empty() && !name.contains('/') => (name.to_owned(), PathBuf::from(root)),
        _ => (String::new(), PathBuf::from(text)),
    };
    // A folder that is not there, such as a disk that is not plugged in, can come later.
    let look = |root: PathBuf| {
        let found = root.canonicalize().or_else(|_| std::path::absolute(&root))?;
        std::io::Result::Ok((found.exists() && !found.is_dir(), found))
    };
    // One whose storage does not answer is waited for as well.
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn no_option_stands_for_two_things() {
        super::Arguments::command().debug_assert();
    }
}
