//! The recipes as cards: what each does, and what happens to the files.

use leptos::prelude::*;

use super::Chosen;
use crate::ui::parts::format;
use headway_model::summary::{RecipeInfo, Start};
use headway_model::{Output, OutputPlace, Settings};

/// One card for each recipe; one of them is chosen.
#[component]
pub(super) fn Cards(chosen: Chosen) -> impl IntoView {
    let choose = move |event| {
        // The browser also fires this event for the card that was chosen before.
        if event_target_checked(&event) {
            chosen.name.set(event_target_value(&event));
            chosen.settings.set(Settings::new());
        }
    };
    let first = chosen.name.get_untracked();
    let cards = expect_context::<Start>().recipes.into_iter().map(|recipe| {
        let is_first = recipe.name == first;
        let to_files = to_files(&recipe);
        view! {
            <label class="start-card">
                <input type="radio" name="recipe" autocomplete="off" value=recipe.name.clone() checked=is_first />
                <b>{format::capital(&recipe.name)}</b>
                <span>{recipe.summary}</span>
                <span class="start-card-files">{to_files}</span>
            </label>
        }
    });
    view! {
        <fieldset class="start-cards" on:change=choose>
            <legend>"What should be done with the files?"</legend>
            {cards.collect_view()}
        </fieldset>
    }
    .into_any()
}

/// The chosen recipe, and in full what it does: a card has no room for every word.
#[component]
pub(super) fn Chose(chosen: Chosen) -> impl IntoView {
    let all_of_it = move || {
        let said = |recipe: &RecipeInfo| format!("{} {}", format::sentence(&recipe.summary), to_files(recipe));
        chosen.recipe.with(|recipe| recipe.as_ref().map(said))
    };
    view! {
        <summary>
            <b>{move || chosen.name.with(|name| format::capital(name))}</b>
            " " <span class="ui-hint">{all_of_it}</span> " " <span class="start-change">"Choose…"</span>
        </summary>
    }
    .into_any()
}

/// What happens to the files by default.
fn to_files(recipe: &RecipeInfo) -> String {
    if !recipe.to_files.is_empty() {
        return recipe.to_files.clone();
    }
    let text = match &recipe.output {
        None => "",
        Some(Output { place: OutputPlace::Replace, .. }) => "Replaces each file; the original is kept in the trash.",
        Some(Output { place: OutputPlace::Beside { .. }, .. }) => {
            "Writes a new file beside each; the files stay as they are."
        }
        Some(Output { place: OutputPlace::Folder { .. }, .. }) => {
            "Writes into another folder; the files stay as they are."
        }
    };
    text.to_owned()
}
