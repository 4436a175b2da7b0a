//! The items whose names match what was typed. Names are not in the fold: the server looks, the page shows where each stands.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use crate::api;
use headway_model::item_filter::MatchingItems;
use headway_model::{ApiError, JobId};

/// After a call that failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was read last, and the text that it was read from. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct ReadNames {
    read: RwSignal<Option<(String, Arc<MatchingItems>)>>,
    /// Why the last call failed.
    pub(super) wrong: RwSignal<Option<ApiError>>,
}

impl ReadNames {
    /// Nothing read yet.
    pub(super) fn new() -> Self {
        ReadNames { read: RwSignal::new(None), wrong: RwSignal::new(None) }
    }

    /// The items that match this text; `None` while they are not known.
    pub(super) fn of(self, name: &str) -> Option<Arc<MatchingItems>> {
        self.read.with(|read| read.as_ref().filter(|(known, _)| known == name).map(|(_, named)| Arc::clone(named)))
    }

    /// Reads them for each new text, and again when the job has more `files`.
    pub(super) fn follow(self, job: JobId, name: Memo<Option<String>>, files: Memo<u32>) {
        let again = RwSignal::new(0);
        Effect::new(move |_| {
            let (name, _, _) = (name.get(), files.get(), again.get());
            self.wrong.set(None);
            let Some(name) = name else { return self.read.set(None) };
            // Goes with this text: a later answer is dropped.
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
                            set_timeout(move || _ = again.try_update(|times| *times += 1), PATIENCE);
                        }
                    }
                }
            });
        });
    }
}
