//! Icons for statuses. Each is shown beside the word with the same meaning.

use headway_model::item::{ItemLabel, StatusFilter};
use leptos::prelude::*;

/// The path of a status's icon, on a square of 16.
fn path(of: StatusFilter) -> &'static str {
    let of = match of {
        StatusFilter::Label(label) => label,
        StatusFilter::LeftOut => ItemLabel::Skipped,
        StatusFilter::Missed | StatusFilter::Errors => return "M8 3v6M8 12v.5",
    };
    match of {
        ItemLabel::Succeeded => "M3 8.5l3.2 3.2L13 4.8",
        ItemLabel::Failed => "M4 4l8 8M12 4l-8 8",
        ItemLabel::Skipped => "M3 11c0-7 9-7 9-1M12 10l-2.6-1.4M12 10l1.6-2.6",
        ItemLabel::Cancelled => "M4.5 4.5h7v7h-7z",
        ItemLabel::Running => "M5 3.5v9l7-4.5z",
        ItemLabel::Interrupted => "M9 2L4.5 9H8l-1 5 4.5-7H8z",
        ItemLabel::Waiting => "M8 7.4a.6.6 0 1 0 0 1.2.6.6 0 1 0 0-1.2",
    }
}

/// The icon of a status.
#[component]
pub(in crate::ui) fn Icon(
    /// Its label, or what lists name it.
    #[prop(into)]
    of: StatusFilter,
) -> impl IntoView {
    view! { <svg class="ui-icon" viewBox="0 0 16 16" aria-hidden="true"><path d=path(of)></path></svg> }
}
