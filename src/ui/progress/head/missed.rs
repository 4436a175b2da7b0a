//! Files that were asked for and not processed.

use leptos::prelude::*;

use super::Summary;
use crate::base::to;
use crate::ui::parts::format;
use headway_model::JobId;

/// The number of skipped files that were missed, as a link to them; nothing if there are none.
#[component]
pub(super) fn Missed(job: JobId, summary: Summary) -> impl IntoView {
    let missed = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters.missed).unwrap_or_default())
    });
    let text = move || match missed.get() {
        1 => "1 file that was asked for was not processed".to_owned(),
        number => format!("{} files that were asked for were not processed", format::count(number.into())),
    };
    view! {
        <Show when=move || { missed.get() > 0 }>
            <p class="head-missed">
                <a href=to(&format!("/jobs/{job}?status=skipped"))>{text}</a>
                ": they were gone or had changed, are no regular files, or their output's name was taken or impossible."
            </p>
        </Show>
    }
    .into_any()
}
