//! The items of a job, by window.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::attempts::Attempts;
use super::retry::RetryItem;
use crate::api;
use crate::model::item::ITEM_LABELS;
use crate::model::summary::ItemView;
use crate::model::{JobId, RelPath, StartJob};
use crate::ui::live::Live;
use crate::ui::parts::{ErrorView, format};

const PAGE: u32 = 100;

/// The items of a status, or all, a window at a time.
#[component]
pub(super) fn Items(
    /// The job.
    job: JobId,
    /// What was asked for.
    request: StoredValue<Option<StartJob>>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let asked = use_query_map();
    let status =
        Memo::new(move |_| asked.with(|asked| asked.get("status")).filter(|word| ITEM_LABELS.contains(&word.as_str())));
    let after = Memo::new(move |_| asked.with(|asked| asked.get("after")).and_then(|text| text.parse::<u32>().ok()));
    let retried = RwSignal::new(0u32);
    let page = Resource::new(
        move || (status.get(), after.get(), live.ended.get(), retried.get()),
        move |(status, after, _, _)| api::items(job, after, PAGE, status),
    );
    view! {
        <nav class="filters" aria-label="Items by status">
            <a href=format!("/jobs/{job}") aria-current=move || status.with(Option::is_none).then_some("true")>"all"</a>
            {ITEM_LABELS
                .into_iter()
                .map(|word| {
                    let here = move || status.with(|status| status.as_deref() == Some(word)).then_some("true");
                    view! { <a href=format!("/jobs/{job}?status={word}") aria-current=here>{word}</a> }
                })
                .collect_view()}
        </nav>
        <Transition>
            {move || Suspend::new(async move {
                match page.await {
                    Err(error) => view! { <ErrorView error again=move |()| page.refetch() /> }.into_any(),
                    Ok(page) if page.items.is_empty() => view! { <p class="hint">"No items here."</p> }.into_any(),
                    Ok(page) => {
                        let more = page.next.map(|next| {
                            let filter = status.get_untracked().map(|word| format!("&status={word}")).unwrap_or_default();
                            view! { <a href=format!("/jobs/{job}?after={next}{filter}")>"Next →"</a> }
                        });
                        view! {
                            <table class="listing items">
                                <thead>
                                    <tr>
                                        <th>"File"</th>
                                        <th class="number">"Size"</th>
                                        <th>"Status"</th>
                                        <th class="result">"Result"</th>
                                    </tr>
                                </thead>
                                <tbody>{page.items.into_iter().map(|item| view! { <ItemRow job item request retried /> }).collect_view()}</tbody>
                            </table>
                            <nav class="pages" aria-label="Pages of items">{more}</nav>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn ItemRow(
    job: JobId,
    item: ItemView,
    request: StoredValue<Option<StartJob>>,
    retried: RwSignal<u32>,
) -> impl IntoView {
    let found = item.result.as_ref().map(found);
    let again = item.rerun.map(|rerun| view! { <span class="hint rerun">{rerun.text()}</span> });
    let failed = item.status == "failed";
    let why = match (item.reason, item.message) {
        (Some(reason), Some(message)) if !message.is_empty() => Some(format!("{reason}: {message}")),
        (reason, _) => reason,
    };
    view! {
        <tr>
            <td class="name"><bdi dir="ltr">{item.path.shown()}</bdi></td>
            <td class="number">{format::size(item.size)}</td>
            <td><span class="status-badge" data-status=item.status.clone()>{item.status.clone()}</span></td>
            <td class="result">
                {why.or(found)} {again}
                {failed.then(|| view! { <RetryItem job item=item.item request retried /> })}
                {(item.attempt > 0).then(|| view! { <Attempts job item=item.item /> })}
            </td>
        </tr>
    }
}

/// What the recipe found, in a line: where the output is, and every other field by its name.
fn found(result: &serde_json::Value) -> String {
    let fields = result.as_object().into_iter().flatten();
    let texts = fields.map(|(name, value)| match name.as_str() {
        "output" => {
            let path = value["path"].as_str().unwrap_or_default();
            format!("→ {}, {}", RelPath::shown_text(path), format::size(value["size"].as_u64().unwrap_or_default()))
        }
        _ => format!("{name} {}", format::value(value)),
    });
    texts.collect::<Vec<_>>().join(" ")
}
