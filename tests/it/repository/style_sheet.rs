//! The classes of `style/main.css`: each has a place there, and each is used.

use std::collections::{BTreeMap, BTreeSet};

use super::{read, root, sources, sources_with};

/// Classes without a look of their own, which let tests find an element.
const HOOKS: [&str; 11] = [
    "attempts-stdout",
    "drawer-place",
    "head-retried",
    "history-throughput",
    "items-rerun",
    "items-whole",
    "job-log",
    "library-left-out",
    "modal-start",
    "plan-commands",
    "plan-tried",
];

/// A part of the style sheet below one heading: `progress/proof.rs, whole.rs: .proof, .head; the proof`.
struct Block {
    /// The files below `src/ui` whose look it is.
    files: Vec<String>,
    /// What the classes of these files begin with.
    prefixes: Vec<String>,
    /// Every class that a selector of the block names.
    classes: BTreeSet<String>,
}

fn blocks() -> Vec<Block> {
    let text = read("style/main.css");
    let parts = text.split("/* ── ").skip(1).filter_map(|part| part.split_once(" ──"));
    parts.map(|(heading, rules)| block(heading, rules)).collect()
}

fn block(heading: &str, rules: &str) -> Block {
    let (names, rest) = heading.split_once(": ").unwrap_or((heading, ""));
    let names: Vec<_> = names.split(", ").filter(|name| name.ends_with(".rs") || name.ends_with(".js")).collect();
    let folder = names.first().and_then(|name| name.rsplit_once('/')).map(|(folder, _)| format!("{folder}/"));
    let file = |(at, name): (usize, &&str)| match &folder {
        Some(folder) if at > 0 => format!("{folder}{name}"),
        _ => (*name).to_owned(),
    };
    let prefixes = rest.split(';').next().unwrap_or_default().split(", ").filter_map(|word| word.strip_prefix('.'));
    Block {
        files: names.iter().enumerate().map(file).collect(),
        prefixes: prefixes.map(str::to_owned).collect(),
        classes: classes(rules),
    }
}

/// The classes in the selectors of some rules. A selector ends with `{`; what ends with `;` or `}` is a declaration.
fn classes(rules: &str) -> BTreeSet<String> {
    // A number such as 0.5rem occurs only in declarations and conditions. It is not a class, because it begins with a
    // digit.
    let comments: Vec<_> = rules.split("/*").collect();
    let rules: String =
        comments.iter().enumerate().map(|(at, text)| if at == 0 { text } else { after(text, "*/") }).collect();
    let mut found = BTreeSet::new();
    for part in rules.split_inclusive(['{', '}', ';']).filter(|part| part.ends_with('{')) {
        found.extend(
            part.split('.').skip(1).map(name).filter(|name| name.starts_with(|first: char| first.is_alphabetic())),
        );
    }
    found
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// The name with which a text begins.
fn name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '-').collect()
}

/// The classes that the components of `src/ui` give to their elements.
fn given() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (path, text) in [sources("src/ui"), sources_with("src/ui", "js")].concat() {
        let attributes = ["class=\"", "class_name=\"", "className = '"].map(|start| text.split(start).skip(1));
        let listed = attributes.into_iter().flatten().filter_map(|rest| rest.split(['"', '\'']).next());
        let switched = text.split("class:").skip(1).filter(|rest| rest.starts_with(char::is_lowercase)).map(name);
        let switched = switched.filter(|name| text.contains(&format!("class:{name}=")));
        let all = listed.flat_map(str::split_whitespace).map(str::to_owned).chain(switched);
        found.extend(all.map(|class| (class, path.clone())));
    }
    assert!(found.len() > 150, "{} classes", found.len());
    found
}

/// After the parts for all pages, the blocks of the style sheet are in the order of the files of `src/ui` whose look
/// they are, and no line is longer than 140 characters.
#[test]
fn the_style_sheet_has_the_order_of_the_files_whose_look_it_is() {
    let blocks: Vec<_> = blocks().into_iter().map(|block| block.files).filter(|files| !files.is_empty()).collect();
    assert!(blocks.len() > 30 && blocks[0] == ["parts.rs"] && blocks[1] == ["ui.rs"], "{blocks:?}");
    for file in blocks.iter().flatten().filter(|file| *file != "ui.rs") {
        assert!(root().join("src/ui").join(file).is_file(), "style/main.css names {file}, which is not there");
    }
    // A block that is the look of several files stands where the first of them does.
    assert!(blocks.iter().all(|files| files.is_sorted()), "the files of a heading: {blocks:?}");
    assert!(blocks[2..].is_sorted_by_key(|files| &files[0]), "the blocks of style/main.css: {blocks:?}");
    let text = read("style/main.css");
    let long = text.lines().find(|line| line.chars().count() > 140);
    assert!(long.is_none(), "style/main.css has a long line: {long:?}");
}

/// No class has an everyday name that two components could give to different things.
#[test]
fn every_class_of_the_style_sheet_has_a_prefix_of_its_component() {
    let blocks = blocks();
    let fits = |class: &str, prefix: &str| class == prefix || class.starts_with(&format!("{prefix}-"));
    let prefixes: Vec<_> = blocks.iter().flat_map(|block| &block.prefixes).collect();
    for block in &blocks {
        for class in &block.classes {
            let is_placed = prefixes.iter().any(|prefix| fits(class, prefix));
            assert!(is_placed, ".{class} has no prefix that a heading of style/main.css names");
        }
        for prefix in &block.prefixes {
            let is_used = block.classes.iter().any(|class| fits(class, prefix));
            assert!(is_used, "the block of {:?} has no class that begins with {prefix}", block.files);
        }
        assert!(block.files.is_empty() || !block.prefixes.is_empty(), "the block of {:?} has no prefix", block.files);
    }
}

#[test]
fn every_class_of_a_page_is_in_the_style_sheet_and_none_there_is_unused() {
    let styled: BTreeSet<_> = blocks().into_iter().flat_map(|block| block.classes).collect();
    let (given, tests) = (given(), sources_with("end2end/tests", "ts"));
    for (class, path) in &given {
        let is_known = styled.contains(class) || HOOKS.contains(&class.as_str());
        assert!(is_known, "{path}: .{class} is neither in style/main.css nor in HOOKS");
    }
    for hook in HOOKS {
        let is_asked_for = tests.iter().any(|(_, text)| text.contains(&format!(".{hook}")));
        assert!(given.contains_key(hook) && is_asked_for && !styled.contains(hook), "{hook} is not a hook of any test");
    }
    // A class that is passed on or put together is found as a text.
    let texts: String = sources("src/ui").into_iter().map(|(_, text)| text).collect();
    for class in styled.iter().filter(|class| !given.contains_key(*class)) {
        let beginning = class.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let is_text = [format!("\"{class}\""), format!("\"{beginning}{{"), format!(" {class}\"")];
        assert!(is_text.iter().any(|text| texts.contains(text)), "nothing has the class .{class}");
    }
}
