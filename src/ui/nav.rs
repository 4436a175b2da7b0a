//! Navigation: the address as two signals, the page that it leads to, and the ways to another one. A page is an arm
//! of one `match` in `ui.rs`. A link is a plain `<a>`, so it also works without the page's program.

mod arrive;
mod history;
mod link;
mod location;
mod query;
mod title;

use leptos::ev;
use leptos::leptos_dom::helpers::window_event_listener_untyped;
use leptos::prelude::*;

use history::BrowserEntry;
pub use location::{Location, Page};
pub(super) use query::AddressQuery;
pub(super) use title::Title;
pub use title::Titled;

/// The address of the page, below the base path.
#[derive(Clone, Copy)]
pub(super) struct Nav {
    path: RwSignal<String>,
    query: RwSignal<String>,
    page: Memo<Page>,
    place: Memo<PagePlace>,
    entry: StoredValue<BrowserEntry>,
}

/// A page, and the id of the job that it shows, if it shows one. Each is built once, and not changed into another: an
/// effect that still runs while a page is left belongs to that page alone.
pub(super) type PagePlace = (Page, Option<String>);

/// How to go to another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    /// Like a link: *Back* leads back, and the page is shown from its top.
    There,
    /// Like a link that keeps the scroll position: *Back* leads back, and nothing scrolls.
    Here,
    /// Replaces this address: *Back* leads to the one before it, and nothing scrolls.
    Instead,
}

impl Nav {
    /// Begins at the address of the request on the server, and at the browser's address in the browser.
    pub(super) fn begin() -> Self {
        let Location { path, query } = use_context().or_else(Location::of_browser).unwrap_or_default();
        let (path, query) = (RwSignal::new(path), RwSignal::new(query));
        let page = Memo::new(move |_| path.with(|path| Page::at(path)));
        let place = Memo::new(move |_| path.with(|path| (Page::at(path), Page::job_in(path).map(ToOwned::to_owned))));
        Nav { path, query, page, place, entry: StoredValue::default() }
    }

    /// The path below the base path: `/jobs`, however the server is reached.
    pub(super) fn path(self) -> Signal<String> {
        self.path.into()
    }

    /// The address below the base path. Not tracked.
    pub(super) fn here(self) -> String {
        let (path, query) = (self.path.get_untracked(), self.query.get_untracked());
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// Which page this is.
    pub(super) fn page(self) -> Memo<Page> {
        self.page
    }

    /// Which page this is, and the job that it shows.
    pub(super) fn place(self) -> Memo<PagePlace> {
        self.place
    }

    /// The query of the calling page. When that page is left, the query keeps its last value, so that the page reads
    /// nothing more.
    pub(super) fn query(self) -> Memo<AddressQuery> {
        self.of_this_page(move || self.query.with(|text| AddressQuery::read(text)))
    }

    /// The id in the address of a job's page.
    pub(super) fn job(self) -> Memo<String> {
        self.of_this_page(move || self.path.with(|path| Page::job_in(path).unwrap_or_default().to_owned()))
    }

    fn of_this_page<T: Clone + PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn() -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        let here = self.place.get_untracked();
        Memo::new(move |before: Option<&T>| match before {
            Some(before) if self.place.with(|place| *place != here) => before.clone(),
            _ => read(),
        })
    }

    /// Goes to an address of Headway, which includes the base path.
    pub(super) fn go(self, address: &str, go: Go) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        if let Some(location) = Location::read(path, query) {
            self.go_to(location, "", go);
        }
    }

    /// Handles links and *Back* from now on, for the life of the page.
    pub(super) fn listen(self) {
        self.entry.set_value(BrowserEntry::first());
        window_event_listener(ev::click, move |event| {
            if let Some((location, fragment, go)) = link::followed(&event) {
                let is_here = self.is_at(&location);
                if is_here && !fragment.is_empty() {
                    // The browser itself finds a fragment on this page.
                    return;
                }
                event.prevent_default();
                // A link to the current address adds no second entry.
                self.go_to(location, &fragment, if is_here { Go::Instead } else { go });
            }
        });
        window_event_listener(ev::popstate, move |_| self.went_back());
        window_event_listener_untyped("pagehide", move |_| self.entry.get_value().leave_document());
        arrive::notice_use();
    }

    fn is_at(self, location: &Location) -> bool {
        self.path.with_untracked(|path| *path == location.path)
            && self.query.with_untracked(|query| *query == location.query)
    }

    fn go_to(self, location: Location, fragment: &str, go: Go) {
        arrive::begin();
        let address = format!("{}{fragment}", location.address());
        let entry = self.entry.get_value();
        self.entry.set_value(match go {
            Go::There | Go::Here => entry.push(&address),
            Go::Instead => entry.replace(&address),
        });
        let is_other = self.show(location);
        if go == Go::There && !arrive::at_fragment(fragment) {
            arrive::at_top();
        }
        if is_other {
            arrive::at_heading();
        }
    }

    fn went_back(self) {
        arrive::begin();
        let (path, query) = (self.path.get_untracked(), self.query.get_untracked());
        let left = Location { path, query }.address();
        let entry = self.entry.get_value().step();
        self.entry.set_value(entry);
        let is_other = Location::of_browser().is_some_and(|location| self.show(location));
        if let Some(height) = entry.height() {
            arrive::at_height(height);
        }
        arrive::at_link(&left, is_other);
    }

    /// Shows a location; returns whether it is another page.
    fn show(self, Location { path, query }: Location) -> bool {
        let is_other = self.path.with_untracked(|before| *before != path);
        if is_other {
            title::forget();
            self.path.set(path);
        }
        if self.query.with_untracked(|before| *before != query) {
            self.query.set(query);
        }
        is_other
    }
}
