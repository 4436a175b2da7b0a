//! `headway trash`: what the trashes of jobs hold and why, and the way to empty them.

use std::time::Duration;

use clap::Args;

use super::failure::{CommandFailure, CommandResult, NO, USAGE};
use super::out::{self, count, counted, say};
use super::session::{ServerArguments, Session};
use super::text::tail;
use super::times;
use headway_model::summary::JobView;
use headway_model::undo_kind::UndoKind;
use headway_model::{Action, JobId, JobKind, JobStatus};

/// Jobs read at a time.
const JOBS_PER_CALL: u32 = 1_000;

/// Show what the trashes of jobs hold, or empty them.
///
/// A job that replaces or removes files keeps the originals in its trash, so that `headway undo` can put them back. After an
/// undo, the trash still has copies of what was put back, and the undo's own trash has what it replaced, so that it can be
/// undone as well. With --empty they are deleted for good, after a question. The trash of a job that is not over, or that is being undone, is
/// never touched.
///
/// Examples:
///
/// ```sh
/// headway trash
/// headway trash --empty @1
/// headway trash --empty --older-than 30d --yes
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct TrashCommand {
    /// Only these jobs: ids, six or more of their first or last characters, or @1 for the newest
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,

    /// Delete what these trashes hold
    #[arg(long)]
    empty: bool,

    /// Only jobs that ended longer ago than this, such as 30d
    #[arg(long, value_name = "TIME", value_parser = times::duration)]
    older_than: Option<Duration>,

    /// Empty without a question
    #[arg(long, requires = "empty")]
    yes: bool,

    #[command(flatten)]
    which: ServerArguments,
}

pub(super) async fn trash(arguments: TrashCommand) -> CommandResult {
    if arguments.empty && arguments.jobs.is_empty() && arguments.older_than.is_none() {
        let text = "say what to empty: name jobs, or give --older-than (0s for all)";
        return Err(CommandFailure::new(USAGE, text));
    }
    let session = arguments.which.ask().await?;
    let ended = arguments.carry_out(&session).await;
    session.close().await;
    ended
}

impl TrashCommand {
    async fn carry_out(&self, session: &Session) -> CommandResult {
        let (mut views, mut unknown) = (Vec::new(), 0);
        for job in self.wanted(session).await? {
            let view = session.client.job(job).await?;
            if view.trash_unknown && (view.can_undo || JobKind::of(&view.summary.recipe) == JobKind::Undo) {
                let why = view.note.as_deref().unwrap_or("it cannot be read");
                say(&format!("headway: {}: what its trash holds is not known: {why}", tail(job)));
                unknown += 1;
                continue;
            }
            if view.trash_left.0 > 0 {
                out::line(&left_line(session, &view))?;
            }
            if view.trash.0 > 0 {
                let undo = match &view.undone {
                    Some(undo) => Some(session.client.job(undo.job).await?),
                    None => None,
                };
                let has_removed = removed_new_files(session, &view).await;
                out::line(&line(session, &view, undo.as_ref(), has_removed))?;
            }
            if trash_totals(&view).0 > 0 {
                views.push(view);
            }
        }
        let sum = views.iter().map(trash_totals).fold((0, 0), add);
        if views.is_empty() && unknown == 0 {
            out::line("no trash holds anything")?;
        }
        let mut ended = if unknown > 0 { Err(CommandFailure { code: NO, text: None }) } else { Ok(0) };
        if !self.empty || views.is_empty() {
            return ended;
        }
        if !self.yes && !out::confirm(&format!("delete {} for good?", amount_text(sum)))? {
            return Err(CommandFailure::new(NO, "nothing was deleted; without a terminal, --yes is needed"));
        }
        for view in &views {
            let id = view.summary.job;
            match session.client.steer(id, Action::EmptyTrash).await {
                Ok(_) => say(&format!("{}  emptied: {}", tail(id), amount_text(trash_totals(view)))),
                Err(error) => {
                    say(&format!("headway: {}: the trash is kept: {error}", tail(id)));
                    ended = Err(CommandFailure { code: NO, text: None });
                }
            }
        }
        ended
    }

    /// The jobs that are over, and whose age is asked for.
    async fn wanted(&self, session: &Session) -> Result<Vec<JobId>, CommandFailure> {
        let mut named = Vec::new();
        for text in &self.jobs {
            named.push(session.job(text).await?);
        }
        let (mut wanted, mut before) = (Vec::new(), None);
        let age = self.older_than.map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let now = headway_server::now();
        loop {
            let page = session.client.jobs(before, JOBS_PER_CALL).await?;
            for summary in page.jobs {
                let is_named = named.is_empty() || named.contains(&summary.job);
                let is_old = summary.ended.is_some_and(|ended| now.saturating_sub(ended) >= age);
                let is_over = summary.status.is_terminal();
                if is_named && !named.is_empty() && self.empty && !is_over {
                    say(&format!("headway: job {} is not over, so its trash is kept", tail(summary.job)));
                }
                wanted.extend((is_named && is_old && is_over).then_some(summary.job));
            }
            before = page.next;
            if before.is_none() {
                return Ok(wanted);
            }
        }
    }
}

/// What emptying the trash of a job deletes.
fn trash_totals(view: &JobView) -> (u64, u64) {
    add(view.trash, view.trash_left)
}

fn add(one: (u64, u64), other: (u64, u64)) -> (u64, u64) {
    (one.0 + other.0, one.1 + other.1)
}

/// The rest of a trash that somebody began to empty.
fn left_line(session: &Session, view: &JobView) -> String {
    let (job, title) = (tail(view.summary.job), &view.summary.title);
    let empty = session.command(&format!("trash --empty {job}"));
    let why = format!("left of a trash that was being emptied; to delete the rest: {empty}");
    format!("{job}  {}  {title}  ({why})", amount_text(view.trash_left))
}

/// Whether the job is the undo of one that made new files. What such an undo removed, no other job puts back.
async fn removed_new_files(session: &Session, view: &JobView) -> bool {
    let parent = view.request.as_ref().and_then(|request| request.parent);
    let Some(parent) = parent.filter(|_| JobKind::of(&view.summary.recipe) == JobKind::Undo) else { return false };
    // If the first job is no longer known, the undo is offered, and refused if it can do nothing.
    session.client.job(parent).await.is_ok_and(|undone| {
        let output = undone.request.as_ref().and_then(|request| request.output.as_ref());
        UndoKind::of(&undone.summary.recipe, output) == UndoKind::Removes
    })
}

/// What the trash of a job holds, and why. `undo` is the job that undid it, if there is one.
fn line(session: &Session, view: &JobView, undo: Option<&JobView>, has_removed: bool) -> String {
    let summary = &view.summary;
    let what = match JobKind::of(&summary.recipe) {
        JobKind::Undo => "what this undo replaced",
        JobKind::Recipe => "originals",
    };
    let why = match undo {
        None if has_removed => "new files that this undo removed".to_owned(),
        None => {
            format!("{what}; to put them back: {}", session.command_on("undo", summary.job))
        }
        Some(undo) if !undo.summary.status.is_terminal() => {
            format!("{what}; job {} is putting them back", tail(undo.summary.job))
        }
        Some(undo) if undo.undone.is_some() => {
            format!("{what}; job {} put them back, and was undone itself", tail(undo.summary.job))
        }
        Some(undo) if undo.summary.status == JobStatus::Completed => {
            format!("copies of what job {} put back", tail(undo.summary.job))
        }
        Some(undo) => {
            format!("{what}; job {} put back {}", tail(undo.summary.job), count(undo.summary.counters.succeeded.into()))
        }
    };
    format!("{}  {}  {}  ({why})", tail(summary.job), amount_text(view.trash), summary.title)
}

fn amount_text((files, bytes): (u64, u64)) -> String {
    format!("{}, {}", counted(files, "file", "files"), counted(bytes, "byte", "bytes"))
}
