//! No file uses, directly or through others, a file that uses it. A child may use its parent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{root, sources};

/// A file as a module: `engine/stop.rs` is `["engine", "stop"]`.
type Module = Vec<String>;

/// For each file, the files that it uses.
type Edges = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_file_uses_a_file_that_uses_it() {
    let crates = std::fs::read_dir(root().join("crates")).expect("crates").flatten();
    let mut folders: Vec<_> = crates.map(|entry| format!("crates/{}/src", entry.file_name().display())).collect();
    folders.extend(["src", "tests/it", "benches/figures"].map(str::to_owned));
    for folder in folders {
        let before = format!("{}/", root().join(&folder).display());
        let files = sources(&folder).into_iter().filter_map(|(path, text)| {
            let path = path.strip_prefix(&before)?.strip_suffix(".rs")?.to_owned();
            // The library and the program begin in one folder.
            let is_second = path == "main" && root().join(&folder).join("lib.rs").exists();
            let is_test = path.split('/').any(|part| ["tests", "testing", "real_files"].contains(&part));
            let module = if ["lib", "main"].contains(&&*path) { Vec::new() } else { words(&path, "/") };
            (!is_second && !is_test).then(|| (module, code(&text)))
        });
        assert_eq!(ring(&edges(&files.collect())), None, "{folder}: each of these files uses the next");
    }
}

#[test]
fn a_ring_is_found_through_a_name_that_a_third_file_passes_on() {
    let files = |texts: &[(&str, &str)]| texts.iter().map(|(path, text)| (words(path, "/"), code(text))).collect();
    let face = ("a", "mod b;\nmod c;\npub use c::Late;\nuse b::Early;\n");
    let late = ("a/c", "use super::b::{self, Early};\npub struct Late;\n");
    let straight = files(&[face, late, ("a/b", "pub struct Early;\n")]);
    assert_eq!(ring(&edges(&straight)), None);
    let round = files(&[face, late, ("a/b", "use crate::a::{Late as Other};\npub struct Early;\n")]);
    assert_eq!(ring(&edges(&round)), Some(vec![words("a/b", "/"), words("a/c", "/"), words("a/b", "/")]));
    // A parent shows its children's names, and a child uses what its parent has.
    let family =
        files(&[("a", "mod b;\npub use b::B;\nconst LIMIT: u8 = 1;\n"), ("a/b", "use super::LIMIT;\nstruct B;\n")]);
    assert_eq!(ring(&edges(&family)), None);
}

fn words(text: &str, between: &str) -> Vec<String> {
    text.split(between).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The text without comments and unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The paths that a text uses, and whether it passes them on.
fn paths(text: &str) -> Vec<(Vec<String>, bool)> {
    let (mut found, mut rest) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        let visible = start.strip_prefix("pub").map(|after| match after.strip_prefix('(') {
            Some(after) => after.split_once(')').map_or("", |(_, after)| after),
            None => after,
        });
        let Some(used) = visible.unwrap_or(start).trim_start().strip_prefix("use ") else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut used = used.to_owned();
        while !used.contains(';')
            && let Some(line) = lines.next()
        {
            used.push_str(line);
        }
        expand(&[], used.split(';').next().unwrap_or_default(), &mut |path| found.push((path, visible.is_some())));
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in rest.match_indices(start) {
            let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            if !rest[..at].ends_with(is_path) {
                found
                    .push((words(rest[at..].split(|letter| !is_path(letter)).next().unwrap_or_default(), "::"), false));
            }
        }
    }
    found
}

/// Takes the braces of a `use` apart.
fn expand(before: &[String], tree: &str, take: &mut dyn FnMut(Vec<String>)) {
    let Some((head, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return take([before, &words(path, "::")].concat());
    };
    let before = [before, &words(head, "::")].concat();
    let (mut depth, mut from) = (0, 0);
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[from..at].trim().is_empty() {
                    expand(&before, &inner[from..at], take);
                }
                from = (at + 1).min(inner.len());
            }
            _ => {}
        }
    }
}

/// The file that a path leads to, and the name in it; `None` for a path out of the crate.
fn resolve(files: &BTreeMap<Module, String>, from: &Module, path: &[String]) -> Option<(Module, Option<String>)> {
    let (mut module, mut path) = (from.clone(), path.iter().peekable());
    match path.peek().map(|first| first.as_str())? {
        "crate" => {
            path.next();
            module.clear();
        }
        "super" | "self" => {
            while let Some(word) = path.next_if(|word| ["super", "self"].contains(&word.as_str())) {
                if word == "super" {
                    module.pop();
                }
            }
        }
        first if files.contains_key(&[&module[..], &[first.to_owned()]].concat()) => {}
        _ => return None,
    }
    while let Some(next) = path.next_if(|next| files.contains_key(&[&module[..], &[(*next).clone()]].concat())) {
        module.push(next.clone());
    }
    Some((module, path.next().cloned()))
}

/// Whether a text declares a name, and does not only pass it on.
fn declares(text: &str, name: &str) -> bool {
    let kinds = ["struct ", "enum ", "trait ", "fn ", "const ", "static ", "type ", "macro_rules! "];
    kinds.iter().any(|kind| {
        text.match_indices(&format!("{kind}{name}")).any(|(at, found)| {
            let after = text[at + found.len()..].chars().next();
            !after.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        })
    })
}

/// What each file uses. A name leads to the file that declares it, through any re-exports.
fn edges(files: &BTreeMap<Module, String>) -> Edges {
    let uses: BTreeMap<_, _> = files.iter().map(|(module, text)| (module, paths(text))).collect();
    let mut passed_on = BTreeMap::new();
    for (module, paths) in &uses {
        for (path, _) in paths {
            if let Some((there, Some(name))) = resolve(files, module, path) {
                passed_on.insert(((*module).clone(), name), there);
            }
        }
    }
    let mut edges = Edges::new();
    for (module, paths) in &uses {
        for (path, is_visible) in paths {
            let Some((mut there, name)) = resolve(files, module, path) else { continue };
            let mut seen = BTreeSet::new();
            while let Some(name) = &name
                && files.get(&there).is_none_or(|text| !declares(text, name))
                && let Some(next) = passed_on.get(&(there.clone(), name.clone()))
                && seen.insert(there.clone())
            {
                there = next.clone();
            }
            let is_face = *is_visible && there.starts_with(module);
            if !module.starts_with(&there) && !is_face {
                edges.entry((*module).clone()).or_default().insert(there);
            }
        }
    }
    edges
}

/// A shortest way from a file back to itself, if there is one.
fn ring(edges: &Edges) -> Option<Vec<Module>> {
    edges.keys().find_map(|start| {
        let mut reached = BTreeSet::new();
        let mut ways = VecDeque::from([vec![start.clone()]]);
        while let Some(way) = ways.pop_front() {
            for next in edges.get(&way[way.len() - 1]).into_iter().flatten() {
                let way = [&way[..], std::slice::from_ref(next)].concat();
                if next == start {
                    return Some(way);
                }
                if reached.insert(next.clone()) {
                    ways.push_back(way);
                }
            }
        }
        None
    })
}
