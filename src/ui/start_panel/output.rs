//! Where the output goes, if the recipe has one.

use leptos::prelude::*;

use super::Chosen;
use headway_model::{Output, OutputPlace};

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
        Some(OutputPlace::Beside { .. }) => "beside",
        Some(OutputPlace::Folder { .. }) => "folder",
        _ => "replace",
    };
    let put = move |place: OutputPlace| chosen.place.set(Some(Output::to(place)));
    let choose = move |event| match event_target_value(&event).as_str() {
        chosen if chosen == word() => {}
        "beside" => put(OutputPlace::Beside { name: "{/.}.out".into() }),
        "folder" => put(OutputPlace::Folder { path: "converted".parse().unwrap_or_default(), name: None }),
        _ => put(OutputPlace::Replace),
    };
    let detail = move || {
        match chosen.place.get().map(|output| output.place) {
        Some(OutputPlace::Beside { name }) => view! {
            <label>
                "named "
                <input type="text" class="field" autocomplete="off" name="output-name" value=name on:change=move |event| put(OutputPlace::Beside { name: event_target_value(&event) }) />
            </label>
        }
        .into_any(),
        Some(OutputPlace::Folder { path, .. }) => view! {
            <label>
                "into folder "
                <input
                    type="text"
                    class="field"
                    autocomplete="off"
                    name="output-folder"
                    value=path.to_string()
                    on:change=move |event| {
                        if let Ok(path) = event_target_value(&event).parse() {
                            put(OutputPlace::Folder { path, name: None });
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
                <option value="replace">"replace each file; the original is kept in the trash"</option>
                <option value="beside">"beside each file"</option>
                <option value="folder">"in another folder"</option>
            </select>
        </label>
        {detail}
        <label>
            <input type="checkbox" autocomplete="off" name="smaller" on:change=move |event| chosen.smaller.set(event_target_checked(&event)) />
            " Keep the result only if it is smaller"
        </label>
    }
    .into_any()
}
