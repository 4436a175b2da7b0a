//! The pointer and the keyboard on the map: both name a file, open it, and choose a range of files for the list.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

use super::Map;
use crate::ui::nav::Go;

impl Map {
    /// The canvas, which takes what the pointer and the keyboard do.
    pub(super) fn canvas(self, canvas: NodeRef<html::Canvas>) -> impl IntoView {
        let pressed = move |event: PointerEvent| {
            self.from.set_value(self.under(&event).filter(|_| event.button() == 0));
            // So that the end of a drag is noticed wherever it is.
            if let Some(canvas) = canvas.get_untracked() {
                canvas.set_pointer_capture(event.pointer_id()).ok();
            }
        };
        let moved = move |event: PointerEvent| {
            let under = self.under(&event);
            self.pointed.set(under);
            let is_down = event.buttons() & 1 == 1;
            if let (true, Some(from), Some(under)) = (is_down, self.from.get_value(), under) {
                let dragged = self.grid.with_untracked(|grid| {
                    let (one, other) = (grid.cell_of(from), grid.cell_of(under));
                    (one != other).then(|| grid.span(one, other))
                });
                self.dragged.set(dragged);
            }
        };
        let released = move |_| {
            let (from, dragged) = (self.from.get_value(), self.dragged.get_untracked());
            self.given_up();
            match (from, dragged) {
                (Some(_), Some(Some(span))) => self.list(span, Go::Here),
                (Some(file), None) => self.open(file),
                // The files dragged over do not follow each other in the job, so no list is of just them.
                (Some(_), Some(None)) | (None, _) => {}
            }
        };
        view! {
            <canvas
                node_ref=canvas
                tabindex="0"
                role="application"
                aria-label="A cell for each file. The arrow keys go from file to file, with Shift they choose files for the list, and Enter opens one."
                aria-describedby="map-pointed"
                on:pointerdown=pressed
                on:pointermove=moved
                on:pointerup=released
                on:pointercancel=move |_| self.given_up()
                on:pointerleave=move |_| self.pointed.set(None)
                on:blur=move |_| {
                    self.given_up();
                    self.pointed.set(None);
                }
                on:keydown=move |event| self.key(&event)
            ></canvas>
        }
        .into_any()
    }

    /// The first file of the cell below the pointer.
    fn under(self, event: &PointerEvent) -> Option<u32> {
        let [x, y] = [event.offset_x(), event.offset_y()].map(|pixels| pixels.max(0) as u32);
        self.grid.with_untracked(|grid| grid.at(x, y).map(|cell| grid.file_of(cell)))
    }

    /// Ends a drag without a choice.
    fn given_up(self) {
        self.from.set_value(None);
        self.dragged.set(None);
    }

    /// Opens a file beside the list.
    fn open(self, file: u32) {
        self.nav.go(&self.address.with_untracked(|address| address.opening(self.job, file)), Go::Here);
    }

    /// Limits the list to these files.
    fn list(self, span: (u32, u32), go: Go) {
        self.nav.go(&self.address.with_untracked(|address| address.with_span(self.job, Some(span))), go);
    }

    /// Goes from cell to cell by the keyboard.
    fn key(self, event: &KeyboardEvent) {
        let (grid, from) = (self.grid.get_untracked(), self.pointed.get_untracked());
        let Some(last) = grid.cells().checked_sub(1) else { return };
        let now = from.map_or(0, |file| grid.cell_of(file));
        let to = match (event.key().as_str(), from) {
            // Nothing is pointed at yet: begin with the first file, whatever the direction.
            ("ArrowRight" | "ArrowLeft" | "ArrowDown" | "ArrowUp", None) => 0,
            ("ArrowRight", _) => now.saturating_add(1),
            ("ArrowLeft", _) => now.saturating_sub(1),
            ("ArrowDown", _) => grid.below(now),
            ("ArrowUp", _) => grid.above(now),
            ("Home", _) => 0,
            ("End", _) => last,
            ("Enter", Some(file)) => {
                event.prevent_default();
                return self.open(file);
            }
            _ => return,
        };
        event.prevent_default();
        let to = to.min(last);
        self.pointed.set(Some(grid.file_of(to)));
        if !event.shift_key() {
            self.from.set_value(None);
            return;
        }
        // The first change is a step that *Back* undoes; later ones replace it.
        let go = if self.from.get_value().is_some() { Go::Instead } else { Go::Here };
        let begun = self.from.get_value().unwrap_or_else(|| grid.file_of(now));
        let Some(span) = grid.span(grid.cell_of(begun), to) else { return };
        self.from.set_value(Some(begun));
        self.list(span, go);
    }
}
