//! `headway pause`, `resume`, `cancel`, `approve`, `leave-out`, `change`, `retry` and `undo`.

use clap::Args;

use super::failure::{Ended, Failure, NO};
use super::follow::{NOT_BEGUN, follow, tail};
use super::out::say;
use super::run::{Shown, outputs};
use super::session::{Session, Which};
use headway_model::request::Which as Items;
use headway_model::summary::JobView;
use headway_model::{Action, JobId, JobStatus};

/// Jobs that something is done to.
#[derive(Debug, Args)]
pub(super) struct Jobs {
    /// The jobs: ids, their last six or more characters, or @1 for the newest
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<String>,

    #[command(flatten)]
    which: Which,
}

/// Pause jobs: running files end, and no more start.
///
/// Example:
///
///     headway pause @1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Pause {
    #[command(flatten)]
    jobs: Jobs,
}

/// Cancel jobs: running files are ended, and no more start.
///
/// Example:
///
///     headway cancel @1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Cancel {
    #[command(flatten)]
    jobs: Jobs,
}

/// Approve the plans of jobs that wait for it.
///
/// Example:
///
///     headway approve @1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Approve {
    #[command(flatten)]
    jobs: Jobs,
}

/// Go on with jobs without their interrupted files, which count as failed.
///
/// Example:
///
///     headway leave-out @1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct LeaveOut {
    #[command(flatten)]
    jobs: Jobs,
}

/// Change how a job runs.
///
/// Example:
///
///     headway change @1 -j 2
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Change {
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
    which: Which,
}

/// Go on with a job that is paused, or that nobody works on.
///
/// If `headway serve` has the data folder, it goes on there; otherwise it is worked on here, and followed to its end.
///
/// Example:
///
///     headway resume @1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Resume {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    shown: Shown,
}

/// Try failed files again, and follow that to its end.
///
/// Of a job that is over a new one is made, with the files that failed, or with these. In a job that is not over they wait again.
///
/// Examples:
///
///     headway retry @1
///     headway retry @1 3 7
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Retry {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    /// Files, by their numbers from 1 [default: all that failed]
    #[arg(value_name = "ITEM", value_parser = clap::value_parser!(u32).range(1..))]
    items: Vec<u32>,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    shown: Shown,
}

/// Put back what a job replaced, and remove what it made: a job too, followed to its end.
///
/// Example:
///
///     headway undo @1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Undo {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    shown: Shown,
}

pub(super) async fn pause(arguments: Pause) -> Ended {
    each(arguments.jobs, Some(Action::Pause)).await
}

pub(super) async fn cancel(arguments: Cancel) -> Ended {
    each(arguments.jobs, None).await
}

pub(super) async fn approve(arguments: Approve) -> Ended {
    each(arguments.jobs, Some(Action::Approve)).await
}

pub(super) async fn leave_out(arguments: LeaveOut) -> Ended {
    each(arguments.jobs, Some(Action::LeaveOut)).await
}

pub(super) async fn change(arguments: Change) -> Ended {
    let jobs = Jobs { jobs: vec![arguments.job], which: arguments.which };
    each(jobs, Some(Action::Change { priority: arguments.priority, concurrency: arguments.jobs })).await
}

/// Does this to each job, or cancels it. All are tried; the first refusal decides the exit code.
async fn each(arguments: Jobs, action: Option<Action>) -> Ended {
    let session = arguments.which.ask().await?;
    let mut ended = Ok(0);
    for text in &arguments.jobs {
        match steer(&session, text, action).await {
            Ok(view) => say(&format!("{}  {}", tail(view.summary.job), view.summary.status.text())),
            Err(failure) => match &ended {
                Ok(_) => ended = Err(failure),
                Err(_) => say(&format!("headway: {}", failure.text.unwrap_or_default())),
            },
        }
    }
    session.close().await;
    ended
}

async fn steer(session: &Session, text: &str, action: Option<Action>) -> Result<JobView, Failure> {
    let job = session.job(text).await?;
    let view = session.client.job(job).await?;
    if view.summary.status.is_terminal() {
        return Err(Failure::new(NO, format!("job {} is over: {}", tail(job), view.summary.status.text())));
    }
    // Nothing is done by a job that nobody works on; a cancel is carried out by whoever does.
    if action.is_none() {
        session.client.adopt(job).await?;
    } else if session.host.is_some() {
        let text = format!("nobody works on job {0}; go on with it: headway resume {0}", tail(job));
        return Err(Failure::new(NO, text));
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

pub(super) async fn resume(arguments: Resume) -> Ended {
    let mut session = arguments.which.ask().await?;
    let ended = resumed(&mut session, &arguments).await;
    session.close().await;
    ended
}

async fn resumed(session: &mut Session, arguments: &Resume) -> Ended {
    let job = session.job(&arguments.job).await?;
    let view = session.client.job(job).await?;
    if view.summary.status.is_terminal() {
        return Err(Failure::new(NO, format!("job {} is over: {}", tail(job), view.summary.status.text())));
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
    let code = follow(session, follower, job, arguments.shown.following(view.runs_programs)).await?;
    outputs(session, job, &arguments.shown).await?;
    Ok(code)
}

pub(super) async fn retry(arguments: Retry) -> Ended {
    let mut session = arguments.which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = retried(&mut session, &arguments).await;
    session.close().await;
    ended
}

async fn retried(session: &mut Session, arguments: &Retry) -> Ended {
    let not_begun = |failure: Failure| failure.or_code(NOT_BEGUN);
    let job = session.job(&arguments.job).await.map_err(not_begun)?;
    let view = session.client.job(job).await.map_err(|error| not_begun(error.into()))?;
    let items: Vec<u32> = arguments.items.iter().map(|item| item - 1).collect();
    let which = if items.is_empty() { Items::Failed } else { Items::These(items.clone()) };
    if view.summary.status.is_terminal() {
        let request = view.request.map(|request| request.again(job, which));
        let request = request.ok_or_else(|| Failure::new(NOT_BEGUN, "what was asked for cannot be read"))?;
        return new_job(session, &arguments.shown, view.runs_programs, async |session, new| {
            session.client.start(new, &request).await.map(drop)
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
    follow(session, follower, job, arguments.shown.following(view.runs_programs)).await
}

pub(super) async fn undo(arguments: Undo) -> Ended {
    let mut session = arguments.which.ask().await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = async {
        let job = session.job(&arguments.job).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
        new_job(&mut session, &arguments.shown, false, async |session, new| {
            session.client.undo(job, new).await.map(drop)
        })
        .await
    };
    let ended = ended.await;
    session.close().await;
    ended
}

/// Begins another job, and follows it to its end.
async fn new_job(
    session: &mut Session,
    shown: &Shown,
    runs_programs: bool,
    begin: impl AsyncFnOnce(&Session, JobId) -> Result<(), headway_client::ClientError>,
) -> Ended {
    let not_begun = |error| Failure::from(error).or_code(NOT_BEGUN);
    let (cursor, new) = (session.client.cursor().await.map_err(not_begun)?, headway_client::mint());
    let follower = session.client.follow(Some(cursor), &[new]);
    session.listen()?;
    begin(session, new).await.map_err(not_begun)?;
    say(&format!("job {}", tail(new)));
    let code = follow(session, follower, new, shown.following(runs_programs)).await?;
    outputs(session, new, shown).await?;
    Ok(code)
}
