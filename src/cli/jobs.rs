//! `headway jobs` and `headway show`.

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::Args;
use serde_json::json;

use super::failure::{CommandFailure, CommandResult, NO};
use super::follow::{interrupted, plain, tail};
use super::items::items_of;
use super::out::{self, count, time};
use super::reported::reported;
use super::session::{ServerArguments, Session};
use headway_client::ClientError;
use headway_model::item::ERRORS;
use headway_model::summary::{JobView, NumberedItem};
use headway_model::{ItemView, JobId, JobStatus, JobSummary, PauseReason};

/// Jobs or items read at a time.
const PAGE: u32 = 1_000;

/// List jobs, newest first.
///
/// If the output is not a terminal, the columns are separated by tabs, nothing is cut, and there is no heading. The
/// columns are: id, status, done, total, failed, recipe, title. Only files that succeeded count as done, and files that
/// could not be processed count as failed. A job that was cancelled before it began is shown as planned only.
///
/// Example:
///
/// ```sh
/// headway jobs --open
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
    let wanted = |job: &JobSummary| {
        (!arguments.open || !job.status.is_terminal())
            && arguments.status.as_deref().is_none_or(|status| job.status.label() == status)
            && arguments.recipe.as_deref().is_none_or(|recipe| job.recipe == recipe)
    };
    let (mut found, mut before) = (Vec::new(), None);
    while found.len() < arguments.number {
        let page = session.client.jobs(before, PAGE).await?;
        found.extend(page.jobs.into_iter().filter(|job| !job.pruned && wanted(job)));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    found.truncate(arguments.number);
    if arguments.json {
        for job in &found {
            out::line(&json!(job).to_string())?;
        }
        return Ok(0);
    }
    let terminal = std::io::stdout().is_terminal();
    let row = |job: &JobSummary| {
        let id = if terminal { tail(job.job) } else { job.job.to_string() };
        let status = if terminal { job.status_text() } else { job.status.label().into() };
        let counters = &job.counters;
        let number = |number: u32| if terminal { count(number.into()) } else { number.to_string() };
        let numbers = [counters.succeeded, counters.total, counters.failed + counters.missed].map(number);
        let [done, total, failed] = numbers;
        vec![id, status, done, total, failed, job.recipe.clone(), plain(&job.title)]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    out::table(&["job", "status", "done", "total", "failed", "recipe", "title"], &rows)?;
    Ok(0)
}

/// Show a job, its files, or the output of its programs.
///
/// Name the job by its id, by six or more of the first or last characters of its id, or by @1 for the newest, @2 for the
/// one before. With --failed or --status, the paths of those files are listed, one per line, or ended by NUL with -0.
/// Files are numbered from 1, in the order of the plan: in JSON as `number`, beside `item`, the index of the API, which
/// counts from 0.
///
/// Examples:
///
/// ```sh
/// headway show @1
/// headway show @1 --failed -0 | xargs -0 ls -l
/// headway show @1 --attempts 1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ShowCommand {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    /// List the files that the exit code of run counts: they failed, or could not be processed
    #[arg(long, conflicts_with = "status")]
    failed: bool,

    /// List the files with this status: succeeded, skipped, failed, cancelled, waiting, running or interrupted
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,

    /// Show the output of the attempts at a file, named by its path or by its number from 1
    #[arg(long, value_name = "FILE", conflicts_with_all = ["failed", "status"])]
    attempts: Option<OsString>,

    /// End paths with NUL
    #[arg(short = '0', long)]
    null: bool,

    /// Write JSON: the job, or one item per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    which: ServerArguments,
}

pub(super) async fn show(arguments: ShowCommand) -> CommandResult {
    let session = arguments.which.ask().await?;
    let ended = async {
        let job = session.job(&arguments.job).await?;
        let status = if arguments.failed { Some(ERRORS) } else { arguments.status.as_deref() };
        match (status, &arguments.attempts) {
            (Some(status), _) => files(&session, job, status, &arguments).await,
            (None, Some(file)) => {
                let view = session.client.job(job).await?;
                let items = items_of(&session.client, job, &view, std::slice::from_ref(file)).await?;
                attempts(&session, job, items.first().copied().unwrap_or_default()).await
            }
            (None, None) => one(&session, job, arguments.json).await,
        }
    };
    let ended = ended.await;
    session.close().await;
    ended
}

async fn files(session: &Session, job: JobId, status: &str, arguments: &ShowCommand) -> CommandResult {
    use std::os::unix::ffi::OsStrExt;
    let view = session.client.job(job).await?;
    // Whoever knows where the library is gets whole paths.
    let by_path = view.request.map(|request| request.library).filter(|library| library.starts_with('/'));
    let root = view.folder.or(by_path);
    let mut after = None;
    loop {
        let page = session.client.items(job, after, PAGE, Some(status)).await?;
        let mut text = Vec::new();
        for item in page.items {
            if arguments.json {
                text.extend(json!(NumberedItem::from(&item)).to_string().into_bytes());
                text.push(b'\n');
                continue;
            }
            let path = std::ffi::OsStr::from_bytes(&item.path.to_bytes()).to_owned();
            let path = root.as_ref().map_or_else(|| path.clone().into(), |root| std::path::Path::new(root).join(&path));
            text.extend_from_slice(path.as_os_str().as_bytes());
            if arguments.null {
                text.push(0);
            } else {
                text.extend(why(&item).map(|why| format!("\t{why}")).unwrap_or_default().into_bytes());
                text.push(b'\n');
            }
        }
        out::bytes(&text)?;
        after = page.next;
        if after.is_none() {
            return Ok(0);
        }
    }
}

fn why(item: &ItemView) -> Option<String> {
    item.message.as_ref().or(item.reason.as_ref()).map(|why| plain(why))
}

async fn attempts(session: &Session, job: JobId, item: u32) -> CommandResult {
    let attempts = session.client.attempts(job, item).await?;
    if attempts.is_empty() {
        return Err(CommandFailure::new(NO, "nothing is kept of what its attempts said"));
    }
    for attempt in attempts {
        let exit = attempt.exit.map_or_else(|| "no exit code".into(), |exit| format!("exit {exit}"));
        out::line(&format!("attempt {}: {exit}, {}", attempt.attempt, time(attempt.ms)))?;
        out::line(&format!("$ {}", plain(&attempt.argv.join(" "))))?;
        for kept in [&attempt.stdout, &attempt.stderr] {
            let cut =
                if kept.cut > 0 { format!("\n[{} bytes are not kept]\n", count(kept.cut)) } else { String::new() };
            out::bytes(format!("{}{cut}{}", kept.head, kept.tail).as_bytes())?;
        }
    }
    Ok(0)
}

async fn one(session: &Session, job: JobId, json: bool) -> CommandResult {
    let view = match session.client.job(job).await {
        Err(ClientError::Refused(headway_model::ApiError::Pruned { .. })) => {
            return Err(CommandFailure::new(super::failure::NO_JOB, format!("the history of job {job} was removed")));
        }
        view => view?,
    };
    if json {
        out::line(&json!(view).to_string())?;
        return Ok(0);
    }
    let report = reported(&session.client, &view).await;
    let JobView { summary, outputs, request, waits, note, trash, undone, .. } = view;
    let counters = &summary.counters;
    let mut rows = vec![
        ("job", job.to_string()),
        ("title", plain(&summary.title)),
        ("recipe", summary.recipe.clone()),
        ("folder", request.map(|request| request.library).unwrap_or_default()),
        ("status", summary.status_text()),
    ];
    rows.extend(summary.message.as_ref().filter(|message| !message.is_empty()).map(|text| ("message", plain(text))));
    rows.extend(waits.map(|waits| ("waits", waits)));
    rows.extend(next(session, &summary).map(|next| ("next", next)));
    rows.extend(note.map(|note| ("note", note)));
    let numbers = [
        ("files", counters.total),
        ("succeeded", counters.succeeded),
        ("skipped", counters.skipped - counters.missed),
        ("not processed", counters.missed),
        ("failed", counters.failed),
        ("cancelled", counters.cancelled),
        ("open", counters.open()),
    ];
    rows.extend(
        numbers
            .into_iter()
            .filter(|(name, number)| *number > 0 || *name == "files")
            .map(|(name, number)| (name, count(number.into()))),
    );
    rows.extend(report.into_iter().map(|line| ("report", line)));
    if trash.0 > 0 {
        rows.push(("originals in the trash", format!("{} files, {} bytes", count(trash.0), count(trash.1))));
    }
    rows.extend((!outputs.is_empty()).then(|| ("written", outputs.join(", "))));
    rows.extend(undone.map(|undo| ("undone by", undo.job.to_string())));
    rows.push(("events", format!("1..{}, digest {}", summary.seq, summary.digest)));
    let wide = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<_> = rows.iter().map(|(name, value)| format!("{name:<wide$}  {value}\n")).collect();
    out::bytes(lines.concat().as_bytes())?;
    Ok(0)
}

/// What a person can do about a job that waits for one.
fn next(session: &Session, job: &JobSummary) -> Option<String> {
    let command = |word: &str| session.command_on(word, job.job);
    match job.status {
        JobStatus::Planned => Some(format!("approve its plan: {}", command("approve"))),
        JobStatus::Paused { reason: PauseReason::Interrupted } => {
            Some(interrupted(session, job.job, job.counters.interrupted))
        }
        JobStatus::Paused { .. } => Some(format!("go on: {}", command("resume"))),
        _ => None,
    }
}
