//! Draws a map. Colour and shape carry the same information. Only cells that have changed are redrawn, equal ones in
//! one stroke.

use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlCanvasElement, HtmlElement};

use super::grid::Grid;
use super::kinds::{KINDS, NOTHING, PALE};
use headway_model::item::ItemLabel;

/// The part of a canvas context that is used; binding only this keeps the client small.
#[wasm_bindgen]
extern "C" {
    type Pen;
    #[wasm_bindgen(method, setter, js_name = fillStyle)]
    fn set_colour(this: &Pen, colour: &str);
    #[wasm_bindgen(method, setter, js_name = globalAlpha)]
    fn set_alpha(this: &Pen, alpha: f64);
    #[wasm_bindgen(method, js_name = fillRect)]
    fn fill(this: &Pen, x: u32, y: u32, width: u32, height: u32);
    #[wasm_bindgen(method, js_name = clearRect)]
    fn clear(this: &Pen, x: u32, y: u32, width: u32, height: u32);
}

/// Cells of at least this size have room for a shape.
const SHAPED: u32 = 4;

/// What is on the canvas.
#[derive(Default)]
pub(super) struct Painted {
    grid: Grid,
    kinds: Vec<u8>,
    colours: Vec<String>,
    scale: u32,
}

impl Painted {
    /// Forgets what was drawn and its colours, so that the next step redraws everything.
    pub(super) fn forget(&mut self) {
        *self = Painted::default();
    }

    /// Draws what has changed. `kinds` is what each cell shows now. The colours are those of the legend's entries.
    pub(super) fn draw(&mut self, canvas: &HtmlCanvasElement, swatches: &[Element], grid: &Grid, kinds: Vec<u8>) {
        let Some(context) = canvas.get_context("2d").ok().flatten() else { return };
        let pen: Pen = context.unchecked_into();
        if self.grid != *grid || self.colours.is_empty() {
            self.begin(canvas, swatches, grid);
        }
        // A growing plan adds cells; the existing ones stay where they are.
        self.kinds.resize(kinds.len(), NOTHING);
        for (kind, runs) in (0_u8..).zip(self.changed(&kinds)).filter(|(_, runs)| !runs.is_empty()) {
            let at = usize::from(kind % PALE);
            pen.set_alpha(if kind < PALE { 1.0 } else { 0.25 });
            pen.set_colour(self.colours.get(at).map_or("", String::as_str));
            for (cell, length) in runs {
                if grid.cell < SHAPED {
                    let (x, y) = grid.corner(cell);
                    self.clear(&pen, (x, y), (length * grid.cell, grid.cell));
                    self.fill(&pen, (x, y), (length * grid.cell, grid.cell));
                } else {
                    (cell..cell + length).for_each(|cell| self.shape(&pen, cell, KINDS[at]));
                }
            }
        }
        pen.set_alpha(1.0);
        self.kinds = kinds;
    }

    fn begin(&mut self, canvas: &HtmlCanvasElement, swatches: &[Element], grid: &Grid) {
        // Whole pixels of the screen, so that no edge is blurred.
        self.scale = (window().device_pixel_ratio() + 0.5) as u32;
        self.scale = self.scale.clamp(1, 3);
        let (width, height) = (grid.columns * grid.cell, grid.height());
        canvas.set_width(width * self.scale);
        canvas.set_height(height * self.scale);
        for (side, pixels) in [("width", width), ("height", height)] {
            HtmlElement::style(canvas).set_property(side, &format!("{pixels}px")).ok();
        }
        self.colours = swatches.iter().map(colour).collect();
        self.grid = grid.clone();
        self.kinds.clear();
    }

    /// For each kind, pale or not: the cells that newly show it, as runs within a row (first cell, length).
    fn changed(&self, kinds: &[u8]) -> [Vec<(u32, u32)>; 2 * PALE as usize] {
        let mut runs: [Vec<(u32, u32)>; 2 * PALE as usize] = Default::default();
        for ((cell, kind), before) in (0_u32..).zip(kinds).zip(&self.kinds) {
            let Some(runs) = runs.get_mut(usize::from(*kind)).filter(|_| kind != before) else { continue };
            match runs.last_mut() {
                Some((first, length)) if *first + *length == cell && !self.grid.begins_row(cell) => *length += 1,
                _ => runs.push((cell, 1)),
            }
        }
        runs
    }

    /// Draws the shape of a kind. Without colours, no two kinds look alike.
    fn shape(&self, pen: &Pen, cell: u32, kind: ItemLabel) {
        let ((x, y), size) = (self.grid.corner(cell), self.grid.cell);
        let inner = size - 1;
        let third = (inner / 3).max(1);
        let (middle, rest) = ((inner - third) / 2, inner - 2 * third);
        self.clear(pen, (x, y), (size, size));
        match kind {
            ItemLabel::Waiting => self.fill(pen, (x + middle, y + middle), (third, third)),
            ItemLabel::Skipped => self.fill(pen, (x, y + inner - third), (inner, third)),
            ItemLabel::Cancelled => self.fill(pen, (x, y + middle), (inner, third)),
            ItemLabel::Interrupted => self.fill(pen, (x + middle, y), (third, inner)),
            _ => self.fill(pen, (x, y), (inner, inner)),
        }
        match kind {
            // A ring.
            ItemLabel::Failed => self.clear(pen, (x + third, y + third), (rest, rest)),
            // Two bars.
            ItemLabel::Running => self.clear(pen, (x + third, y), (rest, inner)),
            _ => {}
        }
    }

    fn fill(&self, pen: &Pen, at: (u32, u32), size: (u32, u32)) {
        let [x, y, width, height] = self.scaled(at, size);
        pen.fill(x, y, width, height);
    }

    fn clear(&self, pen: &Pen, at: (u32, u32), size: (u32, u32)) {
        let [x, y, width, height] = self.scaled(at, size);
        pen.clear(x, y, width, height);
    }

    fn scaled(&self, (x, y): (u32, u32), (width, height): (u32, u32)) -> [u32; 4] {
        [x, y, width, height].map(|pixels| pixels * self.scale)
    }
}

/// The colour of a legend's entry in the page's current style.
fn colour(swatch: &Element) -> String {
    let style = window().get_computed_style(swatch).ok().flatten();
    style.and_then(|style| style.get_property_value("background-color").ok()).unwrap_or_default()
}
