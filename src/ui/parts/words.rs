//! The words for a file's status, the same on the whole page.

/// The word beside a number, such as "22 failed".
pub(in crate::ui) fn of(label: &str) -> &'static str {
    match label {
        "waiting" => "waiting",
        "running" => "running",
        "interrupted" => "interrupted",
        "succeeded" => "done",
        "skipped" => "left out",
        "failed" => "failed",
        "cancelled" => "not run",
        _ => "",
    }
}

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
