//! Why the files of a job failed, by cause, as far as the page has read it.

use std::time::Duration;

use leptos::prelude::*;

use super::summary::Summary;
use crate::api;
use crate::live::Live;
use headway_model::causes::{Cause, Causes};
use headway_model::{ApiError, Fold, ItemStatus, JobId};

/// Minimum time between two reads while more files fail.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);

/// What was read of why files failed, if anything was.
pub(in crate::ui) type ReadCauses = Option<Result<Causes, ApiError>>;

/// Why the files of a job failed, as far as the page has read it. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Attention {
    job: JobId,
    failed: Memo<u32>,
    read: RwSignal<ReadCauses>,
    /// How often they were requested again.
    again: RwSignal<u32>,
}

impl Attention {
    /// Begins with what the page was rendered with; from now on, causes are read whenever more files fail.
    pub(in crate::ui) fn new(job: JobId, summary: Summary, read: ReadCauses) -> Self {
        let number = move |_: Option<&u32>| {
            summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.failed))
        };
        let told = match &read {
            Some(Ok(causes)) => causes.sorted().saturating_add(causes.more),
            // What could not be read is read again.
            Some(Err(_)) | None => 0,
        };
        let attention =
            Attention { job, failed: Memo::new(number), read: RwSignal::new(read), again: RwSignal::new(0) };
        attention.follow(told);
        attention
    }

    /// Looks at a cause by its key. Returns `None` while it is not known whether it exists.
    pub(in crate::ui) fn with_cause<T>(self, key: &str, look: impl FnOnce(Option<&Cause>) -> T) -> Option<T> {
        self.read.with(|read| match read {
            Some(Ok(causes)) => Some(look(causes.causes.iter().find(|cause| cause.key == key))),
            Some(Err(_)) | None => None,
        })
    }

    /// Whether looking at what failed is the next step, and not a retry: the files themselves are the reason for every failure.
    pub(super) fn is_to_be_seen(self) -> bool {
        self.read.with(|read| matches!(read, Some(Ok(causes)) if causes.are_of_files()))
    }

    /// Reads the causes whenever the number of failures has changed since it was `told`, or they are asked for again, one call at a time.
    fn follow(self, told: u32) {
        let Attention { job, failed, read, again } = self;
        let (busy, seen) = (RwSignal::new(false), StoredValue::new((told, 0)));
        Effect::new(move |_| {
            let asked @ (number, _) = (failed.get(), again.get());
            if busy.get() || seen.get_value() == asked {
                return;
            }
            seen.set_value(asked);
            if number == 0 {
                return read.set(None);
            }
            busy.set(true);
            leptos::task::spawn_local(async move {
                read.try_set(Some(api::causes(job).await));
                set_timeout(move || _ = busy.try_set(false), MIN_READ_INTERVAL);
            });
        });
    }

    /// How many files have failed. Tracked.
    pub(super) fn failed(self) -> u32 {
        self.failed.get()
    }

    /// The causes without files that have been run again since, or are running again: those have not failed.
    pub(super) fn causes(self, mounted: RwSignal<bool>) -> Memo<Option<Causes>> {
        let live = expect_context::<Live>();
        Memo::new(move |_| {
            // Read it rather than only track it, because a memo that has never been read tracks nothing.
            let _ = self.failed.get();
            let mut causes = self.read.with(|read| read.as_ref().and_then(|read| read.as_ref().ok().cloned()))?;
            if mounted.get() {
                live.with_fold(self.job, |fold| keep_failed(&mut causes, fold));
            }
            Some(causes)
        })
    }

    /// Why the causes could not be read. Tracked.
    pub(super) fn wrong(self) -> Option<ApiError> {
        self.read.with(|read| read.as_ref().and_then(|read| read.as_ref().err().cloned()))
    }

    /// Reads the causes again.
    pub(super) fn read_again(self) {
        self.again.update(|again| *again = again.wrapping_add(1));
    }
}

/// Keeps only items that are failed in this job now, and causes that still have one.
fn keep_failed(causes: &mut Causes, fold: &Fold) {
    for cause in &mut causes.causes {
        cause.items.retain(|item| matches!(fold.item(*item), Some(ItemStatus::Failed(_))));
    }
    causes.causes.retain(|cause| !cause.items.is_empty());
}
