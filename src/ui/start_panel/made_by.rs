//! A setting that names what an earlier job made: a list of those jobs, of which the newest is chosen at first. Some settings can
//! name a file of the library instead, and have a field for its path.

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
    /// The field for a path, if the setting can name a file instead.
    by_path: Option<AnyView>,
    put: Callback<Option<Value>>,
) -> impl IntoView {
    let (zone, live) = (Zone::here(), expect_context::<Live>());
    let (key, named) = (name.clone(), name.clone());
    let none = if by_path.is_some() { "a file of the library".to_owned() } else { format!("none: run {recipe} first") };
    let jobs = RwSignal::new(Vec::<JobSummary>::new());
    Effect::new(move |_| {
        // A job that ended a moment ago is one of them.
        let (library, recipe, named, _) = (library.get(), recipe.clone(), named.clone(), live.ended.get());
        leptos::task::spawn_local(async move {
            let Ok(read) = api::makers(library, recipe).await else { return };
            let is_open = settings.try_with_untracked(|settings| !settings.contains_key(&named));
            let is_first = jobs.try_with_untracked(Vec::is_empty) == Some(true);
            let newest = read.first().filter(|_| is_first && is_open == Some(true)).map(value_of);
            jobs.try_set(read);
            newest.into_iter().for_each(|newest| put.run(Some(newest.into())));
        });
    });
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
                <option value="">{none}</option>
                {choices}
            </select>
        </label>
        <div hidden=move || chosen.with(|chosen| !chosen.is_empty())>{by_path}</div>
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
