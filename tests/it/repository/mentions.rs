//! What documents say about the code: the folders and the names that they mention are there.

use super::{documents, read, root, sources};

/// Every folder of the sources that documents name is there. (Files are looked up by the end of their path.)
#[test]
fn the_folders_that_documents_name_are_there() {
    let mut count = 0;
    for (document, text) in documents() {
        for named in text.split('`').skip(1).step_by(2) {
            let is_path = named.chars().all(|letter| letter.is_ascii_alphanumeric() || "/_-".contains(letter));
            let is_folder =
                is_path && (named.starts_with("crates/") || named.contains("/src/") || named.starts_with("tests/"));
            if is_folder {
                let is_there = ["", "crates"].iter().any(|above| root().join(above).join(named).is_dir());
                assert!(is_there, "{document} names the folder {named}, which is not there");
                count += 1;
            }
        }
    }
    assert!(count > 0, "folders that documents name: {count}");
}

/// Every name of the form `Type::function`, `Type::Variant` or `module::name` in the two documents about the code is declared.
#[test]
fn the_names_that_the_documents_about_the_code_mention_are_declared() {
    let files: Vec<_> = ["src", "crates"].into_iter().flat_map(sources).map(|(_, text)| text).collect();
    let mut count = 0;
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        for named in text.split('`').skip(1).step_by(2) {
            let path = named.split('(').next().unwrap_or_default();
            let Some((owner, name)) = path.rsplit_once("::").filter(|_| !path.contains([' ', '/'])) else { continue };
            let is_declared = |text: &String| declares(text, owner, name);
            assert!(files.iter().any(is_declared), "{document} mentions {named}, which is not declared");
            count += 1;
        }
    }
    assert!(count > 10, "names that documents mention: {count}");
}

/// Whether a file declares this name of a type, or of a module that the file is or contains.
fn declares(text: &str, owner: &str, name: &str) -> bool {
    let has = |begin: &str, name: &str| {
        let declared = format!("{begin}{name}");
        let rests = text.match_indices(&declared).map(|(at, found)| &text[at + found.len()..]);
        rests.into_iter().any(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
    };
    let is_type = owner.starts_with(char::is_uppercase);
    let is_of_type =
        ["impl ", "trait ", "enum "].iter().any(|begin| has(begin, owner)) || text.contains(&format!(" for {owner}"));
    let declared = ["fn ", "struct ", "trait ", "enum ", "mod "].iter().any(|begin| has(begin, name));
    let is_variant = is_type && has("enum ", owner) && has("    ", name);
    if is_type { is_of_type && (declared || is_variant) } else { declared }
}
