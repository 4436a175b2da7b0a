//! Where one is: the address as two signals, the page that it leads to, and the ways to another one. A page is an arm of one `match`
//! in `ui.rs`, and a link is a plain `<a>`: without the page's program it works as well.

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
    entry: StoredValue<BrowserEntry>,
}

/// How one goes to another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    /// As by a link: *Back* leads back, and the page is shown from its top.
    There,
    /// As by a link that leaves the page where it is scrolled to: *Back* leads back, and nothing scrolls.
    Here,
    /// In the place of this address: *Back* leads to what was before, and nothing scrolls.
    Instead,
}

impl Nav {
    /// At the address of the request, on the server; at the browser's, in the browser.
    pub(super) fn begin() -> Self {
        let Location { path, query } = use_context().or_else(Location::of_browser).unwrap_or_default();
        let (path, query) = (RwSignal::new(path), RwSignal::new(query));
        let page = Memo::new(move |_| path.with(|path| Page::at(path)));
        Nav { path, query, page, entry: StoredValue::default() }
    }

    /// The path below the base path: `/jobs`, however the server is reached.
    pub(super) fn path(self) -> Signal<String> {
        self.path.into()
    }

    /// Which page this is.
    pub(super) fn page(self) -> Memo<Page> {
        self.page
    }

    /// The query of the page that asks. Once it is left, it stays what it was, so that a page that goes reads nothing more.
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
        let here = self.page.get_untracked();
        Memo::new(move |before: Option<&T>| match before {
            Some(before) if self.page.get() != here => before.clone(),
            _ => read(),
        })
    }

    /// Goes to an address of Headway, with the base path in it.
    pub(super) fn go(self, address: &str, go: Go) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        if let Some(location) = Location::read(path, query) {
            self.go_to(location, "", go);
        }
    }

    /// Follows links and *Back* from now on, for as long as the page lives.
    pub(super) fn listen(self) {
        self.entry.set_value(BrowserEntry::first());
        window_event_listener(ev::click, move |event| {
            if let Some((location, fragment, go)) = link::followed(&event) {
                let is_here = self.is_at(&location);
                if is_here && !fragment.is_empty() {
                    // A place on this page is the browser's to find.
                    return;
                }
                event.prevent_default();
                // A link to where one is makes no second entry.
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
        let entry = self.entry.get_value().step();
        self.entry.set_value(entry);
        let is_other = Location::of_browser().is_some_and(|location| self.show(location));
        if let Some(height) = entry.height() {
            arrive::at_height(height);
        }
        if is_other {
            arrive::at_heading();
        }
    }

    /// Shows what is there; whether it is another page.
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
