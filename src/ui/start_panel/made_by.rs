//! A setting that names a file of the library, or what an earlier job made: a list of those jobs, and a field for a path.

use leptos::prelude::*;
use serde_json::Value;

use crate::api;
use crate::live::Live;
use crate::ui::parts::{Zone, format};
use headway_model::{JobSummary, Settings};

/// The prefix of a job's id in the setting's value.
const MADE_BY: char = '@';

/// The list, and the field as long as no job is chosen.
#[component]
pub(super) fn MadeBy(
    /// The setting, and its label.
    name: String,
    label: String,
    /// The recipe of the jobs.
    recipe: String,
    library: Memo<String>,
    settings: RwSignal<Settings>,
    /// The field for a path.
    children: Children,
    put: Callback<Option<Value>>,
) -> impl IntoView {
    let (zone, live) = (Zone::here(), expect_context::<Live>());
    let jobs = RwSignal::new(Vec::<JobSummary>::new());
    Effect::new(move |_| {
        // A job that ended a moment ago is one of them.
        let (library, recipe, _) = (library.get(), recipe.clone(), live.ended.get());
        leptos::task::spawn_local(async move {
            if let Ok(read) = api::makers(library, recipe).await {
                jobs.try_set(read);
            }
        });
    });
    let key = name.clone();
    let chosen = Memo::new(move |_| {
        let value = settings.with(|settings| settings.get(&key).and_then(Value::as_str).map(str::to_owned));
        value.filter(|text| text.starts_with(MADE_BY)).unwrap_or_default()
    });
    let choices = move || {
        let listed = jobs.with(|jobs| jobs.iter().map(|job| (value_of(job), text_of(job, zone))).collect::<Vec<_>>());
        let chosen = chosen.get();
        let option = |(value, text): (String, String)| {
            let is_chosen = value == chosen;
            view! { <option value=value selected=is_chosen>{text}</option> }
        };
        listed.into_iter().map(option).collect_view()
    };
    let choose =
        move |event| put.run(Some(event_target_value(&event)).filter(|text| !text.is_empty()).map(Value::from));
    view! {
        <label>
            <span class="start-label">{label}</span>
            " "
            <select name=format!("{name}-by") autocomplete="off" prop:value=move || chosen.get() on:change=choose>
                <option value="">"a file of the library"</option>
                {choices}
            </select>
        </label>
        <div hidden=move || chosen.with(|chosen| !chosen.is_empty())>{children()}</div>
    }
}

fn value_of(job: &JobSummary) -> String {
    format!("{MADE_BY}{}", job.job)
}

/// Such as "Checksum of photos · 30 Nov 14:03 · 82 files".
fn text_of(job: &JobSummary, zone: Zone) -> String {
    let files = format::counted(job.counters.files(), "file", "files");
    format!("{} · {} · {files}", job.title, zone.date(job.created))
}
