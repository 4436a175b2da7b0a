//! Previews the commands for the first files before anything runs.

use std::time::Duration;

use leptos::prelude::*;

use super::JobOptions;
use crate::api;
use crate::live::Live;

/// How long after the last change the server is asked.
const TYPING: Duration = Duration::from_millis(250);

/// The commands for the first files, if the recipe runs a program.
#[component]
pub(super) fn Commands(chosen: JobOptions) -> impl IntoView {
    let live = expect_context::<Live>();
    let lines = RwSignal::new(Vec::<String>::new());
    let ask = move || {
        // A field that cannot be parsed is reported at the start.
        let Ok(Some(request)) = chosen.request() else { return lines.set(Vec::new()) };
        let (first, total) = chosen.first_files();
        leptos::task::spawn_local(async move {
            // The start will report what is wrong; nothing runs before that.
            lines.try_set(api::command_lines(request, first, total).await.unwrap_or_default());
        });
    };
    Effect::new(move |_| {
        chosen.name.track();
        chosen.settings.track();
        chosen.selected.track();
        chosen.offer.track();
        if live.is_ready() {
            let timer = set_timeout_with_handle(ask, TYPING).ok();
            // Runs at the next change, and when the page is left.
            on_cleanup(move || timer.iter().for_each(TimeoutHandle::clear));
        }
    });
    view! {
        <div class="start-commands" hidden=move || lines.with(Vec::is_empty)>
            <p class="ui-hint">"Runs, for the first files (what is written gets its name once it is complete):"</p>
            <pre>{move || lines.with(|lines| lines.join("\n"))}</pre>
        </div>
    }
    .into_any()
}
