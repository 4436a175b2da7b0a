//! A map of the whole job: a cell for each file, live from the fold. Pointing at a cell names its file, clicking
//! opens it, and dragging limits the list to the files dragged over. The keyboard can do the same. The cells are in the order of
//! the job, or in groups by folder or by size.

mod drawing;
mod grid;
mod groups;
mod kinds;
mod order;
mod paint;
mod pointer;
mod positions;
mod size;
mod table;

use leptos::html;
use leptos::prelude::*;

use super::can_come;
use super::items::{ItemsAddress, Texts};
use crate::live::Live;
use crate::ui::nav::Nav;
use crate::ui::parts::{format, words};
use crate::ui::progress::{Summary, is_over};
use grid::Grid;
use groups::Groups;
use headway_model::bar::number;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::{JobId, JobSummary};
use kinds::KINDS;

/// Jobs with fewer files have no map.
const MIN_FILES: u32 = 2;

/// Fewer files have a map of as many rows as they need.
const FEW: u32 = 500;

/// A range of files: the first and the last.
type Span = Option<(u32, u32)>;

/// The map's state. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Map {
    pub(super) job: JobId,
    address: Memo<ItemsAddress>,
    texts: Texts,
    /// The file under the pointer.
    pointed: RwSignal<Option<u32>>,
    /// The file at which a drag began, and the files dragged over.
    from: StoredValue<Option<u32>>,
    dragged: RwSignal<Option<Span>>,
    grid: RwSignal<Grid>,
    groups: Groups,
    nav: Nav,
    live: Live,
}

impl Map {
    /// A map of a job's files. `pointed` holds the file under the pointer.
    pub(super) fn new(job: JobId, address: Memo<ItemsAddress>, texts: Texts, pointed: RwSignal<Option<u32>>) -> Self {
        let (nav, live) = (expect_context::<Nav>(), expect_context::<Live>());
        let (from, grid, groups) = (StoredValue::new(None), RwSignal::new(Grid::default()), Groups::new(job));
        Map { job, address, texts, pointed, from, dragged: RwSignal::new(None), grid, groups, nav, live }
    }

    pub(super) fn view(self, summary: Summary) -> impl IntoView {
        let files =
            Memo::new(move |_| summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.total)));
        // The height depends only on the number of files, so that nothing moves when the map is drawn. A few files have as many
        // rows as the style sheet makes of a letter for each; see `.map-box` there.
        let is_listed =
            Memo::new(move |_| summary.with(|summary| summary.as_ref().is_some_and(|summary| !summary.listing)));
        let (is_over, was_listing) = (is_over(summary), self.has_listed(summary, is_listed));
        let height = move || match files.get() {
            _ if was_listing.get() => "middle",
            ..FEW => "rows",
            FEW..10_000 => "middle",
            _ => "large",
        };
        let is_in_rows = move |files: &u32| *files < FEW && !was_listing.get();
        let letters = move || Some(files.get()).filter(is_in_rows).map(|files| "x".repeat(files as usize));
        let is_hidden = move || files.get() < MIN_FILES && (is_over.get() || !was_listing.get());
        self.groups.follow(files, is_listed);
        let (canvas, legend) = (NodeRef::<html::Canvas>::new(), NodeRef::<html::Ul>::new());
        let cursor = NodeRef::<html::Span>::new();
        let stale = RwSignal::new(0_u32);
        self.draws(canvas, legend, stale);
        self.moves(cursor);
        let entry = |kind: ItemLabel| {
            let is_shown =
                Memo::new(move |_| summary.with(|summary| summary.as_ref().is_none_or(|job| has(job, kind))));
            let word = move || summary.with(|summary| summary.as_ref().map_or(words::of(kind), |job| word(job, kind)));
            view! { <li data-none=move || (!is_shown.get()).then_some("true")><span class="map-swatch" data-status=kind.name()></span>{word}</li> }
        };
        // When the style changes, for example from light to dark, the legend's entries change first.
        let restyled = move |_| stale.update(|stale| *stale = stale.wrapping_add(1));
        view! {
            <section class="map" aria-label="Map of the files" hidden=is_hidden>
                <div class="map-head"><h2>"Map"</h2> {self.groups.choice()}</div>
                <ul class="map-legend" node_ref=legend aria-hidden="true" on:transitionend=restyled>
                    {KINDS.map(entry).into_iter().collect_view()}
                </ul>
                {self.groups.failed()}
                <div class="map-box" data-height=height data-cells=letters>
                    {self.canvas(canvas)}
                    {self.headings()}
                    <span class="map-cursor" node_ref=cursor hidden=move || self.pointed.with(Option::is_none)></span>
                </div>
                <p class="map-pointed" id="map-pointed" aria-live="polite">{move || self.pointed_text()}</p>
                {self.table()}
            </section>
        }
        .into_any()
    }

    /// Whether the page shows, or has shown, a job whose files are being listed. How many there will be is not known then, so the map has
    /// one height from the beginning, and keeps it until the page is loaded again.
    fn has_listed(self, summary: Summary, is_listed: Memo<bool>) -> Memo<bool> {
        let is_over = is_over(summary);
        Memo::new(move |before: Option<&bool>| {
            let is_present = || self.live.past.try_with(Option::is_none).unwrap_or_default();
            before.is_some_and(|before| *before) || (!is_listed.get() && !is_over.get() && is_present())
        })
    }

    /// The range that the list is limited to, or will be once the pointer is released.
    fn span(self) -> Span {
        self.dragged.get().unwrap_or_else(|| self.address.with(ItemsAddress::span))
    }

    /// The text about the file under the pointer.
    fn pointed_text(self) -> Option<String> {
        let item = self.pointed.get()?;
        // The status can change while the pointer rests on the cell.
        let _ = self.live.job(self.job).get();
        let status = self.live.with_fold(self.job, |fold| fold.item(item)).flatten();
        let status = status.map(words::of).unwrap_or_default();
        let name = self.texts.of(item).with(|text| text.as_ref().map(|text| text.path.shown().to_string()));
        let more = match self.grid.with(|grid| grid.files_of(grid.cell_of(item))) - 1 {
            0 => String::new(),
            more => format!(", and {} in the same cell", format::counted(more, "file", "files")),
        };
        Some(format!("{} {status}{more}", name.unwrap_or_else(|| format!("File {}", u64::from(item) + 1))))
    }
}

/// The word for this kind of cells. What was missed has the same cells as what was left out.
fn word(job: &JobSummary, kind: ItemLabel) -> &'static str {
    match (kind, job.counters.left_out(), job.counters.missed) {
        (ItemLabel::Skipped, 0, 1..) => words::of(StatusFilter::Missed),
        (ItemLabel::Skipped, _, 1..) => "left out or missed",
        _ => words::of(kind),
    }
}

/// Whether the map of this job has cells of this kind, or can have them at any moment.
fn has(job: &JobSummary, kind: ItemLabel) -> bool {
    (can_come(kind) && !job.status.is_terminal()) || number(&job.counters, kind) > 0
}
