//! Icons for statuses. Each is shown beside the word that says the same.

use leptos::prelude::*;

/// The path of a status's icon, on a square of 16.
fn path(of: &str) -> &'static str {
    match of {
        "succeeded" => "M3 8.5l3.2 3.2L13 4.8",
        "failed" => "M4 4l8 8M12 4l-8 8",
        "skipped" => "M3 11c0-7 9-7 9-1M12 10l-2.6-1.4M12 10l1.6-2.6",
        "cancelled" => "M4.5 4.5h7v7h-7z",
        "running" => "M5 3.5v9l7-4.5z",
        "interrupted" => "M9 2L4.5 9H8l-1 5 4.5-7H8z",
        "waiting" => "M8 7.4a.6.6 0 1 0 0 1.2.6.6 0 1 0 0-1.2",
        _ => "",
    }
}

/// The icon of a status.
#[component]
pub(in crate::ui) fn Icon(
    /// The status's label.
    of: &'static str,
) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=path(of)></path></svg> }
}
