//! A job's attempts in the format of GNU parallel's `--joblog`: nine columns, one row for each attempt that ended, in
//! the order of the ends.
//!
//! The column `Receive` counts the bytes of the output after its conversion to text, so it differs for output that is
//! not UTF-8. A program that exits by itself with a code above 128 counts as ended by a signal.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};

use super::Server;
use crate::error::internal;
use headway_files::DataFolder;
use headway_model::event::{JobEvent, Recorded};
use headway_model::text::quoted;
use headway_model::{ApiError, FailReason, JobId, Millis, RelPath, SkipReason, StartJob};
use headway_recipes::{Recipe, ShellFile};
use headway_store::StoreError;
use headway_store::rows::EventRow;

/// Events read at a time.
const EVENTS_PER_READ: u32 = 500;

/// The first line.
const HEAD: &str = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/// Exit codes above this stand for signals.
const SIGNALS: i32 = 128;

/// A job whose attempts are listed.
struct ListedJob {
    server: Server,
    job: JobId,
    job_no: u64,
    data: Arc<DataFolder>,
    recipe: Option<Arc<dyn Recipe>>,
    request: StartJob,
    library: PathBuf,
    total: u32,
    /// When running attempts began, by item and attempt.
    begun: HashMap<(u32, u32), Millis>,
}

/// An attempt that ended.
struct LoggedAttempt {
    item: u32,
    attempt: u32,
    at: Millis,
    how: JobLogEnd,
}

enum JobLogEnd {
    Well,
    Failed(FailReason),
    /// An earlier job already processed the file.
    DoneBefore,
}

impl Server {
    /// The lines of the job log, a page at a time.
    ///
    /// # Errors
    /// If there is no such job, or it cannot be read.
    pub async fn joblog(
        &self,
        id: JobId,
    ) -> Result<impl Stream<Item = Result<Vec<u8>, StoreError>> + Send + 'static, ApiError> {
        let row = self.row(id).await?;
        let request = self.store().request(row.job_no).await?;
        let request = request.ok_or_else(|| internal(&"a job has no request"))?;
        let request: StartJob = serde_json::from_str(&request).map_err(|error| internal(&error))?;
        let context = &self.inner.context;
        let library = context.library(&row.library);
        let listed = ListedJob {
            server: self.clone(),
            job: id,
            job_no: row.job_no,
            data: Arc::clone(&context.data),
            recipe: context.recipe(&request.recipe).map(Arc::clone),
            library: library.map_or_else(|| row.library.clone().into(), |library| library.path.clone()),
            request,
            total: row.summary.counters.total,
            begun: HashMap::new(),
        };
        let pages = stream::try_unfold((listed, 0), async |(mut listed, after)| {
            let rows = listed.server.store().history(listed.job_no, after, EVENTS_PER_READ).await?;
            let Some(last) = rows.last().map(|row| row.position) else { return Ok(None) };
            let text = listed.page(&rows).await?;
            Ok(Some((text, (listed, last))))
        });
        Ok(stream::once(async { Ok(HEAD.as_bytes().to_vec()) }).chain(pages.boxed()))
    }
}

impl ListedJob {
    async fn page(&mut self, rows: &[EventRow]) -> Result<Vec<u8>, StoreError> {
        let mut ended = Vec::new();
        for row in rows {
            let recorded =
                Recorded::decode(&row.payload).map_err(|error| StoreError::new(format!("an event: {error}")))?;
            self.note(&recorded, &mut ended);
        }
        let items: Vec<_> = ended.iter().map(|ended| ended.item).collect();
        let found = self.server.store().items_at(self.job_no, &items).await?;
        let paths: HashMap<_, _> = found.into_iter().map(|row| (row.item, row.file.path)).collect();
        let mut text = Vec::new();
        for ended in ended {
            let path = paths.get(&ended.item);
            let path = path.ok_or_else(|| StoreError::new(format!("item {} has no row", ended.item)))?;
            text.extend(self.line(&ended, path).await?);
        }
        Ok(text)
    }

    fn note(&mut self, recorded: &Recorded, ended: &mut Vec<LoggedAttempt>) {
        let at = recorded.at;
        let mut end = |item: u32, attempt: u32, how: JobLogEnd| ended.push(LoggedAttempt { item, attempt, at, how });
        match &recorded.event {
            JobEvent::Planned { skips, .. } => {
                for (first, count, _) in skips.iter().filter(|(_, _, reason)| *reason == SkipReason::Done) {
                    (*first..first + count).for_each(|item| end(item, 0, JobLogEnd::DoneBefore));
                }
            }
            JobEvent::Started { item, attempt } => drop(self.begun.insert((*item, *attempt), at)),
            JobEvent::Succeeded { item, attempt, .. } => end(*item, *attempt, JobLogEnd::Well),
            JobEvent::Failed { item, attempt, reason, .. } | JobEvent::AttemptFailed { item, attempt, reason, .. } => {
                end(*item, *attempt, JobLogEnd::Failed(*reason));
            }
            // These attempts did not end by themselves.
            JobEvent::Returned { item, attempt }
            | JobEvent::Stopped { item, attempt }
            | JobEvent::Recovered { item, attempt, .. } => drop(self.begun.remove(&(*item, *attempt))),
            // These begin and end no attempt that the job log lists.
            JobEvent::Created { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::Requeued { .. }
            | JobEvent::Dropped { .. } => {}
        }
    }

    async fn line(&mut self, ended: &LoggedAttempt, path: &RelPath) -> Result<Vec<u8>, StoreError> {
        let began = self.begun.remove(&(ended.item, ended.attempt)).unwrap_or(ended.at);
        let (data, job, item) = (Arc::clone(&self.data), self.job, ended.item);
        let said = tokio::task::spawn_blocking(move || data.attempts_of(job, item)).await;
        let said = said.map_err(|error| StoreError::new(error.to_string()))?;
        let said = said.map_err(|error| StoreError::new(format!("the output of item {item}: {error}")))?;
        let said = said.into_iter().find(|log| log.attempt == ended.attempt);
        let received =
            said.as_ref().map_or(0, |log| log.stdout.head.len() as u64 + log.stdout.cut + log.stdout.tail.len() as u64);
        let (exit, signal) = match (&ended.how, said.and_then(|log| log.exit)) {
            (JobLogEnd::Well | JobLogEnd::DoneBefore, None) => (0, 0),
            (JobLogEnd::Failed(FailReason::Timeout), _) => (-1, 15),
            (_, Some(code @ (129..=192))) => (0, code - SIGNALS),
            (JobLogEnd::Well | JobLogEnd::DoneBefore | JobLogEnd::Failed(_), Some(code)) => (code, 0),
            (JobLogEnd::Failed(_), None) => (1, 0),
        };
        let seconds = |ms: Millis| ms as f64 / 1_000.0;
        let took = seconds(ended.at.saturating_sub(began));
        let mut line =
            format!("{}\t:\t{:.3}\t{took:10.3}\t0\t{received}\t{exit}\t{signal}\t", ended.item + 1, seconds(began))
                .into_bytes();
        line.extend(self.command(ended.item, path));
        line.push(b'\n');
        Ok(line)
    }

    /// The command as one line that a shell can read. A line feed is written as NUL, as GNU parallel does.
    fn command(&self, item: u32, path: &RelPath) -> Vec<u8> {
        let file = ShellFile { library: &self.library, path, number: item + 1, total: self.total };
        let words = match &self.recipe {
            Some(recipe) => recipe.shell_words(&self.request, &file),
            None => file.by_headway(&self.request),
        };
        let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        let line = words.join(&b' ');
        line.into_iter().map(|byte| if byte == b'\n' { 0 } else { byte }).collect()
    }
}
