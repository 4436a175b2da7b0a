//! The output options of commands that follow a job, and the files that are written once the job is over.

use std::io::Write;

use clap::Args;
use futures::StreamExt;

use super::failure::{CommandFailure, NO};
use super::follow::{Following, Json, Until};
use super::out;
use super::program_output::ProgramOutput;
use super::session::Session;
use super::show::ProgressMode;
use headway_model::JobId;
use headway_server::named_file;

/// Options for the output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArguments {
    /// Write one JSON object per line: each event of the log, then the result; or only the result
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    pub(super) json: Option<Json>,

    /// Show no progress
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// How progress is shown
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(super) progress: ProgressMode,

    /// Write the output of the programs in the order of the names
    #[arg(short, long)]
    pub(super) keep_order: bool,

    /// Begin each line of a program's output with the name of its file
    #[arg(long)]
    pub(super) tag: bool,

    /// When the job is over, write a file that it made, such as its manifest; FILE can be -
    #[arg(long, value_name = "NAME=FILE", value_parser = setting)]
    pub(super) output: Vec<(String, String)>,

    /// Where to write the job log in GNU parallel's format, when the job is over.
    #[arg(skip)]
    pub(super) joblog: Option<String>,
}

impl OutputArguments {
    pub(super) fn following(&self, runs_programs: bool) -> Following {
        Following {
            json: self.json,
            quiet: self.quiet,
            progress: self.progress,
            said: (runs_programs && self.json.is_none()).then(|| ProgramOutput::new(self.keep_order, self.tag)),
            until: Until::End,
            limit: None,
            owns: true,
            action: None,
            fail_if_empty: false,
        }
    }
}

/// Writes the requested files of a finished job.
pub(super) async fn outputs(session: &Session, job: JobId, shown: &OutputArguments) -> Result<(), CommandFailure> {
    for (name, file) in &shown.output {
        write_to(session, &format!("/api/v1/jobs/{job}/outputs/{name}"), file).await?;
    }
    if let Some(file) = &shown.joblog {
        write_to(session, &format!("/api/v1/jobs/{job}/joblog"), file).await?;
    }
    Ok(())
}

/// Writes the bytes of an answer to a file, or to standard output for `-`.
pub(super) async fn write_to(session: &Session, path: &str, file: &str) -> Result<(), CommandFailure> {
    let mut parts = std::pin::pin!(session.client.bytes(path).await?);
    let mut into = match file {
        "-" => None,
        file => {
            let into = named_file::create(file.as_ref());
            Some(into.map_err(|error| CommandFailure::new(NO, format!("cannot write {file}: {error}")))?)
        }
    };
    while let Some(part) = parts.next().await {
        match &mut into {
            Some(file) => file.write_all(&part?)?,
            None => out::bytes(&part?)?,
        }
    }
    Ok(())
}

/// `KEY=VALUE`, for clap, which takes the error's text.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
