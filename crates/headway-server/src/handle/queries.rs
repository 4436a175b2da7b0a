//! What callers can read about jobs, items and libraries.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::on_disk::OnDisk;
use super::{Server, build, checks};
use crate::engine::target;
use crate::error::{internal, unreadable};
use headway_files::{Unreadable, io_text};
use headway_model::attempt::AttemptLog;
use headway_model::causes::{CAUSES_LIMIT, Causes, Sorter};
use headway_model::find::{FindJobs, JobSort};
use headway_model::groups::{GroupBy, ItemGroups};
use headway_model::item::{ERRORS, ITEM_LABELS};
use headway_model::item_filter::{ItemFilter, MatchingItems};
use headway_model::library::{FolderPage, FolderView, Pattern};
use headway_model::load::Load;
use headway_model::message::Now;
use headway_model::summary::{ItemPage, ItemView, JobPage, JobView, LibraryName, PageRights, RecipeInfo, Start};
use headway_model::{
    ApiError, Cursor, ItemStatus, JobId, JobStatus, JobSummary, PauseReason, Policy, SkipReason, StartJob,
};
use headway_recipes::Recipe;
use headway_store::rows::{ItemRow, JobRow};
use headway_store::{ItemPages, JobFilter};

/// The most jobs or items in one page.
const PAGE_LIMIT: u32 = 1_000;

/// Up to this many outputs, their bytes are added up while the job runs; those of more, at its end.
const WRITTEN_LIMIT: u32 = 10_000;

/// Maximum length of a search text, in bytes.
const NAME_LIMIT: usize = 1_000;

impl Server {
    /// One job.
    pub async fn job(&self, id: JobId) -> Result<JobView, ApiError> {
        // The cursor is read before the job, so that it never promises more than the summary holds.
        let cursor = self.cursor().await?;
        let row = self.row(id).await?;
        let request = self.request_of(&row).await?;
        let OnDisk { trash, trash_left, trash_unknown, mut note, folder: gone, asks, absent } =
            self.on_disk(&row.library, id, request.as_ref()).await;
        let outputs = self.inner.context.data.outputs(&id).names().unwrap_or_else(|error| {
            let unknown = format!("The files that this job wrote cannot be listed: {}.", io_text(&error));
            note = Some([Some(unknown), note.take()].into_iter().flatten().collect::<Vec<_>>().join(" "));
            Vec::new()
        });
        if let Some(limited) =
            request.as_ref().filter(|_| !row.summary.status.is_terminal()).and_then(|of| self.limited(of))
        {
            note = Some([Some(limited), note.take()].into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
        let recipe = self.inner.context.recipe(&row.summary.recipe);
        let has_output = request.as_ref().is_some_and(|request| request.output.is_some());
        let can_undo = has_output || recipe.is_some_and(|recipe| recipe.renames_files());
        let undone = if can_undo { self.undone(id).await? } else { None };
        let library = self.inner.context.library(&row.library).filter(|_| self.is_owner);
        let folder = library.and_then(|library| library.path.to_str().map(str::to_owned));
        Ok(JobView {
            waits: self.waits(&row.summary, (&row.library, gone), absent),
            asks: asks && row.summary.status == (JobStatus::Paused { reason: PauseReason::LibraryGone }),
            outputs,
            summary: row.summary,
            cursor,
            request,
            note,
            trash,
            trash_left,
            trash_unknown,
            folder,
            // A recipe that is no longer configured might have run programs whose output is kept.
            runs_programs: recipe.is_none_or(|recipe| recipe.runs_programs()),
            can_undo,
            undone,
        })
    }

    /// Says that a job asks for more files at once than the server runs, if it does.
    fn limited(&self, request: &StartJob) -> Option<String> {
        let workers = self.inner.limits.lock().workers;
        (request.concurrency as usize > workers).then(|| {
            let files = if workers == 1 { "1 file runs".to_owned() } else { format!("{workers} files run") };
            format!("At most {files} at once, not {}, because this server has {workers} workers.", request.concurrency)
        })
    }

    /// A page of jobs in the requested order: those after the job `before`.
    pub async fn jobs(&self, before: Option<JobId>, limit: u32, find: &FindJobs) -> Result<JobPage, ApiError> {
        let limit = limit.clamp(1, PAGE_LIMIT) as usize;
        match find.sort {
            JobSort::Newest => self.newest_jobs(before, limit, find).await,
            JobSort::Took | JobSort::Files | JobSort::Failed => self.sorted_jobs(before, limit, find).await,
        }
    }

    /// A page of jobs in an order that no index has, so every job is read.
    async fn sorted_jobs(&self, behind: Option<JobId>, limit: usize, find: &FindJobs) -> Result<JobPage, ApiError> {
        let cursor = self.cursor().await?;
        let (mut jobs, mut before) = (Vec::new(), None);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), PAGE_LIMIT).await?;
            let is_end = rows.len() < PAGE_LIMIT as usize;
            before = rows.last().map(|row| row.summary.job);
            jobs.extend(rows.into_iter().map(|row| row.summary).filter(|summary| find.has(summary)));
            if is_end {
                break;
            }
        }
        // They were read newest first, and the sort is stable, so equal ones stay in that order.
        jobs.sort_by_key(|job| Reverse(find.sort.key(job)));
        let from = behind.and_then(|behind| jobs.iter().position(|job| job.job == behind)).map_or(0, |at| at + 1);
        let mut jobs: Vec<_> = jobs.into_iter().skip(from).take(limit + 1).collect();
        let is_more = jobs.len() > limit;
        jobs.truncate(limit);
        let next = jobs.last().filter(|_| is_more).map(|job| job.job);
        Ok(JobPage { jobs, next, cursor })
    }

    async fn newest_jobs(&self, before: Option<JobId>, limit: usize, find: &FindJobs) -> Result<JobPage, ApiError> {
        let cursor = self.cursor().await?;
        // With a filter, more are read at a time, because few of them might match.
        let read = if find.is_all() { limit } else { PAGE_LIMIT as usize };
        let (mut jobs, mut before) = (Vec::new(), before);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), read as u32).await?;
            let is_end = rows.len() < read;
            for JobRow { summary, .. } in rows {
                before = Some(summary.job);
                if find.has(&summary) {
                    jobs.push(summary);
                }
                if jobs.len() == limit {
                    return Ok(JobPage { jobs, next: before, cursor });
                }
            }
            if is_end {
                return Ok(JobPage { jobs, next: None, cursor });
            }
        }
    }

    /// A page of a job's items.
    pub async fn items(
        &self,
        id: JobId,
        after: Option<u32>,
        limit: u32,
        filter: &ItemFilter,
    ) -> Result<ItemPage, ApiError> {
        let status = filter.status.as_deref();
        if let Some(status) = status.filter(|status| !ITEM_LABELS.contains(status) && *status != ERRORS) {
            let words = ITEM_LABELS.join(", ");
            let message = format!("status must be one of {words} and {ERRORS}, not {status:?}");
            return Err(ApiError::Malformed { message });
        }
        let row = self.row(id).await?;
        let limit = limit.clamp(1, PAGE_LIMIT);
        let from = after.map_or(0, |after| after.saturating_add(1)).max(filter.first.unwrap_or(0));
        let (mut rows, mut next) = match self.these(id, filter).await? {
            None => {
                let rows = match status {
                    Some(ERRORS) => self.errors(row.job_no, from, limit).await?,
                    status => self.store().items(row.job_no, from, limit, status).await?,
                };
                let is_full = rows.len() == limit as usize;
                let next = rows.last().map(|row| row.item).filter(|_| is_full);
                (rows, next)
            }
            Some(these) => self.page_of(row.job_no, &these, from, limit as usize, status).await?,
        };
        if let Some(last) = filter.last {
            rows.retain(|row| row.item <= last);
            next = next.filter(|next| *next < last);
        }
        let mut items: Vec<_> = rows.into_iter().map(item_view).collect();
        self.show_outputs(&row, &mut items).await?;
        Ok(ItemPage { items, next, seq: row.summary.seq })
    }

    /// Adds to items that wait where their outputs are to go.
    async fn show_outputs(&self, row: &JobRow, items: &mut [ItemView]) -> Result<(), ApiError> {
        if items.iter().all(|item| item.status != "waiting") {
            return Ok(());
        }
        let Some(recipe) = self.inner.context.recipe(&row.summary.recipe) else { return Ok(()) };
        let Some(request) = self.request_of(row).await? else { return Ok(()) };
        for item in items.iter_mut().filter(|item| item.status == "waiting") {
            let output = recipe.output_for(&request, &item.path).filter(|output| !output.replaces());
            item.output = output.and_then(|output| target(&output, &item.path, item.item + 1, 0).ok());
        }
        Ok(())
    }

    /// The first items from this one on that count as errors, in order: the failed ones and, of the skipped, the missed.
    async fn errors(&self, job_no: u64, from: u32, limit: u32) -> Result<Vec<ItemRow>, ApiError> {
        let mut found = self.store().items(job_no, from, limit, Some("failed")).await?;
        let (mut next, mut missed) = (from, Vec::new());
        while missed.len() < limit as usize {
            let skipped = self.store().items(job_no, next, limit, Some("skipped")).await?;
            let Some(last) = skipped.last() else { break };
            next = last.item.saturating_add(1);
            missed.extend(skipped.into_iter().filter(|row| row.state.status.is_missed()));
        }
        found.append(&mut missed);
        found.sort_by_key(|row| row.item);
        found.truncate(limit as usize);
        Ok(found)
    }

    /// The items that a filter selects by cause or name; `None` if it does neither.
    async fn these(&self, id: JobId, filter: &ItemFilter) -> Result<Option<Vec<u32>>, ApiError> {
        let mut these = None;
        if let Some(key) = &filter.cause {
            these = Some(match SkipReason::of_key(key) {
                Some(reason) => self.skipped(id, reason).await?,
                None => {
                    let cause = self.causes(id).await?.causes.into_iter().find(|cause| cause.key == *key);
                    cause.map(|cause| cause.items).unwrap_or_default()
                }
            });
        }
        if let Some(name) = &filter.name {
            let named = self.named(id, name).await?.items;
            let both = |these: Vec<u32>| these.into_iter().filter(|item| named.binary_search(item).is_ok()).collect();
            these = Some(these.map_or_else(|| named.clone(), both));
        }
        Ok(these)
    }

    /// The items of a job that were skipped for a reason.
    async fn skipped(&self, id: JobId, wanted: SkipReason) -> Result<Vec<u32>, ApiError> {
        let row = self.row(id).await?;
        let mut pages = ItemPages::new(Arc::clone(self.store()), row.job_no, PAGE_LIMIT).with_status(Some("skipped"));
        let mut these = Vec::new();
        while let Some(rows) = pages.next().await? {
            let is_wanted =
                |row: &ItemRow| matches!(row.state.status, ItemStatus::Skipped { reason, .. } if reason == wanted);
            these.extend(rows.into_iter().filter(is_wanted).map(|row| row.item));
        }
        Ok(these)
    }

    /// A page of these items, and its last item if there are more.
    async fn page_of(
        &self,
        job_no: u64,
        these: &[u32],
        from: u32,
        limit: usize,
        status: Option<&str>,
    ) -> Result<(Vec<ItemRow>, Option<u32>), ApiError> {
        let mut rows = Vec::new();
        for some in these[these.partition_point(|item| *item < from)..].chunks(PAGE_LIMIT as usize) {
            let read = self.store().items_at(job_no, some).await?;
            rows.extend(read.into_iter().filter(|row| status.is_none_or(|word| row.state.status.is_listed_by(word))));
            if rows.len() > limit {
                rows.truncate(limit);
                let next = rows.last().map(|row| row.item);
                return Ok((rows, next));
            }
        }
        Ok((rows, None))
    }

    /// The items of a job whose path matches what a person typed.
    pub async fn named(&self, id: JobId, name: &str) -> Result<MatchingItems, ApiError> {
        let row = self.row(id).await?;
        let pattern = Pattern::new(name).filter(|_| name.len() <= NAME_LIMIT).ok_or_else(|| {
            let message =
                format!("name must be a part of a path, or a pattern with * and ?, of 1 to {NAME_LIMIT} bytes");
            ApiError::Malformed { message }
        })?;
        Ok(self.store().named(row.job_no, &pattern).await?)
    }

    /// The groups of a job's items.
    pub async fn groups(&self, id: JobId, by: GroupBy) -> Result<ItemGroups, ApiError> {
        let row = self.row(id).await?;
        Ok(self.store().groups(row.job_no, by).await?)
    }

    /// These items of a job, in order; at most one page of them.
    pub async fn items_at(&self, id: JobId, items: &[u32]) -> Result<Vec<ItemView>, ApiError> {
        let row = self.row(id).await?;
        let items = items.get(..PAGE_LIMIT as usize).unwrap_or(items);
        let rows = self.store().items_at(row.job_no, items).await?;
        Ok(rows.into_iter().map(item_view).collect())
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

    /// Why the failed items of a job failed, by cause.
    pub async fn causes(&self, id: JobId) -> Result<Causes, ApiError> {
        let row = self.row(id).await?;
        let (mut sorter, mut from, mut seen) = (Sorter::default(), 0, 0);
        while seen < CAUSES_LIMIT {
            let rows = self.store().items(row.job_no, from, PAGE_LIMIT, Some("failed")).await?;
            let Some(last) = rows.last() else { break };
            from = last.item.saturating_add(1);
            seen += rows.len();
            rows.into_iter().for_each(|row| sorter.add(&item_view(row)));
        }
        // The count is older than the items: in a running job, more can have failed since, which the next call
        // includes.
        let more = (row.summary.counters.failed as usize).saturating_sub(seen);
        Ok(sorter.sorted(u32::try_from(more).unwrap_or(u32::MAX)))
    }

    /// The output of an item's attempts, as far as it is stored, and the output so far of a running one.
    pub async fn attempts(&self, id: JobId, item: u32) -> Result<Vec<AttemptLog>, ApiError> {
        self.row(id).await?;
        // Read the running attempt first: if it ends in between, it is found twice rather than not at all.
        let live = self.inner.context.running.so_far(id, item);
        let data = Arc::clone(&self.inner.context.data);
        let logs = tokio::task::spawn_blocking(move || data.attempts_of(id, item)).await;
        let mut logs = logs.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
        logs.extend(live.filter(|live| logs.iter().all(|log| log.attempt != live.attempt)));
        Ok(logs)
    }

    /// A file that a job wrote for its users, opened.
    pub async fn output(&self, id: JobId, name: &str) -> Result<tokio::fs::File, ApiError> {
        let path = self.inner.context.data.outputs(&id).path(name).map_err(|error| internal(&error))?;
        let path = path.ok_or_else(|| ApiError::NotFound { message: format!("job {id} has no file {name:?}") })?;
        tokio::fs::File::open(&path)
            .await
            .map_err(|error| unreadable(Unreadable::of(&error), format!("{name} cannot be read: {}", io_text(&error))))
    }

    /// The libraries.
    pub fn libraries(&self) -> Vec<LibraryName> {
        let libraries = self.inner.context.libraries.now();
        libraries.iter().map(|library| LibraryName { name: library.name.clone() }).collect()
    }

    /// The recipes that are offered.
    pub fn recipes(&self) -> Vec<RecipeInfo> {
        self.inner
            .context
            .recipes
            .iter()
            .map(|recipe| recipe.info())
            .filter(|info| !info.hidden && self.offers(&info.name))
            .collect()
    }

    /// Each recipe's default policy for files that were already processed and for interrupted items.
    fn policies(&self) -> BTreeMap<String, Policy> {
        let policy = |recipe: &Arc<dyn Recipe>| {
            let effect = recipe.effect();
            let (on_interrupt, on_done) = (Some(effect.on_interrupt), Some(effect.on_done));
            (recipe.info().name, Policy { on_interrupt, on_done, ..Policy::default() })
        };
        self.inner.context.recipes.iter().map(policy).collect()
    }

    /// A page of a library's entries. With `refresh` the disk is read first, as far as that is quick.
    pub async fn folder(&self, view: &FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
        self.library(&view.library)?;
        checks::entered(&view.folder).map_err(|error| ApiError::invalid(error.to_string()))?;
        let view = FolderView { limit: view.limit.clamp(1, PAGE_LIMIT), ..view.clone() };
        self.inner.index.page(&view, refresh).await
    }

    /// Begins to scan a library again.
    pub fn scan(&self, library: &str) -> Result<(), ApiError> {
        self.library(library)?;
        self.inner.index.refresh(library);
        Ok(())
    }

    /// What a page needs for its first paint.
    pub async fn page_start(&self) -> Result<Start, ApiError> {
        let cursor = self.cursor().await?;
        let live = self.store().jobs(JobFilter::Live, PAGE_LIMIT).await?;
        let mut live: Vec<JobSummary> = live.into_iter().map(|row| row.summary).collect();
        live.sort_by_key(|summary| (summary.created, summary.job));
        let (libraries, recipes, policies) = (self.libraries(), self.recipes(), self.policies());
        let rights = PageRights::All;
        Ok(Start { build: build().into(), now: crate::now(), cursor, libraries, recipes, policies, live, rights })
    }

    /// The items of a job that run at this moment.
    pub fn running(&self, summary_seq: u64, job: JobId) -> Now {
        Now { job, seq: summary_seq, running: self.inner.context.running.of(job) }
    }

    async fn cursor(&self) -> Result<Cursor, ApiError> {
        let head = self.store().head().await?;
        Ok(head.digest.map_or_else(Cursor::start, |digest| Cursor::at(head.position, &digest)))
    }
}

pub(super) fn item_view(row: ItemRow) -> ItemView {
    ItemView {
        item: row.item,
        path: row.file.path,
        size: row.file.size,
        rerun: row.file.rerun,
        becomes: row.file.becomes,
        output: None,
        status: row.state.status.label().into(),
        reason: row.state.status.reason().map(Into::into),
        message: row.state.message,
        attempt: row.state.attempt,
        result: row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}
