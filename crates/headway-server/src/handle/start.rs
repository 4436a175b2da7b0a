//! Starts a job: checks the request, normalises it, and records it once.

use std::sync::Arc;

use super::Server;
use crate::error::internal;
use headway_files::{Library, now};
use headway_model::event::{TITLE_LIMIT, cut};
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::summary::{JobSummary, JobView};
use headway_model::text::counted;
use headway_model::{ApiError, Digest, JobEvent, JobId, Query, Refusal, Sample, StartJob};
use headway_recipes::Obstacle;
use headway_store::AppendError;
use headway_store::rows::JobRow;

/// Whether a start call created the job or found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// The job is new.
    Created,
    /// The same request was started with this id before.
    Existing,
}

impl Server {
    /// Starts a job, or finds the one that this request started before.
    pub async fn start_job(&self, id: JobId, request: &StartJob) -> Result<(Started, JobView), ApiError> {
        let request = self.admit(request).await?;
        let may_start = self.may_start(&request).await?;
        let request = match self.checked(&request, may_start) {
            Ok(checked) => checked,
            Err(refused) => return Err(self.with_obstacle(&request, refused).await),
        };
        if let Query::Items(query) = &request.query {
            self.items_of(&request, query).await?;
            self.has_items(query).await?;
        }
        // Ages count from now. With the job they stay as they are, however long its plan waits.
        let recorded = StartJob { conditions: request.conditions.clone().counted(now()), ..request.clone() };
        let body = serde_json::to_string(&recorded).map_err(|error| internal(&error))?;
        let hash = Digest::of(body.as_bytes());
        if let Some(row) = self.store().job(id).await? {
            return Ok((Started::Existing, self.same(row, &request, &hash).await?));
        }
        self.undoes_something(&request).await?;
        self.unobstructed(&request).await?;
        let title = match &request.title {
            Some(title) => title_of(title),
            None => self.default_title(&request).await?,
        };
        let recipe = self.inner.context.recipe(&request.recipe);
        let work = recipe.map(|recipe| request.work(&recipe.identity(), &recipe.info().settings));
        let created = JobEvent::Created {
            id,
            recipe: request.recipe.clone(),
            title,
            request: hash,
            approval: request.approval,
            priority: request.priority,
            concurrency: request.concurrency,
            parent: request.parent,
            work,
        };
        let _alone = (self.only_undo(id, &request).await?, self.only_retry(id, &request, work).await?);
        self.begins(id).await;
        let started = match self.log().append(id, created, Some(body)).await {
            Ok(_) => Started::Created,
            // Another call with this id came first. Its job is durable by now, because this answer came after its
            // commit.
            Err(AppendError::Refused(Refusal::Exists)) => Started::Existing,
            Err(error) => return Err(error.into()),
        };
        let row = self.store().job(id).await?.ok_or_else(|| internal(&"an acknowledged job is not in the store"))?;
        Ok((started, self.same(row, &request, &hash).await?))
    }

    /// Refuses numbers that no item of the other job has: nothing would be done for them.
    async fn has_items(&self, query: &ItemsQuery) -> Result<(), ApiError> {
        let ItemSelection::These(items) = &query.which else { return Ok(()) };
        let total = self.row(query.job).await?.summary.counters.total;
        match no_such_items(query.job, items, total) {
            None => Ok(()),
            Some(text) => Err(ApiError::at_place("/query/items/which/these", text)),
        }
    }

    /// The title of a job whose request has none.
    pub(super) async fn default_title(&self, request: &StartJob) -> Result<String, ApiError> {
        let title = match &request.query {
            Query::Items(query) => self.retry_title(request, query).await?,
            Query::Folder(_) | Query::Paths(_) => title(request),
        };
        Ok(title_of(&title))
    }

    /// The title of a job over items of another one. A retry names what the first job was about, and the file if it is one.
    async fn retry_title(&self, request: &StartJob, query: &ItemsQuery) -> Result<String, ApiError> {
        let first = self.first_tried(query.job).await?;
        if first.recipe != request.recipe {
            return Ok(title(request));
        }
        let file = match &query.which {
            ItemSelection::These(items) if items.len() == 1 => self.items_at(query.job, items).await?.pop(),
            _ => None,
        };
        let which = file.map_or_else(|| these_items(&query.which), |item| item.path.shown_name());
        let retried = if query.which == ItemSelection::Cancelled { "" } else { ", retried" };
        Ok(format!("{}: {which}{retried}{}", first.title, sampled(request)))
    }

    /// The first job in a line of retries, as far as nobody gave the retries a title.
    async fn first_tried(&self, job: JobId) -> Result<JobSummary, ApiError> {
        let mut row = self.row(job).await?;
        loop {
            let earlier = match self.request_of(&row).await? {
                Some(StartJob { title: None, query: Query::Items(query), .. }) => self.store().job(query.job).await?,
                _ => None,
            };
            let is_tried_again =
                |earlier: &JobRow| !earlier.summary.pruned && earlier.summary.recipe == row.summary.recipe;
            match earlier.filter(is_tried_again) {
                Some(earlier) => row = earlier,
                None => return Ok(row.summary),
            }
        }
    }

    /// Refuses a request that cannot be carried out with the server and the disk as they are now.
    pub(super) async fn unobstructed(&self, request: &StartJob) -> Result<(), ApiError> {
        let context = &self.inner.context;
        let (Some(recipe), Some(library)) = (context.recipe(&request.recipe), context.library(&request.library)) else {
            return Ok(());
        };
        if matches!(request.query, Query::Items(_)) {
            self.not_moved(&library).await?;
        }
        let (recipe, looked_at, request) = (Arc::clone(recipe), Arc::clone(&library), request.clone());
        // If the storage cannot be looked at now, preparing the job will report that.
        match self.inner.looks.look(&library.name, move || recipe.obstacle(&request, &looked_at)).await.flatten() {
            None => Ok(()),
            Some(Obstacle { setting: Some(setting), text }) => Err(ApiError::at_setting(setting, text)),
            Some(Obstacle { setting: None, text }) => Err(ApiError::invalid(text)),
        }
    }

    /// Refuses a library whose root was moved: a job about the files of an earlier one would wait for it without end.
    async fn not_moved(&self, library: &Arc<Library>) -> Result<(), ApiError> {
        let looked = Arc::clone(library);
        if self.inner.looks.look(&library.name, move || looked.was_moved()).await != Some(true) {
            return Ok(());
        }
        let message = format!(
            "the folder of {} is not at its place, although its disk is there: it was moved, renamed or removed. Put it back \
             first. Nothing was started.",
            library.name
        );
        Err(ApiError::Conflict { message })
    }

    async fn same(&self, row: JobRow, request: &StartJob, hash: &Digest) -> Result<JobView, ApiError> {
        let id = row.summary.job;
        if row.summary.pruned {
            return Err(ApiError::Pruned { job: id });
        }
        if row.head.request() != *hash && !self.means(&row, request).await? {
            let message = format!("job {id} was started with another request; mint a new id for a new job");
            return Err(ApiError::Conflict { message });
        }
        self.job(id).await
    }
}

/// A title as a job has it: its beginning, if it is too long.
pub(super) fn title_of(text: &str) -> String {
    cut(text, TITLE_LIMIT)
}

/// The title of a job by what its request says alone.
fn title(request: &StartJob) -> String {
    format!("{}{}", whole_title(request), sampled(request))
}

/// Which of its files a title says that a job takes.
fn sampled(request: &StartJob) -> String {
    match request.sample {
        Some(Sample::Files(files)) => format!(", first {files}"),
        Some(Sample::Percent(percent)) => format!(", {percent} % of the files"),
        None => String::new(),
    }
}

/// Which items of another job a job is for, in a title.
fn these_items(which: &ItemSelection) -> String {
    match which {
        ItemSelection::Failed => "what failed".to_owned(),
        ItemSelection::Errors => "what failed or was missed".to_owned(),
        ItemSelection::Cancelled => "what did not run".to_owned(),
        ItemSelection::Placed => "an earlier job".to_owned(),
        ItemSelection::These(items) => counted(items.len() as u64, ',', "file", "files"),
    }
}

fn whole_title(request: &StartJob) -> String {
    let mut recipe = request.recipe.clone();
    if let Some(first) = recipe.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    match &request.query {
        Query::Folder(query) => {
            let mut place = request.library.clone();
            if !query.path.is_root() {
                place = format!("{place}/{}", query.path.shown());
            }
            let search = if query.search.is_empty() { String::new() } else { format!(", {}", query.search) };
            let show = if query.show.is_default() { String::new() } else { format!(", {} only", query.show.word()) };
            format!("{recipe} · {place}{search}{show}")
        }
        // Before the plan it is not known which of them are folders, so their number is no number of files.
        Query::Paths(paths) => match paths.as_slice() {
            [] => format!("{recipe} · no files"),
            [one] => format!("{recipe} · {}", one.shown_name()),
            [first, more @ ..] => format!("{recipe} · {} and {} more", first.shown_name(), more.len()),
        },
        Query::Items(query) => format!("{recipe} · {}", these_items(&query.which)),
    }
}

/// Which of these numbers no item of a job with so many items has, in a sentence; `None` if each has its item.
fn no_such_items(job: JobId, items: &[u32], total: u32) -> Option<String> {
    const NAMED: usize = 10;
    let unknown: Vec<_> = items.iter().filter(|item| **item >= total).collect();
    let named = unknown.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let more = match unknown.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun = if unknown.len() == 1 { "item" } else { "items" };
    let has = match total {
        0 => "it has no items".to_owned(),
        total => format!("its items are numbered from 0 to {}", total - 1),
    };
    (!unknown.is_empty()).then(|| format!("job {job} has no {noun} {named}{more}; {has}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_counts_no_folder_as_a_file() {
        let titled = |paths: &[&str]| {
            let paths = paths.iter().map(|path| path.parse().expect("a path")).collect();
            title(&StartJob::new("files", "checksum", Query::Paths(paths)))
        };
        assert_eq!(titled(&["2024/Norway"]), "Checksum · Norway");
        assert_eq!(titled(&["2024/Norway", "2024/Rome"]), "Checksum · Norway and 1 more");
        assert_eq!(titled(&[]), "Checksum · no files");
    }

    #[test]
    fn numbers_of_no_item_are_named() {
        let job = JobId::mint(1, [0; 10]);
        let said = |items: &[u32], total| no_such_items(job, items, total);
        assert_eq!(said(&[0, 2], 3), None);
        assert_eq!(
            said(&[0, 3, 7], 3),
            Some(format!("job {job} has no items 3, 7; its items are numbered from 0 to 2"))
        );
        assert_eq!(said(&[0], 0), Some(format!("job {job} has no item 0; it has no items")));
        let many: Vec<u32> = (1..=12).collect();
        assert!(said(&many, 1).is_some_and(|said| said.contains("9, 10 and 2 more")));
    }
}
