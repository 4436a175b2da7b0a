//! The bar at the bottom of the window: the recipe, the number of files, and the buttons that start the job.

use leptos::prelude::*;

use super::job_options::{SAMPLE, StartMode};
use super::{JobOptions, choose};
use crate::ui::library::{ListOffer, Selection};
use crate::ui::parts::{Controls, format};
use headway_model::Sample;
use headway_model::library::{OutcomeFilter, Under};

/// What a start would process, and how much, if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    /// How many files, and their bytes; or else why there is no number.
    amount: Result<Under, &'static str>,
    is_selection: bool,
    /// The recipe, where only files that failed are listed: what failed can have been another.
    recipe: Option<String>,
}

/// The selection, or else everything shown; the recipe; and the buttons.
#[component]
pub(in crate::ui) fn StartBar(chosen: JobOptions) -> impl IntoView {
    let JobOptions { selected, offer, .. } = chosen;
    let target = Memo::new(move |_| {
        let selection = selected.with(|selected| (!selected.is_empty()).then(|| selected.amount()));
        let has_failed = offer.with(|offer| offer.view().is_some_and(|view| view.show == OutcomeFilter::Failed));
        Target {
            amount: selection.map_or_else(|| offer.with(|offer| offer.amount().ok_or_else(|| offer.words())), Ok),
            is_selection: selection.is_some(),
            recipe: has_failed.then(|| chosen.name.with(|name| format::capital(name))),
        }
    });
    let nothing = move || if target.with(|target| target.is_selection) { None } else { offer.with(ListOffer::reason) };
    let obstacle = Memo::new(move |_| selected.with(Selection::obstacle));
    let is_unknown = move || !target.with(|target| target.is_selection) && offer.with(|offer| offer.view().is_none());
    let is_dead = move || is_unknown() || obstacle.with(Option::is_some);
    let is_more = move || {
        nothing().is_none() && target.with(|target| target.amount.is_ok_and(|amount| amount.files > SAMPLE.into()))
    };
    let recipe = move || chosen.name.with(|name| format::capital(name));
    view! {
        <Controls>
        <section class="start-bar" aria-label="Begin" hidden=move || offer.with(|offer| *offer == ListOffer::Nowhere)>
            <p class="start-bar-what">
                <span role="status">{move || target.with(amount_text)}</span>
                <Show when=move || target.with(|target| target.is_selection)>
                    " " <button class="ui-quiet" on:click=move |_| selected.set(Selection::default())>"Clear selection"</button>
                </Show>
            </p>
            <button class="start-bar-recipe" title="Choose what is done" on:click=move |_| _ = choose()>
                {recipe}
            </button>
            <p class="ui-error ui-hint" role="alert">{move || obstacle.get()}</p>
            <div class="ui-buttons">
                // Where there are too few files it keeps its place, so that no other button moves.
                <button data-start="sample" disabled=move || is_dead() || !is_more() on:click=move |_| chosen.start(StartMode::Sample(Sample::Files(SAMPLE)))>
                    {format!("Try {SAMPLE} first")}
                </button>
                <button data-start="plan" disabled=is_dead on:click=move |_| chosen.start(StartMode::Plan)>"Show the plan"</button>
                <button data-start="run" class="ui-primary" disabled=is_dead title=nothing on:click=move |_| chosen.start(StartMode::Run)>
                    {move || target.with(named)}
                </button>
            </div>
        </section>
        </Controls>
    }
    .into_any()
}

fn files(amount: &Under) -> String {
    format::counted(amount.files, "file", "files")
}

/// The text about what will be processed.
fn amount_text(target: &Target) -> String {
    match (&target.amount, target.is_selection) {
        (Ok(amount), true) => format!("{}, {} selected", files(amount), format::size(amount.bytes)),
        (Ok(amount), false) => format!("{} here, {}", files(amount), format::size(amount.bytes)),
        (Err(why), _) => (*why).to_owned(),
    }
}

/// The label of the button.
fn named(target: &Target) -> String {
    match (&target.amount, &target.recipe) {
        (Ok(amount), Some(recipe)) => format!("Run {recipe} on {}", files(amount)),
        (Ok(amount), None) => format!("Process {}", files(amount)),
        (Err(_), _) => "Process all files here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_names_the_recipe_and_the_number_of_files() {
        let amount = Ok(Under { files: 5, bytes: 3_800_000, ..Under::default() });
        let target = Target { amount, is_selection: true, recipe: None };
        assert_eq!(
            (amount_text(&target).as_str(), named(&target).as_str()),
            ("5 files, 3.8 MB selected", "Process 5 files")
        );
        let failed = Target { recipe: Some("Checksum".to_owned()), is_selection: false, ..target };
        assert_eq!(named(&failed), "Run Checksum on 5 files", "it need not be the recipe that failed");
        let target = Target { amount: Err("No file here."), ..failed };
        assert_eq!(named(&target), "Process all files here", "how many is not known");
        assert_eq!(amount_text(&target), "No file here.", "and nothing stands beside it");
    }
}
