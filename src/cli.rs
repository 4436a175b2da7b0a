//! The command line.

mod doctor;
mod progress;
mod rebuild;
mod serve;
mod verify;

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use headway_server::ask_all;

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
    /// Serve the pages and run jobs
    Serve(Box<serve::Serve>),
    /// Rebuild the job and item tables from the event log
    Rebuild(rebuild::Rebuild),
    /// Check a data folder for damage
    Doctor(doctor::Doctor),
    /// Prove that a job's log adds up to its report
    Verify(verify::Verify),
}

/// Runs the guard of commands, if this process was started as the guard by `headway serve`.
pub fn guard() -> Option<std::process::ExitCode> {
    (std::env::args_os().nth(1).is_some_and(|word| word == "guard")).then(headway_server::guard)
}

/// Runs the program. Errors are worded for people.
pub async fn run() -> anyhow::Result<()> {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("HEADWAY_LOG").unwrap_or_else(|_| "headway=info,warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().command {
        Command::Serve(serve) => serve::serve(*serve).await,
        Command::Rebuild(rebuild) => rebuild::rebuild(rebuild).await,
        Command::Doctor(doctor) => doctor::doctor(doctor).await,
        Command::Verify(verify) => verify::verify(&verify),
    }
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
