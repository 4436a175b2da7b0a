//! Choosing what to do with files: the recipes as cards, the settings of the chosen one, and the bar at the bottom of
//! the window, which names the recipe and the number of files.

mod bar;
mod cards;
mod commands;
mod from_preset;
mod job_options;
mod leave_out;
mod made_by;
mod options;
mod output;
mod policies;
mod preset_list;
mod presets;
mod refused;
mod samples;
mod save_preset;
mod setting;
mod sheet;
mod to_files;
mod which_files;

use leptos::prelude::*;

pub(super) use bar::StartBar;
use cards::ChosenRecipe;
pub(super) use job_options::JobOptions;
pub(super) use sheet::StartSheet;

use super::later::{Later, Part};
use super::parts::{Controls, Disclosure, focus};
use crate::live::Live;

/// The chosen recipe on the sheet. Before the sheet is there: that it is being loaded, or could not be.
const CHOICE: &str = ".start-cards input:checked, .start-sheet > .ui-loading, .start-sheet > .ui-error button";

/// Opens the sheet at the chosen recipe. Returns whether the focus is there.
pub(super) fn choose() -> bool {
    focus::open_to(CHOICE)
}

/// A field that cannot be read, by its name, and why.
type Wrong = (&'static str, String);

/// The chosen recipe, and the sheet on which it is chosen, which comes later.
#[component]
pub(super) fn StartPanel(chosen: JobOptions) -> impl IntoView {
    let (live, later) = (expect_context::<Live>(), expect_context::<Later>());
    Effect::new(move |_| live.refused.set(None));
    // Move to the first wrong field, where the error can be corrected.
    Effect::new(move |_| {
        if live.refused.with(Option::is_some) || chosen.wrong.with(|wrong| !wrong.is_empty()) {
            request_animation_frame(|| {
                focus::open_to(".start-panel [aria-invalid=\"true\"]");
            });
        }
    });
    let sheet = Disclosure::new();
    let refusal = move || {
        let settings = chosen.recipe.get().map(|recipe| recipe.settings).unwrap_or_default();
        live.refused.with(|error| error.as_ref().and_then(|error| refused::of_form(error, &settings)))
    };
    view! {
        <Controls>
        <section
            id="start"
            class="start-panel"
            aria-label="Start a job"
            tabindex="-1"
            on:input=move |_| {
                live.refused.set(None);
                chosen.wrong.set(Vec::new());
            }
        >
            // Closed until someone chooses, so that the files are what a person sees first.
            <details class="start-sheet" node_ref=sheet.details on:toggle=move |_| sheet.toggled()>
                <ChosenRecipe chosen />
                // The server renders no field, because a browser could fill it before anyone listens.
                {move || live.is_ready().then(|| later.view(Part::StartSheet(Box::new(chosen), sheet)))}
            </details>
            {move || refusal().map(|text| view! { <p class="ui-error ui-hint" role="alert">{text}</p> })}
        </section>
        </Controls>
    }
    .into_any()
}
