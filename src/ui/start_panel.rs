//! Choosing what to do with files: the recipes as cards, the settings of the chosen one, and the bar at the bottom of
//! the window, which names the recipe and the number of files.

mod bar;
mod cards;
mod commands;
mod early_input;
mod job_options;
mod leave_out;
mod made_by;
mod options;
mod output;
mod policies;
mod refused;
mod setting;
mod to_files;

use leptos::html;
use leptos::prelude::*;

pub(super) use bar::StartBar;
use cards::{Cards, ChosenRecipe};
use commands::Commands;
pub(super) use job_options::JobOptions;
use leave_out::LeaveOut;
use options::Options;
use output::OutputOptions;
use setting::Setting;

use super::parts::{Controls, focus};
use crate::live::Live;

/// A field that cannot be read, by its name, and why.
type Wrong = (&'static str, String);

/// The recipes, and the form of the chosen one.
#[component]
pub(super) fn StartPanel(chosen: JobOptions) -> impl IntoView {
    let live = expect_context::<Live>();
    let panel = NodeRef::<html::Section>::new();
    Effect::new(move |_| {
        if let Some(panel) = panel.get().filter(|_| live.is_ready()) {
            early_input::replay(&panel);
        }
    });
    Effect::new(move |_| live.refused.set(None));
    // Move to the first wrong field, where the error can be corrected.
    Effect::new(move |_| {
        if live.refused.with(Option::is_some) || chosen.wrong.with(Option::is_some) {
            request_animation_frame(|| {
                focus::open_to(".start-panel [aria-invalid=\"true\"]");
            });
        }
    });
    let refusal = move || {
        let settings = chosen.recipe.get().map(|recipe| recipe.settings).unwrap_or_default();
        live.refused.with(|error| error.as_ref().and_then(|error| refused::of_form(error, &settings)))
    };
    let settings = move || {
        let all = chosen.recipe.get().map(|recipe| recipe.settings).unwrap_or_default();
        let fields = all.iter().enumerate().map(|(at, setting)| {
            let (setting, before) = (setting.clone(), all[..at].to_vec());
            view! { <Setting setting before chosen /> }
        });
        fields.collect_view()
    };
    view! {
        <Controls>
        <section
            id="start"
            class="start-panel"
            aria-label="Start a job"
            tabindex="-1"
            node_ref=panel
            on:input=move |_| {
                live.refused.set(None);
                chosen.wrong.set(None);
            }
        >
            // Closed until someone chooses, so that the files are what a person sees first.
            <details class="start-sheet">
                <ChosenRecipe chosen />
                <div class="start-body">
                    <Cards chosen />
                    <div class="start-form">
                        {settings}
                        <OutputOptions chosen />
                    </div>
                    <Commands chosen />
                    <div class="start-policies">
                        <Options chosen />
                        <LeaveOut chosen />
                    </div>
                </div>
            </details>
            {move || refusal().map(|text| view! { <p class="ui-error ui-hint" role="alert">{text}</p> })}
        </section>
        </Controls>
    }
    .into_any()
}
