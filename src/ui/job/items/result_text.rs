//! A recipe's result as one line of text: where the output is, and every other field in words.

use serde_json::Value;

use crate::ui::parts::format;
use headway_model::RelPath;
use headway_model::path::RESERVED;
use headway_model::sorted::sort_few;

/// Fields that the recipe recorded about the file itself, to recognise it later, and with what it was compared.
const KNOWN_BY: [&str; 6] = ["mtime_ns", "size", "device", "inode", "links", "said"];

/// Whether this says nothing: the exit code of a successful program, which the status already implies, that nothing was left
/// out, or no value.
fn is_plain(name: &str, value: &Value) -> bool {
    match name {
        "exit" | "left_out" | "removed" | "bytes" if value.as_u64() == Some(0) => true,
        "blocks" | "gone" => false,
        _ => is_empty(value),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Fields that come first, because people look for them: what was found, and where the file is.
const FIRST: [&str; 7] = ["verdict", "note", "gone", "blocks", "output", "moved", "kept"];

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
        "blocks" if is_empty(value) => return "no metadata".into(),
        "gone" if is_empty(value) => return "nothing to remove".into(),
        "percent" => return format!("{} %", format::value(value)),
        "gone" => "removed",
        "was" => "before",
        "became" => "after",
        "bytes" => "size",
        _ => name,
    };
    let size = value.as_u64().filter(|_| matches!(name, "was" | "became" | "bytes" | "unpacked" | "removed"));
    if let ("removed", Some(size)) = (name, size) {
        return format!("{} smaller", format::size(size));
    }
    format!("{} {}", label.replace('_', " "), size.map_or_else(|| format::value(value), format::size))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Where a file of this path is now: only its name, if it is still in its folder.
pub(super) fn place(to: &str, path: &RelPath) -> String {
    let folder = path.as_str().rfind('/').map_or("", |at| &path.as_str()[..=at]);
    let name = to.strip_prefix(folder).filter(|name| !name.contains('/'));
    format!("→ {}", RelPath::shown_text(name.unwrap_or(to)))
}

/// The result for the file of this path as a row shows it: without hashes, and without a place in a trash.
pub(super) fn short_result(result: &Value, path: &RelPath) -> String {
    joined(result, path, |name, value| match text(value) {
        hash if is_hash(hash) => String::new(),
        // The row has the name of the file. Where it lies, or lay, in a trash is a detail.
        place if place.contains(RESERVED) => name.replace('_', " "),
        _ => worded(name, value),
    })
}

/// The whole result, as the details of a file show it.
pub(in crate::ui::job) fn whole_result(result: &Value, path: &RelPath) -> String {
    joined(result, path, worded)
}

/// The fields of a result on one line. `field` words those that have no words of their own.
fn joined(result: &Value, path: &RelPath, field: fn(&str, &Value) -> String) -> String {
    let fields = result.as_object().into_iter().flatten();
    // Duplicates are also identified by their hash, which means nothing to a person.
    let is_known_by = |name: &str| KNOWN_BY.contains(&name) || name == "blake3" && result.get("inode").is_some();
    let at = |name: &str| result.get("output").and_then(|output| output.get(name));
    // An undo of a rename has the old name twice, and an output under another name has that.
    let is_twice = |name: &str, value: &Value| match name {
        "put_back" => result.get("moved") == Some(value),
        "moved" => at("path") == Some(value),
        _ => false,
    };
    let told = |name: &str, value: &Value| !is_known_by(name) && !is_plain(name, value) && !is_twice(name, value);
    let mut fields: Vec<_> = fields.filter(|(name, value)| told(name, value)).collect();
    // The server sorts them by name.
    sort_few(&mut fields, |(name, _)| rank(name));
    let texts = fields.into_iter().map(|(name, value)| match name.as_str() {
        "output" => {
            // A size that the recipe gave is not repeated.
            let size = at("size").and_then(Value::as_u64).filter(|_| !result.get("became").is_some_and(Value::is_u64));
            let size = size.map(format::size);
            match at("path").map(text) {
                // The row has the name of the file.
                Some(to) if to == path.as_str() => size.map(|size| format!("now {size}")).unwrap_or_default(),
                to => {
                    let size = size.map(|size| format!(", {size}")).unwrap_or_default();
                    format!("{}{size}", place(to.unwrap_or_default(), path))
                }
            }
        }
        "ms" => format::seconds(value.as_u64().unwrap_or_default()),
        "moved" => place(text(value), path),
        "kept" if value.is_string() => format!("same as {}", RelPath::shown_text(text(value))),
        _ => field(name, value),
    });
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    fn short(result: &Value) -> String {
        short_result(result, &path("a"))
    }

    fn whole(result: &Value) -> String {
        whole_result(result, &path("a"))
    }

    #[test]
    fn a_result_begins_with_what_was_found_and_only_the_details_have_hashes() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let result = json!({ "exit": 1, "height": 2, "ms": 40, "note": "no size", "output": { "path": "b", "size": 5 }, "verdict": "ok" });
        assert_eq!(whole(&result), "ok · no size · → b, 5 B · height 2 · exit 1 · under 0.1 s");
        let both = json!({ "sha256": hash, "size": 4, "mtime_ns": 3 });
        assert_eq!(short(&both), "");
        assert_eq!(whole(&both), format!("sha256 {hash}"));
        let duplicate = json!({ "blake3": hash, "device": 1, "inode": 2, "links": 1, "size": 4, "mtime_ns": 3 });
        assert_eq!(whole(&duplicate), "");
    }

    #[test]
    fn fields_are_called_what_people_call_them_and_bytes_are_sizes() {
        let repacked = json!({ "became": 436_181, "entries": 36, "left_out": 0, "was": 450_000 });
        assert_eq!(short(&repacked), "entries 36 · before 450 kB · after 436 kB");
        assert_eq!(short(&json!({ "left_out": 2, "notes": "a note" })), "left out 2 · a note");
        assert_eq!(short(&json!({ "kept": "a/b%25", "bytes": 20_480 })), "same as a/b% · size 20 kB");
        assert_eq!(short(&json!({ "said": "94ea", "verdict": "ok" })), "ok");
        assert_eq!(short(&json!({ "percent": "40" })), "40 %");
    }

    #[test]
    fn a_field_without_a_value_is_not_shown_and_metadata_says_what_is_gone() {
        let stripped = json!({ "gone": ["exif", "xmp"], "kept": ["orientation"], "removed": 12_000, "type": "jpeg" });
        assert_eq!(short(&stripped), "removed exif, xmp · kept orientation · 12 kB smaller · type jpeg");
        assert_eq!(
            short(&json!({ "gone": [], "kept": [], "removed": 0, "type": "png" })),
            "nothing to remove · type png"
        );
        assert_eq!(short(&json!({ "blocks": [], "bytes": 0, "type": "png" })), "no metadata · type png");
        assert_eq!(short(&json!({ "series": "", "title": null, "number": "7" })), "number 7");
    }

    #[test]
    fn a_name_is_shown_once_and_not_at_all_if_it_is_the_files_own() {
        let comic =
            json!({ "moved": "S/S - 0001.cbz", "output": { "path": "S/S - 0001.cbz", "size": 5 }, "became": 5 });
        assert_eq!(short_result(&comic, &path("S/1.cbz")), "→ S - 0001.cbz · after 5 B");
        assert_eq!(short_result(&json!({ "moved": "T/1.cbz" }), &path("S/1.cbz")), "→ T/1.cbz");
        assert_eq!(short(&json!({ "output": { "path": "a", "size": 5 } })), "now 5 B");
    }

    #[test]
    fn only_the_details_name_a_place_in_a_trash() {
        let trash = "a/.headway-trash/019a/0-1";
        let shown = |result| [short as fn(&Value) -> String, whole].map(|shown| shown(&result));
        assert_eq!(shown(json!({ "put_back": trash })), ["put back".to_owned(), format!("put back {trash}")]);
        assert_eq!(shown(json!({ "removed": trash })), ["removed".to_owned(), format!("removed {trash}")]);
        let replaced = json!({ "output": { "path": "a", "size": 5 }, "put_back": trash });
        assert_eq!(short(&replaced), "now 5 B · put back");
        let unknown = json!({ "output": { "path": "b", "unknown": "input/output error" } });
        assert_eq!(short(&unknown), "→ b", "its size is not known");
        assert_eq!(shown(json!({ "moved": "old", "put_back": "old" })), ["→ old", "→ old"]);
    }
}
