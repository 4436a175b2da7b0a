//! Choosing what to run: the recipe, its settings, and the two buttons.

mod options;

use leptos::prelude::*;
use serde_json::{Map, Value};

use options::{Chosen, Options, Where};

use super::library::{Selection, matching};
use super::live::Live;
use crate::model::library::FolderView;
use crate::model::summary::{SettingInfo, Start};
use crate::model::{Query, StartJob};

/// The recipe, its settings, **Process all** and **Process selected**.
#[component]
pub(super) fn StartPanel(
    /// What is shown.
    view: Memo<FolderView>,
    /// The files selected.
    selected: RwSignal<Selection>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let recipes = expect_context::<Start>().recipes;
    let recipe = RwSignal::new(recipes.first().map(|recipe| recipe.name.clone()).unwrap_or_default());
    let settings = RwSignal::new(Map::<String, Value>::new());
    let chosen = {
        let recipes = recipes.clone();
        Memo::new(move |_| recipe.with(|name| recipes.iter().find(|recipe| recipe.name == *name).cloned()))
    };
    let options = Chosen::default();
    let wrong = RwSignal::new(None::<String>);
    Effect::new(move |_| options.place.set(chosen.get().and_then(|recipe| recipe.output)));
    let choose = move |event| {
        recipe.set(event_target_value(&event));
        settings.set(Map::new());
    };
    let begin = move |query: Query| {
        let library = view.with_untracked(|view| view.library.clone());
        let request = StartJob::new(&library, &recipe.get_untracked(), query);
        let output = options.output();
        let policy = match options.policy() {
            Ok(policy) => policy,
            Err(text) => return wrong.set(Some(text)),
        };
        wrong.set(None);
        let approval = options.approval.get_untracked();
        live.start(StartJob { settings: settings.get_untracked(), output, policy, approval, ..request });
    };
    let all = move |_| begin(Query::Folder(view.with_untracked(matching)));
    let some = move |_| {
        begin(selected.with_untracked(Selection::query));
        selected.set(Selection::default());
    };
    let where_all = move || {
        view.with(|view| {
            if view.is_deep() {
                "Process all that match".to_owned()
            } else if view.folder.is_root() {
                "Process all".to_owned()
            } else {
                format!("Process all in {}", view.folder.shown_name())
            }
        })
    };
    let obstacle = Memo::new(move |_| selected.with(Selection::obstacle));
    view! {
        <section class="start-panel" aria-label="Start a job">
            <label>
                "Recipe "
                <select on:change=choose>
                    {recipes.iter().map(|recipe| view! { <option value=recipe.name.clone()>{recipe.name.clone()}</option> }).collect_view()}
                </select>
            </label>
            {move || {
                chosen.get().map(|recipe| recipe.settings.into_iter().map(|setting| view! { <Setting setting settings /> }).collect_view())
            }}
            <Where chosen=options />
            <div class="buttons">
                <Show when=move || selected.with(|selected| !selected.is_empty())>
                    <button class="quiet" on:click=move |_| selected.set(Selection::default())>"Clear selection"</button>
                </Show>
                <button disabled=move || selected.with(Selection::is_empty) || obstacle.with(Option::is_some) on:click=some>
                    {move || {
                        selected
                            .with(|selected| {
                                if selected.is_empty() {
                                    "Process selected".to_owned()
                                } else {
                                    format!("Process selected ({})", selected.text())
                                }
                            })
                    }}
                </button>
                <button class="primary" on:click=all>{where_all}</button>
            </div>
            <Options chosen=options />
            {move || wrong.get().or_else(|| obstacle.get()).map(|text| view! { <p class="error hint" role="alert">{text}</p> })}
            <p class="hint">{move || chosen.get().map(|recipe| recipe.summary)}</p>
        </section>
    }
}

#[component]
fn Setting(setting: SettingInfo, settings: RwSignal<Map<String, Value>>) -> impl IntoView {
    let name = setting.name.clone();
    let change = move |event| {
        let value = event_target_value(&event);
        settings.update(|settings| drop(settings.insert(name.clone(), value.into())));
    };
    if setting.choices.is_empty() {
        return view! {
            <label>
                {setting.label} " "
                <input type="text" class="text" name=setting.name required placeholder=setting.usual on:change=change />
            </label>
        }
        .into_any();
    }
    view! {
        <label>
            {setting.label}
            " "
            <select name=setting.name.clone() on:change=change>
                {setting.choices.into_iter().map(|(word, label)| view! { <option value=word>{label}</option> }).collect_view()}
            </select>
        </label>
    }
    .into_any()
}
