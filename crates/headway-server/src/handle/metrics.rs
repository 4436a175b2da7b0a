//! The metrics for Prometheus: names and units by its conventions, and few labels.
//!
//! Totals are sums over the finished jobs in the log, so they survive a restart, except for jobs whose history was
//! removed before it. Each job is read once: a scrape continues where the last one ended.

mod starters;
mod statuses;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::Server;
use headway_files::free_bytes;
use headway_model::{ApiError, Counters, JobStatus, JobSummary, Position};
use headway_store::JobFilter;
use statuses::STATUSES;
use text::MetricsText;

/// Jobs read at a time.
const JOBS_PER_READ: u32 = 1_000;

/// How many recipes have a label of their own; the others share one.
const RECIPES: usize = 50;

/// The sums over finished jobs.
#[derive(Default)]
pub(super) struct Totals(Mutex<Sums>);

#[derive(Default)]
struct Sums {
    /// Everything up to this position is counted.
    position: Position,
    /// Jobs, by recipe and status.
    jobs: BTreeMap<(String, &'static str), u64>,
    /// Items, by recipe and outcome.
    items: BTreeMap<(String, &'static str), u64>,
    recipes: Vec<String>,
}

impl Sums {
    fn add(&mut self, summary: &JobSummary) {
        if !self.recipes.contains(&summary.recipe) && self.recipes.len() < RECIPES {
            self.recipes.push(summary.recipe.clone());
        }
        let is_known = self.recipes.contains(&summary.recipe);
        let recipe = if is_known { summary.recipe.clone() } else { "other".to_owned() };
        *self.jobs.entry((recipe.clone(), summary.status.label())).or_default() += 1;
        for (outcome, count) in outcomes(&summary.counters) {
            *self.items.entry((recipe.clone(), outcome)).or_default() += u64::from(count);
        }
    }
}

fn outcomes(counters: &Counters) -> [(&'static str, u32); 5] {
    [
        ("succeeded", counters.succeeded),
        ("skipped", counters.skipped - counters.missed),
        ("not_looked_at", counters.missed),
        ("failed", counters.failed),
        ("cancelled", counters.cancelled),
    ]
}

impl Server {
    /// The metrics as a text. `followers` is the number of open streams.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn metrics(&self, followers: usize) -> Result<String, ApiError> {
        let mut text = MetricsText::default();
        let version = [("version", env!("CARGO_PKG_VERSION")), ("build", self.build())];
        text.family("headway_build_info", "gauge", "The program that runs.");
        text.sample("headway_build_info", &version, 1);
        text.gauge(
            "headway_recording",
            "Whether events can be recorded; if not, restart.",
            u64::from(self.is_recording()),
        );
        self.live(&mut text).await?;
        self.totals(&mut text).await?;
        self.starters(&mut text).await?;
        let still = self.inner.context.pulse.still_for().as_secs();
        text.gauge("headway_engine_still_seconds", "Seconds since the engine's loop last completed a turn.", still);
        let given_up = self.inner.context.steps.given_up() as u64;
        text.gauge(
            "headway_left_out",
            "What the server gave up of its own work, because it crashed at it again and again.",
            given_up,
        );
        text.gauge("headway_followers", "Open streams.", followers as u64);
        text.gauge("headway_log_position", "The number of the newest event.", self.head().borrow().position);
        text.gauge("headway_log_size_bytes", "The size of the log.", self.store().bytes().await?);
        self.disks(&mut text).await;
        Ok(text.end())
    }

    /// The jobs that are not over.
    async fn live(&self, text: &mut MetricsText) -> Result<(), ApiError> {
        let rows = self.store().jobs(JobFilter::Live, u32::MAX).await?;
        text.family("headway_jobs", "gauge", "Jobs that are not over.");
        for status in STATUSES.into_iter().filter(|status| !status.is_terminal()).map(JobStatus::label) {
            let count = rows.iter().filter(|row| row.summary.status.label() == status).count();
            text.sample("headway_jobs", &[("status", status)], count as u64);
        }
        text.family("headway_items", "gauge", "Open items of jobs that are not over.");
        let sum =
            |of: fn(&Counters) -> u32| -> u64 { rows.iter().map(|row| u64::from(of(&row.summary.counters))).sum() };
        let open: [(&str, u64); 3] = [
            ("waiting", sum(|counters| counters.waiting)),
            ("running", sum(|counters| counters.running)),
            ("interrupted", sum(|counters| counters.interrupted)),
        ];
        open.into_iter().for_each(|(status, count)| text.sample("headway_items", &[("status", status)], count));
        Ok(())
    }

    /// The jobs that are over.
    async fn totals(&self, text: &mut MetricsText) -> Result<(), ApiError> {
        let mut sums = self.inner.totals.0.lock().await;
        loop {
            let rows = self.store().jobs(JobFilter::ChangedAfter(sums.position), JOBS_PER_READ).await?;
            let Some(last) = rows.last() else { break };
            sums.position = last.last_position;
            // The last event of a finished job is its end, or the removal of its history.
            rows.iter()
                .filter(|row| row.summary.status.is_terminal() && !row.summary.pruned)
                .for_each(|row| sums.add(&row.summary));
        }
        text.family("headway_jobs_ended_total", "counter", "Jobs that are over.");
        for ((recipe, status), count) in &sums.jobs {
            text.sample("headway_jobs_ended_total", &[("recipe", recipe), ("status", status)], *count);
        }
        text.family("headway_items_total", "counter", "Items of jobs that are over.");
        for ((recipe, outcome), count) in &sums.items {
            text.sample("headway_items_total", &[("recipe", recipe), ("outcome", outcome)], *count);
        }
        Ok(())
    }

    /// The schedules and the watched folders.
    async fn starters(&self, text: &mut MetricsText) -> Result<(), ApiError> {
        let (schedules, watched) = (self.schedule_views().await?, self.watched_folder_views().await?);
        let family = ("headway_schedules", "Schedules, by the status of the last job.");
        starters::add(text, family, schedules.iter().map(|schedule| schedule.last_status));
        let failed = schedules.iter().filter(|schedule| schedule.problem.is_some()).count() as u64;
        text.gauge("headway_schedules_with_problem", "Schedules that could not start their last job.", failed);
        let family = ("headway_watched_folders", "Watched folders, by the status of the last job.");
        starters::add(text, family, watched.iter().map(|watched| watched.last_status));
        let failed = watched.iter().filter(|watched| watched.problem.is_some()).count() as u64;
        let what = "Watched folders that cannot be read, wholly or in part, or processed.";
        text.gauge("headway_watched_folders_with_problem", what, failed);
        Ok(())
    }

    /// Free disk space. A disk whose free space is unknown has no sample.
    async fn disks(&self, text: &mut MetricsText) {
        let context = &self.inner.context;
        let (mut up, mut free) = (Vec::new(), Vec::new());
        let libraries = context.libraries.now();
        for library in libraries.iter() {
            let looked = Arc::clone(library);
            let look = move || (looked.reach().is_ok(), free_bytes(&looked.path));
            let found = self.inner.looks.look(&library.name, look).await;
            up.push((library.name.as_str(), u64::from(found.is_some_and(|(is_up, _)| is_up))));
            free.extend(found.and_then(|(_, free)| free).map(|free| (library.name.as_str(), free)));
        }
        text.family("headway_library_up", "gauge", "Whether a library can be reached.");
        up.into_iter().for_each(|(name, is_up)| text.sample("headway_library_up", &[("library", name)], is_up));
        text.family("headway_library_free_bytes", "gauge", "Free space of a library's file system.");
        free.into_iter().for_each(|(name, free)| text.sample("headway_library_free_bytes", &[("library", name)], free));
        let data = context.data.root().to_owned();
        if let Some(Some(free)) = self.inner.looks.look("/the data folder", move || free_bytes(&data)).await {
            text.gauge("headway_data_free_bytes", "Free space of the data folder's file system.", free);
        }
    }
}
