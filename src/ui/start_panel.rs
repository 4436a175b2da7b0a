//! Choosing what to run: the recipe, its settings, and the two buttons.

mod heard;
mod options;
mod refused;
mod setting;

use leptos::html;
use leptos::prelude::*;

use options::{Chosen, Options, Where};
use setting::Setting;

use super::library::{Offer, Selection, matching};
use super::live::Live;
use super::parts::{Controls, focus};
use headway_model::library::FolderView;
use headway_model::summary::Start;
use headway_model::{JobId, Query, Settings, StartJob};

/// The recipe, its settings, **Process all** and **Process selected**.
#[component]
pub(super) fn StartPanel(
    /// What is shown.
    view: Memo<FolderView>,
    /// The files selected.
    selected: RwSignal<Selection>,
    /// Whether there is anything to be processed.
    offer: RwSignal<Offer>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let recipes = expect_context::<Start>().recipes;
    let recipe = RwSignal::new(recipes.first().map(|recipe| recipe.name.clone()).unwrap_or_default());
    let settings = RwSignal::new(Settings::new());
    let chosen = {
        let recipes = recipes.clone();
        Memo::new(move |_| recipe.with(|name| recipes.iter().find(|recipe| recipe.name == *name).cloned()))
    };
    let options = Chosen::default();
    let wrong = RwSignal::new(None::<String>);
    Effect::new(move |_| options.place.set(chosen.get().and_then(|recipe| recipe.output)));
    let panel = NodeRef::<html::Section>::new();
    Effect::new(move |_| {
        if let Some(panel) = panel.get().filter(|_| live.is_ready()) {
            heard::tell_again(&panel);
        }
    });
    let choose = move |event| {
        recipe.set(event_target_value(&event));
        settings.set(Settings::new());
    };
    let begin = move |query: Query| {
        let library = view.with_untracked(|view| view.library.clone());
        let request = StartJob::new(&library, &recipe.get_untracked(), query);
        let output = options.output();
        let policy = match options.policy() {
            Ok(policy) => policy,
            Err(text) => {
                wrong.set(Some(text));
                return None;
            }
        };
        wrong.set(None);
        let approval = options.approval.get_untracked();
        live.start(StartJob { settings: settings.get_untracked(), output, policy, approval, ..request })
    };
    // The job that the selection was given to. Only when that is accepted has the selection done its work.
    let given = RwSignal::new(None::<JobId>);
    let all = move |_| {
        begin(Query::Folder(view.with_untracked(matching)));
    };
    let some = move |_| given.set(begin(selected.with_untracked(Selection::query)));
    Effect::new(move |_| {
        let Some(job) = given.get() else { return };
        if live.starting.with(|starting| starting.as_ref().is_some_and(|starting| starting.job == job)) {
            return;
        }
        given.set(None);
        if live.refused.with_untracked(Option::is_none) {
            selected.set(Selection::default());
        }
    });
    Effect::new(move |_| live.refused.set(None));
    // Where it can be put right: at the first field that is wrong.
    Effect::new(move |_| {
        if live.refused.with(Option::is_some) {
            request_animation_frame(|| {
                focus::go_to(".start-panel [aria-invalid=\"true\"]");
            });
        }
    });
    let refusal = move || {
        let settings = chosen.with(|recipe| recipe.as_ref().map(|recipe| recipe.settings.clone())).unwrap_or_default();
        live.refused.with(|error| error.as_ref().and_then(|error| refused::of_form(error, &settings)))
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
    let nothing = move || offer.get().reason();
    let obstacle = Memo::new(move |_| selected.with(Selection::obstacle));
    view! {
        <Controls>
        <section
            id="start"
            class="start-panel"
            aria-label="Start a job"
            tabindex="-1"
            node_ref=panel
            on:input=move |_| live.refused.set(None)
        >
            <label>
                "Recipe "
                <select name="recipe" autocomplete="off" on:change=choose>
                    {recipes.iter().map(|recipe| view! { <option value=recipe.name.clone()>{recipe.name.clone()}</option> }).collect_view()}
                </select>
            </label>
            {move || {
                let all = chosen.get().map(|recipe| recipe.settings).unwrap_or_default();
                let fields = all.iter().enumerate().map(|(at, setting)| {
                    let (setting, before) = (setting.clone(), all[..at].to_vec());
                    view! { <Setting setting before settings /> }
                });
                fields.collect_view()
            }}
            <Where chosen=options />
            <div class="buttons">
                <Show when=move || selected.with(|selected| !selected.is_empty())>
                    <button class="quiet" on:click=move |_| selected.set(Selection::default())>"Clear selection"</button>
                </Show>
                <button data-start="selected" disabled=move || selected.with(Selection::is_empty) || obstacle.with(Option::is_some) on:click=some>
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
                <button class="primary" disabled=move || nothing().is_some() title=nothing on:click=all>{where_all}</button>
            </div>
            <Options chosen=options />
            {move || wrong.get().or_else(|| obstacle.get()).or_else(refusal).map(|text| view! { <p class="error hint" role="alert">{text}</p> })}
            {move || nothing().map(|text| view! { <p class="hint nothing">{text}</p> })}
            <p class="hint">{move || chosen.get().map(|recipe| recipe.summary)}</p>
        </section>
        </Controls>
    }
}
