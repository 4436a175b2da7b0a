//! One item on one line: its latest status, and its text if that belongs to the same moment.

use leptos::prelude::*;

use super::super::retried::{RetriedItem, can_be_retried};
use super::super::retry::RetryItem;
use super::window::ShownItem;
use crate::ui::parts::{format, why, words};
use headway_model::item::ItemLabel;
use headway_model::path::RESERVED;
use headway_model::summary::ItemView;
use headway_model::{JobId, RelPath, StartJob};

#[component]
pub(super) fn ItemRow(
    job: JobId,
    row: Memo<ShownItem>,
    /// Its index in the list, from 0.
    number: Memo<u32>,
    /// Whether the keyboard is on it.
    is_at: Memo<bool>,
    is_open: Memo<bool>,
    /// The address that shows more about it.
    href: Signal<String>,
    text: Memo<Option<ItemView>>,
    request: StoredValue<Option<StartJob>>,
) -> impl IntoView {
    let item = row.with_untracked(|row| row.item);
    let status = Memo::new(move |_| row.with(|row| row.status));
    let is_failed = Memo::new(move |_| text.with(|text| can_be_retried(status.get(), text.as_ref())));
    let path = Memo::new(move |_| {
        let path = text.with(|text| text.as_ref().map(|text| text.path.shown())).unwrap_or_default();
        let at = path.rfind('/').map_or(0, |at| at + 1);
        (path[..at].to_owned(), path[at..].to_owned())
    });
    let size = move || text.with(|text| text.as_ref().map(|text| format::size(text.size)));
    let words = move || {
        let row = row.get();
        text.with(|text| {
            let told = text.as_ref().filter(|text| row.matches_text(text));
            let why = why(row.reason.clone(), told.and_then(|text| text.message.clone()));
            let found = || told.and_then(|text| text.result.as_ref()).map(|result| found(result, false));
            why.or_else(found).or_else(|| text.as_ref()?.becomes.as_ref().map(|path| format!("→ {}", path.shown())))
        })
    };
    let again = move || {
        let rerun = text.with(|text| text.as_ref().and_then(|text| text.rerun));
        rerun.map(|rerun| view! { <span class="ui-hint items-rerun">{rerun.text()}</span> })
    };
    view! {
        <tr
            data-item=item
            aria-rowindex=move || number.get() + 2
            tabindex=move || if is_at.get() { "0" } else { "-1" }
            data-selected=move || is_open.get().then_some("true")
        >
            <td class="items-name">
                <a href=href title=move || path.with(|(folder, file)| format!("{folder}{file}")) data-noscroll="" aria-current=move || is_open.get().then_some("true")>
                    <bdi dir="ltr" class="items-folder">{move || path.with(|path| path.0.clone())}</bdi>
                    <bdi dir="ltr" class="items-file">{move || path.with(|path| path.1.clone())}</bdi>
                </a>
            </td>
            <td class="items-size">{size}</td>
            <td class="items-state"><span class="status-badge" data-status=move || status.get().map_or("", ItemLabel::name)>{move || status.get().map(words::of)}</span></td>
            <td class="items-result">
                <span class="items-line">
                    <span class="items-words" title=words>{words}</span>
                    {again}
                    <RetriedItem text />
                    <Show when=move || is_failed.get()>
                        <RetryItem job item request />
                    </Show>
                </span>
            </td>
        </tr>
    }
    .into_any()
}

/// Fields that the recipe recorded about the file itself, to recognise it later.
const KNOWN_BY: [&str; 5] = ["mtime_ns", "size", "device", "inode", "links"];

/// Whether this is the exit code of a successful program, which the status already implies.
fn is_plain(name: &str, value: &serde_json::Value) -> bool {
    name == "exit" && value.as_u64() == Some(0)
}

/// Fields that come first, because people look for them: what was found, and where the file is.
const FIRST: [&str; 4] = ["verdict", "note", "output", "moved"];

/// Fields that come last: how the program ended.
const LAST: [&str; 2] = ["exit", "ms"];

/// The place of a field in a result: first what was found, then what is known of the file, then its hashes.
fn rank(name: &str) -> usize {
    let place = |names: &[&str]| names.iter().position(|known| *known == name);
    match (place(&FIRST), place(&LAST)) {
        (Some(first), _) => first,
        (None, Some(last)) => FIRST.len() + 1 + last,
        (None, None) => FIRST.len(),
    }
}

/// How much of a hash a row shows, in digits. The file itself shows all of it.
const HASH_SHOWN: usize = 16;

/// A text; for a hash, its first digits.
fn cut(text: &str) -> String {
    let is_hash = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.get(..HASH_SHOWN).filter(|_| is_hash) {
        Some(first) => format!("{first}…"),
        None => text.to_owned(),
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The recipe's result on one line: where the output is, and every other field by its name. A row does not have the `whole` of it: of
/// hashes it has the first digits, and it names no place in a trash.
pub(in crate::ui::job) fn found(result: &serde_json::Value, whole: bool) -> String {
    let fields = result.as_object().into_iter().flatten();
    // Duplicates are also identified by their hash, which means nothing to a person.
    let is_known_by = |name: &str| KNOWN_BY.contains(&name) || name == "blake3" && result.get("inode").is_some();
    // An undo of a rename has the old name twice.
    let is_moved = |name: &str, value: &serde_json::Value| name == "put_back" && result.get("moved") == Some(value);
    let told =
        |name: &str, value: &serde_json::Value| !is_known_by(name) && !is_plain(name, value) && !is_moved(name, value);
    let mut fields: Vec<_> = fields.filter(|(name, value)| told(name, value)).collect();
    // The server sorts them by name.
    fields.sort_by_key(|(name, _)| rank(name));
    let texts = fields.into_iter().map(|(name, value)| match name.as_str() {
        "output" => {
            let size = value["size"].as_u64().map(|size| format!(", {}", format::size(size)));
            format!("→ {}{}", RelPath::shown_text(text(&value["path"])), size.unwrap_or_default())
        }
        "ms" => format::seconds(value.as_u64().unwrap_or_default()),
        "moved" => format!("→ {}", RelPath::shown_text(text(value))),
        // The row has the name of the file. Where it lies, or lay, in a trash is a detail.
        _ if !whole && text(value).contains(RESERVED) => name.replace('_', " "),
        _ if whole => format!("{name} {}", format::value(value)),
        _ => format!("{name} {}", cut(&format::value(value))),
    });
    texts.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_begins_with_what_was_found_and_shows_the_beginning_of_hashes() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let result = json!({ "exit": 1, "height": 2, "ms": 40, "note": "no size", "output": { "path": "b", "size": 5 }, "verdict": "ok" });
        assert_eq!(found(&result, true), "verdict ok · note no size · → b, 5 B · height 2 · exit 1 · under 0.1 s");
        let both = json!({ "sha256": hash, "size": 4, "mtime_ns": 3 });
        assert_eq!(found(&both, false), "sha256 9f86d081884c7d65…");
        assert_eq!(found(&both, true), format!("sha256 {hash}"));
        let duplicate = json!({ "blake3": hash, "device": 1, "inode": 2, "links": 1, "size": 4, "mtime_ns": 3 });
        assert_eq!(found(&duplicate, true), "");
    }

    #[test]
    fn only_the_details_name_a_place_in_a_trash() {
        let trash = "a/.headway-trash/019a/0-1";
        let shown = |result| [false, true].map(|whole| found(&result, whole));
        assert_eq!(shown(json!({ "put_back": trash })), ["put back".to_owned(), format!("put_back {trash}")]);
        assert_eq!(shown(json!({ "removed": trash })), ["removed".to_owned(), format!("removed {trash}")]);
        let replaced = json!({ "output": { "path": "a", "size": 5 }, "put_back": trash });
        assert_eq!(found(&replaced, false), "→ a, 5 B · put back");
        let unknown = json!({ "output": { "path": "a", "unknown": "input/output error" } });
        assert_eq!(found(&unknown, false), "→ a", "its size is not known");
        assert_eq!(shown(json!({ "moved": "old", "put_back": "old" })), ["→ old", "→ old"]);
    }
}
