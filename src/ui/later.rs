//! Parts that are loaded later: the pages of jobs, the dialog, and the sheet on which a recipe is chosen. They are in a
//! second file, because the first page shows none of them. A page of jobs fetches that file before it is hydrated, and every
//! other page as soon as it is ready.

use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use super::nav::{Location, Page};
use super::parts::Disclosure;
use super::progress::ProgressDialog;
use super::start_panel::{JobOptions, StartSheet};
use super::{job, jobs};
use headway_model::JobId;

/// The parts in the second file.
pub(super) enum Part {
    JobPage,
    JobsPage,
    Dialog(JobId),
    /// The sheet, in the part of the page that opens.
    StartSheet(Box<JobOptions>, Disclosure),
}

// Everything that only this function reaches is in the second file.
#[wasm_split(jobs, wasm_split_path = ::leptos::wasm_split, preload(fetch), fallible)]
fn build(part: Part) -> Result<AnyView, SplitLoaderError> {
    Ok(match part {
        Part::JobPage => view! { <job::JobPage /> }.into_any(),
        Part::JobsPage => view! { <jobs::JobsPage /> }.into_any(),
        Part::Dialog(job) => view! { <ProgressDialog job /> }.into_any(),
        Part::StartSheet(chosen, sheet) => view! { <StartSheet chosen=*chosen sheet /> }.into_any(),
    })
}

thread_local! {
    /// Whether the second file is loaded. The server has all parts from the beginning.
    static IS_HERE: Cell<bool> = const { Cell::new(!cfg!(target_family = "wasm")) };
}

async fn come() -> Result<(), SplitLoaderError> {
    fetch().await?;
    IS_HERE.set(true);
    Ok(())
}

/// Fetches the parts of the page at this address. The page cannot be hydrated without it.
pub async fn fetch_for_page() -> Result<(), SplitLoaderError> {
    match Location::of_browser().map(|location| Page::at(&location.path)) {
        Some(Page::Jobs | Page::Job) => come().await,
        Some(Page::Library | Page::Nowhere) | None => Ok(()),
    }
}

/// The loading state of the second file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LoadState {
    Loading,
    Loaded,
    Failed,
}

/// Shows a part once the second file is loaded.
#[derive(Clone, Copy)]
pub(super) struct Later(RwSignal<LoadState>);

impl Later {
    pub(super) fn begin() -> Self {
        Later(RwSignal::new(if IS_HERE.get() { LoadState::Loaded } else { LoadState::Loading }))
    }

    /// Fetches the second file, if it is not loaded.
    pub(super) fn fetch(self) {
        if self.0.get_untracked() == LoadState::Loaded {
            return;
        }
        self.0.set(LoadState::Loading);
        spawn_local(async move {
            let came = come().await;
            self.0.set(if came.is_ok() { LoadState::Loaded } else { LoadState::Failed });
        });
    }

    /// Whether the second file could not be fetched, so that no part of it is shown. Tracked.
    pub(super) fn is_missing(self) -> bool {
        self.0.get() == LoadState::Failed
    }

    /// A part, or its loading state.
    pub(super) fn view(self, part: Part) -> AnyView {
        match self.0.get() {
            LoadState::Loaded => now(build(part)),
            LoadState::Loading => view! { <p class="ui-loading">"Loading…"</p> }.into_any(),
            LoadState::Failed => view! {
                <p class="ui-error" role="alert">
                    "This part of Headway could not be loaded. Check the connection, or load the page again. "
                    <button on:click=move |_| self.fetch()>"Try again"</button>
                </p>
            }
            .into_any(),
        }
    }
}

/// The result of a future that is ready at once.
fn now(part: impl Future<Output = Result<AnyView, SplitLoaderError>>) -> AnyView {
    match pin!(part).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(view)) => view,
        Poll::Ready(Err(_)) | Poll::Pending => ().into_any(),
    }
}
