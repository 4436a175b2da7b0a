//! The recipes' pages say what the program does: each setting with its default, and examples that run.

use std::path::Path;

use headway_model::setting::SettingKind;
use headway_model::summary::RecipeInfo;
use headway_recipes::all;
use serde_json::Value;

use crate::helper::Files;
use crate::hints::Terminal;
use crate::recipes::picture;

/// The page of a recipe, and its name; two recipes share one.
fn page(recipe: &str) -> (String, String) {
    let name = if recipe == "deduplicate" { "duplicates" } else { recipe };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recipes").join(format!("{name}.md"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (name.to_owned(), text)
}

fn recipes() -> Vec<RecipeInfo> {
    all().iter().map(|recipe| recipe.info()).filter(|info| !info.hidden).collect()
}

/// How a page writes a default.
fn written(kind: &SettingKind, default: &Value) -> Vec<String> {
    match (kind, default) {
        (SettingKind::Switch, Value::Bool(on)) => vec![format!("default {}", if *on { "on" } else { "off" })],
        (SettingKind::Number { .. }, number) => {
            let plain = number.to_string();
            let grouped = if plain.len() > 3 { plain.split_at(plain.len() - 3) } else { ("", "") };
            vec![
                format!("default {plain}"),
                format!("default {},{}", grouped.0, grouped.1),
                format!("{plain} (default)"),
            ]
        }
        (_, Value::String(text)) if text.is_empty() => vec![String::new()],
        (_, Value::String(text)) => vec![format!("`{text}`"), format!("{} (default)", label(kind, text))],
        (_, other) => panic!("a default of another kind: {other}"),
    }
}

/// What pages call a choice.
fn label(kind: &SettingKind, word: &str) -> String {
    let SettingKind::Choice { choices } = kind else { return word.to_owned() };
    choices.iter().find(|(choice, _)| choice == word).map(|(_, label)| label.clone()).unwrap_or_default()
}

#[test]
fn each_setting_and_its_default_is_on_the_page_of_its_recipe_and_no_other() {
    for info in recipes() {
        let (name, text) = page(&info.name);
        // A page that two recipes share has a section for each.
        let own = match text.split_once(&format!("\n## {}\n", info.name)) {
            Some((_, rest)) => rest.split("\n## ").next().unwrap_or_default(),
            None => &text,
        };
        let rows: Vec<_> = own
            .lines()
            .skip_while(|line| !line.starts_with("| setting"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        for setting in &info.settings {
            let words = |row: &&&str| {
                row.split('|')
                    .nth(1)
                    .is_some_and(|cell| cell.split(',').any(|word| word.trim() == format!("`{}`", setting.name)))
            };
            let row =
                rows.iter().find(words).unwrap_or_else(|| panic!("{name}.md lacks {} of {}", setting.name, info.name));
            let Some(default) = &setting.default else { continue };
            // `total`, `ratio`: as on another page, to which the row links.
            if row.contains(".md)") {
                continue;
            }
            let ways = written(&setting.kind, default);
            assert!(
                ways.iter().any(|way| row.contains(way.as_str())),
                "{name}.md: {} is {ways:?} by default: {row}",
                setting.name
            );
        }
        for row in rows {
            let cell = row.split('|').nth(1).unwrap_or_default();
            for word in cell.split(',').map(|word| word.trim().trim_matches('`')) {
                assert!(
                    info.settings.iter().any(|setting| setting.name == word),
                    "{name}.md: {} has no {word}",
                    info.name
                );
            }
        }
    }
}

#[test]
fn the_examples_on_the_pages_of_recipes_run() {
    for info in recipes() {
        let (name, text) = page(&info.name);
        let files = Files::new();
        ["a", "b"].iter().for_each(|one| files.write(&format!("Photos/{one}.png"), &picture(b"")));
        files.write("Texts/a.txt", "a line of text\n".repeat(500).as_bytes());
        files.write("Comics/Tales/1.jpg", b"a page");
        let zip = "cd Comics && zip -q 'Tales/Chapter 1.cbz' Tales/1.jpg && rm Tales/1.jpg";
        let terminal = Terminal::new(&files);
        assert_eq!(terminal.typed(zip).0, Some(0));
        let examples = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        let lines: Vec<_> = examples.flat_map(str::lines).collect();
        assert!(lines.iter().any(|line| line.contains(&info.name)), "{name}.md has no example of {}", info.name);
        for line in lines {
            let words = line.strip_prefix("headway ").expect("a command");
            let (code, said) = terminal.typed(&terminal.line(words));
            assert_eq!(code, Some(0), "{name}.md: {line}: {said}");
        }
    }
}
