//! One job as a whole: its settings, its numbers, and what a person can do next.

use serde_json::json;

use crate::cli::failure::{CommandFailure, CommandResult, NO_JOB};
use crate::cli::follow::{interrupted, plain};
use crate::cli::next_job::next_job;
use crate::cli::out::{self, count, counted};
use crate::cli::session::Session;
use crate::cli::text::tail;
use crate::cli::times::{local, took};
use headway_client::ClientError;
use headway_model::bar::outcome_text;
use headway_model::summary::JobView;
use headway_model::{ApiError, Counters, JobId, JobKind, JobStatus, JobSummary, PauseReason};

pub(super) async fn one(session: &Session, job: JobId, json: bool) -> CommandResult {
    let view = match session.client.job(job).await {
        Err(ClientError::Refused(ApiError::Pruned { .. })) => {
            return Err(CommandFailure::new(NO_JOB, format!("the history of job {job} was removed")));
        }
        view => view?,
    };
    if json {
        out::line(&json!(view).to_string())?;
        return Ok(0);
    }
    let rows = rows(session, view);
    let wide = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<_> = rows.iter().map(|(name, value)| format!("{name:<wide$}  {value}\n")).collect();
    out::bytes(lines.concat().as_bytes())?;
    Ok(0)
}

/// A name and its value.
type LabelledValue = (&'static str, String);

/// What there is to say about a job.
fn rows(session: &Session, view: JobView) -> Vec<LabelledValue> {
    let has_server = !view.has_no_server();
    let then = [after_errors(session, &view.summary), next_job(session, &view)];
    let JobView { summary, outputs, request, waits, note, trash, undone, retries, tried, report, .. } = view;
    let mut rows: Vec<LabelledValue> = vec![
        ("job", summary.job.to_string()),
        ("title", plain(&summary.title)),
        ("recipe", summary.recipe.clone()),
        ("folder", request.map(|request| request.library).unwrap_or_default()),
        ("status", if has_server { summary.status_text() } else { without_server(summary.status) }),
    ];
    rows.push(("created", local(summary.created)));
    rows.extend(summary.began.map(|began| ("started", local(began))));
    rows.extend(summary.ended.map(|ended| ("ended", local(ended))));
    let so_far = if summary.status.is_terminal() { "" } else { " so far" };
    rows.extend(took(&summary, session.working_clock()).map(|took| ("at work", took + so_far)));
    rows.extend(summary.message.as_ref().filter(|message| !message.is_empty()).map(|text| ("message", plain(text))));
    rows.extend(waits.map(|waits| ("waits", session.completed(&waits))));
    let now = next(session, &summary, has_server);
    rows.extend([now].into_iter().chain(then).flatten().map(|next| ("next", next)));
    rows.extend(note.map(|note| ("note", note)));
    rows.extend(numbers(&summary.counters));
    rows.extend(report.iter().map(|line| ("report", plain(line))));
    rows.extend(in_trash(trash));
    rows.extend((!outputs.is_empty()).then(|| ("written", outputs.join(", "))));
    rows.extend(undone.map(|undo| ("undone by", undo.job.to_string())));
    rows.extend(tried.iter().map(|trial| ("tried first", format!("{}: {}", trial.job, retried(trial)))));
    rows.extend(retries.iter().map(|retry| ("retried by", format!("{}: {}", retry.job, retried(retry)))));
    rows.push(("events", format!("1..{}, digest {}", summary.seq, summary.digest)));
    rows
}

/// How many files have which status: all of them, and the others if there are any.
fn numbers(counters: &Counters) -> impl Iterator<Item = LabelledValue> {
    let numbers = [
        ("files", counters.total),
        ("succeeded", counters.succeeded),
        ("left out", counters.left_out()),
        ("missed", counters.missed),
        ("failed", counters.failed),
        ("cancelled", counters.cancelled),
        ("open", counters.open()),
    ];
    let shown = numbers.into_iter().filter(|(name, number)| *number > 0 || *name == "files");
    shown.map(|(name, number)| (name, count(number.into())))
}

/// The number and bytes of files in the trash, if there are any.
fn in_trash((files, bytes): (u64, u64)) -> Option<LabelledValue> {
    let said = || format!("{}, {}", counted(files, "file", "files"), counted(bytes, "byte", "bytes"));
    (files > 0).then(|| ("in the trash", said()))
}

/// The result of a job that ran files of this one again.
fn retried(retry: &JobSummary) -> String {
    let of = outcome_text(&retry.counters, ',');
    if retry.status.is_terminal() { of } else { format!("{}, {of}", retry.status_text()) }
}

/// The status of a job on which no server works.
fn without_server(status: JobStatus) -> String {
    format!("{}, but nothing runs it now", status.text())
}

/// The commands that list the errors of a job that is over, and try them again.
fn after_errors(session: &Session, job: &JobSummary) -> Option<String> {
    let listed = session.command(&format!("show {} --failed", tail(job.job)));
    let is_tried_again = JobKind::of(&job.recipe) == JobKind::Recipe;
    let retry = is_tried_again.then(|| format!("; try them again: {}", session.command_on("retry", job.job)));
    let has_errors = job.status.is_terminal() && job.counters.has_errors();
    has_errors.then(|| format!("list the errors: {listed}{}", retry.unwrap_or_default()))
}

/// What a person can do about a job that waits for a decision, or on which no server works.
fn next(session: &Session, job: &JobSummary, has_server: bool) -> Option<String> {
    let command = |word: &str| session.command_on(word, job.job);
    match job.status {
        _ if !has_server => Some(format!("go on: {}", command("resume"))),
        JobStatus::Planned => Some(format!("approve its plan: {}", command("approve"))),
        JobStatus::Paused { reason: PauseReason::Interrupted } => {
            Some(interrupted(session, job.job, job.counters.interrupted))
        }
        JobStatus::Paused { .. } => Some(format!("go on: {}", command("resume"))),
        _ => None,
    }
}
