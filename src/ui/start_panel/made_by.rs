//! A setting that names what an earlier job made: a list of those jobs, with the newest chosen at first. Some settings can
//! name a file of the library instead, and have a field for its path.

use leptos::prelude::*;
use serde_json::Value;

use crate::api;
use crate::live::Live;
use crate::ui::parts::{Zone, format};
use headway_model::{JobSummary, Settings};

/// The prefix of a job's id in the setting's value.
const MADE_BY: char = '@';

/// Whether a value names a job, which the list shows, and not the field for a path.
pub(super) fn is_job(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(MADE_BY))
}

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
    let zone = Zone::here();
    let key = name.clone();
    let is_only_job = by_path.is_none();
    let none = if by_path.is_some() { "a file of the library".to_owned() } else { format!("none: run {recipe} first") };
    let jobs = makers(name.clone(), recipe, library, settings, put);
    let chosen = Memo::new(move |_| {
        let value = settings.with(|settings| settings.get(&key).and_then(Value::as_str).map(str::to_owned));
        match value {
            Some(text) if text.starts_with(MADE_BY) => text,
            // A program can name the job without it.
            Some(text) if is_only_job => format!("{MADE_BY}{text}"),
            _ => String::new(),
        }
    });
    let choices = move || {
        let mut listed =
            jobs.with(|jobs| jobs.iter().map(|job| (value_of(job), text_of(job, zone))).collect::<Vec<_>>());
        let chosen = chosen.get();
        // A preset can name a job that is not in the list.
        if !chosen.is_empty() && listed.iter().all(|(value, _)| *value != chosen) {
            listed.push((chosen.clone(), format!("job {}", chosen.trim_start_matches(MADE_BY))));
        }
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

/// The jobs of this recipe in the library, read again whenever a job ends. The newest of them is chosen at first, and in place of a job
/// of the library that was open before.
fn makers(
    name: String,
    recipe: String,
    library: Memo<String>,
    settings: RwSignal<Settings>,
    put: Callback<Option<Value>>,
) -> RwSignal<Vec<JobSummary>> {
    let live = expect_context::<Live>();
    let jobs = RwSignal::new(Vec::<JobSummary>::new());
    Effect::new(move |before: Option<String>| {
        // A job that ended a moment ago is one of them.
        let (asked, recipe, name, _) = (library.get(), recipe.clone(), name.clone(), live.ended.get());
        let (of, is_another) = (asked.clone(), before.is_some_and(|before| before != asked));
        leptos::task::spawn_local(async move {
            let Ok(read) = api::makers(of.clone(), recipe).await else { return };
            let Some(is_first) = jobs.try_with_untracked(Vec::is_empty) else { return };
            // Another library can have been opened meanwhile.
            if library.get_untracked() != of {
                return;
            }
            let is_open = settings.with_untracked(|settings| match settings.get(&name).and_then(Value::as_str) {
                None => is_first,
                // A job of the library that was here before is none of this one.
                Some(value) => {
                    is_another && value.starts_with(MADE_BY) && read.iter().all(|job| value_of(job) != value)
                }
            });
            let newest = read.first().map(value_of);
            jobs.set(read);
            if is_open {
                put.run(newest.map(Value::from));
            }
        });
        asked
    });
    jobs
}

fn value_of(job: &JobSummary) -> String {
    format!("{MADE_BY}{}", job.job)
}

/// Such as "Checksum of photos · 30 Nov 14:03 · 82 files".
fn text_of(job: &JobSummary, zone: Zone) -> String {
    let files = format::counted(job.counters.files(), "file", "files");
    format!("{} · {} · {files}", job.title, zone.date(job.created))
}
