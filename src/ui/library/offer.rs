//! Whether a folder has anything to process.

use leptos::prelude::*;

use crate::ui::load::Loaded;
use headway_model::library::{EntryKind, FolderPage, FolderView, Under};
use headway_model::{ApiError, RelPath};

/// How many of the first files are named.
pub(in crate::ui) const FIRST: usize = 3;

const READING: ListOffer = ListOffer::Unknown("Still reading the disk");

/// What a list says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum ListOffer {
    /// It is not known: why.
    Unknown(&'static str),
    /// There is this much to process; and the first listed files.
    Files(Under, Vec<RelPath>),
    /// There is nothing to process, for this reason.
    Nothing(&'static str),
    /// There is no such folder.
    Nowhere,
}

impl ListOffer {
    /// The offer of a list that was read; `view` is what was requested.
    pub(super) fn of(read: &Result<FolderPage, ApiError>, view: &FolderView) -> Self {
        match read {
            Err(ApiError::NotFound { .. }) => ListOffer::Nowhere,
            // A failed call says nothing about the folder, and a folder that is still being read might have files.
            Err(_) => ListOffer::Unknown("How many files there are is not known"),
            Ok(page) if page.scan.is_some() => READING,
            Ok(page) if view.is_deep() && page.files == 0 => ListOffer::Nothing("No file matches."),
            Ok(page) if !view.is_deep() && page.total == 0 => ListOffer::Nothing("This folder is empty."),
            // Folders below might not have been read yet.
            Ok(page) if page.under.files == 0 => READING,
            Ok(page) => {
                let files = page.entries.iter().filter(|entry| entry.kind == EntryKind::File);
                ListOffer::Files(page.under, files.take(FIRST).map(|entry| entry.path.clone()).collect())
            }
        }
    }

    /// How much there is, if that is known.
    pub(in crate::ui) fn amount(&self) -> Option<Under> {
        match self {
            ListOffer::Files(amount, _) => Some(*amount),
            ListOffer::Unknown(_) | ListOffer::Nothing(_) | ListOffer::Nowhere => None,
        }
    }

    /// The first files that are listed.
    pub(in crate::ui) fn first(&self) -> Vec<RelPath> {
        match self {
            ListOffer::Files(_, first) => first.clone(),
            ListOffer::Unknown(_) | ListOffer::Nothing(_) | ListOffer::Nowhere => Vec::new(),
        }
    }

    /// Why there is nothing.
    pub(in crate::ui) fn reason(&self) -> Option<&'static str> {
        match self {
            ListOffer::Nothing(reason) => Some(reason),
            ListOffer::Unknown(_) | ListOffer::Files(..) | ListOffer::Nowhere => None,
        }
    }

    /// What is said where no number can be.
    pub(in crate::ui) fn words(&self) -> &'static str {
        match self {
            ListOffer::Unknown(why) | ListOffer::Nothing(why) => why,
            ListOffer::Files(..) | ListOffer::Nowhere => "",
        }
    }
}

/// Follows a list by an effect, because this is outside the part of the page that waits for the list. Also returns how
/// many files each filter would show, if that is known.
pub(super) fn follow(
    page: Loaded<Result<FolderPage, ApiError>>,
    view: Memo<FolderView>,
) -> (RwSignal<ListOffer>, RwSignal<Option<Under>>) {
    let offer = RwSignal::new(ListOffer::Unknown("How many files there are is not known yet"));
    let numbers = RwSignal::new(None);
    Effect::new(move |_| {
        page.with(|page| {
            let Some(read) = page else { return };
            offer.set(view.with_untracked(|view| ListOffer::of(read, view)));
            // A number that still grows would be wrong.
            numbers.set(read.as_ref().ok().filter(|page| page.scan.is_none()).map(|page| page.by_outcome));
        });
    });
    (offer, numbers)
}
