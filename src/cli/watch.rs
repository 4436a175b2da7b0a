//! `headway watch` and `headway wait`.

use std::time::Duration;

use clap::Args;

use super::failure::{CommandFailure, CommandResult, NOT_BEGUN};
use super::follow::{Until, follow, not_worked_on};
use super::out::say;
use super::session::{ServerArguments, Session};
use super::shown::OutputArguments;
use super::times;

/// Follow jobs to their ends, through restarts of the server.
///
/// If a job is named by its whole id and does not exist yet, the command waits for it. The exit code is that of
/// `headway run`; for several jobs it is the largest. Ctrl-C ends only the watching.
///
/// Example:
///
/// ```sh
/// headway watch @1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct WatchCommand {
    /// The jobs
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<String>,

    /// When to stop watching
    #[arg(long, value_name = "WHEN", default_value = "end")]
    until: Until,

    /// How long to watch; when this time is up, the exit code is 124
    #[arg(long, value_name = "TIME", value_parser = times::duration)]
    timeout: Option<Duration>,

    #[command(flatten)]
    which: ServerArguments,

    #[command(flatten)]
    shown: OutputArguments,
}

/// Wait for the ends of jobs: `headway watch --quiet`.
///
/// The exit code is that of `headway watch`.
///
/// Example:
///
/// ```sh
/// headway wait @1 && echo done
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct WaitCommand {
    #[command(flatten)]
    watch: WatchCommand,
}

pub(super) async fn wait(mut arguments: WaitCommand) -> CommandResult {
    arguments.watch.shown.quiet = true;
    watch(arguments.watch).await
}

pub(super) async fn watch(arguments: WatchCommand) -> CommandResult {
    let not_begun = |failure: CommandFailure| failure.or_code(NOT_BEGUN);
    let mut session = arguments.which.ask().await.map_err(not_begun)?;
    let ended = each(&mut session, &arguments).await;
    session.close().await;
    ended
}

async fn each(session: &mut Session, arguments: &WatchCommand) -> CommandResult {
    let not_begun = |failure: CommandFailure| failure.or_code(NOT_BEGUN);
    let mut worst = 0;
    for text in &arguments.jobs {
        let job = session.job(text).await.map_err(not_begun)?;
        // Without a server, only finished jobs can be reported.
        if session.host.is_some() {
            let view = session.client.job(job).await.map_err(|error| not_begun(error.into()))?;
            if !view.summary.status.is_terminal() {
                session.let_go().await;
                session.wait_for_server().await.map_err(|_| {
                    let text = not_worked_on(session, job);
                    CommandFailure::new(NOT_BEGUN, text)
                })?;
            }
        }
        // It need not exist yet.
        if session.client.job(job).await.is_ok_and(|view| view.has_no_server()) {
            say(&format!("headway: {}", not_worked_on(session, job)));
        }
        let follower = session.client.follow(None, &[job]);
        let mut how = arguments.shown.following(false);
        (how.owns, how.until, how.limit) = (false, arguments.until, arguments.timeout);
        let code = follow(session, follower, job, how).await?.code;
        if matches!(code, 124 | 129..) {
            return Ok(code);
        }
        worst = worst.max(code);
    }
    Ok(worst)
}
