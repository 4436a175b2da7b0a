//! `headway jobs`, and `headway show` in its own file.

mod show;

use std::collections::HashSet;
use std::io::IsTerminal;

use clap::Args;
use serde_json::json;

use super::failure::{CommandFailure, CommandResult};
use super::follow::{not_worked_on, plain};
use super::out::{self, count};
use super::session::{ServerArguments, Session};
use super::text::tail;
use super::times::{local, took};
use headway_model::summary::ListedJobs;
use headway_model::{JobId, JobSummary};
pub(super) use show::{ShowCommand, show};

/// From this width of the terminal on, in columns, the list has the reasons of statuses.
const WIDE: usize = 132;

/// Jobs or items read at a time.
const ROWS_PER_CALL: u32 = 1_000;

/// List jobs, newest first.
///
/// If the output is not a terminal, the columns are separated by tabs, nothing is cut, and there is no heading. The
/// columns are: id, status, done, total, failed, recipe, title, when it started, when it ended (both in local time), and how
/// long it was at work. Only files that succeeded count as done, and files that
/// could not be processed count as failed. A terminal that is too narrow for all columns has the first ones, and the title.
///
/// The status is the word that --status takes, such as completed_with_errors. In a terminal it has a reason if there is room,
/// a job that was undone says so (in JSON as `undone_as`), and a job that was cancelled before it began is shown as planned
/// only: elsewhere it is cancelled, without a time when it started. Each listed job on which no server works is named on
/// standard error, with the command that continues it.
///
/// Examples:
///
/// ```sh
/// headway jobs --open
/// headway jobs --status completed_with_errors
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct JobsCommand {
    /// Only jobs that are not over
    #[arg(long)]
    open: bool,

    /// Only jobs with this status, such as completed_with_errors
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,

    /// Only jobs of this recipe
    #[arg(long, value_name = "RECIPE")]
    recipe: Option<String>,

    /// The largest number of jobs to list
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    number: usize,

    /// Write one JSON object per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    which: ServerArguments,
}

pub(super) async fn jobs(arguments: JobsCommand) -> CommandResult {
    let session = arguments.which.ask().await?;
    let ended = list(&session, &arguments).await;
    session.close().await;
    ended
}

async fn list(session: &Session, arguments: &JobsCommand) -> CommandResult {
    let (found, no_server) = find(session, arguments).await?;
    for job in found.iter().filter(|job| no_server.contains(&job.job)) {
        out::say(&format!("headway: {}", not_worked_on(session, job.job)));
    }
    if arguments.json {
        for job in &found {
            out::line(&json!(job).to_string())?;
        }
        return Ok(0);
    }
    table(session, &found)
}

/// The newest jobs that are asked for, and the jobs on which no server works.
async fn find(session: &Session, arguments: &JobsCommand) -> Result<(Vec<JobSummary>, HashSet<JobId>), CommandFailure> {
    let wanted = |job: &JobSummary| {
        (!arguments.open || !job.status.is_terminal())
            && arguments.status.as_deref().is_none_or(|status| job.status.label() == status)
            && arguments.recipe.as_deref().is_none_or(|recipe| job.recipe == recipe)
    };
    let (mut found, mut before, mut no_server) = (Vec::new(), None, HashSet::new());
    while found.len() < arguments.number {
        let ListedJobs { page, no_server: of_page } = session.client.listed_jobs(before, ROWS_PER_CALL).await?;
        no_server.extend(of_page);
        page.set_aside.iter().for_each(|aside| out::say(&aside.message));
        found.extend(page.jobs.into_iter().filter(|job| !job.pruned && wanted(job)));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    found.truncate(arguments.number);
    Ok((found, no_server))
}

/// Prints a line for each job.
fn table(session: &Session, found: &[JobSummary]) -> CommandResult {
    let (terminal, now) = (std::io::stdout().is_terminal(), session.working_clock());
    let is_narrow = terminal && out::terminal_width().is_some_and(|width| width < WIDE);
    let status = |job: &JobSummary| if is_narrow { job.status_word() } else { job.status_text() };
    let row = |job: &JobSummary| {
        let id = if terminal { tail(job.job) } else { job.job.to_string() };
        let status_cell = match job.undone_as.as_ref().filter(|_| terminal) {
            Some(word) => format!("{}, {word}", status(job)),
            None if terminal => status(job),
            None => job.status.label().into(),
        };
        let counters = &job.counters;
        let number = |number: u32| if terminal { count(number.into()) } else { number.to_string() };
        let numbers = [counters.succeeded, counters.total, counters.failed + counters.missed].map(number);
        let [done, total, failed] = numbers;
        let [started, ended] = [job.began, job.ended].map(|at| at.map(local).unwrap_or_default());
        let took = took(job, now).unwrap_or_default();
        let (recipe, title) = (job.recipe.clone(), plain(&job.title));
        // Programs know the first columns from earlier versions; a title can be long, so in a terminal it is the last.
        match terminal {
            true => vec![id, status_cell, done, total, failed, started, ended, took, recipe, title],
            false => vec![id, status_cell, done, total, failed, recipe, title, started, ended, took],
        }
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    let head = ["job", "status", "done", "total", "failed", "started", "ended", "took", "recipe", "title"];
    // The title distinguishes the jobs, and `headway show` has all of these.
    out::fitting_table(&head, &rows, &["ended", "recipe", "took", "started"])?;
    Ok(0)
}
