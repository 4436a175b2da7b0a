//! The plan for `headway run --dry-run` and `--ask`: what would be done to each file.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use super::failure::{CommandFailure, NOT_BEGUN, WAITS};
use super::follow::{KnownWait, exit_code, plain, verdict};
use super::out::{self, count, say};
use super::session::Session;
use headway_client::Follower;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::status::WaitEnd;
use headway_model::{JobId, JobStatus, PauseReason, SkipReason};

/// How long to wait until the end of a cancelled job is recorded.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(30);

/// Items read at a time.
const ITEMS_PER_CALL: u32 = 1_000;

/// The result of showing a plan.
pub(super) enum ShownPlan {
    /// All of it is shown, and the job waits for approval.
    Whole {
        /// Whether names collide.
        collides: bool,
        /// How many files have which verdict, in words.
        counts: String,
    },
    /// There is no plan to approve, and a message says why. Holds the exit code.
    Without(u8),
}

/// Waits for the plan of a job that needs approval, and shows it. A part of a plan is never shown as if it were all of
/// it: if the files cannot be listed, the reason is printed instead.
pub(super) async fn show(session: &Session, follower: &mut Follower, job: JobId) -> Result<ShownPlan, CommandFailure> {
    let mut told_pause = None;
    loop {
        let fold = follower.job(&job).and_then(|tracked| tracked.fold());
        match fold.map(|fold| fold.status) {
            Some(JobStatus::Planned) => {
                let (collides, counts) = table(session, job).await?;
                // What the whole plan rests on, such as which file of each group is kept.
                for line in session.client.job(job).await?.report {
                    say(&format!("headway: {}", plain(&line)));
                }
                return Ok(ShownPlan::Whole { collides, counts });
            }
            Some(JobStatus::Paused { reason }) if told_pause != Some(reason) => {
                told_pause = Some(reason);
                if say_paused(session, job, reason).await {
                    return Ok(ShownPlan::Without(WAITS));
                }
            }
            // Nothing was found. The message names the request.
            Some(JobStatus::Completed) if fold.is_some_and(|fold| fold.counters.total == 0) => {
                table(session, job).await?;
                return Ok(ShownPlan::Without(0));
            }
            Some(status) if status.is_terminal() => {
                say(&format!("headway: {}", fold.map(|fold| verdict(fold, None)).unwrap_or_default()));
                return Ok(ShownPlan::Without(fold.map_or(NOT_BEGUN, |fold| exit_code(status, &fold.counters))));
            }
            Some(JobStatus::Planning) => told_pause = None,
            _ => {}
        }
        follower.check_followed(job).map_err(|error| CommandFailure::from(error).or_code(NOT_BEGUN))?;
        follower.next().await;
    }
}

/// Reports that the plan is not complete, and why. Returns whether the command need not wait for the rest.
async fn say_paused(session: &Session, job: JobId, reason: PauseReason) -> bool {
    let KnownWait { ends, text: waits, is_last } = KnownWait::ask(session, job, reason).await;
    let then = match ends {
        Some(WaitEnd::Itself) => "; it continues automatically once that is over",
        Some(WaitEnd::Person) | None => "",
    };
    say(&format!("headway: the plan is not complete: paused ({}){then}.{waits}", reason.text()));
    is_last
}

/// Writes a line for each item: whether it runs, why not, its path, its new name or that of its output, and what is done to its
/// file. Returns
/// whether names collide, and how many items have which verdict.
async fn table(session: &Session, job: JobId) -> Result<(bool, String), CommandFailure> {
    let (mut after, mut collides, mut is_empty, mut rows) = (None, false, true, Vec::new());
    let (terminal, mut verdicts) = (std::io::stdout().is_terminal(), BTreeMap::<_, u64>::new());
    loop {
        let page = session.client.items(job, after, ITEMS_PER_CALL, None).await?;
        is_empty &= page.items.is_empty();
        for item in page.items {
            collides |= item.reason.as_deref() == Some(SkipReason::Collision.text());
            // If a file that still waits has a message, the message gives the reason why its attempt cannot succeed.
            let verdict = match (item.status, &item.message) {
                (ItemLabel::Waiting, None) => "run",
                (ItemLabel::Waiting, Some(_)) => "fails",
                (label, _) => label.name(),
            };
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            let (reason, will) = (item.reason.or(item.message), item.will);
            let becomes = item.becomes.or(item.output).map(|path| path.shown());
            // Programs know the word in the column.
            *verdicts.entry(if item.missed { StatusFilter::Missed.name() } else { verdict }).or_default() += 1;
            let (verdict, path) = (verdict.to_owned(), item.path.shown());
            // Programs know the columns from earlier versions; a reason can be long, so in a terminal it is the last.
            rows.push(match terminal {
                true => vec![verdict, path, or_none(becomes), reason.or(will).unwrap_or_default()],
                false => vec![verdict, or_none(reason), path, or_none(becomes), or_none(will)],
            });
        }
        let head: &[&str] = match terminal {
            true => &["verdict", "path", "becomes", "what is done"],
            false => &["verdict", "reason", "path", "becomes", "what is done"],
        };
        out::table(head, &rows)?;
        rows.clear();
        after = page.next;
        if after.is_some() {
            continue;
        }
        if is_empty && let Some(note) = session.client.job(job).await?.note {
            say(&format!("headway: {}", plain(&note)));
        }
        // What runs comes before what is left.
        let mut counts: Vec<_> = verdicts.iter().collect();
        counts.sort_by_key(|(verdict, _)| **verdict == StatusFilter::Missed.name());
        let counts = counts.into_iter().map(|(verdict, number)| format!("{} {verdict}", count(*number)));
        return Ok((collides, counts.collect::<Vec<_>>().join(", ")));
    }
}

/// Cancels a job whose plan was only to be shown, and waits for its end: the server can be in this process, and would end with
/// it before it has recorded that.
pub(super) async fn cancel_and_wait(
    session: &Session,
    follower: &mut Follower,
    job: JobId,
) -> Result<(), CommandFailure> {
    session.client.cancel(job).await?;
    match tokio::time::timeout(CANCEL_TIMEOUT, follower.end(job)).await {
        Ok(ended) => Ok(ended.map(drop)?),
        // The next start of a server does it.
        Err(_) => {
            tracing::warn!(job.id = %job, "the job was cancelled, and its server has not ended it yet");
            Ok(())
        }
    }
}
