//! One item: its status as the page heard it, its words as far as they are of that moment.

use leptos::prelude::*;

use super::super::attempts::Attempts;
use super::super::retry::RetryItem;
use super::window::Row;
use crate::ui::parts::{format, why, words};
use headway_model::summary::ItemView;
use headway_model::{JobId, RelPath, StartJob};

#[component]
pub(super) fn ItemRow(
    job: JobId,
    row: Memo<Row>,
    text: Memo<Option<ItemView>>,
    request: StoredValue<Option<StartJob>>,
    runs_programs: bool,
) -> impl IntoView {
    let item = row.with_untracked(|row| row.item);
    let status = Memo::new(move |_| row.with(|row| row.status.clone()));
    let attempt = Memo::new(move |_| row.with(|row| (row.status == "running", row.attempt)));
    let is_failed = Memo::new(move |_| status.with(|status| status == "failed"));
    let was_tried = Memo::new(move |_| runs_programs && attempt.get().1 > 0);
    let name = move || text.with(|text| text.as_ref().map(|text| text.path.shown().to_string()));
    let size = move || text.with(|text| text.as_ref().map(|text| format::size(text.size)));
    let words = move || {
        let row = row.get();
        text.with(|text| {
            let told = text.as_ref().filter(|text| row.is_told_by(text));
            let why = why(row.reason.clone(), told.and_then(|text| text.message.clone()));
            let found = || told.and_then(|text| text.result.as_ref()).map(found);
            why.or_else(found).or_else(|| text.as_ref()?.becomes.as_ref().map(|path| format!("→ {}", path.shown())))
        })
    };
    let again = move || {
        let rerun = text.with(|text| text.as_ref().and_then(|text| text.rerun));
        rerun.map(|rerun| view! { <span class="hint rerun">{rerun.text()}</span> })
    };
    view! {
        <tr data-item=item>
            <td class="name"><bdi dir="ltr">{name}</bdi></td>
            <td class="number">{size}</td>
            <td class="state"><span class="status-badge" data-status=move || status.get()>{move || status.with(|status| words::of(status))}</span></td>
            <td class="result">
                <span class="words">{words}</span>
                {again}
                <Show when=move || is_failed.get()>
                    <RetryItem job item request />
                </Show>
                <Show when=move || was_tried.get()>
                    <Attempts job item attempt />
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

/// What the recipe noted of the file itself, by which it is known again.
const KNOWN_BY: [&str; 2] = ["mtime_ns", "size"];

/// The exit status that a program has when all went well, which its file's status says already.
fn is_plain(name: &str, value: &serde_json::Value) -> bool {
    name == "exit" && value.as_u64() == Some(0)
}

/// What the recipe found, in a line: where the output is, and every other field by its name.
fn found(result: &serde_json::Value) -> String {
    let fields = result
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !KNOWN_BY.contains(&name.as_str()) && !is_plain(name, value));
    let texts = fields.map(|(name, value)| match name.as_str() {
        "output" => {
            let path = value["path"].as_str().unwrap_or_default();
            format!("→ {}, {}", RelPath::shown_text(path), format::size(value["size"].as_u64().unwrap_or_default()))
        }
        "ms" => format::seconds(value.as_u64().unwrap_or_default()),
        "moved" => format!("→ {}", RelPath::shown_text(value.as_str().unwrap_or_default())),
        _ => format!("{name} {}", format::value(value)),
    });
    texts.collect::<Vec<_>>().join(" · ")
}
