//! A recipe's result as one line of text: where the output is, and every other field in words.

use serde_json::Value;

use crate::ui::parts::format;
use headway_model::RelPath;
use headway_model::path::RESERVED;
use headway_model::sorted::sort_few;

/// Fields that the recipe recorded about the file itself, to recognise it later, and with what it was compared.
const KNOWN_BY: [&str; 6] = ["mtime_ns", "size", "device", "inode", "links", "said"];

/// Whether this says nothing: the exit code of a successful program, which the status already implies, or that nothing
/// was left out.
fn is_plain(name: &str, value: &Value) -> bool {
    matches!(name, "exit" | "left_out") && value.as_u64() == Some(0)
}

/// Fields that come first, because people look for them: what was found, and where the file is.
const FIRST: [&str; 5] = ["verdict", "note", "output", "moved", "kept"];

/// Fields that come last: the size after that before, and how the program ended.
const LAST: [&str; 4] = ["was", "became", "exit", "ms"];

/// The place of a field in a result: first what was found, then what is known of the file, then its hashes.
fn rank(name: &str) -> usize {
    let place = |names: &[&str]| names.iter().position(|known| *known == name);
    match (place(&FIRST), place(&LAST)) {
        (Some(first), _) => first,
        (None, Some(last)) => FIRST.len() + 1 + last,
        (None, None) => FIRST.len(),
    }
}

/// Whether this is a hash. A row has none; the details of the file do.
fn is_hash(text: &str) -> bool {
    text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A field in words: what it is called for people, and a number of bytes as a size.
fn worded(name: &str, value: &Value) -> String {
    let label = match name {
        "verdict" | "note" | "notes" => return format::value(value),
        "was" => "before",
        "became" => "after",
        "bytes" => "size",
        _ => name,
    };
    let size = value.as_u64().filter(|_| matches!(name, "was" | "became" | "bytes" | "unpacked"));
    format!("{} {}", label.replace('_', " "), size.map_or_else(|| format::value(value), format::size))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The result as a row shows it: without hashes, and without a place in a trash.
pub(super) fn short_result(result: &Value) -> String {
    joined(result, |name, value| match text(value) {
        hash if is_hash(hash) => String::new(),
        // The row has the name of the file. Where it lies, or lay, in a trash is a detail.
        place if place.contains(RESERVED) => name.replace('_', " "),
        _ => worded(name, value),
    })
}

/// The whole result, as the details of a file show it.
pub(in crate::ui::job) fn whole_result(result: &Value) -> String {
    joined(result, worded)
}

/// The fields of a result on one line. `field` words those that have no words of their own.
fn joined(result: &Value, field: fn(&str, &Value) -> String) -> String {
    let fields = result.as_object().into_iter().flatten();
    // Duplicates are also identified by their hash, which means nothing to a person.
    let is_known_by = |name: &str| KNOWN_BY.contains(&name) || name == "blake3" && result.get("inode").is_some();
    // An undo of a rename has the old name twice.
    let is_moved = |name: &str, value: &Value| name == "put_back" && result.get("moved") == Some(value);
    let told = |name: &str, value: &Value| !is_known_by(name) && !is_plain(name, value) && !is_moved(name, value);
    let mut fields: Vec<_> = fields.filter(|(name, value)| told(name, value)).collect();
    // The server sorts them by name.
    sort_few(&mut fields, |(name, _)| rank(name));
    let texts = fields.into_iter().map(|(name, value)| match name.as_str() {
        "output" => {
            let size = value["size"].as_u64().map(|size| format!(", {}", format::size(size)));
            format!("→ {}{}", RelPath::shown_text(text(&value["path"])), size.unwrap_or_default())
        }
        "ms" => format::seconds(value.as_u64().unwrap_or_default()),
        "moved" => format!("→ {}", RelPath::shown_text(text(value))),
        "kept" => format!("same as {}", RelPath::shown_text(text(value))),
        _ => field(name, value),
    });
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_begins_with_what_was_found_and_only_the_details_have_hashes() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let result = json!({ "exit": 1, "height": 2, "ms": 40, "note": "no size", "output": { "path": "b", "size": 5 }, "verdict": "ok" });
        assert_eq!(whole_result(&result), "ok · no size · → b, 5 B · height 2 · exit 1 · under 0.1 s");
        let both = json!({ "sha256": hash, "size": 4, "mtime_ns": 3 });
        assert_eq!(short_result(&both), "");
        assert_eq!(whole_result(&both), format!("sha256 {hash}"));
        let duplicate = json!({ "blake3": hash, "device": 1, "inode": 2, "links": 1, "size": 4, "mtime_ns": 3 });
        assert_eq!(whole_result(&duplicate), "");
    }

    #[test]
    fn fields_are_called_what_people_call_them_and_bytes_are_sizes() {
        let repacked = json!({ "became": 436_181, "entries": 36, "left_out": 0, "was": 450_000 });
        assert_eq!(short_result(&repacked), "entries 36 · before 450 kB · after 436 kB");
        assert_eq!(short_result(&json!({ "left_out": 2, "notes": "a note" })), "left out 2 · a note");
        assert_eq!(short_result(&json!({ "kept": "a/b%25", "bytes": 20_480 })), "same as a/b% · size 20 kB");
        assert_eq!(short_result(&json!({ "said": "94ea", "verdict": "ok" })), "ok");
    }

    #[test]
    fn only_the_details_name_a_place_in_a_trash() {
        let trash = "a/.headway-trash/019a/0-1";
        let shown = |result| [short_result as fn(&Value) -> String, whole_result].map(|shown| shown(&result));
        assert_eq!(shown(json!({ "put_back": trash })), ["put back".to_owned(), format!("put back {trash}")]);
        assert_eq!(shown(json!({ "removed": trash })), ["removed".to_owned(), format!("removed {trash}")]);
        let replaced = json!({ "output": { "path": "a", "size": 5 }, "put_back": trash });
        assert_eq!(short_result(&replaced), "→ a, 5 B · put back");
        let unknown = json!({ "output": { "path": "a", "unknown": "input/output error" } });
        assert_eq!(short_result(&unknown), "→ a", "its size is not known");
        assert_eq!(shown(json!({ "moved": "old", "put_back": "old" })), ["→ old", "→ old"]);
    }
}
