//! Draws the map on its canvas, and puts the frame around the cell under the pointer.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::grid::Grid;
use super::order::MapOrder;
use super::paint::Painted;
use super::size::size_of;
use super::{Map, Span};

/// The height of the cells of a map in groups, and what each group adds to it for its last row, in pixels.
const LARGE: u32 = 360;
const ROW: u32 = 20;

impl Map {
    /// Draws at most once a frame, as often as the job's signal is set.
    pub(super) fn draws(self, canvas: NodeRef<html::Canvas>, legend: NodeRef<html::Ul>, stale: RwSignal<u32>) {
        let state = self.live.job(self.job);
        let painted = StoredValue::new((0, Painted::default()));
        let size = size_of(canvas);
        Effect::new(move |_| {
            let _ = state.get();
            let (asked, span, order) = (stale.get(), self.span(), self.groups.order());
            let (Some(canvas), Some(legend)) = (canvas.get(), legend.get()) else { return };
            let Some(place) = canvas.parent_element() else { return };
            let (width, height) = size.get();
            if width == 0 {
                return;
            }
            let style = place.unchecked_ref::<HtmlElement>().style();
            if !order.is_grouped() {
                for side in ["height", "max-height"] {
                    style.remove_property(side).ok();
                }
            }
            let cells = self.cells((width, height), order, span);
            let Some((grid, kinds)) = cells else { return };
            if grid.order.is_grouped() {
                style.set_property("height", &format!("{}px", grid.height())).ok();
                style.set_property("max-height", "none").ok();
            }
            if self.grid.with_untracked(|old| *old != grid) {
                self.grid.set(grid.clone());
            }
            painted.update_value(|(seen, painted)| {
                if *seen != asked {
                    *seen = asked;
                    painted.forget();
                }
                painted.draw(&canvas, &swatches(&legend), &grid, kinds);
            });
        });
    }

    /// The cells that fit into this width and height, and what each shows; `None` if the page does not have the job.
    fn cells(self, (width, height): (u32, u32), order: MapOrder, span: Span) -> Option<(Grid, Vec<u8>)> {
        self.live.with_fold(self.job, |fold| {
            let files = fold.counters.total;
            // There are no groups at a moment before all files were listed.
            let order = if order.is_of(files) { order } else { MapOrder::default() };
            let height = match order.is_grouped() {
                true => LARGE + order.groups(files).len() as u32 * ROW,
                false => height,
            };
            let grid = Grid::of(order, files, width, height);
            let kinds = grid.kinds(fold.bytes(), span);
            (grid, kinds)
        })
    }

    /// Puts the frame around the cell under the pointer.
    pub(super) fn moves(self, cursor: NodeRef<html::Span>) {
        Effect::new(move |_| {
            let (Some(file), Some(cursor)) = (self.pointed.get(), cursor.get()) else { return };
            let (x, y, cell) = self.grid.with(|grid| {
                let (x, y) = grid.corner(grid.cell_of(file));
                (x, y, grid.cell)
            });
            for (side, pixels) in [("left", x), ("top", y), ("width", cell), ("height", cell)] {
                HtmlElement::style(&cursor).set_property(side, &format!("{pixels}px")).ok();
            }
        });
    }
}

/// The parts of the legend that have the colours of the cells.
fn swatches(legend: &Element) -> Vec<Element> {
    let Ok(list) = legend.query_selector_all(".map-swatch") else { return Vec::new() };
    (0..list.length()).filter_map(|at| list.get(at)?.dyn_into::<Element>().ok()).collect()
}
