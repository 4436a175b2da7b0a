//! A window of items as the server reads it, for a job whose fold the page does not have: it has not arrived yet, or
//! following was given up.

use std::time::Duration;

use leptos::prelude::*;

use super::ITEMS_PER_PAGE;
use super::address::ItemsAddress;
use super::texts::Texts;
use super::window::{ItemsWindow, Known};
use crate::api;
use crate::live::Live;
use headway_model::follow::Phase;
use headway_model::id::Seq;
use headway_model::summary::ItemPage;
use headway_model::{ApiError, JobId};

/// Minimum time between two reads of the same window.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(2);

/// The last answer. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct ReadItems {
    job: JobId,
    last: RwSignal<ItemsAnswer>,
}

/// A request and the server's answer.
struct ItemsAnswer {
    address: ItemsAddress,
    /// The last event that the page knew of before, if it only watches the job.
    heard: Option<Seq>,
    window: Result<ItemsWindow, ApiError>,
}

impl ItemsAnswer {
    /// Whether the answer is still valid. A call without an answer can be repeated later.
    fn holds(&self, address: &ItemsAddress, heard: Option<Seq>) -> bool {
        let is_final = self.window.as_ref().err().is_none_or(|error| !error.may_pass());
        self.address == *address && self.heard == heard && is_final
    }
}

impl ReadItems {
    /// What the page was rendered with.
    pub(super) fn new(job: JobId, address: ItemsAddress, page: &Result<ItemPage, ApiError>) -> Self {
        let window = page.as_ref().map(ItemsWindow::from).map_err(Clone::clone);
        ReadItems { job, last: RwSignal::new(ItemsAnswer { address, heard: None, window }) }
    }

    /// What is known about the window at an address.
    pub(super) fn at(self, address: &ItemsAddress) -> Known {
        self.last.with(|last| match &last.window {
            _ if last.address != *address => Known::Reading,
            Ok(window) => Known::Rows(window.clone()),
            Err(error) => Known::Failed(error.clone()),
        })
    }

    /// Reads the window at the address while the page has no fold: once, and again whenever there is news of a job
    /// that cannot be followed. Each time the whole window is read, so that its rows, even if old, are never mixed
    /// with newer ones.
    pub(super) fn follow(self, live: Live, address: Memo<ItemsAddress>, is_folded: Memo<bool>, texts: Texts) {
        let state = live.job(self.job);
        let heard = Memo::new(move |_| {
            let is_stopped = |state: &crate::live::JobState| state.phase == Some(Phase::Stopped);
            state.with(|state| state.as_ref().filter(|state| is_stopped(state)).map(|state| state.summary.seq))
        });
        Effect::new(move |_| {
            let address = StoredValue::new(address.get());
            // Disposed of with the address, so that a late answer is dropped.
            let rests = RwSignal::new(false);
            Effect::new(move |_| {
                let (heard, address) = (heard.get(), address.get_value());
                let holds = self.last.with_untracked(|last| last.holds(&address, heard));
                if rests.get() || is_folded.get() || holds {
                    return;
                }
                rests.set(true);
                let call = texts.call();
                leptos::task::spawn_local(async move {
                    let page = api::items(self.job, address.after, ITEMS_PER_PAGE, address.filter.clone()).await;
                    if rests.is_disposed() {
                        return;
                    }
                    let window = page.as_ref().map(ItemsWindow::from).map_err(Clone::clone);
                    if let Ok(page) = page {
                        texts.take(call, page.items);
                    }
                    self.last.try_set(ItemsAnswer { address, heard, window });
                    set_timeout(move || _ = rests.try_set(false), MIN_READ_INTERVAL);
                });
            });
        });
    }
}
