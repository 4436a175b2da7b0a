//! The words for a file's status, the same on the whole page.

pub(in crate::ui) use headway_model::bar::word as of;
use headway_model::item::{ItemLabel, StatusFilter};

/// The sentence when there are no files with the status.
pub(in crate::ui) fn none(filter: Option<StatusFilter>) -> &'static str {
    let label = match filter {
        None => return "This job has no files.",
        Some(StatusFilter::Missed) => return "No file was missed.",
        Some(StatusFilter::Errors) => return "No file failed or was missed.",
        Some(StatusFilter::LeftOut) => ItemLabel::Skipped,
        Some(StatusFilter::Label(label)) => label,
    };
    match label {
        ItemLabel::Waiting => "No file is waiting.",
        ItemLabel::Running => "No file is being worked on.",
        ItemLabel::Interrupted => "No file was interrupted.",
        ItemLabel::Succeeded => "No file is done.",
        ItemLabel::Skipped => "No file was left out.",
        ItemLabel::Failed => "No file failed.",
        ItemLabel::Cancelled => "Every file was run.",
    }
}
