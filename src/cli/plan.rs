//! The plan for `headway run --dry-run` and `--ask`: what would be done to each file.

use std::time::Duration;

use super::failure::{CommandFailure, NOT_BEGUN};
use super::follow::plain;
use super::out::{self, say};
use super::session::Session;
use headway_client::Follower;
use headway_model::{JobId, JobStatus, SkipReason};

/// How long to wait until the end of a cancelled job is recorded.
const PATIENCE: Duration = Duration::from_secs(30);

/// Items read at a time.
const PAGE: u32 = 1_000;

/// Waits for the plan of a job that needs approval, and writes a line for each item: what will be done, why, its
/// path, and its new name or that of its output. Returns whether names collide.
pub(super) async fn show(session: &Session, follower: &mut Follower, job: JobId) -> Result<bool, CommandFailure> {
    loop {
        let status = follower.job(&job).and_then(|tracked| tracked.fold()).map(|fold| fold.status);
        match status {
            Some(JobStatus::Planning) | None => {}
            Some(_) => break,
        }
        follower.is_followed(job).map_err(|error| CommandFailure::from(error).or_code(NOT_BEGUN))?;
        follower.next().await;
    }
    let (mut after, mut collides, mut is_empty, mut rows) = (None, false, true, Vec::new());
    loop {
        let page = session.client.items(job, after, PAGE, None).await?;
        is_empty &= page.items.is_empty();
        for item in page.items {
            collides |= item.reason.as_deref() == Some(SkipReason::Collision.text());
            let verdict = if item.status == "waiting" { "run".to_owned() } else { item.status };
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            let becomes = item.becomes.or(item.output).map(|path| path.shown());
            rows.push(vec![verdict, or_none(item.reason), item.path.shown(), or_none(becomes)]);
        }
        out::table(&["verdict", "reason", "path", "becomes"], &rows)?;
        rows.clear();
        after = page.next;
        if after.is_some() {
            continue;
        }
        if is_empty && let Some(note) = session.client.job(job).await?.note {
            say(&format!("headway: {}", plain(&note)));
        }
        return Ok(collides);
    }
}

/// Cancels a job whose plan was only to be shown, and waits for its end: the server can be in this process, and would end with
/// it before it has recorded that.
pub(super) async fn settle(session: &Session, follower: &mut Follower, job: JobId) -> Result<(), CommandFailure> {
    session.client.cancel(job).await?;
    match tokio::time::timeout(PATIENCE, follower.end(job)).await {
        Ok(ended) => Ok(ended.map(drop)?),
        // The next start of a server does it.
        Err(_) => {
            tracing::warn!(job.id = %job, "the job was cancelled, and its server has not ended it yet");
            Ok(())
        }
    }
}
