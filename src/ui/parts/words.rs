//! The words for a file's status, the same on the whole page.

pub(in crate::ui) use headway_model::bar::word as of;

/// The sentence when there are no files with the status.
pub(in crate::ui) fn none(label: &str) -> &'static str {
    match label {
        "waiting" => "No file is waiting.",
        "running" => "No file is being worked on.",
        "interrupted" => "No file was interrupted.",
        "succeeded" => "No file is done.",
        "skipped" => "No file was left out.",
        "failed" => "No file failed.",
        "cancelled" => "Every file was run.",
        _ => "This job has no files.",
    }
}
