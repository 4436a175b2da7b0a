//! Whether there is anything to be processed where one is.

use leptos::prelude::*;

use headway_model::ApiError;
use headway_model::library::{FolderPage, FolderView};

/// What a list says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::ui) enum Offer {
    /// There is something, or it is not known yet.
    #[default]
    Files,
    /// There is nothing: why.
    Nothing(&'static str),
    /// There is no such place.
    Nowhere,
}

impl Offer {
    /// Of a list as it was read last; `view` is what was asked for.
    pub(super) fn of(read: &Result<FolderPage, ApiError>, view: &FolderView) -> Self {
        match read {
            Err(ApiError::NotFound { .. }) => Offer::Nowhere,
            // A call that failed says nothing of the place.
            Err(_) => Offer::Files,
            // What is still being read may yet have some.
            Ok(page) if page.scan.is_some() => Offer::Files,
            Ok(page) if view.is_deep() && page.files == 0 => Offer::Nothing("No file matches."),
            Ok(page) if !view.is_deep() && page.total == 0 => Offer::Nothing("This folder is empty."),
            Ok(_) => Offer::Files,
        }
    }

    /// Why there is nothing.
    pub(in crate::ui) fn reason(self) -> Option<&'static str> {
        match self {
            Offer::Nothing(reason) => Some(reason),
            Offer::Files | Offer::Nowhere => None,
        }
    }
}

/// Follows a list. Outside of what waits for it, so an effect looks.
pub(super) fn follow(page: Resource<Result<FolderPage, ApiError>>, view: Memo<FolderView>) -> RwSignal<Offer> {
    let offer = RwSignal::new(Offer::default());
    Effect::new(move |_| {
        let read = page.with(|page| page.as_ref().map(|read| view.with_untracked(|view| Offer::of(read, view))));
        read.into_iter().for_each(|read| offer.set(read));
    });
    offer
}
