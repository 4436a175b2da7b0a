//! One setting of a recipe: its field, its meaning, and what the server found wrong with it.

use leptos::prelude::*;
use serde_json::Value;

use super::made_by::{MadeBy, is_job};
use super::{JobOptions, refused};
use crate::live::Live;
use headway_model::setting::{self, SettingKind};
use headway_model::{Setting as Described, Settings};

/// The field of a setting. `before` are the settings above it; it can depend on one of them.
#[component]
pub(super) fn Setting(setting: Described, before: Vec<Described>, chosen: JobOptions) -> impl IntoView {
    let settings = chosen.settings;
    let live = expect_context::<Live>();
    let (name, label, help) = (setting.name.clone(), setting.label.clone(), setting.help.clone());
    let (described, named) = (setting.clone(), name.clone());
    // Keep the value while the setting does not count, so that it is there when the setting counts again.
    let hidden = Memo::new({
        let setting = setting.clone();
        move |_| settings.with(|settings| !setting::is_active(&setting, &setting::filled(&before, settings)))
    });
    let wrong = Memo::new(move |_| {
        let told = live.refused.with(|error| error.as_ref().and_then(|error| refused::of_setting(error, &setting)));
        // A field elsewhere kept the request from the server, and this one is told at the same time.
        let is_kept = || !hidden.get() && chosen.wrong.with(|wrong| !wrong.is_empty());
        let plain = || settings.with(|settings| refused::plainly_wrong(&setting, settings.get(&setting.name)));
        told.or_else(|| is_kept().then(plain).flatten())
    });
    let (hint, note) = (format!("help-{name}"), format!("wrong-{name}"));
    let about = if help.is_empty() { note.clone() } else { format!("{hint} {note}") };
    let is_switch = described.kind == SettingKind::Switch;
    let put = Callback::new(move |value: Option<Value>| put(settings, &named, value));
    let made_by = match &described.kind {
        SettingKind::Path { made_by, .. } => made_by.clone(),
        SettingKind::Job { made_by } => Some(made_by.clone()),
        _ => None,
    };
    let is_path = matches!(described.kind, SettingKind::Path { .. });
    let value = settings.with_untracked(|settings| settings.get(&name).cloned());
    let value = value.filter(|value| made_by.is_none() || !is_job(value));
    let control = field(described, value.as_ref(), put, about, Signal::derive(move || wrong.with(Option::is_some)));
    let mut help = (!help.is_empty()).then(|| view! { <p class="ui-hint" id=hint>{help}</p> });
    let labelled = match made_by {
        Some(recipe) => {
            let (library, path_label) = (chosen.library, format!("{label}, by its path"));
            // The hint is about the path, and goes with its field.
            let hint = if is_path { help.take() } else { None };
            let by_path = is_path.then(|| {
                view! { <label><span class="start-label">{path_label}</span> {control}</label> {hint} }.into_any()
            });
            view! { <MadeBy name label recipe library settings by_path put /> }.into_any()
        }
        None if is_switch => view! { <label>{control} " " {label}</label> }.into_any(),
        None => view! { <label><span class="start-label">{label}</span> " " {control}</label> }.into_any(),
    };
    view! {
        <div class="start-setting" hidden=move || hidden.get()>
            {labelled}
            {help}
            <p class="ui-error" id=note role="alert">{move || wrong.get()}</p>
        </div>
    }
    .into_any()
}

/// Sets a setting to a value, or to the recipe's default.
fn put(settings: RwSignal<Settings>, name: &str, value: Option<Value>) {
    settings.update(|settings| match value {
        Some(value) => drop(settings.insert(name.to_owned(), value)),
        None => drop(settings.remove(name)),
    });
}

/// The control for the setting's kind, with the value that it begins with. `about` holds the ids of the texts about it.
fn field(
    setting: Described,
    value: Option<&Value>,
    put: Callback<Option<Value>>,
    about: String,
    wrong: Signal<bool>,
) -> AnyView {
    let Described { name, kind, default, .. } = setting;
    let required = default.is_none();
    let (default, value) = (default.as_ref().map(text).unwrap_or_default(), value.map(text));
    let field = Field { name, default, value, required, about, wrong, put };
    match kind {
        SettingKind::Choice { choices } => field.choice(choices),
        SettingKind::Switch => field.switch(),
        SettingKind::Number { least, most, unit } => field.number(least, most, &unit),
        SettingKind::Text { .. }
        | SettingKind::Path { .. }
        | SettingKind::Job { .. }
        | SettingKind::Template { .. } => field.line(),
    }
}

/// What the controls of all kinds have in common.
struct Field {
    name: String,
    /// The recipe's default as a text.
    default: String,
    /// The value that was chosen before, as a text.
    value: Option<String>,
    required: bool,
    about: String,
    wrong: Signal<bool>,
    /// Takes the value that was entered, or `None` for the default.
    put: Callback<Option<Value>>,
}

impl Field {
    fn choice(self, choices: Vec<(String, String)>) -> AnyView {
        let Field { name, default, value, about, wrong, put, .. } = self;
        let shown = value.unwrap_or(default);
        let options = choices.into_iter().map(|(word, label)| {
            let selected = word == shown;
            view! { <option value=word selected=selected>{label}</option> }
        });
        let options = options.collect_view();
        let change = move |event| put.run(Some(event_target_value(&event).into()));
        view! {
            <select name=name autocomplete="off" aria-invalid=move || is_true(wrong) aria-describedby=about on:change=change>
                {options}
            </select>
        }
        .into_any()
    }

    fn switch(self) -> AnyView {
        let Field { name, default, value, about, wrong, put, .. } = self;
        let change = move |event| put.run(Some(event_target_checked(&event).into()));
        let on = value.unwrap_or(default) == "true";
        view! { <input type="checkbox" name=name autocomplete="off" checked=on aria-invalid=move || is_true(wrong) aria-describedby=about on:change=change /> }
            .into_any()
    }

    fn number(self, least: i64, most: i64, unit: &str) -> AnyView {
        let Field { name, default, value, required, about, wrong, put } = self;
        let shown = value.unwrap_or_else(|| default.clone());
        // Anything but a number stays a text, and the server reports it.
        let read = |text: String| text.trim().parse::<i64>().map_or_else(|_| text.into(), Value::from);
        let change = move |event| put.run(Some(event_target_value(&event)).filter(|text| !text.is_empty()).map(read));
        view! {
            <input
                type="number"
                class="ui-field"
                name=name
                min=least
                max=most
                step="1"
                required=required
                autocomplete="off"
                value=shown
                placeholder=default
                aria-invalid=move || is_true(wrong)
                aria-describedby=about
                on:change=change
            />
            {(!unit.is_empty()).then(|| format!(" {unit}"))}
        }
        .into_any()
    }

    fn line(self) -> AnyView {
        let Field { name, default, value, required, about, wrong, put } = self;
        let change =
            move |event| put.run(Some(event_target_value(&event)).filter(|text| !text.is_empty()).map(Value::from));
        view! {
            <input
                type="text"
                class="ui-field"
                name=name
                required=required
                autocomplete="off"
                value=value
                placeholder=default
                aria-invalid=move || is_true(wrong)
                aria-describedby=about
                on:change=change
            />
        }
        .into_any()
    }
}

/// The value of an attribute that is there only if this is so.
fn is_true(signal: Signal<bool>) -> Option<&'static str> {
    signal.get().then_some("true")
}

/// A value as the text in its field.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
