//! One setting of a recipe.

use leptos::prelude::*;
use serde_json::{Map, Value};

use super::refused;
use crate::ui::live::Live;
use headway_model::summary::SettingInfo;

/// The field, and what the server found wrong with it.
#[component]
pub(super) fn Setting(setting: SettingInfo, settings: RwSignal<Map<String, Value>>) -> impl IntoView {
    let live = expect_context::<Live>();
    let SettingInfo { name, label, choices, default } = setting.clone();
    let key = name.clone();
    let change = move |event| {
        let value = event_target_value(&event);
        // An empty field says nothing: the recipe's own value holds then.
        settings.update(|settings| {
            if value.is_empty() {
                settings.remove(&key);
            } else {
                settings.insert(key.clone(), value.into());
            }
        });
    };
    let wrong = Memo::new(move |_| {
        live.refused.with(|error| error.as_ref().and_then(|error| refused::of_setting(error, &setting)))
    });
    let is_wrong = move || wrong.with(Option::is_some).then_some("true");
    let note = format!("wrong-{name}");
    let field = if choices.is_empty() {
        view! {
            <input
                type="text"
                class="text"
                name=name
                required
                autocomplete="off"
                placeholder=default
                aria-invalid=is_wrong
                aria-describedby=note.clone()
                on:change=change
            />
        }
        .into_any()
    } else {
        let options =
            choices.into_iter().map(|(word, label)| view! { <option value=word>{label}</option> }).collect_view();
        view! {
            <select name=name autocomplete="off" aria-invalid=is_wrong aria-describedby=note.clone() on:change=change>
                {options}
            </select>
        }
        .into_any()
    };
    view! {
        <div class="setting">
            <label>{label} " " {field}</label>
            <p class="error" id=note role="alert">{move || wrong.get()}</p>
        </div>
    }
    .into_any()
}
