//! `headway resume`, `retry` and `undo`: the work is done here if no server does it, and is followed to its end.

use clap::Args;

use super::failure::{CommandFailure, CommandResult, NO};
use super::follow::{NOT_BEGUN, follow, tail};
use super::out::say;
use super::session::{ServerArguments, Session};
use super::shown::{OutputArguments, outputs};
use headway_client::{Client, ClientError};
use headway_model::request::ItemSelection as Items;
use headway_model::{Action, JobId, JobStatus};

// The job, its server, and what is shown. Not a doc comment, because clap would turn it into the commands' help.
#[derive(Debug, Args)]
struct OneJob {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    #[command(flatten)]
    which: ServerArguments,

    #[command(flatten)]
    shown: OutputArguments,
}

/// Resume a job that is paused, or that no server works on.
///
/// If `headway serve` has the data folder, it does the work. Otherwise this command does the work, until the job
/// ends.
///
/// Example:
///
/// ```sh
/// headway resume @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ResumeCommand {
    #[command(flatten)]
    one: OneJob,
}

/// Try failed files again, and follow the job to its end.
///
/// If the job is over, a new job is started with the files that failed, or with the files that you name. If the job
/// is not over, these files go back to its queue.
///
/// Examples:
///
/// ```sh
/// headway retry @1
/// headway retry @1 3 7
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RetryCommand {
    #[command(flatten)]
    one: OneJob,

    /// Files, by their numbers from 1 [default: all that failed]
    #[arg(value_name = "ITEM", value_parser = clap::value_parser!(u32).range(1..))]
    items: Vec<u32>,
}

/// Put back what a job replaced, and remove what it made. This is a job of its own, which is followed to its end.
///
/// Example:
///
/// ```sh
/// headway undo @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct UndoCommand {
    #[command(flatten)]
    one: OneJob,
}

pub(super) async fn resume(arguments: ResumeCommand) -> CommandResult {
    let mut session = arguments.one.which.ask().await?;
    let ended = resumed(&mut session, &arguments).await;
    session.close().await;
    ended
}

async fn resumed(session: &mut Session, arguments: &ResumeCommand) -> CommandResult {
    let job = session.job(&arguments.one.job).await?;
    let view = session.client.job(job).await?;
    if view.summary.status.is_terminal() {
        return Err(CommandFailure::new(NO, format!("job {} is over: {}", tail(job), view.summary.status.text())));
    }
    if session.host.is_some() {
        session.listen()?;
    }
    session.client.adopt(job).await?;
    if matches!(view.summary.status, JobStatus::Paused { .. }) {
        session.client.steer(job, Action::Resume).await?;
    }
    if session.host.is_none() {
        say(&format!("{} goes on; headway watch {0}", tail(job)));
        return Ok(0);
    }
    let follower = session.client.follow(None, &[job]);
    let code = follow(session, follower, job, arguments.one.shown.following(view.runs_programs)).await?;
    outputs(session, job, &arguments.one.shown).await?;
    Ok(code)
}

pub(super) async fn retry(arguments: RetryCommand) -> CommandResult {
    let mut session = arguments.one.which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = retried(&mut session, &arguments).await;
    session.close().await;
    ended
}

async fn retried(session: &mut Session, arguments: &RetryCommand) -> CommandResult {
    let not_begun = |failure: CommandFailure| failure.or_code(NOT_BEGUN);
    let job = session.job(&arguments.one.job).await.map_err(not_begun)?;
    let view = session.client.job(job).await.map_err(|error| not_begun(error.into()))?;
    let items: Vec<u32> = arguments.items.iter().map(|item| item - 1).collect();
    let which = if items.is_empty() { Items::Failed } else { Items::These(items.clone()) };
    if view.summary.status.is_terminal() {
        let request = view.request.map(|request| request.again(job, which));
        let request = request.ok_or_else(|| CommandFailure::new(NOT_BEGUN, "what was asked for cannot be read"))?;
        return new_job(session, &arguments.one.shown, view.runs_programs, async |client, new| {
            client.start(new, &request).await.map(drop)
        })
        .await;
    }
    session.client.adopt(job).await?;
    if items.is_empty() {
        session.client.steer(job, Action::Retry(None)).await?;
    }
    for item in items {
        session.client.steer(job, Action::Retry(Some(item))).await?;
    }
    let follower = session.client.follow(None, &[job]);
    follow(session, follower, job, arguments.one.shown.following(view.runs_programs)).await
}

pub(super) async fn undo(arguments: UndoCommand) -> CommandResult {
    let mut session = arguments.one.which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = async {
        let job = session.job(&arguments.one.job).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
        new_job(&mut session, &arguments.one.shown, false, async |client, new| client.undo(job, new).await.map(drop))
            .await
    };
    let ended = ended.await;
    session.close().await;
    ended
}

/// Starts another job, and follows it to its end.
pub(super) async fn new_job(
    session: &mut Session,
    shown: &OutputArguments,
    runs_programs: bool,
    begin: impl AsyncFn(&Client, JobId) -> Result<(), ClientError>,
) -> CommandResult {
    let not_begun = |error| CommandFailure::from(error).or_code(NOT_BEGUN);
    let cursor = session.call(async |client| client.cursor().await).await.map_err(not_begun)?;
    let new = headway_client::mint();
    let follower = session.client.follow(Some(cursor), &[new]);
    session.listen()?;
    session.call(async |client| begin(client, new).await).await.map_err(not_begun)?;
    say(&format!("job {}", tail(new)));
    let code = follow(session, follower, new, shown.following(runs_programs)).await?;
    outputs(session, new, shown).await?;
    Ok(code)
}
