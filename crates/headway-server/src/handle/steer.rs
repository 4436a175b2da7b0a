//! The actions that a person can take on a job.

use std::sync::Arc;

use super::lacking_disks::LackingDisks;
use super::looks::NoAnswer;
use super::trash::Emptying;
use super::waits::ask_about;
use super::{Input, ScheduleLimits, Server};
use crate::engine;
use crate::error::internal;
use crate::placements::each_event;
use headway_files::{DataFolder, Library, io_text};
use headway_model::event_kind::EventKind;
use headway_model::item::ItemLabel;
use headway_model::request::ItemsQuery;
use headway_model::status::PauseReason;
use headway_model::summary::JobView;
use headway_model::{Action, ApiError, JobEvent, JobId, JobStatus, StartJob};
use headway_store::ItemPages;
use headway_store::rows::JobRow;

/// Items read at a time.
const ITEMS_PER_READ: u32 = 1_000;

impl Server {
    /// Carries out an action.
    pub async fn steer(&self, id: JobId, action: Action) -> Result<JobView, ApiError> {
        if action != Action::EmptyTrash {
            self.must_work_on(id).await?;
        }
        match action {
            Action::Pause => self.pause(id).await,
            Action::Resume => self.resume(id).await,
            Action::LeaveOut => self.leave_out(id).await,
            Action::Approve => self.approve(id).await,
            Action::Retry(item) => self.retry(id, item).await,
            Action::Change { priority, concurrency } => self.change(id, priority, concurrency).await,
            Action::EmptyTrash => self.empty_trash(id, Emptying::ByHand).await,
        }
    }

    /// Pauses a job: nothing new of it starts until it is resumed. A job that a person paused already stays as it is.
    async fn pause(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if row.summary.status != (JobStatus::Paused { reason: PauseReason::User }) {
            self.log().append(id, JobEvent::Paused { reason: PauseReason::User }, None).await?;
        }
        self.job(id).await
    }

    /// Ends a pause. Interrupted items that waited for a person's decision run again; a library that has come back is reopened.
    async fn resume(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        let JobStatus::Paused { reason } = row.summary.status else {
            return Err(ApiError::Conflict {
                message: format!("the job is {}, not paused", row.summary.status_text()),
            });
        };
        if reason == PauseReason::Interrupted {
            self.for_each(&row, ItemLabel::Interrupted, |item| JobEvent::Requeued { item }).await?;
        }
        // A person might have paused it while it waited for its library, and was shown what is missing.
        if reason == PauseReason::LibraryGone || reason == PauseReason::User && self.lacks_library(&row).await? {
            self.accept_folder(&row).await?;
        }
        self.inner.context.steps.forgive(id);
        self.log().append(id, JobEvent::Resumed {}, None).await?;
        self.job(id).await
    }

    /// Whether a job's library, or a disk inside it, is gone or is another one, and the job waited for it before
    /// it was paused.
    async fn lacks_library(&self, row: &JobRow) -> Result<bool, ApiError> {
        let request = self.request_of(row).await?;
        let now = self.on_disk(row, request.as_ref()).await;
        Ok((now.folder.is_some() || now.disks.has_known()) && self.has_waited(row).await?)
    }

    /// Whether a job waited for its library, or for a disk inside it, before a person paused it.
    pub(super) async fn has_waited(&self, row: &JobRow) -> Result<bool, ApiError> {
        let mut has_waited = false;
        let decides = |kind| matches!(kind, EventKind::Paused | EventKind::Resumed);
        let read = each_event(&**self.store(), row.job_no, decides, |event| {
            match event {
                JobEvent::Paused { reason: PauseReason::LibraryGone } => has_waited = true,
                JobEvent::Resumed {} => has_waited = false,
                _ => {}
            }
            Ok(())
        });
        read.await.map_err(|error| internal(&error))?;
        Ok(has_waited)
    }

    /// Opens what is now at the path of a job's library, and accepts it for the job.
    async fn accept_folder(&self, row: &JobRow) -> Result<(), ApiError> {
        let library = self.library_of_job(&row.library).await?;
        let (fresh, folder) = (Arc::clone(&library), library.path.display().to_string());
        let opened = self.inner.reaches.ask(&library.name, move || fresh.reopen()).await;
        let refused =
            |why: String| ApiError::Conflict { message: format!("the folder {folder} cannot be opened: {why}") };
        let silent = |no_answer: NoAnswer| ApiError::Unavailable {
            message: format!("the folder {folder} cannot be opened: {no_answer} from its storage"),
        };
        opened.map_err(silent)?.map_err(|error| refused(error.to_string()))?;
        self.keep_accepted(row, &library).await
    }

    /// Stores what a person has accepted as the library of a job, with the disks inside it that the person was told of. If it
    /// cannot be stored, it is not accepted.
    async fn keep_accepted(&self, row: &JobRow, library: &Arc<Library>) -> Result<(), ApiError> {
        let (data, accepted) = (Arc::clone(&self.inner.context.data), Arc::clone(library));
        let request = self.request_of(row).await?;
        let job = row.summary.job;
        let told = self.inner.told.of(job);
        let refused = |why: &str| ApiError::Conflict {
            message: format!("what is at {} now cannot be accepted: {why}", library.path.display()),
        };
        let remember = move || accept(&data, job, request.as_ref(), &accepted, told);
        let remembered = self.inner.reaches.ask(&library.name, remember).await;
        let silent = |no_answer: NoAnswer| refused(&format!("{no_answer} from its storage"));
        let unasked = remembered.map_err(silent)?.map_err(|why| refused(&why))?;
        if let Some(lacking) = unasked {
            let message = ask_about(&lacking);
            self.inner.told.note(job, lacking);
            return Err(ApiError::Conflict { message });
        }
        self.inner.told.forget(job);
        Ok(())
    }

    /// Ends a pause for interrupted items: they do not run again and count as failed.
    async fn leave_out(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if row.summary.status != (JobStatus::Paused { reason: PauseReason::Interrupted }) {
            return Err(ApiError::Conflict { message: "the job is not paused for interrupted items".into() });
        }
        self.for_each(&row, ItemLabel::Interrupted, |item| JobEvent::Dropped { item }).await?;
        self.log().append(id, JobEvent::Resumed {}, None).await?;
        self.job(id).await
    }

    /// Approves a job's plan, so that it runs. A job that tries some of its files first has to be over: the run leaves out what that
    /// job has done.
    async fn approve(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        // No such job is started meanwhile.
        let _alone = self.inner.retry_starts.lock().await;
        let tried = if row.summary.status == JobStatus::Planned { self.tried(&row).await? } else { Vec::new() };
        if let Some(JobRow { summary, .. }) = tried.iter().find(|trial| !trial.summary.status.is_terminal()) {
            let (trial, status) = (summary.job, summary.status.text());
            let message =
                format!("job {trial} still tries files of this plan ({status}); wait for its end, or cancel it");
            return Err(ApiError::Conflict { message });
        }
        self.log().append(id, JobEvent::Approved {}, None).await?;
        self.job(id).await
    }

    /// Changes a job's priority, or how many of its items run at once (0 leaves that to the server), or both.
    async fn change(&self, id: JobId, priority: Option<i32>, concurrency: Option<u32>) -> Result<JobView, ApiError> {
        self.row(id).await?;
        if priority.is_none() && concurrency.is_none() {
            return Err(ApiError::Malformed { message: "give priority, concurrency, or both".into() });
        }
        self.log().append(id, JobEvent::Changed { priority, concurrency }, None).await?;
        self.job(id).await
    }

    /// Runs one failed item, or all of them, again. The job must be live; for a terminal job, start a new one with a query for its
    /// items.
    async fn retry(&self, id: JobId, item: Option<u32>) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if row.summary.status.is_terminal() {
            let message = format!(
                "the job is {}; start a new one with the query {{\"items\": {{\"job\": \"{id}\", \"which\": \"failed\"}}}}",
                row.summary.status_text()
            );
            return Err(ApiError::Conflict { message });
        }
        match item {
            Some(item) => drop(self.log().append(id, JobEvent::Requeued { item }, None).await?),
            None => self.for_each(&row, ItemLabel::Failed, |item| JobEvent::Requeued { item }).await?,
        }
        self.log().flush().await;
        self.job(id).await
    }

    /// Sets how many items run at the same time, over all jobs.
    pub fn set_workers(&self, workers: usize) -> Result<(), ApiError> {
        if !(1..=1_024).contains(&workers) {
            return Err(ApiError::invalid("workers must be 1 to 1,024"));
        }
        let mut limits = self.inner.limits.lock();
        *limits = ScheduleLimits { workers, ..*limits };
        self.inner.tell.send(Input::Limits(*limits)).map_err(|error| internal(&error))
    }

    /// Checks a query for items of another job: that job must be over and of the same library.
    pub(super) async fn items_of(&self, request: &StartJob, query: &ItemsQuery) -> Result<(), ApiError> {
        let row = self.row(query.job).await?;
        if !row.summary.status.is_terminal() {
            return Err(ApiError::Conflict { message: format!("job {} has not ended yet", query.job) });
        }
        if row.library != request.library {
            let text = format!("job {} belongs to library {:?}", query.job, row.library);
            return Err(ApiError::at_place("/library", text));
        }
        Ok(())
    }

    /// Queues an event for each item with this status, in order.
    async fn for_each(&self, row: &JobRow, status: ItemLabel, event: impl Fn(u32) -> JobEvent) -> Result<(), ApiError> {
        let mut pages = ItemPages::new(&**self.store(), row.job_no, ITEMS_PER_READ).with_status(Some(status));
        while let Some(items) = pages.next().await? {
            let facts = items.iter().map(|item| (row.summary.job, event(item.item), None));
            self.log().send(facts.collect()).await;
        }
        Ok(())
    }
}

/// Stores for a job what is at its library now: the folder, and those disks inside it that a person was `told` about. A disk
/// that left or was exchanged since is asked about again. If nothing was said and the job lacks disks, stores nothing, and
/// returns them. Blocking.
fn accept(
    data: &DataFolder,
    job: JobId,
    request: Option<&StartJob>,
    library: &Arc<Library>,
    told: Option<LackingDisks>,
) -> Result<Option<LackingDisks>, String> {
    let remember = || {
        data.remember_mounts(library);
        data.remember_libraries(&[Arc::clone(library)]);
    };
    // A job whose request cannot be read does nothing on any disk.
    let (Some(root), Some(request)) = (library.identity(), request) else {
        remember();
        return Ok(None);
    };
    let bound = engine::ground(data, job, request).map_err(|error| io_text(&error))?;
    let lacks = LackingDisks::of(library, bound.as_ref(), Some(request), &data.accepted_missing(&job));
    let (now, _) = lacks.map_err(|error| io_text(&error))?;
    let told = match told {
        None if !now.is_empty() => return Ok(Some(now)),
        told => told.unwrap_or_default(),
    };
    let unasked = now.beyond(&told);
    remember();
    let given_up: Vec<_> = now.absent.into_keys().filter(|mount| !unasked.contains(mount)).collect();
    if !given_up.is_empty() {
        data.accept_missing(&job, given_up).map_err(|error| io_text(&error))?;
    }
    let ground = engine::ground_of(root, library, request).map_err(|reason| reason.text().to_owned())?;
    let ground = match bound {
        Some(bound) => ground.with_disks_of(&bound, &unasked),
        None => ground,
    };
    data.add_ground(&job, &ground).map_err(|error| io_text(&error))?;
    Ok(None)
}
