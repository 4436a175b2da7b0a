//! `headway preset`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::{CommandFailure, CommandResult, NO, NOT_BEGUN};
use super::go_on::new_job;
use super::out;
use super::session::{ServerArguments, Session};
use super::shown::OutputArguments;
use headway_model::StartJob;

/// Save the request of a job under a name, and run it again by that name.
///
/// A preset contains the files of a job (a folder with patterns, or names), its recipe with the settings, and its
/// policies.
///
/// Examples:
///
/// ```sh
/// headway preset save thumbnails @1
/// headway preset run thumbnails
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct PresetCommand {
    #[command(subcommand)]
    what: PresetAction,
}

#[derive(Debug, Subcommand)]
enum PresetAction {
    /// List the presets
    ///
    /// Example:
    ///
    /// ```sh
    /// headway preset list
    /// ```
    #[command(verbatim_doc_comment)]
    List {
        /// Write one JSON object per line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: ServerArguments,
    },
    /// Save the request of a job
    ///
    /// Example:
    ///
    /// ```sh
    /// headway preset save each-night @1
    /// ```
    #[command(verbatim_doc_comment)]
    Save {
        /// The name: letters, digits, - and _
        name: String,
        /// The job
        job: String,
        #[command(flatten)]
        which: ServerArguments,
    },
    /// Remove a preset
    ///
    /// Example:
    ///
    /// ```sh
    /// headway preset remove each-night
    /// ```
    #[command(verbatim_doc_comment)]
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        which: ServerArguments,
    },
    /// Run a preset as a new job, and follow it to its end
    ///
    /// The exit code is that of `headway run`.
    ///
    /// Example:
    ///
    /// ```sh
    /// headway preset run thumbnails
    /// ```
    #[command(verbatim_doc_comment)]
    Run {
        /// Its name
        name: String,
        #[command(flatten)]
        which: ServerArguments,
        #[command(flatten)]
        shown: OutputArguments,
    },
}

pub(super) async fn preset(command: PresetCommand) -> CommandResult {
    let mut session = match &command.what {
        PresetAction::List { which, .. } | PresetAction::Save { which, .. } | PresetAction::Remove { which, .. } => {
            which.ask().await?
        }
        PresetAction::Run { which, .. } => which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?,
    };
    let ended = carried_out(&mut session, &command.what).await;
    session.close().await;
    ended
}

async fn carried_out(session: &mut Session, what: &PresetAction) -> CommandResult {
    match what {
        PresetAction::List { json, .. } => list(session, *json).await,
        PresetAction::Save { name, job, .. } => {
            let job = session.job(job).await?;
            let request = session.client.job(job).await?.request;
            let request = request.ok_or_else(|| CommandFailure::new(NO, "the job's request cannot be read"))?;
            session.client.keep_preset(name, &request).await?;
            Ok(0)
        }
        PresetAction::Remove { name, .. } => {
            session.client.remove_preset(name).await?;
            Ok(0)
        }
        PresetAction::Run { name, shown, .. } => {
            let mut presets = presets(session).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
            let none = || {
                CommandFailure::new(
                    NOT_BEGUN,
                    format!("there is no preset {name:?}; to list them: headway preset list"),
                )
            };
            let request = presets.remove(name).ok_or_else(none)?;
            new_job(session, shown, false, async |client, new| client.start(new, &request).await.map(drop)).await
        }
    }
}

async fn presets(session: &Session) -> Result<BTreeMap<String, StartJob>, CommandFailure> {
    Ok(session.client.get("/api/v1/presets").await?)
}

async fn list(session: &Session, as_json: bool) -> CommandResult {
    for (name, request) in presets(session).await? {
        match as_json {
            true => out::line(&json!({ "name": name, "request": request }).to_string())?,
            false => out::line(&format!("{name}: {} in {}", request.recipe, request.library))?,
        }
    }
    Ok(0)
}
