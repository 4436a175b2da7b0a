//! Choosing what to run: the recipe, its settings, and the two buttons.

use std::collections::BTreeSet;

use leptos::prelude::*;
use serde_json::{Map, Value};

use super::live::Live;
use super::parts::format::count;
use crate::model::request::FolderQuery;
use crate::model::summary::{SettingInfo, Start};
use crate::model::{Query, RelPath, StartJob};

/// The recipe, its settings, **Process all** and **Process selected**.
#[component]
pub(super) fn StartPanel(
    /// The library shown.
    library: Memo<String>,
    /// The folder shown.
    folder: Memo<RelPath>,
    /// The files selected.
    selected: RwSignal<BTreeSet<RelPath>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let recipes = expect_context::<Start>().recipes;
    let recipe = RwSignal::new(recipes.first().map(|recipe| recipe.name.clone()).unwrap_or_default());
    let settings = RwSignal::new(Map::<String, Value>::new());
    let chosen = {
        let recipes = recipes.clone();
        Memo::new(move |_| recipe.with(|name| recipes.iter().find(|recipe| recipe.name == *name).cloned()))
    };
    let begin = move |query: Query| {
        live.start(StartJob {
            library: library.get_untracked(),
            recipe: recipe.get_untracked(),
            settings: settings.get_untracked(),
            query,
            title: None,
            concurrency: 0,
        });
    };
    let all = move |_| {
        let query = FolderQuery { path: folder.get_untracked(), ..FolderQuery::default() };
        begin(Query::Folder(query));
    };
    let some = move |_| {
        begin(Query::Paths(selected.get_untracked().into_iter().collect()));
        selected.set(BTreeSet::new());
    };
    let where_all = move || {
        if folder.with(RelPath::is_root) {
            "Process all".to_owned()
        } else {
            folder.with(|folder| format!("Process all in {}", folder.name()))
        }
    };
    view! {
        <section class="start-panel" aria-label="Start a job">
            <label>
                "Recipe "
                <select on:change=move |event| recipe.set(event_target_value(&event))>
                    {recipes.iter().map(|recipe| view! { <option value=recipe.name.clone()>{recipe.name.clone()}</option> }).collect_view()}
                </select>
            </label>
            {move || {
                chosen.get().map(|recipe| recipe.settings.into_iter().map(|setting| view! { <Setting setting settings /> }).collect_view())
            }}
            <span class="grow"></span>
            <button disabled=move || selected.with(BTreeSet::is_empty) on:click=some>
                {move || match selected.with(BTreeSet::len) {
                    0 => "Process selected".to_owned(),
                    number => format!("Process selected ({})", count(number as u64)),
                }}
            </button>
            <button class="primary" on:click=all>{where_all}</button>
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
    view! {
        <label>
            {setting.label}
            " "
            <select name=setting.name.clone() on:change=change>
                {setting.choices.into_iter().map(|(word, label)| view! { <option value=word>{label}</option> }).collect_view()}
            </select>
        </label>
    }
}
