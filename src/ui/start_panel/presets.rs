//! The presets as a list below the recipes: what each does, and the ways to choose and to delete it.

use leptos::prelude::*;

use super::JobOptions;
use super::job_options::ChosenPreset;
use super::preset_list::PresetList;
use super::to_files::to_files;
use crate::api;
use crate::ui::parts::{Disclosure, ErrorView, focus, format};
use headway_model::StartJob;
use headway_model::summary::{RecipeInfo, Start};

/// Where the focus goes from a preset that was deleted.
const NEAR: &str = ".start-presets h2, .start-save > button";

/// The deletion of a preset. Copy it freely.
#[derive(Clone, Copy)]
struct Deletion {
    presets: PresetList,
    /// The preset that is deleted once a person confirms it.
    asked: RwSignal<Option<String>>,
    is_busy: RwSignal<bool>,
    /// Why the last one was not deleted.
    failed: RwSignal<Option<String>>,
    /// What was done last, for who cannot see it.
    said: RwSignal<String>,
}

/// The presets. Without any, nothing is shown.
#[component]
pub(super) fn Presets(
    chosen: JobOptions,
    presets: PresetList,
    /// They are read each time this opens.
    sheet: Disclosure,
) -> impl IntoView {
    // It can have been opened before the page was listening.
    Effect::new(move |_| sheet.toggled());
    Effect::new(move |_| {
        if sheet.is_open.get() {
            presets.load();
        }
    });
    let deletion = Deletion {
        presets,
        asked: RwSignal::new(None),
        is_busy: RwSignal::new(false),
        failed: RwSignal::new(None),
        said: RwSignal::new(String::new()),
    };
    let list = move || match presets.known.get() {
        None => ().into_any(),
        Some(Err(error)) => view! { <ErrorView error again=move |()| presets.load() /> }.into_any(),
        Some(Ok(all)) if all.is_empty() => ().into_any(),
        Some(Ok(all)) => {
            let recipes = expect_context::<Start>().recipes;
            let entry = |(name, request): (String, StartJob)| {
                let recipe = recipes.iter().find(|recipe| recipe.name == request.recipe);
                row(chosen, deletion, ChosenPreset { name, request }, recipe)
            };
            view! {
                <section class="start-presets" aria-labelledby="presets">
                    <h2 id="presets" tabindex="-1">"Presets"</h2>
                    <ul>{all.into_iter().map(entry).collect_view()}</ul>
                </section>
            }
            .into_any()
        }
    };
    view! {
        {list}
        <p class="ui-error" role="alert">{move || deletion.failed.get()}</p>
        <p class="ui-hidden" role="status">{move || deletion.said.get()}</p>
    }
    .into_any()
}

/// A preset. One whose recipe is not offered here cannot be chosen.
fn row(chosen: JobOptions, deletion: Deletion, preset: ChosenPreset, recipe: Option<&RecipeInfo>) -> AnyView {
    let name = preset.name.clone();
    let recipe_name = format::capital(&preset.request.recipe);
    let card = match recipe {
        None => view! {
            <p class="start-preset-card">
                <b>{preset.name}</b> " " <span>{format!("There is no recipe {recipe_name} on this page.")}</span>
            </p>
        }
        .into_any(),
        Some(recipe) => {
            let does = does(recipe, &preset.request);
            let shown = preset.name.clone();
            let of_row = shown.clone();
            let is_chosen = move || chosen.preset.with(|preset| preset.as_ref().is_some_and(|is| is.name == of_row));
            let choose = move |_| {
                deletion.said.set(format!("The preset {} fills the fields now.", preset.name));
                chosen.fill(preset.clone());
            };
            view! {
                <button class="start-preset-card" aria-current=move || is_chosen().then_some("true") on:click=choose>
                    <b>{shown}</b> " " <span class="start-preset-recipe">{recipe_name}</span> " "
                    <span class="start-preset-does">{does}</span>
                </button>
            }
            .into_any()
        }
    };
    let buttons = delete_buttons(deletion, name.clone());
    view! { <li class="start-preset" data-preset=name>{card} {buttons}</li> }.into_any()
}

/// What a preset does, as the card of its recipe says it.
fn does(recipe: &RecipeInfo, request: &StartJob) -> String {
    let output = request.output.as_ref().or(recipe.output.as_ref());
    format!("{} {}", format::sentence(&recipe.summary), to_files(recipe, output, &request.settings))
}

/// The way to delete a preset, and the question before it.
fn delete_buttons(deletion: Deletion, name: String) -> AnyView {
    let (label, sure) = (format!("Delete the preset {name}"), format!("Delete {name} for good"));
    let (of_question, of_answer, of_row) = (name.clone(), name.clone(), name.clone());
    let is_asked = Memo::new(move |_| deletion.asked.with(|asked| asked.as_ref() == Some(&of_row)));
    let ask = move |_| {
        deletion.asked.set(Some(of_question.clone()));
        // Not to the button that deletes, which a second click would press.
        focus_button(&of_question, "last");
    };
    let close = Callback::new(move |()| {
        deletion.asked.set(None);
        focus_button(&of_answer, "first");
    });
    view! {
        <div
            class="ui-buttons"
            on:keydown=move |event: leptos::ev::KeyboardEvent| {
                if event.key() == "Escape" && is_asked.get_untracked() {
                    close.run(());
                }
            }
        >
            <p class="ui-hint" role="alert">
                {move || is_asked.get().then_some("A schedule or a watched folder that uses it will start nothing.")}
            </p>
            <button class="ui-quiet" aria-label=label hidden=move || is_asked.get() on:click=ask>
                "Delete"
            </button>
            <button class="ui-danger" hidden=move || !is_asked.get() on:click=move |_| deletion.delete(name.clone())>
                {sure}
            </button>
            <button class="ui-quiet" hidden=move || !is_asked.get() on:click=move |_| close.run(())>
                "Keep it"
            </button>
        </div>
    }
    .into_any()
}

/// Moves the focus to the `first` or the `last` button of a preset, once it is shown.
fn focus_button(name: &str, which: &str) {
    let button = format!(".start-preset[data-preset=\"{name}\"] .ui-buttons > button:{which}-of-type");
    request_animation_frame(move || _ = focus::go_to(&button));
}

impl Deletion {
    /// Deletes a preset, unless another one is being deleted.
    fn delete(self, name: String) {
        if self.is_busy.get_untracked() {
            return;
        }
        self.is_busy.set(true);
        self.failed.set(None);
        leptos::task::spawn_local(async move {
            let answer = api::remove_preset(name.clone()).await;
            self.is_busy.try_set(false);
            self.asked.try_set(None);
            match answer {
                Ok(left) => {
                    self.presets.take(left);
                    self.said.try_set(format!("The preset {name} was deleted."));
                    request_animation_frame(|| _ = focus::go_to(NEAR));
                }
                Err(error) => {
                    self.failed.try_set(Some(format::sentence(&error.to_string())));
                    // What is there now is not known.
                    self.presets.load();
                }
            }
        });
    }
}
