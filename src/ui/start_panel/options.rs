//! What else may be said of a job: where its output goes, and what happens when items do not go well.

use leptos::prelude::*;

use headway_model::policy::OnInterrupt;
use headway_model::{OnDone, Output, Place, Policy};

/// What is chosen. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    /// Where the recipe's output goes; `None` if it has none.
    pub(super) place: RwSignal<Option<Output>>,
    pub(super) approval: RwSignal<bool>,
    smaller: RwSignal<bool>,
    tries: RwSignal<String>,
    timeout: RwSignal<String>,
    halt: RwSignal<String>,
    on_interrupt: RwSignal<String>,
    on_done: RwSignal<String>,
}

impl Default for Chosen {
    fn default() -> Self {
        let text = || RwSignal::new(String::new());
        Chosen {
            place: RwSignal::new(None),
            approval: RwSignal::new(false),
            smaller: RwSignal::new(false),
            tries: text(),
            timeout: text(),
            halt: text(),
            on_interrupt: text(),
            on_done: text(),
        }
    }
}

impl Chosen {
    pub(super) fn output(self) -> Option<Output> {
        let output = self.place.get_untracked();
        output.map(|output| Output { smaller: self.smaller.get_untracked().then_some(0), ..output })
    }

    /// What to do when items do not go well; the text of what cannot be read.
    pub(super) fn policy(self) -> Result<Policy, String> {
        fn read<T: std::str::FromStr<Err: ToString>>(text: RwSignal<String>) -> Result<Option<T>, String> {
            let text = text.get_untracked();
            let text = text.trim();
            if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|error: T::Err| error.to_string()) }
        }
        let on_interrupt = match self.on_interrupt.get_untracked().as_str() {
            "retry" => Some(OnInterrupt::Retry),
            "ask" => Some(OnInterrupt::Ask),
            _ => None,
        };
        let on_done = match self.on_done.get_untracked().as_str() {
            "skip" => Some(OnDone::Skip),
            "skip_moved" => Some(OnDone::SkipMoved),
            "again" => Some(OnDone::Again),
            _ => None,
        };
        let (tries, timeout, halt) = (read(self.tries)?, read(self.timeout)?, read(self.halt)?);
        Ok(Policy { tries, backoff_ms: None, timeout, halt, on_interrupt, on_done })
    }
}

/// What happens when files do not go well, behind a line that opens.
#[component]
pub(super) fn Options(chosen: Chosen) -> impl IntoView {
    let write = |signal: RwSignal<String>| move |event| signal.set(event_target_value(&event));
    view! {
        <details class="options">
            <summary>"When files were done before, fail, hang or are interrupted"</summary>
            <div>
                {choice_or_default(
                    "Done before ",
                    "on_done",
                    chosen.on_done,
                    &[("skip", "skip"), ("skip_moved", "skip, also if moved (reads every file)"), ("again", "do again")],
                )}
                <label>"Tries " <input type="number" min="1" max="100" class="text" autocomplete="off" name="tries" placeholder="1" on:change=write(chosen.tries) /></label>
                <label>"Time limit " <input type="text" class="text" autocomplete="off" name="timeout" placeholder="none; 30s, 5m, 500%" on:change=write(chosen.timeout) /></label>
                <label>"Give up " <input type="text" class="text" autocomplete="off" name="halt" placeholder="never; soon,fail=10%" on:change=write(chosen.halt) /></label>
                {choice_or_default("When interrupted ", "on_interrupt", chosen.on_interrupt, &[("retry", "run again"), ("ask", "ask")])}
                <label>
                    <input type="checkbox" autocomplete="off" name="approval" on:change=move |event| chosen.approval.set(event_target_checked(&event)) />
                    " show the plan first"
                </label>
            </div>
        </details>
    }
    .into_any()
}

/// A choice that is left to the recipe unless someone makes it: values, and what they are called.
fn choice_or_default(
    label: &'static str,
    name: &'static str,
    chosen: RwSignal<String>,
    choices: &'static [(&'static str, &'static str)],
) -> impl IntoView + use<> {
    let choices = choices.iter().map(|(value, text)| view! { <option value=*value>{*text}</option> }).collect_view();
    view! {
        <label>
            {label}
            <select name=name autocomplete="off" on:change=move |event| chosen.set(event_target_value(&event))>
                <option value="">"default"</option>
                {choices}
            </select>
        </label>
    }
}

/// Where the output goes, if the recipe has one.
#[component]
pub(super) fn Where(chosen: Chosen) -> impl IntoView {
    let has_output = Memo::new(move |_| chosen.place.with(Option::is_some));
    view! {
        <Show when=move || has_output.get()>
            <Places chosen />
        </Show>
    }
    .into_any()
}

#[component]
fn Places(chosen: Chosen) -> impl IntoView {
    let word = move || match chosen.place.get().map(|output| output.place) {
        Some(Place::Beside { .. }) => "beside",
        Some(Place::Folder { .. }) => "folder",
        _ => "replace",
    };
    let put = move |place: Place| chosen.place.set(Some(Output::to(place)));
    let choose = move |event| match event_target_value(&event).as_str() {
        chosen if chosen == word() => {}
        "beside" => put(Place::Beside { name: "{/.}.out".into() }),
        "folder" => put(Place::Folder { path: "converted".parse().unwrap_or_default(), name: None }),
        _ => put(Place::Replace),
    };
    let detail = move || {
        match chosen.place.get().map(|output| output.place) {
        Some(Place::Beside { name }) => view! {
            <label>
                "as "
                <input type="text" class="text" autocomplete="off" name="output-name" value=name on:change=move |event| put(Place::Beside { name: event_target_value(&event) }) />
            </label>
        }
        .into_any(),
        Some(Place::Folder { path, .. }) => view! {
            <label>
                "called "
                <input
                    type="text"
                    class="text"
                    autocomplete="off"
                    name="output-folder"
                    value=path.to_string()
                    on:change=move |event| {
                        if let Ok(path) = event_target_value(&event).parse() {
                            put(Place::Folder { path, name: None });
                        }
                    }
                />
            </label>
        }
        .into_any(),
        _ => ().into_any(),
    }
    };
    view! {
        <label>
            "Output "
            <select name="output" autocomplete="off" prop:value=word on:change=choose>
                <option value="replace">"in place, originals to the trash"</option>
                <option value="beside">"beside the file"</option>
                <option value="folder">"in another folder"</option>
            </select>
        </label>
        {detail}
        <label>
            <input type="checkbox" autocomplete="off" name="smaller" on:change=move |event| chosen.smaller.set(event_target_checked(&event)) />
            " only if smaller"
        </label>
    }
    .into_any()
}
