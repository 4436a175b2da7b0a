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

/// Calls about files, as far as their text tells.
const FILE_CALLS: [&str; 30] = [
    "metadata(",
    "open(",
    "open_with(",
    "open_dir",
    "read_dir(",
    "remove_file(",
    "remove_dir",
    "rename",
    "link(",
    "stat(",
    "statvfs(",
    "canonicalize(",
    "fs::read",
    "create_dir",
    "fsync",
    "file_type(",
    "fchown(",
    "fchmod(",
    "ioctl_",
    "xattr(",
    "File::create(",
    ".has(",
    ".hash(",
    ".content(",
    ".judge(",
    ".place(",
    "is_still(",
    ".remove()",
    "trashed",
    "names()",
];

/// Ways to make a failed call look like an answer.
const SWALLOWED: [&str; 8] =
    [".ok()", "is_ok_and", ".is_ok()", ".is_err()", "unwrap_or", "map_or(", ".flatten()", "Result::ok"];

/// The places where that is right, each with why: file, part of the statement.
const REASONS: [(&str, &str, &str); 15] = [
    ("data.rs", "known()?", "only what is known is asked on"),
    ("data/attempts.rs", "known()?", "only what is known is asked on"),
    ("files/trash.rs", "known()?", "only what is known is asked on"),
    ("engine/limits.rs", "/proc/self/stat", "whether a file can be opened is what is asked"),
    ("engine/place.rs", "library.judge(", "each error has its arm"),
    ("engine/plan/lister.rs", "for_the_attempt(", "what is not known is for the attempt, the environment's pauses"),
    ("files/environment.rs", "statvfs(path).ok()?", "without a figure nothing is held back; the calls themselves tell"),
    ("files/environment.rs", "/proc/meminfo", "without a figure nothing is held back; the calls themselves tell"),
    ("files/place.rs", "self.hash(path)?", "only what is known is asked on"),
    ("files/place.rs", "temp.rename_new(target).is_ok()", "if not, the original comes back"),
    ("files/rename.rs", "to.remove().ok()", "what stays is known as ours by its content"),
    ("files/stage.rs", "ioctl_ficlone", "if blocks cannot be shared, bytes are copied"),
    ("guard/processes.rs", "/proc/thread-self/children", "without it children are looked for another way"),
    ("handle.rs", "names().unwrap_or_else", "the page says that they cannot be listed"),
    ("handle.rs", "current_exe", "a build that cannot be told is another one"),
];

/// A call that failed is never a fact about a file: whoever turns its error into a value says why here.
#[test]
fn no_failed_call_about_a_file_is_taken_for_an_answer() {
    let mut used = [false; REASONS.len()];
    for (path, text) in sources("src/server") {
        let own = path.rsplit_once("src/server/").map_or("", |(_, own)| own).to_owned();
        if ["simulation", "store", "follow", "writer"].iter().any(|part| own.starts_with(part))
            || own.ends_with("tests.rs")
        {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
        let code: String = code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join(" ");
        for statement in code.split([';', '{', '}']) {
            let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let swallows = SWALLOWED.iter().any(|way| statement.contains(way));
            let asks = FILE_CALLS.iter().any(|call| statement.contains(call));
            if !(swallows && asks || statement.contains(".exists()")) {
                continue;
            }
            let reason = REASONS.iter().position(|(file, part, _)| own == *file && statement.contains(part));
            match reason {
                Some(at) => used[at] = true,
                None => panic!("{own}: an error becomes an answer, and nobody says why: {statement}"),
            }
        }
    }
    let idle: Vec<_> = REASONS.iter().zip(used).filter(|(_, used)| !used).map(|(reason, _)| reason).collect();
    assert!(idle.is_empty(), "reasons for what is no longer there: {idle:?}");
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
