//! Where the output goes, if the recipe has one.

use leptos::prelude::*;

use super::JobOptions;
use super::job_options::OUTPUT_FOLDER;
use headway_model::{Output, OutputPlace, RelPath};

/// Where the output goes, if the recipe has one.
#[component]
pub(super) fn OutputOptions(chosen: JobOptions) -> impl IntoView {
    let has_output = Memo::new(move |_| chosen.writes());
    view! {
        <Show when=move || has_output.get()>
            <OutputPlaces chosen />
        </Show>
    }
    .into_any()
}

#[component]
fn OutputPlaces(chosen: JobOptions) -> impl IntoView {
    // The fields below change only with the kind of place, so that a field in use stays.
    let word =
        Memo::new(move |_| match chosen.place.with(|output| output.as_ref().map(|output| output.place.clone())) {
            Some(OutputPlace::Beside { .. }) => "beside",
            Some(OutputPlace::Folder { .. }) => "folder",
            _ => "replace",
        });
    let choose = move |event| {
        let place = match event_target_value(&event).as_str() {
            chosen if chosen == word.get_untracked() => return,
            "beside" => OutputPlace::Beside { name: "{/.}.out".into() },
            "folder" => OutputPlace::Folder { path: RelPath::default(), name: None },
            _ => OutputPlace::Replace,
        };
        chosen.place.set(Some(Output::to(place)));
    };
    let detail = move || {
        // A preset fills them again.
        chosen.filled.track();
        match word.get() {
            "beside" => view! { <Name chosen /> }.into_any(),
            "folder" => view! { <Folder chosen /> }.into_any(),
            _ => ().into_any(),
        }
    };
    // By how much, if a preset or the recipe says so.
    let least = move || {
        let percent = chosen.place.with(|output| output.as_ref().and_then(|output| output.smaller));
        percent.filter(|percent| *percent > 0).map(|percent| format!(" by {percent} %"))
    };
    view! {
        <label>
            <span class="start-label">"Output"</span>
            " "
            <select name="output" autocomplete="off" prop:value=move || word.get() on:change=choose>
                <option value="replace">"replace each file; the original is kept in the trash"</option>
                <option value="beside">"beside each file"</option>
                <option value="folder">"in another folder"</option>
            </select>
        </label>
        {detail}
        <label>
            <input
                type="checkbox"
                autocomplete="off"
                name="smaller"
                prop:checked=move || chosen.smaller.get()
                on:change=move |event| chosen.smaller.set(event_target_checked(&event))
            />
            <span>" Keep the result only if it is smaller" {least}</span>
        </label>
    }
    .into_any()
}

#[component]
fn Name(chosen: JobOptions) -> impl IntoView {
    let name = chosen.place.with_untracked(|output| match output.as_ref().map(|output| &output.place) {
        Some(OutputPlace::Beside { name }) => name.to_string(),
        _ => String::new(),
    });
    let change = move |event| {
        chosen.place.update(|output| {
            if let Some(output) = output {
                output.place = OutputPlace::Beside { name: event_target_value(&event) };
            }
        });
    };
    view! {
        <label>
            <span class="start-label">"Name"</span>
            " "
            <input type="text" class="ui-field" autocomplete="off" name="output-name" value=name on:change=change />
        </label>
    }
    .into_any()
}

/// The typed text counts: a text that is not a folder is refused here.
#[component]
fn Folder(chosen: JobOptions) -> impl IntoView {
    let wrong = move || chosen.wrong_at(OUTPUT_FOLDER);
    view! {
        <div class="start-setting">
            <label>
                <span class="start-label">"Folder"</span>
                " "
                <input
                    type="text"
                    class="ui-field"
                    autocomplete="off"
                    name=OUTPUT_FOLDER
                    value=chosen.folder.get_untracked()
                    aria-invalid=move || wrong().map(|_| "true")
                    aria-describedby="wrong-output-folder"
                    on:change=move |event| chosen.folder.set(event_target_value(&event))
                />
            </label>
            <p class="ui-error" id="wrong-output-folder" role="alert">{wrong}</p>
        </div>
    }
    .into_any()
}
