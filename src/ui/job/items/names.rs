//! The items whose names match what was typed. Names are not in the fold, so the server searches, and the page adds
//! each item's status.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use crate::api;
use headway_model::item_filter::MatchingItems;
use headway_model::{ApiError, JobId};

/// The wait after a failed call.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// The last result, and the text that was searched for. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui::job) struct ReadNames {
    read: RwSignal<Option<(String, Arc<MatchingItems>)>>,
    /// Why the last call failed.
    pub(in crate::ui::job) wrong: RwSignal<Option<ApiError>>,
}

impl ReadNames {
    /// No result yet.
    pub(in crate::ui::job) fn new() -> Self {
        ReadNames { read: RwSignal::new(None), wrong: RwSignal::new(None) }
    }

    /// The items that match this text; `None` while they are not known.
    pub(in crate::ui::job) fn of(self, name: &str) -> Option<Arc<MatchingItems>> {
        self.read.with(|read| read.as_ref().filter(|(known, _)| known == name).map(|(_, named)| Arc::clone(named)))
    }

    /// Searches for each new text, and again when the job has more `files`.
    pub(in crate::ui::job) fn follow(self, job: JobId, name: Memo<Option<String>>, files: Memo<u32>) {
        let again = RwSignal::new(0);
        Effect::new(move |_| {
            let (name, _, _) = (name.get(), files.get(), again.get());
            self.wrong.set(None);
            let Some(name) = name else { return self.read.set(None) };
            // Disposed of with this text, so that a late answer is dropped.
            let is_newest = RwSignal::new(());
            leptos::task::spawn_local(async move {
                let named = api::named(job, name.clone()).await;
                if is_newest.is_disposed() {
                    return;
                }
                match named {
                    Ok(named) => _ = self.read.try_set(Some((name, Arc::new(named)))),
                    Err(error) => {
                        let may_pass = error.may_pass();
                        self.wrong.try_set(Some(error));
                        if may_pass {
                            set_timeout(move || _ = again.try_update(|times| *times += 1), RETRY_DELAY);
                        }
                    }
                }
            });
        });
    }
}
