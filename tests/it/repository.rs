//! What the repository promises about itself.

use std::collections::{BTreeMap, BTreeSet};
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

/// What Cargo says of the workspace, with these options.
fn metadata(options: &[&str]) -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["metadata", "--offline", "--locked", "--format-version", "1"]).args(options);
    let said = command.current_dir(root()).output().expect("cargo runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("JSON")
}

/// Each crate with the crates of the workspace that it uses, outside its tests.
#[test]
fn the_arrows_are_those_of_architecture_md() {
    let mut found = BTreeMap::new();
    for package in metadata(&["--no-deps"])["packages"].as_array().expect("packages") {
        let name = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_owned();
        let used = package["dependencies"].as_array().expect("dependencies").iter();
        let used = used.filter(|used| used["kind"].is_null()).map(name).filter(|used| used.starts_with("headway"));
        found.insert(name(package), used.collect::<BTreeSet<_>>());
    }
    let rows = read("ARCHITECTURE.md");
    let rows = rows.lines().filter(|row| row.starts_with("| `headway"));
    let written = rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let names =
            cells[2].split(", ").filter(|name| name.starts_with('`')).map(|name| name.trim_matches('`').to_owned());
        (cells[1].trim_matches('`').to_owned(), names.collect::<BTreeSet<_>>())
    });
    assert_eq!(written.collect::<BTreeMap<_, _>>(), found, "the table of crates in ARCHITECTURE.md");
}

/// What deny.toml says of licences, and that every package comes from the registry: also where cargo-deny is not at hand.
#[test]
fn dependencies_are_as_deny_toml_wants_them() {
    let rules: toml::Table = read("deny.toml").parse().expect("TOML");
    let allowed = rules["licenses"]["allow"].as_array().expect("licences");
    let allowed: BTreeSet<_> = allowed.iter().filter_map(toml::Value::as_str).collect();
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let found = metadata(&["--filter-platform", &platform]);
    let packages = found["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "{} packages", packages.len());
    for package in packages.iter().filter(|package| !package["source"].is_null()) {
        let name = &package["name"];
        let source = package["source"].as_str().unwrap_or_default();
        assert!(source.starts_with("registry+"), "{name} comes from {source}");
        let licence = package["license"].as_str().unwrap_or_default().replace(['(', ')'], "").replace('/', " OR ");
        let fits = |one: &str| allowed.contains(one.split(" WITH ").next().unwrap_or_default().trim());
        let is_fine = licence.split(" AND ").all(|part| part.split(" OR ").any(fits));
        assert!(is_fine, "{name} has the licence {licence:?}, which deny.toml does not allow");
    }
}

/// Every source that a document names is there, under that path or with that end of one.
#[test]
fn the_sources_that_documents_name_are_there() {
    let sources: Vec<_> = ["src", "crates", "tests", "benches", "examples"].into_iter().flat_map(sources).collect();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/proof.md", "docs/protocol.md"] {
        let text = read(document);
        for named in text.split('`').skip(1).step_by(2) {
            let is_source = named.ends_with(".rs") && !named.contains([' ', '{', '*', '(']) && !named.contains("NAME");
            let is_there = sources.iter().any(|(path, _)| path.ends_with(&format!("/{named}")));
            assert!(!is_source || is_there, "{document} names {named}, which is not there");
        }
    }
}

/// Mutants and made-up jobs are for tests alone.
#[test]
fn nothing_that_is_built_for_users_has_the_feature_testing() {
    for package in metadata(&["--no-deps"])["packages"].as_array().expect("packages") {
        for used in package["dependencies"].as_array().expect("dependencies") {
            let testing = used["features"].as_array().is_some_and(|all| all.iter().any(|one| one == "testing"));
            assert!(!testing || used["kind"] == "dev", "{} uses {} with it", package["name"], used["name"]);
        }
    }
    assert!(
        !read("Cargo.toml").split("[dev-dependencies]").next().unwrap_or_default().contains("headway-model/testing")
    );
}

/// `base <- api <- ui <- web <- cli`: each uses what is to its left, and of the crates only the client, the server and the model.
#[test]
fn imports_run_along_one_straight_line() {
    let modules = ["base", "api", "ui", "web", "cli"];
    for (at, module) in modules.iter().enumerate() {
        for (path, text) in sources(&format!("src/{module}")) {
            for used in text.split("crate::").skip(1) {
                let used: String = used.chars().take_while(char::is_ascii_alphanumeric).collect();
                let upward = modules.iter().position(|module| *module == used).is_some_and(|used| used > at);
                assert!(!upward, "{path}: {module} uses {used}");
            }
            for below in ["headway_store", "headway_files", "headway_guard", "headway_recipes"] {
                assert!(!text.contains(below), "{path} reaches past the server to {below}");
            }
        }
    }
    for (path, text) in sources("crates/headway-model/src") {
        for foreign in ["std::fs", "std::time", "std::env"] {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test = path.ends_with("tests.rs") || path.ends_with("testing.rs");
            assert!(!code.contains(foreign) || is_test, "{path} uses {foreign}");
        }
    }
    for (path, text) in [sources("src"), sources("crates")].concat() {
        let sql = text.contains("rusqlite::") || text.contains("SELECT ");
        assert!(!sql || path.contains("headway-store"), "{path}: SQL outside the store");
        let sides = ["\"ssr\"", "\"hydrate\""].map(|side| format!("feature = {side}"));
        let gated = sides.iter().any(|side| text.contains(side));
        assert!(!gated || path.ends_with("/src/lib.rs"), "{path}: a feature gate outside lib.rs");
    }
}

/// Calls about files, as far as their text tells.
const FILE_CALLS: [&str; 36] = [
    "private::",
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
    ".conclude(",
    ".settle(",
    ".make(",
    ".lists(",
    "reach_for(",
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
const REASONS: [(&str, &str, &str); 23] = [
    ("server/engine/work.rs", "Err(panicked(", "a panic is the failure of its attempt"),
    ("files/data_folder.rs", "known()?", "only what is known is asked on"),
    ("files/data_folder/attempts.rs", "known()?", "only what is known is asked on"),
    ("files/library/trash.rs", "known()?", "only what is known is asked on"),
    ("server/engine/shortage.rs", "/proc/self/stat", "whether a file can be opened is what is asked"),
    ("server/engine/place.rs", "library.conclude(", "each error has its arm"),
    (
        "server/engine/plan/lister.rs",
        "for_the_attempt(",
        "what is not known is for the attempt, the environment's pauses",
    ),
    (
        "files/library/environment.rs",
        "statvfs(path).ok()?",
        "without a figure nothing is held back; the calls themselves tell",
    ),
    (
        "files/library/environment.rs",
        "/proc/meminfo",
        "without a figure nothing is held back; the calls themselves tell",
    ),
    ("files/library/fault.rs", "exists()", "a test's own file, in a debug build"),
    ("files/library/judge.rs", "self.hash(path)?", "only what is known is asked on"),
    ("files/library/judge.rs", "temp.rename_new(target).is_ok()", "if not, the original comes back"),
    ("files/library/moves.rs", "names.rename_new(", "if not, all names come back"),
    ("files/library/rename.rs", "to.remove().ok()", "what stays is known as ours by its content"),
    ("files/library/stage.rs", "ioctl_ficlone", "if blocks cannot be shared, bytes are copied"),
    ("files/library/root.rs", "Root::open(", "what cannot be opened is no other folder that could be taken"),
    ("guard/processes.rs", "/proc/thread-self/children", "without it children are looked for another way"),
    ("server/steps.rs", "boot_id", "without it every crash counts as one of this boot"),
    ("files/data_folder.rs", "library.canonicalize()", "a library that cannot be looked at holds no folder that is"),
    ("files/data_folder/known.rs", "known()", "working state that may be lost, and a warning says so"),
    ("server/steps/suspects.rs", "known()", "working state that may be lost, and a warning says so"),
    ("server/handle/queries.rs", "names().unwrap_or_else", "the page says that they cannot be listed"),
    ("server/handle.rs", "current_exe", "a build that cannot be told is another one"),
];

/// A call that failed is never a fact about a file: whoever turns its error into a value says why here.
#[test]
fn no_failed_call_about_a_file_is_taken_for_an_answer() {
    let mut used = [false; REASONS.len()];
    for (path, text) in sources("crates") {
        let own = path.rsplit_once("crates/headway-").map_or("", |(_, own)| own).replacen("/src/", "/", 1);
        let elsewhere = ["model", "store", "server/simulation", "server/follow", "server/writer"];
        if elsewhere.iter().any(|part| own.starts_with(part)) || own.ends_with("tests.rs") || own.ends_with("/real.rs")
        {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().lines();
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

/// What the service may do, as systemd rates it: 10 is everything.
#[test]
fn the_systemd_unit_is_closed_to_what_headway_does_not_need() {
    let unit = root().join("packaging/headway.service");
    let rated = std::process::Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=20"])
        .arg(unit)
        .output();
    // Only where systemd is at hand.
    let Ok(rated) = rated else { return };
    assert!(rated.status.success(), "above 2.0: {}", String::from_utf8_lossy(&rated.stdout));
}
