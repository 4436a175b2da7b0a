//! The preset that filled the sheet: what of it has no field, and the way to run it with its own files.

use leptos::prelude::*;

use super::JobOptions;
use super::job_options::ChosenPreset;
use crate::ui::parts::condition_words::condition_words;
use crate::ui::parts::format;
use headway_model::library::OutcomeFilter;
use headway_model::{Query, StartJob};

/// Says what was taken from the chosen preset. Hidden without one.
#[component]
pub(super) fn FromPreset(chosen: JobOptions) -> impl IntoView {
    let preset = chosen.preset;
    let of_preset = move |text: fn(&ChosenPreset) -> String| preset.with(|preset| preset.as_ref().map(text));
    let pace = Memo::new(move |_| of_preset(pace_text).unwrap_or_default());
    view! {
        <div class="start-from" hidden=move || preset.with(Option::is_none)>
            <p class="ui-hint">{move || of_preset(taken_text)}</p>
            <label hidden=move || pace.with(String::is_empty)>
                <input
                    type="checkbox"
                    autocomplete="off"
                    name="pace"
                    prop:checked=move || chosen.has_pace.get()
                    on:change=move |event| chosen.has_pace.set(event_target_checked(&event))
                />
                <span>" As in the preset: " {move || pace.get()}</span>
            </label>
            <p class="ui-hint">{move || of_preset(saved_text)}</p>
            <div class="ui-buttons">
                <button on:click=move |_| chosen.start_as_saved()>"Run as saved"</button>
            </div>
        </div>
    }
    .into_any()
}

fn taken_text(preset: &ChosenPreset) -> String {
    let name = &preset.name;
    format!("Filled in from the preset {name}. You can change it all; what you see runs, on the files of this page.")
}

fn saved_text(preset: &ChosenPreset) -> String {
    format!("It was saved for other files: {}. To run it on those, unchanged:", own_files(&preset.request))
}

/// How many files at once, and the priority, in words; empty if the preset leaves that to the server.
fn pace_text(preset: &ChosenPreset) -> String {
    let (concurrency, priority) = preset.pace();
    let most = (concurrency > 0).then(|| format!("at most {} at once", format::counted(concurrency, "file", "files")));
    let priority = (priority != 0).then(|| format!("priority {priority}"));
    [most, priority].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The files of a request, in words.
fn own_files(request: &StartJob) -> String {
    let library = &request.library;
    let files = match &request.query {
        Query::Paths(paths) => {
            let selected = format::counted(paths.len() as u64, "selected file or folder", "selected files and folders");
            format!("{selected} of {library}")
        }
        Query::Items(_) => format!("files of an earlier job on {library}"),
        Query::Folder(folder) => {
            let place = match folder.path.is_root() {
                true => library.clone(),
                false => format!("{} of {library}", folder.path.shown()),
            };
            let search = (!folder.search.is_empty()).then_some(&folder.search);
            let patterns: Vec<_> = folder.include.iter().chain(search).map(String::as_str).collect();
            let matching = match patterns.is_empty() {
                true => String::new(),
                false => format!(" that match {}", patterns.join(", ")),
            };
            let outcome = match folder.show {
                OutcomeFilter::All => "",
                OutcomeFilter::Unprocessed => ", if not processed",
                OutcomeFilter::Processed => ", if processed",
                OutcomeFilter::Failed => ", if they failed",
            };
            format!("those in {place}{matching}{outcome}")
        }
    };
    let conditions = condition_words(&request.conditions, true);
    let files = [vec![files], conditions].concat().join(", ");
    match request.sample {
        Some(sample) => format!("{} {files}", sample.words()),
        None => files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Sample;
    use headway_model::request::FolderQuery;

    #[test]
    fn the_files_of_a_preset_are_said_in_words() {
        let of = |query: Query| StartJob::new("photos", "checksum", query);
        let paths = ["a", "b"].into_iter().filter_map(|path| path.parse().ok()).collect();
        assert_eq!(own_files(&of(Query::Paths(paths))), "2 selected files and folders of photos");
        assert_eq!(own_files(&of(Query::Folder(FolderQuery::default()))), "those in photos");
        let folder = FolderQuery {
            path: "2024/May".parse().unwrap_or_default(),
            include: vec!["*.jpg".into()],
            search: "IMG".into(),
            show: OutcomeFilter::Failed,
            ..FolderQuery::default()
        };
        let some = StartJob { sample: Some(Sample::Files(10)), ..of(Query::Folder(folder)) };
        let said = "the first 10 of those in 2024/May of photos that match *.jpg, IMG, if they failed";
        assert_eq!(own_files(&some), said);
    }

    #[test]
    fn what_a_preset_says_of_its_pace_is_said_in_words() {
        let said = |concurrency, priority| {
            let query = Query::Folder(FolderQuery::default());
            let request = StartJob { concurrency, priority, ..StartJob::new("photos", "checksum", query) };
            pace_text(&ChosenPreset { name: "p".into(), request })
        };
        assert_eq!([said(0, 0), said(1, 0)], ["", "at most 1 file at once"]);
        assert_eq!([said(0, -5), said(2, 7)], ["priority -5", "at most 2 files at once, priority 7"]);
    }
}
