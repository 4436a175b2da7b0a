//! Keeps the page in step with its controls, including choices made before the page was hydrated, by the user or by a
//! browser that restores fields of an earlier visit.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventInit, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

/// The control on which the others depend.
const FIRST: &str = "input[name=\"recipe\"]";
const OTHERS: &str = "select, textarea, input:not([name=\"recipe\"])";

/// Makes every control whose value differs from the rendered one fire its event again, now that someone listens.
pub(super) fn replay(panel: &Element) {
    dispatch_changes(panel, FIRST);
    // By then the fields belong to the chosen recipe.
    let panel = panel.clone();
    request_animation_frame(move || dispatch_changes(&panel, OTHERS));
}

fn dispatch_changes(panel: &Element, selectors: &str) {
    let bubbling = EventInit::new();
    bubbling.set_bubbles(true);
    let Ok(found) = panel.query_selector_all(selectors) else { return };
    let controls = (0..found.length()).filter_map(|index| found.get(index)?.dyn_into::<Element>().ok());
    for control in controls.filter(is_changed) {
        if let Ok(change) = Event::new_with_event_init_dict("change", &bubbling) {
            control.dispatch_event(&change).ok();
        }
    }
}

fn is_changed(control: &Element) -> bool {
    if let Some(input) = control.dyn_ref::<HtmlInputElement>() {
        return input.value() != input.default_value() || input.checked() != input.default_checked();
    }
    if let Some(area) = control.dyn_ref::<HtmlTextAreaElement>() {
        return area.default_value().is_ok_and(|begun| area.value() != begun);
    }
    // The initially selected option need not be the first.
    control.dyn_ref::<HtmlSelectElement>().is_some_and(|select| {
        let begun = select.query_selector("option[selected]").ok().flatten();
        let begun = begun.and_then(|option| option.get_attribute("value")).or_else(|| first(select));
        begun.is_none_or(|begun| begun != select.value())
    })
}

fn first(select: &HtmlSelectElement) -> Option<String> {
    select.query_selector("option").ok().flatten()?.get_attribute("value")
}
