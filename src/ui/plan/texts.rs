//! What a plan says, in sentences and numbers.

use crate::ui::parts::format::{count, counted, size};
use headway_model::{BuiltIn, JobSummary, OutputPlace, Reruns, StartJob};
use serde_json::Value;

/// A sentence with the number of files, how many were asked for if that is more, and what becomes of them. `others` is whether some of the
/// plan's files are done already.
pub(super) fn sentence(
    (files, all): (u32, u32),
    bytes: Option<u64>,
    request: Option<&StartJob>,
    (renames, others): (bool, bool),
) -> String {
    let bytes = bytes.map(|bytes| format!(", {},", size(bytes))).unwrap_or_default();
    let output = request.and_then(|request| request.output.as_ref());
    let then = match output.map(|output| &output.place) {
        Some(OutputPlace::Replace) => "will be replaced; the originals are kept in the trash".to_owned(),
        Some(OutputPlace::Beside { .. }) => "will get a new file beside each".to_owned(),
        Some(OutputPlace::Folder { path, .. }) => format!("will be rewritten into {}", path.shown()),
        None if renames => "will be renamed".to_owned(),
        None => request.and_then(removed).unwrap_or("will be processed").to_owned(),
    };
    if others {
        return format!("{}{bytes} {then}.", counted(files, "other file", "other files"));
    }
    // The library's page counted all of them.
    let of = if all > files { format!("{} of ", count(files.into())) } else { String::new() };
    format!("Nothing has been touched. {of}{}{bytes} {then}.", counted(all.max(files), "file", "files"))
}

/// What becomes of the files of a job that removes duplicates; `None` for any other job.
fn removed(request: &StartJob) -> Option<&'static str> {
    if BuiltIn::of(&request.recipe) != Some(BuiltIn::Deduplicate) {
        return None;
    }
    Some(match request.settings.get("action").and_then(Value::as_str) {
        Some("link") => "will go to the trash, and hard links take their places (Undo puts them back)",
        Some("reflink") => "will go to the trash, and clones take their places (Undo puts them back)",
        _ => "will go to the trash (Undo puts them back)",
    })
}

/// Why files run.
pub(super) fn never_done(files: u32, Reruns { changed, settings }: Reruns) -> String {
    let part = |number: u32, why: &str| (number > 0).then(|| format!("{why} ({})", count(number.into())));
    let first = files.saturating_sub(changed + settings);
    let again = [part(changed, "changed since"), part(settings, "done with other settings")];
    let again: Vec<_> = again.into_iter().flatten().collect();
    if again.is_empty() {
        return String::new();
    }
    part(first, "never done").into_iter().chain(again).collect::<Vec<_>>().join(" · ")
}

/// What a job that tries files of the plan first does, or did, before its title.
pub(super) fn tried(trial: &JobSummary) -> String {
    let files = match trial.counters.to_run() {
        number if number > 0 && !trial.listing => counted(number, "file", "files"),
        _ => "some files".to_owned(),
    };
    match (trial.status.is_terminal(), trial.counters.to_run()) {
        (true, 1) => format!("{files} was tried first in "),
        (true, 0) => "Files were tried first in ".to_owned(),
        (true, _) => format!("{files} were tried first in "),
        (false, _) => format!("Being tried first: {files}, in "),
    }
}

/// What running the plan does with files that are done already.
pub(super) fn left_out(done: usize) -> Option<String> {
    let them = if done == 1 { "it" } else { "them" };
    let files = || counted(done as u64, "file is", "files are");
    (done > 0).then(|| format!("{} done, and running the plan leaves {them} out.", files()))
}

/// How much room there is for what the job writes.
pub(super) fn room(free: u64, needed: u64) -> String {
    let needs = format!("as large as the originals, the new files need {}", size(needed));
    match free < needed {
        true => format!("Only {} are free on the library's disk: {needs}.", size(free)),
        false => format!("{} are free on the library's disk; {needs}.", size(free)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::summary;
    use headway_model::{Counters, JobStatus, Output, Query};

    #[test]
    fn the_recipe_and_the_number_of_files_are_one_sentence() {
        let request = |recipe| StartJob::new("files", recipe, Query::Paths(Vec::new()));
        let replace = StartJob { output: Some(Output::to(OutputPlace::Replace)), ..request("image") };
        assert_eq!(
            sentence((34, 34), Some(11_000_000), Some(&replace), (false, false)),
            "Nothing has been touched. 34 files, 11 MB, will be replaced; the originals are kept in the trash."
        );
        assert_eq!(sentence((1, 1), None, None, (true, false)), "Nothing has been touched. 1 file will be renamed.");
        let said = sentence((15, 25), Some(42), None, (false, false));
        assert_eq!(said, "Nothing has been touched. 15 of 25 files, 42 B, will be processed.", "the rest is left out");
        assert_eq!(
            sentence((24, 34), None, Some(&replace), (false, true)),
            "24 other files will be replaced; the originals are kept in the trash."
        );
        let mut duplicates = request("deduplicate");
        let said = sentence((10, 10), Some(112_000), Some(&duplicates), (false, false));
        assert_eq!(said, "Nothing has been touched. 10 files, 112 kB, will go to the trash (Undo puts them back).");
        duplicates.settings.insert("action".into(), "link".into());
        let said = sentence((10, 10), None, Some(&duplicates), (false, false));
        assert!(said.contains("hard links take their places"), "{said}");
    }

    #[test]
    fn a_trial_is_told_with_its_number_of_files() {
        let said = |status, total| tried(&summary(status, Counters { total, ..Counters::default() }));
        let listed =
            |status, total| JobSummary { listing: false, ..summary(status, Counters { total, ..Counters::default() }) };
        assert_eq!(tried(&listed(JobStatus::Completed, 10)), "10 files were tried first in ");
        assert_eq!(tried(&listed(JobStatus::Completed, 1)), "1 file was tried first in ");
        assert_eq!(tried(&listed(JobStatus::Processing, 10)), "Being tried first: 10 files, in ");
        assert_eq!(said(JobStatus::Planning, 0), "Being tried first: some files, in ");
        assert_eq!(
            (left_out(0), left_out(1)),
            (None, Some("1 file is done, and running the plan leaves it out.".into()))
        );
    }

    #[test]
    fn free_space_is_reported_with_the_space_that_is_needed() {
        assert_eq!(
            room(120_000_000_000, 11_000_000),
            "120 GB are free on the library's disk; as large as the originals, the new files need 11 MB."
        );
        assert!(room(5, 11).starts_with("Only 5 B are free"));
    }

    #[test]
    fn the_reason_for_a_rerun_is_shown_only_if_some_files_were_done_before() {
        assert_eq!(never_done(34, Reruns::default()), "");
        assert_eq!(never_done(34, Reruns { changed: 4, settings: 0 }), "never done (30) · changed since (4)");
        assert_eq!(never_done(4, Reruns { changed: 4, settings: 0 }), "changed since (4)");
    }
}
