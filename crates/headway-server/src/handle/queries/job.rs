//! One job: its view, its load, and what its attempts and it itself wrote.

use super::super::Server;
use super::super::lacking_disks::LackingDisks;
use super::super::on_disk::OnDisk;
use super::super::waits::waits_for_library;
use super::retries::LaterJobs;
use crate::error::{internal, unreadable};
use crate::nothing_found::nothing_found;
use headway_files::{Unreadable, io_text};
use headway_model::attempt::AttemptLog;
use headway_model::load::Load;
use headway_model::status::WaitEnd;
use headway_model::summary::JobView;
use headway_model::text::counted;
use headway_model::{ApiError, JobId, JobStatus, JobSummary, PauseReason};
use headway_recipes::ReportTotals;

/// Up to this many outputs, their bytes are added up while the job runs; those of more, at its end.
const WRITTEN_LIMIT: u32 = 10_000;

impl Server {
    /// One job.
    pub async fn job(&self, id: JobId) -> Result<JobView, ApiError> {
        // The cursor is read before the job, so that it never promises more than the summary holds.
        let cursor = self.cursor().await?;
        let row = self.row(id).await?;
        let request = self.request_of(&row).await?;
        let OnDisk { trash, trash_left, trash_unknown, mut note, folder: gone, ends, disks } =
            self.on_disk(&row, request.as_ref()).await;
        let mut add =
            |said: String| note = Some([Some(said), note.take()].into_iter().flatten().collect::<Vec<_>>().join(" "));
        let outputs = self.read_data(move |data| data.outputs(&id).names()).await?.unwrap_or_else(|error| {
            add(format!("The files that this job wrote cannot be listed: {}.", io_text(&error)));
            Vec::new()
        });
        let mut totals = self.reported(&row.summary, &outputs).await?.unwrap_or_else(|error| {
            add(format!("The report of this job cannot be read: {}.", io_text(&error)));
            ReportTotals::default()
        });
        if row.summary.status == JobStatus::Planned {
            totals.lines = self.plan_head(&row, request.as_ref()).await?;
        }
        let next = self.next_job(&row.summary, request.as_ref(), &outputs, totals.has_found);
        let (priority, concurrency) = (row.head.priority(), row.head.concurrency());
        if !row.summary.status.is_terminal() {
            self.limited(concurrency).into_iter().for_each(&mut add);
        }
        // A job that failed for that reason says it itself.
        let nothing = request.as_ref().filter(|_| !matches!(row.summary.status, JobStatus::Failed { .. }));
        nothing.and_then(|of| nothing_found(&row.summary, &of.query)).into_iter().for_each(&mut add);
        self.damaged_log(&row).await.into_iter().for_each(&mut add);
        let recipe = self.inner.context.recipe(&row.summary.recipe);
        let has_output = request.as_ref().is_some_and(|request| request.output.is_some());
        let can_undo = has_output || recipe.is_some_and(|recipe| recipe.renames_files());
        let undone = if can_undo { self.undone(id).await? } else { None };
        let earlier = self.earlier(request.as_ref()).await?;
        let LaterJobs { retries, retrying, tried, done_since } = self.later_jobs(&row).await?;
        let library = self.inner.context.library(&row.library).filter(|_| self.is_owner);
        let folder = library.and_then(|library| library.path.to_str().map(str::to_owned));
        // Resume accepts what is said here, as it does what the job waits for.
        let is_paused = row.summary.status == (JobStatus::Paused { reason: PauseReason::User });
        if is_paused && (gone.is_some() || disks.has_known()) && self.has_waited(&row).await? {
            waits_for_library(&row.library, gone, (&disks, None)).into_iter().for_each(&mut add);
            self.inner.told.note(id, if gone.is_none() { disks.clone() } else { LackingDisks::default() });
        }
        let waits = self.waits(&row.summary, (&row.library, gone), (&disks, ends)).await;
        let no_server = self.is_left(&row.summary);
        Ok(JobView {
            asks: waits.as_ref().is_some_and(|waits| waits.ends == WaitEnd::Person),
            waits: waits.map(|waits| waits.text),
            no_server,
            outputs,
            summary: row.summary,
            cursor,
            request,
            priority,
            concurrency,
            note,
            trash,
            trash_left,
            trash_unknown,
            folder,
            // A recipe that is no longer configured might have run programs whose output is kept.
            runs_programs: recipe.is_none_or(|recipe| recipe.runs_programs()),
            can_undo,
            undone,
            earlier,
            retries,
            retrying,
            tried,
            done_since,
            report: totals.lines,
            next,
        })
    }

    /// Says that a job asks for more files at once than the server runs, if it does.
    fn limited(&self, concurrency: u32) -> Option<String> {
        let workers = self.inner.limits.lock().workers;
        (concurrency as usize > workers).then(|| {
            let files = counted(workers as u64, ',', "file runs", "files run");
            let workers = counted(workers as u64, ',', "worker", "workers");
            format!("At most {files} at once, not {concurrency}, because this server has {workers}.")
        })
    }

    /// How many files of a job are done and open, and their bytes.
    pub async fn load(&self, id: JobId) -> Result<Load, ApiError> {
        let row = self.row(id).await?;
        let mut load = self.store().load(row.job_no).await?;
        let request = self.request_of(&row).await?;
        if request.is_none_or(|request| request.output.is_none()) {
            return Ok(load);
        }
        let JobSummary { status, counters, .. } = row.summary;
        if status.is_terminal() || counters.succeeded <= WRITTEN_LIMIT {
            let totals = self.job_totals(id).await?;
            (load.written, load.saved) = (totals.replaced_by + totals.created.bytes, totals.saved());
        }
        if status == JobStatus::Planned
            && let Ok(library) = self.library_of_job(&row.library).await
        {
            let free = move || headway_files::free_bytes(&library.path);
            load.free = self.inner.looks.look(&row.library, free).await.flatten();
        }
        Ok(load)
    }

    /// The output of an item's attempts, as far as it is stored, and the output so far of a running one.
    pub async fn attempts(&self, id: JobId, item: u32) -> Result<Vec<AttemptLog>, ApiError> {
        self.row(id).await?;
        // Read the running attempt first: if it ends in between, it is found twice rather than not at all.
        let live = self.inner.context.running.so_far(id, item);
        let logs = self.read_data(move |data| data.attempts_of(id, item)).await?;
        let mut logs = logs.map_err(|error| internal(&error))?;
        logs.extend(live.filter(|live| logs.iter().all(|log| log.attempt != live.attempt)));
        Ok(logs)
    }

    /// A file that a job wrote for its users, opened.
    pub async fn output(&self, id: JobId, name: &str) -> Result<tokio::fs::File, ApiError> {
        let asked = name.to_owned();
        let path =
            self.read_data(move |data| data.outputs(&id).path(&asked)).await?.map_err(|error| internal(&error))?;
        let path = path.ok_or_else(|| ApiError::NotFound { message: format!("job {id} has no file {name:?}") })?;
        tokio::fs::File::open(&path)
            .await
            .map_err(|error| unreadable(Unreadable::of(&error), format!("{name} cannot be read: {}", io_text(&error))))
    }
}
