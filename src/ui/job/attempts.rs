//! What the attempts of an item said, when asked for.

use leptos::html;
use leptos::prelude::*;

use crate::api;
use crate::ui::parts::{ErrorView, format};
use headway_model::attempt::{AttemptLog, Kept};
use headway_model::{ApiError, JobId};

/// The attempts of an item: read when opened, and again when one of them ends while they are.
#[component]
pub(super) fn Attempts(
    job: JobId,
    item: u32,
    /// Whether an attempt is under way, and the number of the last one.
    attempt: Memo<(bool, u32)>,
) -> impl IntoView {
    // No resource: one that is read by a row would keep the server from sending the table.
    let logs = RwSignal::new(None::<Result<Vec<AttemptLog>, ApiError>>);
    let is_open = RwSignal::new(false);
    let details = NodeRef::<html::Details>::new();
    let toggled = move |_| is_open.set(details.get_untracked().is_some_and(|details| details.has_attribute("open")));
    Effect::new(move |_| {
        if is_open.get() {
            let _ = attempt.get();
            // Goes when they are read again: an older answer does not come after a newer one.
            let is_newest = RwSignal::new(true);
            leptos::task::spawn_local(async move {
                let read = api::attempts(job, item).await;
                if !is_newest.is_disposed() {
                    logs.try_set(Some(read));
                }
            });
        }
    });
    let is_running = move || attempt.get().0;
    view! {
        <details class="attempts" node_ref=details on:toggle=toggled>
            <summary>"Output"</summary>
            {move || match logs.get() {
                None => view! { <p class="hint">"Reading…"</p> }.into_any(),
                Some(Err(error)) => view! { <ErrorView error /> }.into_any(),
                Some(Ok(logs)) if logs.is_empty() => {
                    view! { <p class="hint" hidden=is_running>"No output."</p> }.into_any()
                }
                Some(Ok(logs)) => logs.into_iter().map(|log| view! { <Log log /> }).collect_view().into_any(),
            }}
            <p class="hint later" hidden=move || !is_running()>"Output appears when this attempt ends."</p>
        </details>
    }
    .into_any()
}

#[component]
fn Log(log: AttemptLog) -> impl IntoView {
    let how = match log.exit {
        Some(code @ 128..) => format!("signal {}", code - 128),
        Some(code) => format!("exit {code}"),
        None => "no end".into(),
    };
    view! {
        <section class="attempt">
            <h3>{format!("Attempt {} · {how} · {}", log.attempt, format::seconds(log.ms))}</h3>
            <p><code>{log.argv.join(" ")}</code></p>
            <Stream name="Standard error" kept=log.stderr />
            <Stream name="Standard output" kept=log.stdout />
        </section>
    }
    .into_any()
}

#[component]
fn Stream(name: &'static str, kept: Kept) -> impl IntoView {
    let is_empty = kept.head.is_empty();
    (!is_empty).then(|| {
        let cut = (kept.cut > 0)
            .then(|| view! { <p class="hint">{format!("{} in the middle were not kept", format::size(kept.cut))}</p> });
        let tail = (!kept.tail.is_empty()).then(|| view! { <pre>{kept.tail}</pre> });
        view! {
            <h4>{name}</h4>
            <pre>{kept.head}</pre>
            {cut}
            {tail}
        }
    })
}
