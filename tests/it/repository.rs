//! What the repository promises about itself.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn leptos_toml_says_what_cargo_toml_says() {
    let section = |text: &str| {
        let value: toml::Table = text.parse().expect("TOML");
        value["package"]["metadata"]["leptos"].clone()
    };
    assert_eq!(section(&read("Leptos.toml")), section(&read("Cargo.toml")));
}

#[test]
fn leptos_reads_leptos_toml() {
    let path = root().join("Leptos.toml");
    let options = leptos::config::get_configuration(path.to_str()).expect("settings").leptos_options;
    assert_eq!((options.output_name.as_ref(), options.site_pkg_dir.as_ref()), ("headway", "pkg"));
}

/// `model <- server <- api <- ui <- web, cli <- main`: each may use what is to its left.
#[test]
fn imports_run_along_one_straight_line() {
    let allowed = [
        ("model", vec!["model"]),
        ("server", vec!["model", "server"]),
        ("api", vec!["model", "api", "server"]),
        ("ui", vec!["model", "api", "ui"]),
        ("web", vec!["model", "server", "api", "ui", "web"]),
        ("cli", vec!["model", "server", "api", "ui", "web", "cli"]),
    ];
    for (module, allowed) in allowed {
        for (path, text) in sources(&format!("src/{module}")) {
            for (number, line) in text.lines().enumerate() {
                for used in line.split("crate::").skip(1) {
                    let used: String = used.chars().take_while(char::is_ascii_alphanumeric).collect();
                    let known = ["model", "server", "api", "ui", "web", "cli"].contains(&used.as_str());
                    assert!(!known || allowed.contains(&used.as_str()), "{path}:{}: {module} uses {used}", number + 1);
                }
            }
        }
    }
    for (path, text) in sources("src/model") {
        for foreign in ["leptos::", "tokio::", "std::fs", "std::time", "rusqlite::", "axum::"] {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            assert!(!code.contains(foreign) || path.ends_with("tests.rs"), "{path} uses {foreign}");
        }
    }
    for (path, text) in sources("src") {
        let sql = text.contains("rusqlite::") || text.contains("SELECT ");
        assert!(!sql || path.contains("server/store"), "{path}: SQL outside the store");
        let sides = ["\"ssr\"", "\"hydrate\""].map(|side| format!("feature = {side}"));
        let gated = sides.iter().any(|side| text.contains(side));
        assert!(!gated || path.ends_with("src/lib.rs"), "{path}: a feature gate outside lib.rs");
    }
}

/// The module's file and everything below its folder: path and text.
fn sources(module: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![root().join(module), root().join(format!("{module}.rs"))];
    while let Some(path) = left.pop() {
        if let Ok(entries) = std::fs::read_dir(&path) {
            left.extend(entries.flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            found.push((path.display().to_string(), text));
        }
    }
    assert!(!found.is_empty(), "{module} has no sources");
    found
}
