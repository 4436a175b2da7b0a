//! Saves what the sheet says, and the files of the page, as a preset.

use leptos::prelude::*;

use super::JobOptions;
use super::preset_list::PresetList;
use crate::api;
use crate::ui::library::Selection;
use crate::ui::parts::focus;
use crate::ui::parts::format::sentence;
use headway_model::text::invalid_name;
use headway_model::{ApiError, StartJob};

/// The field for the name.
const FIELD: &str = ".start-save [name=\"preset-name\"]";

/// The button that opens the form.
const OPENER: &str = ".start-save > button";

/// How far the saving of a preset is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SaveStep {
    /// Nobody has asked for it.
    Closed,
    /// A name is being typed.
    Named,
    /// The text cannot be a name, for this reason.
    Wrong(String),
    /// The call is under way.
    Busy,
    /// Another preset has this name. It is replaced only if a person says so.
    Taken(String),
    /// It was not saved, for this reason.
    Failed(String),
    /// It was saved under this name.
    Saved(String),
}

/// The saving of a preset. Copy it freely.
#[derive(Clone, Copy)]
struct Saving {
    chosen: JobOptions,
    presets: PresetList,
    /// The name as it was typed.
    name: RwSignal<String>,
    step: RwSignal<SaveStep>,
}

/// The button, and the form that it opens.
#[component]
pub(super) fn SavePreset(chosen: JobOptions, presets: PresetList) -> impl IntoView {
    let (name, step) = (RwSignal::new(String::new()), RwSignal::new(SaveStep::Closed));
    let saving = Saving { chosen, presets, name, step };
    let is_open = Memo::new(move |_| step.with(SaveStep::is_open));
    let press = move |_| match is_open.get_untracked() {
        true => step.set(SaveStep::Closed),
        false => {
            step.set(SaveStep::Named);
            request_animation_frame(|| _ = focus::go_to(FIELD));
        }
    };
    view! {
        <div class="start-save">
            <button class="ui-quiet" aria-expanded=move || if is_open.get() { "true" } else { "false" } on:click=press>
                "Save as preset…"
            </button>
            <p class="ui-hint" role="status">{move || step.with(SaveStep::saved)}</p>
            {form(saving, is_open)}
        </div>
    }
    .into_any()
}

fn form(saving: Saving, is_open: Memo<bool>) -> AnyView {
    let Saving { name, step, .. } = saving;
    let is_taken = Memo::new(move |_| step.with(|step| matches!(step, SaveStep::Taken(_))));
    let is_busy = move || step.with(|step| *step == SaveStep::Busy).then_some("true");
    let close = move |_| {
        step.set(SaveStep::Closed);
        request_animation_frame(|| _ = focus::go_to(OPENER));
    };
    view! {
        <form
            hidden=move || !is_open.get()
            on:submit=move |event: leptos::ev::SubmitEvent| {
                event.prevent_default();
                saving.save(false);
            }
        >
            <label>
                <span class="start-label">"Name of the preset"</span>
                " "
                <input
                    type="text"
                    class="ui-field"
                    name="preset-name"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || name.get()
                    aria-invalid=move || step.with(SaveStep::wrong).map(|_| "true")
                    aria-describedby="about-preset-name wrong-preset-name"
                    on:input=move |event| saving.typed(event_target_value(&event))
                />
            </label>
            <p class="ui-error" id="wrong-preset-name" role="alert">{move || step.with(SaveStep::wrong)}</p>
            <p class="ui-hint" id="about-preset-name">
                "Letters, digits, - and _. It keeps what you see above, and the files of this page for schedules and the terminal."
            </p>
            <p class="ui-error" role="alert">{move || step.with(SaveStep::failed)}</p>
            <p class="start-save-question" role="alert">{move || step.with(SaveStep::question)}</p>
            <div class="ui-buttons">
                <button type="submit" hidden=move || is_taken.get() aria-disabled=is_busy>"Save"</button>
                <button type="button" class="ui-quiet" hidden=move || is_taken.get() on:click=close>"Cancel"</button>
                <button type="button" class="ui-danger" hidden=move || !is_taken.get() on:click=move |_| saving.save(true)>
                    "Replace it"
                </button>
                <button type="button" class="ui-quiet" hidden=move || !is_taken.get() on:click=move |_| step.set(SaveStep::Named)>
                    "Keep it"
                </button>
            </div>
        </form>
    }
    .into_any()
}

impl SaveStep {
    fn is_open(&self) -> bool {
        !matches!(self, SaveStep::Closed | SaveStep::Saved(_))
    }

    /// Why another name is needed.
    fn wrong(&self) -> Option<String> {
        let SaveStep::Wrong(why) = self else { return None };
        Some(why.clone())
    }

    fn failed(&self) -> Option<String> {
        let SaveStep::Failed(why) = self else { return None };
        Some(why.clone())
    }

    fn question(&self) -> Option<String> {
        let SaveStep::Taken(name) = self else { return None };
        let then = "Schedules and watched folders that use it will use the new one.";
        Some(format!("There is already a preset {name}. {then} Replace it?"))
    }

    fn saved(&self) -> Option<String> {
        let SaveStep::Saved(name) = self else { return None };
        Some(format!("Saved as {name}. In a terminal: headway preset run {name}"))
    }
}

impl Saving {
    /// Takes what was typed. What was said about the text before is over.
    fn typed(self, text: String) {
        self.name.set(text);
        if self.step.with_untracked(|step| *step != SaveStep::Busy) {
            self.step.set(SaveStep::Named);
        }
    }

    /// Saves it, unless a field says why not.
    fn save(self, replaces: bool) {
        if self.step.with_untracked(|step| *step == SaveStep::Busy) {
            return;
        }
        let name = self.name.with_untracked(|name| name.trim().to_owned());
        if let Some(reason) = invalid_name(&name) {
            self.step.set(SaveStep::Wrong(sentence(&reason)));
            request_animation_frame(|| _ = focus::go_to(FIELD));
            return;
        }
        let Some(request) = self.request() else { return };
        self.step.set(SaveStep::Busy);
        leptos::task::spawn_local(async move {
            let answer = match replaces {
                true => api::keep_preset(name.clone(), request).await,
                false => api::add_preset(name.clone(), request).await,
            };
            let step = match answer {
                Ok(all) => {
                    self.presets.take(all);
                    request_animation_frame(|| _ = focus::go_to(OPENER));
                    SaveStep::Saved(name)
                }
                Err(error) => self.refused(name, error).await,
            };
            self.step.try_set(step);
        });
    }

    /// The request that is saved; without one, the form says why.
    fn request(self) -> Option<StartJob> {
        if let Some(obstacle) = self.chosen.selected.with_untracked(Selection::obstacle) {
            self.step.set(SaveStep::Failed(obstacle));
            return None;
        }
        match self.chosen.request() {
            Ok(Some(request)) => Some(request),
            Ok(None) => {
                let text = "No files are listed here that it could keep. Open a folder that has some.";
                self.step.set(SaveStep::Failed(text.to_owned()));
                None
            }
            // The fields say what is wrong.
            Err(wrong) => {
                self.chosen.wrong.set(wrong);
                None
            }
        }
    }

    /// What follows from a refusal. A conflict need not be about the name, so it is looked up.
    async fn refused(self, name: String, error: ApiError) -> SaveStep {
        if matches!(error, ApiError::Conflict { .. })
            && let Ok(all) = api::presets().await
        {
            let is_taken = all.contains_key(&name);
            self.presets.take(all);
            if is_taken {
                return SaveStep::Taken(name);
            }
        }
        SaveStep::Failed(sentence(&error.to_string()))
    }
}
