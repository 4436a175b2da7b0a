//! Whether a folder has anything to process.

use leptos::prelude::*;

use crate::ui::load::Loaded;
use headway_model::library::{Entry, EntryKind, FolderPage, FolderView, Under};
use headway_model::{ApiError, RelPath};

/// How many of the first files are named.
const FIRST: usize = 3;

/// The offer that follows from a list. Only an offer of a list that is on the screen has files to start a job on: those
/// of the view that the list was read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum ListOffer {
    /// No list of what the address names is known, so nothing can be started, for this reason.
    Unknown(&'static str),
    /// All files of this view. How many they are is not known, because the disk is still being read.
    Reading(Box<FolderView>),
    /// All files of this view: there is this much to process; and the first listed files.
    Files(Box<FolderView>, Under, Vec<RelPath>),
    /// There is nothing to process, for this reason.
    Nothing(&'static str),
    /// There is no such folder.
    Nowhere,
}

/// A list that was read, and the view that was asked for.
#[derive(Debug, Clone, serde::Serialize, headway_model::read::FromJson)]
pub(super) struct ListRead {
    pub(super) view: FolderView,
    pub(super) page: Result<FolderPage, ApiError>,
    /// The rows that are near the screen, if these are not the first ones of the page.
    pub(super) near: Vec<Entry>,
    /// The number of the first of them.
    pub(super) near_at: u32,
}

impl ListOffer {
    /// The offer of a list that was read.
    fn of(ListRead { view, page, .. }: &ListRead) -> Self {
        let reading = || ListOffer::Reading(Box::new(view.clone()));
        match page {
            Err(ApiError::NotFound { .. }) => ListOffer::Nowhere,
            // A failed call says nothing about the folder, and a folder that is still being read might have files.
            Err(_) => ListOffer::Unknown("How many files there are is not known"),
            Ok(page) if page.scan.is_some() => reading(),
            Ok(page) if view.is_deep() && page.files == 0 => ListOffer::Nothing("No file matches."),
            Ok(page) if !view.is_deep() && page.total == 0 => ListOffer::Nothing("No file here."),
            // Folders below might not have been read yet.
            Ok(page) if page.under.files == 0 => reading(),
            Ok(page) => {
                let files = page.entries.iter().filter(|entry| entry.kind == EntryKind::File);
                let first = files.take(FIRST).map(|entry| entry.path.clone()).collect();
                ListOffer::Files(Box::new(view.clone()), page.under, first)
            }
        }
    }

    /// The view whose files a start would process.
    pub(in crate::ui) fn view(&self) -> Option<&FolderView> {
        match self {
            ListOffer::Reading(view) | ListOffer::Files(view, ..) => Some(view),
            ListOffer::Unknown(_) | ListOffer::Nothing(_) | ListOffer::Nowhere => None,
        }
    }

    /// How much there is, if that is known.
    pub(in crate::ui) fn amount(&self) -> Option<Under> {
        match self {
            ListOffer::Files(_, amount, _) => Some(*amount),
            _ => None,
        }
    }

    /// The first files that are listed.
    pub(in crate::ui) fn first(&self) -> Vec<RelPath> {
        match self {
            ListOffer::Files(.., first) => first.clone(),
            _ => Vec::new(),
        }
    }

    /// Why there is nothing.
    pub(in crate::ui) fn reason(&self) -> Option<&'static str> {
        match self {
            ListOffer::Nothing(reason) => Some(reason),
            _ => None,
        }
    }

    /// The text in place of a number that is not known.
    pub(in crate::ui) fn words(&self) -> &'static str {
        match self {
            ListOffer::Unknown(why) | ListOffer::Nothing(why) => why,
            ListOffer::Reading(_) => "Still reading the disk",
            ListOffer::Files(..) | ListOffer::Nowhere => "",
        }
    }
}

/// Follows a list by an effect, because this is outside the part of the page that waits for the list. Also returns how
/// many files each filter would show, if that is known. As soon as the address names other files than those of the list
/// that was read last, neither is known.
pub(super) fn follow(list: Loaded<ListRead>, view: Memo<FolderView>) -> (Memo<ListOffer>, Memo<Option<Under>>) {
    let read = RwSignal::new(None::<(FolderView, ListOffer, Option<Under>)>);
    Effect::new(move |_| {
        list.with(|list| {
            let Some(list) = list else { return };
            // A number that still grows would be wrong.
            let numbers = list.page.as_ref().ok().filter(|page| page.scan.is_none()).map(|page| page.by_outcome);
            read.set(Some((list.view.clone(), ListOffer::of(list), numbers)));
        });
    });
    let is_shown = Memo::new(move |_| {
        read.with(|read| read.as_ref().is_some_and(|(of, ..)| view.with(|view| of.has_files_of(view))))
    });
    let here = move || is_shown.get().then(|| read.get()).flatten();
    let offer = Memo::new(move |_| match here() {
        Some((_, offer, _)) => offer,
        None => ListOffer::Unknown("How many files there are is not known yet"),
    });
    (offer, Memo::new(move |_| here().and_then(|(.., numbers)| numbers)))
}
