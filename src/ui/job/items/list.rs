//! The list that the page's address asks for, taken from the job's fold.

use std::sync::Arc;

use leptos::prelude::*;

use super::address::ItemsAddress;
use super::names::ReadNames;
use crate::live::{JobState, Live};
use crate::ui::progress::Attention;
use headway_model::item::StatusFilter;
use headway_model::{ApiError, Fold, JobId, SkipReason};

/// The items that a filter selects one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ItemSubset {
    /// The filter does not select items one by one.
    All,
    /// The server has been asked.
    Reading,
    /// Only these, in order.
    Some(Arc<Vec<u32>>),
}

/// The list of items. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui::job) struct ItemsList {
    job: JobId,
    live: Live,
    state: Memo<Option<Arc<JobState>>>,
    status: Memo<Option<StatusFilter>>,
    these: Memo<ItemSubset>,
    mounted: RwSignal<bool>,
    pub(super) names: ReadNames,
}

impl ItemsList {
    /// The list at an address, for a job with this many files.
    pub(super) fn new(job: JobId, address: Memo<ItemsAddress>, attention: Attention, files: Memo<u32>) -> Self {
        let live = expect_context::<Live>();
        let mounted = RwSignal::new(false);
        Effect::new(move |_| mounted.set(true));
        let status = Memo::new(move |_| address.with(|address| address.filter.status));
        let cause = Memo::new(move |_| address.with(|address| address.filter.cause.clone()));
        let name = Memo::new(move |_| address.with(|address| address.filter.name.clone()));
        let span = Memo::new(move |_| address.with(ItemsAddress::span));
        let state = live.job(job);
        let names = ReadNames::new();
        names.follow(job, name, files);
        let of_cause = move |key: &str| {
            if let Some(wanted) = SkipReason::of_key(key) {
                // Read it rather than only track it, because a memo that has never been read tracks nothing.
                let _ = state.get();
                return live.with_fold(job, |fold| fold.skipped_for(wanted));
            }
            attention.with_cause(key, |cause| cause.map(|cause| cause.items.clone()).unwrap_or_default())
        };
        let these = Memo::new(move |_| {
            let cause = cause.with(|cause| cause.as_deref().map(of_cause));
            let name = name.with(|name| name.as_deref().map(|name| names.of(name)));
            let these = match (cause, name) {
                (None, None) => ItemSubset::All,
                (Some(None), _) | (_, Some(None)) => ItemSubset::Reading,
                (Some(Some(items)), None) => ItemSubset::Some(Arc::new(items)),
                (None, Some(Some(named))) => ItemSubset::Some(Arc::new(named.items.clone())),
                (Some(Some(mut items)), Some(Some(named))) => {
                    items.retain(|item| named.items.binary_search(item).is_ok());
                    ItemSubset::Some(Arc::new(items))
                }
            };
            match (these, span.get()) {
                (ItemSubset::All, Some((first, last))) => {
                    // Files that are not planned yet are not in the list.
                    ItemSubset::Some(Arc::new((first..=last.min(files.get())).collect()))
                }
                (ItemSubset::Some(these), Some((first, last))) => ItemSubset::Some(Arc::new(
                    these.iter().copied().filter(|item| (first..=last).contains(item)).collect(),
                )),
                (these, _) => these,
            }
        });
        ItemsList { job, live, state, status, these, mounted, names }
    }

    /// Whether the page has the job's fold. Until then it shows what the server rendered.
    pub(super) fn is_folded(self) -> bool {
        // Read it rather than only track it, because a memo that has never been read tracks nothing.
        let _ = self.state.get();
        self.mounted.get() && self.live.with_fold(self.job, |_| ()).is_some()
    }

    /// Looks at the fold, with the status and the items that the list is limited to. Returns `None` while any of
    /// these is unknown.
    pub(in crate::ui::job) fn with<T>(
        self,
        look: impl FnOnce(&Fold, Option<StatusFilter>, Option<&[u32]>) -> T,
    ) -> Option<T> {
        if !self.is_folded() {
            return None;
        }
        let status = self.status.get();
        self.these.with(|these| {
            let these = match these {
                ItemSubset::All => None,
                ItemSubset::Reading => return None,
                ItemSubset::Some(these) => Some(these.as_slice()),
            };
            self.live.with_fold(self.job, |fold| look(fold, status, these))
        })
    }

    /// Why it is not known which items the list has.
    pub(super) fn wrong(self) -> Option<ApiError> {
        self.names.wrong.get()
    }

    /// Whether the filter selects items one by one, so that the list is shorter than its status alone would make it.
    pub(super) fn is_narrowed(self) -> bool {
        self.these.with(|these| *these != ItemSubset::All)
    }
}
