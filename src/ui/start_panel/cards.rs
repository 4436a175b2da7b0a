//! The recipes as cards: what each does, and what happens to the files.

use leptos::prelude::*;

use super::JobOptions;
use super::to_files::to_files;
use crate::ui::parts::format;
use headway_model::Settings;
use headway_model::summary::Start;

/// One card for each recipe; one of them is chosen.
#[component]
pub(super) fn Cards(chosen: JobOptions) -> impl IntoView {
    let choose = move |event| {
        // The browser also fires this event for the card that was chosen before.
        if event_target_checked(&event) {
            chosen.preset.set(None);
            chosen.name.set(event_target_value(&event));
            chosen.settings.set(Settings::new());
        }
    };
    let cards = expect_context::<Start>().recipes.into_iter().map(|recipe| {
        let (name, summary) = (recipe.name.clone(), recipe.summary.clone());
        // A preset chooses a recipe, too.
        let of_card = name.clone();
        let is_chosen = move || chosen.name.with(|chosen| *chosen == of_card);
        // For the chosen recipe, the effect of its settings.
        let to_files = move || match chosen.name.with(|chosen| *chosen == recipe.name) {
            true => chosen.to_files(),
            false => to_files(&recipe, recipe.output.as_ref(), &Settings::new()),
        };
        view! {
            <label class="start-card">
                <input type="radio" name="recipe" autocomplete="off" value=name.clone() prop:checked=is_chosen />
                <b>{format::capital(&name)}</b>
                <span>{summary}</span>
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
pub(super) fn ChosenRecipe(chosen: JobOptions) -> impl IntoView {
    let all_of_it = move || {
        let summary = chosen.recipe.with(|recipe| recipe.as_ref().map(|recipe| format::sentence(&recipe.summary)));
        summary.map(|summary| format!("{summary} {}", chosen.to_files()))
    };
    view! {
        <summary>
            <b>{move || chosen.name.with(|name| format::capital(name))}</b>
            " " <span class="ui-hint">{all_of_it}</span> " " <span class="start-change">"Choose…"</span>
        </summary>
    }
    .into_any()
}
