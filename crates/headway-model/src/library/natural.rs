//! The order in which people expect names: page2 before page10, whatever the case and the Unicode normal form.

use super::pattern::Pattern;
use crate::path::RelPath;

/// The separator between the parts of a path. It is less than any character of a name.
const BETWEEN: char = '\u{1}';

/// A sort key: comparing keys byte by byte gives the natural order of names. Different names can have the same key,
/// so compare the names themselves next.
pub fn natural(name: &str) -> String {
    let name = Pattern::searched(name);
    let mut key = String::with_capacity(name.len() + 4);
    let mut rest = name.as_str();
    while let Some(at) = rest.find(|char: char| char.is_ascii_digit()) {
        let (before, digits) = rest.split_at(at);
        let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
        let (number, after) = digits.split_at(end);
        let number = number.trim_start_matches('0');
        key.push_str(before);
        // A number sorts where its first digit would; of two numbers, the one with more digits is greater.
        key.push('0');
        key.push(char::from_u32('0' as u32 + number.len() as u32).unwrap_or(char::MAX));
        key.push_str(number);
        rest = after;
    }
    key.push_str(rest);
    key
}

/// A sort key for a path: a folder comes before its contents, and these come before the folder's next neighbour.
pub fn natural_path(path: &RelPath) -> String {
    let parts: Vec<_> = path.as_str().split('/').map(natural).collect();
    parts.join(BETWEEN.encode_utf8(&mut [0; 4]))
}

/// The sort key of a file among all files below a folder: by folder, then by name, both in natural order. So the
/// files of a folder come before those of its subfolders.
pub fn in_order(path: &RelPath) -> (String, RelPath, String, RelPath) {
    let folder = path.parent().unwrap_or_default();
    (natural_path(&folder), folder, natural(path.name()), path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_as_people_expect_them() {
        let sorted = [
            "",
            "(1)",
            "0",
            "007",
            "10.jpg",
            "a",
            "A1",
            "a2",
            "A10",
            "a10b",
            "a010c",
            "b",
            "page2",
            "page 3",
            "page10",
            "Page11",
            "page123456789012345678901234567890",
            "page200000000000000000000000000000",
            "ä",
            "日本2",
            "日本10",
        ];
        let mut names: Vec<_> = sorted.to_vec();
        names.reverse();
        names.sort_by_key(|name| natural(name));
        let place = |name: &str| names.iter().position(|other| *other == name).expect("a name");
        for (less, more) in [
            ("page2", "page10"),
            ("a2", "A10"),
            ("A10", "a10b"),
            ("a10b", "a010c"),
            ("007", "10.jpg"),
            ("日本2", "日本10"),
            ("page123456789012345678901234567890", "page200000000000000000000000000000"),
            ("0", "007"),
            ("a", "A1"),
            ("A10", "b"),
        ] {
            assert!(place(less) < place(more), "{less} {more} {names:?}");
        }
        assert_eq!(natural("Ä1"), natural("a\u{308}1"), "one name in two normal forms");
    }

    #[test]
    fn a_folder_comes_before_what_is_in_it_and_that_before_its_neighbours() {
        let path = |text: &str| natural_path(&text.parse().expect("a path"));
        assert!(path("a") < path("a/z") && path("a/z") < path("a b") && path("a2/x") < path("a10/x"));
    }
}
