//! `headway pause`, `cancel`, `approve`, `leave-out` and `change`: one action on each of some jobs.

use clap::Args;

use super::failure::{CommandFailure, CommandResult, NO, NOT_BEGUN};
use super::follow::{Following, follow, not_worked_on};
use super::out::say;
use super::session::{ServerArguments, Session};
use super::text::tail;
use headway_model::Action;
use headway_model::summary::JobView;

/// The jobs to act on.
#[derive(Debug, Args)]
pub(super) struct JobArguments {
    /// The jobs: ids, six or more of their first or last characters, or @1 for the newest
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<String>,

    #[command(flatten)]
    which: ServerArguments,
}

/// Pause jobs: running files end, and no more start.
///
/// Example:
///
/// ```sh
/// headway pause @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct PauseCommand {
    #[command(flatten)]
    jobs: JobArguments,
}

/// Cancel jobs: running files are ended, and no more start.
///
/// Example:
///
/// ```sh
/// headway cancel @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct CancelCommand {
    #[command(flatten)]
    jobs: JobArguments,
}

/// Approve the plans of jobs that wait for approval.
///
/// If no server works on a job, this command does, until the job ends. The exit code is that of `headway run`, for several
/// jobs the largest, and 0 if a server does the work.
///
/// Example:
///
/// ```sh
/// headway approve @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ApproveCommand {
    #[command(flatten)]
    jobs: JobArguments,
}

/// Resume jobs without their interrupted files, which count as failed.
///
/// If no server works on a job, this command does, until the job ends. The exit code is that of `headway run`, for several
/// jobs the largest, and 0 if a server does the work.
///
/// Example:
///
/// ```sh
/// headway leave-out @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct LeaveOutCommand {
    #[command(flatten)]
    jobs: JobArguments,
}

/// Change how a job runs.
///
/// Example:
///
/// ```sh
/// headway change @1 -j 2
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ChangeCommand {
    /// How many files are worked on at once; 0 leaves that to the server
    #[arg(short = 'j', long, value_name = "N", required_unless_present = "priority")]
    jobs: Option<u32>,

    /// Higher priorities run first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i32>,

    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    #[command(flatten)]
    which: ServerArguments,
}

pub(super) async fn pause(arguments: PauseCommand) -> CommandResult {
    each(arguments.jobs, Some(Action::Pause)).await
}

pub(super) async fn cancel(arguments: CancelCommand) -> CommandResult {
    each(arguments.jobs, None).await
}

pub(super) async fn approve(arguments: ApproveCommand) -> CommandResult {
    each(arguments.jobs, Some(Action::Approve)).await
}

pub(super) async fn leave_out(arguments: LeaveOutCommand) -> CommandResult {
    each(arguments.jobs, Some(Action::LeaveOut)).await
}

pub(super) async fn change(arguments: ChangeCommand) -> CommandResult {
    let jobs = JobArguments { jobs: vec![arguments.job], which: arguments.which };
    each(jobs, Some(Action::Change { priority: arguments.priority, concurrency: arguments.jobs })).await
}

/// Performs the action on each job; `None` cancels it. All jobs are tried; the first refusal decides the exit code.
async fn each(arguments: JobArguments, action: Option<Action>) -> CommandResult {
    // The exit code of these counts files.
    let follows = matches!(action, Some(Action::Approve | Action::LeaveOut));
    let not_begun = |failure: CommandFailure| if follows { failure.or_code(NOT_BEGUN) } else { failure };
    let mut session = arguments.which.ask().await.map_err(not_begun)?;
    let mut ended = Ok(0);
    for text in &arguments.jobs {
        let done = match action {
            Some(action @ (Action::Approve | Action::LeaveOut)) if session.host.is_some() => {
                work_on(&mut session, text, action).await
            }
            _ => steer(&session, text, action).await.map_err(not_begun).map(|view| {
                say(&format!("{}  {}", tail(view.summary.job), view.summary.status_text()));
                0
            }),
        };
        match done {
            Ok(code) => ended = ended.map(|worst: u8| worst.max(code)),
            Err(failure) => match &ended {
                Ok(_) => ended = Err(failure),
                Err(_) => say(&format!("headway: {}", failure.text.unwrap_or_default())),
            },
        }
    }
    session.close().await;
    ended
}

/// Performs an action with which a job goes on, and works on it here, because no server does.
async fn work_on(session: &mut Session, text: &str, action: Action) -> CommandResult {
    let not_begun = |failure: CommandFailure| failure.or_code(NOT_BEGUN);
    let view = open_job(session, text).await.map_err(not_begun)?;
    let job = view.summary.job;
    session.listen()?;
    session.adopt(job).await.map_err(not_begun)?;
    let follower = session.client.follow(None, &[job]);
    session.client.steer(job, action).await.map_err(|error| not_begun(error.into()))?;
    let how = Following { action: Some(action), ..Following::to_its_end(view.runs_programs) };
    Ok(follow(session, follower, job, how).await?.code)
}

/// The job that a person means, if it is not over.
async fn open_job(session: &Session, text: &str) -> Result<JobView, CommandFailure> {
    let job = session.job(text).await?;
    let view = session.client.job(job).await?;
    match view.summary.status.is_terminal() {
        true => Err(CommandFailure::new(NO, format!("job {} is over: {}", tail(job), view.summary.status_text()))),
        false => Ok(view),
    }
}

async fn steer(session: &Session, text: &str, action: Option<Action>) -> Result<JobView, CommandFailure> {
    let job = open_job(session, text).await?.summary.job;
    // A cancel needs no server that works on the job: the one that is asked takes it up.
    if action.is_some() && session.host.is_some() {
        let text = not_worked_on(session, job);
        return Err(CommandFailure::new(NO, text));
    }
    match action {
        Some(action) => Ok(session.client.steer(job, action).await?),
        None => {
            let mut follower = session.client.follow(None, &[job]);
            session.client.cancel(job).await?;
            follower.end(job).await?;
            Ok(session.client.job(job).await?)
        }
    }
}
