//! `headway resume`, `retry` and `undo`: this process does the work if no server does, and follows it to its end.

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::Args;

use super::failure::{CommandFailure, CommandResult, NO, NOT_BEGUN};
use super::follow::{follow, plain};
use super::items::{ITEMS_PER_CALL, items_of};
use super::out::{confirm, say};
use super::session::{ServerArguments, Session};
use super::shown::{OutputArguments, outputs};
use super::text::tail;
use headway_client::{Client, ClientError, Follower};
use headway_model::item::StatusFilter;
use headway_model::job_kind::JobKind;
use headway_model::request::ItemSelection as Items;
use headway_model::summary::JobView;
use headway_model::undo_kind::UndoKind;
use headway_model::{Action, JobId, JobStatus, PauseReason};

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
/// ends. The exit code is that of `headway run`, and 0 if a server does the work.
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

/// Try files again that failed or could not be processed, and follow the job to its end.
///
/// If the job is over, a new job is started with the files that `headway show JOB --failed` lists, or with the files
/// that you name: by their paths, or by their numbers in the plan, which count from 1 as in `{#}`, in a job log and in
/// the column `number` of a report. If the job is not over, the files that failed go back to its queue. The exit code is
/// that of `headway run`.
///
/// Examples:
///
/// ```sh
/// headway retry @1 Photos/a.txt
/// headway retry @1 1
/// headway retry @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RetryCommand {
    #[command(flatten)]
    one: OneJob,

    /// Files, by path or by number from 1 (./3 is a file called 3) [default: all that show --failed lists]
    #[arg(value_name = "FILE", help_heading = None::<&str>)]
    items: Vec<OsString>,
}

/// Put back what a job replaced or renamed, and remove what it made.
///
/// This is a job of its own, which is followed to its end. It first says what it is going to do, and on a terminal it
/// asks. The undo of an undo puts the changes of the first job in place again. The exit code is that of `headway run`.
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

    /// Do not ask
    #[arg(short, long, help_heading = None::<&str>)]
    yes: bool,
}

pub(super) async fn resume(arguments: ResumeCommand) -> CommandResult {
    let mut session = arguments.one.which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = resumed(&mut session, &arguments).await;
    session.close().await;
    ended
}

async fn resumed(session: &mut Session, arguments: &ResumeCommand) -> CommandResult {
    let view = taken_up(session, &arguments.one.job).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let job = view.summary.job;
    if session.host.is_none() {
        say(&format!("{} goes on; {}", tail(job), session.command_on("watch", job)));
        return Ok(0);
    }
    let follower = session.client.follow(None, &[job]);
    followed(session, follower, job, &arguments.one.shown, view.runs_programs).await
}

/// Has a server work on the job that a person means, and ends its pause.
async fn taken_up(session: &mut Session, text: &str) -> Result<JobView, CommandFailure> {
    let job = session.job(text).await?;
    let view = session.client.job(job).await?;
    if view.summary.status.is_terminal() {
        return Err(CommandFailure::new(NO, format!("job {} is over: {}", tail(job), view.summary.status_text())));
    }
    if session.host.is_some() {
        session.listen()?;
    }
    session.adopt(job).await?;
    // Only a pause that a person can have seen is ended, not one that begins as the job is taken up.
    let was_paused = matches!(view.summary.status, JobStatus::Paused { .. });
    // A server works on it now, so this is what it waits for.
    let view = session.client.job(job).await?;
    if was_paused && let JobStatus::Paused { reason } = view.summary.status {
        // What it accepts is what is said here.
        let lacks = match reason {
            PauseReason::LibraryGone => view.waits.as_ref(),
            PauseReason::User => view.note.as_ref(),
            _ => None,
        };
        if let Some(lacks) = lacks {
            say(&format!("headway: {}", plain(lacks)));
        }
        let resumed = session.client.steer(job, Action::Resume).await;
        // It can have gone on by itself in the meantime, such as when its disk came back.
        if let Err(error) = resumed
            && matches!(session.client.job(job).await?.summary.status, JobStatus::Paused { .. })
        {
            return Err(error.into());
        }
    }
    Ok(view)
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
    let items = items_of(session, job, &view, &arguments.items).await.map_err(not_begun)?;
    let which = if items.is_empty() { Items::Errors } else { Items::These(items.clone()) };
    let which = match which {
        Items::Errors if !view.done_since.is_empty() => {
            Items::These(still_failing(session, &view).await.map_err(not_begun)?)
        }
        which => which,
    };
    if view.summary.status.is_terminal() {
        if let Some(parent) = view.request.as_ref().and_then(|request| request.parent).filter(|_| is_undo(&view)) {
            let text = format!(
                "job {} is an undo, which is not tried again by itself; to undo what is left: {}",
                tail(job),
                session.command_on("undo", parent)
            );
            return Err(CommandFailure::new(NOT_BEGUN, text));
        }
        let request = view.request.map(|request| request.again(job, which));
        let request = request.ok_or_else(|| CommandFailure::new(NOT_BEGUN, "the request of the job cannot be read"))?;
        return new_job(session, &arguments.one.shown, view.runs_programs, async |client, new| {
            client.start(new, &request).await.map(drop)
        })
        .await;
    }
    let again: Vec<_> = if items.is_empty() { vec![None] } else { items.into_iter().map(Some).collect() };
    session.adopt(job).await.map_err(not_begun)?;
    for item in again {
        session.client.steer(job, Action::Retry(item)).await.map_err(|error| not_begun(error.into()))?;
    }
    let follower = session.client.follow(None, &[job]);
    followed(session, follower, job, &arguments.one.shown, view.runs_programs).await
}

/// The files of a job that failed or were missed, and that no later job has done.
async fn still_failing(session: &Session, view: &JobView) -> Result<Vec<u32>, CommandFailure> {
    let (job, mut items, mut after) = (view.summary.job, Vec::new(), None);
    loop {
        let page = session.client.items(job, after, ITEMS_PER_CALL, Some(StatusFilter::Errors.name())).await?;
        let failing = page.items.iter().map(|item| item.item);
        items.extend(failing.filter(|item| view.done_since.binary_search(item).is_err()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if items.is_empty() {
        let by = view.retries.first().map(|retry| format!(" by job {}", tail(retry.job))).unwrap_or_default();
        let text = format!("job {}: every file that failed or was missed has been done since{by}", tail(job));
        return Err(CommandFailure::new(NOT_BEGUN, text));
    }
    Ok(items)
}

pub(super) async fn undo(arguments: UndoCommand) -> CommandResult {
    let mut session = arguments.one.which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = async {
        let job = session.job(&arguments.one.job).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
        let view = session.client.job(job).await;
        let view = view.map_err(|error| CommandFailure::from(error).or_code(NOT_BEGUN))?;
        if !arguments.one.shown.quiet {
            intended(&session, &view).await.iter().for_each(|line| say(line));
        }
        let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if can_ask && !arguments.yes && !confirm("go on?")? {
            return Err(CommandFailure::new(NOT_BEGUN, "nothing was undone"));
        }
        new_job(&mut session, &arguments.one.shown, false, async |client, new| client.undo(job, new).await.map(drop))
            .await
    };
    let ended = ended.await;
    session.close().await;
    ended
}

fn is_undo(view: &JobView) -> bool {
    JobKind::of(&view.summary.recipe) == JobKind::Undo
}

/// What an undo of this job is going to do, before it does it.
async fn intended(session: &Session, view: &JobView) -> Vec<String> {
    let JobView { summary, request, undone, .. } = view;
    let job = tail(summary.job);
    let kind = UndoKind::of(&summary.recipe, request.as_ref().and_then(|request| request.output.as_ref()));
    let first = match (kind, request.as_ref().and_then(|request| request.parent)) {
        (UndoKind::Repeats, Some(parent)) => {
            let title = session.client.job(parent).await.map(|view| format!(" ({})", plain(&view.summary.title)));
            let (parent, title) = (tail(parent), title.unwrap_or_default());
            format!("job {job} is itself an undo: this puts the changes of job {parent}{title} in place again")
        }
        _ => format!("the undo of job {job} ({}) {}", plain(&summary.title), kind.will_all()),
    };
    let earlier = undone.as_ref().map(|undo| match undo.status.is_terminal() {
        true => format!("job {job} was undone before, by job {}", tail(undo.job)),
        false => {
            format!("job {job} is being undone, by job {}: {}", tail(undo.job), session.command_on("resume", undo.job))
        }
    });
    [Some(first), earlier].into_iter().flatten().collect()
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
    followed(session, follower, new, shown, runs_programs).await
}

/// Follows a job, and writes the files that were asked for once it is over.
async fn followed(
    session: &mut Session,
    follower: Follower,
    job: JobId,
    shown: &OutputArguments,
    runs_programs: bool,
) -> CommandResult {
    let end = follow(session, follower, job, shown.following(runs_programs)).await?;
    if end.is_over {
        outputs(session, job, shown).await?;
    }
    Ok(end.code)
}
