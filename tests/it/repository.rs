//! What the repository promises about itself.

mod event_matches;
mod mentions;
mod rings;
mod style_sheet;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn leptos_toml_agrees_with_cargo_toml() {
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

/// Cargo's description of the workspace, with these options.
fn metadata(options: &[&str]) -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["metadata", "--offline", "--locked", "--format-version", "1"]).args(options);
    let said = command.current_dir(root()).output().expect("cargo runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("JSON")
}

/// Whether a package is an example or a benchmark, and not a part of the product.
fn is_beside(package: &serde_json::Value) -> bool {
    let path = package["manifest_path"].as_str().unwrap_or_default();
    path.contains("/examples/") || path.contains("/benches/")
}

/// Each crate with the crates of the workspace that it uses, outside its tests.
#[test]
fn the_arrows_are_those_of_architecture_md() {
    let mut found = BTreeMap::new();
    let metadata = metadata(&["--no-deps"]);
    for package in metadata["packages"].as_array().expect("packages").iter().filter(|package| !is_beside(package)) {
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

/// Checks the licences that deny.toml allows, that every package comes from the registry, and that a crate has several
/// versions only if deny.toml says who needs the older one. cargo-deny does not have to be installed.
#[test]
fn dependencies_follow_the_rules_of_deny_toml() {
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
    let skipped = rules["bans"]["skip"].as_array().expect("older versions").iter();
    let skipped = skipped.map(|skip| {
        let of = |key: &str| skip.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        assert!(!of("reason").is_empty(), "{skip}: no reason");
        of("crate").to_owned()
    });
    let skipped: BTreeSet<_> = skipped.collect();
    assert_eq!(skipped, older_versions(packages), "deny.toml names the crates that are built in several versions");
}

/// All versions but the newest of the crates that have several, as deny.toml writes them.
fn older_versions(packages: &[serde_json::Value]) -> BTreeSet<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let number = |version: &str| {
        let parts = version.split(['.', '-', '+']).take(3).map(|part| part.parse().unwrap_or(0));
        parts.collect::<Vec<u64>>()
    };
    let mut versions: BTreeMap<String, BTreeMap<Vec<u64>, String>> = BTreeMap::new();
    for package in packages {
        let version = text(&package["version"]);
        versions.entry(text(&package["name"])).or_default().insert(number(&version), version);
    }
    let older = versions.into_iter().flat_map(|(name, mut versions)| {
        versions.pop_last();
        versions.into_values().map(move |version| format!("{name}@{version}"))
    });
    older.collect()
}

/// The documents: Markdown at the root, below `docs` and in `.github`, each with its path and its text outside fenced blocks.
fn documents() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left: Vec<_> = ["docs", ".github"].iter().map(|folder| root().join(folder)).collect();
    left.extend(entries(root()).into_iter().filter(|path| path.is_file()));
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(entries(&path));
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "yml") {
            let own = path.strip_prefix(root()).expect("a path below the root").display().to_string();
            let text = read(&own).split("```").step_by(2).collect();
            found.push((own, text));
        }
    }
    assert!(found.len() > 30, "{} documents", found.len());
    found
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// Every file of the repository that documents name, by the end of its path, is there.
#[test]
fn the_files_that_documents_name_are_there() {
    const FOLDERS: [&str; 9] =
        [".cargo", "src", "crates", "tests", "benches", "examples", "end2end/tests", "scripts", "style"];
    const EXTENSIONS: [&str; 7] = [".rs", ".ts", ".js", ".mjs", ".css", "toml", ".jsonl"];
    let mut files: Vec<_> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    let mut at = 0;
    while let Some(path) = files.get(at).cloned() {
        files.extend(if path.is_dir() { entries(&path) } else { Vec::new() });
        at += 1;
    }
    let files: Vec<_> = files.iter().chain(&entries(root())).map(|path| path.display().to_string()).collect();
    for (document, text) in documents() {
        for named in text.split('`').skip(1).step_by(2) {
            // A bare name in capitals or of `headway.toml` is a file that a job or a person makes.
            let is_theirs =
                named.chars().any(char::is_uppercase) && !named.starts_with("Cargo") || named.ends_with("headway.toml");
            let is_pattern = named.contains([' ', '{', '*', '(', '%']) || named.contains("NAME");
            let is_file = EXTENSIONS.iter().any(|extension| named.ends_with(extension)) && !is_theirs && !is_pattern;
            let is_made = ["report.jsonl"].contains(&named);
            let is_there = files.iter().any(|path| path.ends_with(&format!("/{named}")));
            assert!(!is_file || is_made || is_there, "{document} names {named}, which is not there");
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let folder = Path::new(&document).parent().expect("a folder");
            let is_there = link.is_empty() || link.contains("://") || root().join(folder).join(link).exists();
            assert!(is_there, "{document} links to {link}, which is not there");
        }
    }
}

/// Words and phrases that docs/glossary.md replaces, as far as they have no other sense here.
const REPLACED: [&str; 25] = [
    "usual",
    "anew",
    "upto",
    "trail",
    "bell",
    "bounded",
    "conclude",
    "concludes",
    "concluded",
    "examine",
    "examines",
    "examined",
    "foresee",
    "foresees",
    "foreseen",
    "broken variant",
    "get another name",
    "gets another name",
    "give another name",
    "library is away",
    "library was away",
    "library that is away",
    "disk is away",
    "disk was away",
    "disk that is away",
];

/// The words of a line, of code too, with one space before and after each.
fn words_of(line: &str) -> String {
    let words = line.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |all, word| all + word + " ")
}

#[test]
fn the_words_that_the_glossary_replaces_are_gone() {
    let code = ["src", "crates", "benches", "examples"].into_iter().flat_map(sources);
    let others = ["end2end/tests", "style", "crates/headway-store", "crates/headway-postgres"]
        .into_iter()
        .flat_map(|folder| ["ts", "css", "sql"].into_iter().flat_map(move |extension| sources_with(folder, extension)));
    let texts: Vec<_> = code.chain(others).chain(documents()).collect();
    for extension in [".rs", ".ts", ".css", ".sql", ".md"] {
        assert!(texts.iter().any(|(path, _)| path.ends_with(extension)), "no {extension} is read");
    }
    for (path, text) in texts.iter().filter(|(path, _)| path != "docs/glossary.md") {
        for line in text.lines().filter(|line| !line.contains("`usual`") && !line.contains("alias = \"usual\"")) {
            let words = words_of(line);
            let found = REPLACED.iter().find(|replaced| words.contains(&format!(" {replaced} ")));
            assert!(found.is_none(), "{path} says {found:?}, which docs/glossary.md replaces: {line}");
        }
    }
}

/// The end of a file's name is its extension; `ending` is only the key of settings. A line has an ending as well.
#[test]
fn the_end_of_a_files_name_is_called_its_extension() {
    let code = ["crates/headway-files/src", "crates/headway-recipes/src"].into_iter().flat_map(sources);
    for (path, text) in code.filter(|(path, _)| !path.contains("/manifest/")) {
        for line in text.lines().filter(|line| !line.contains("\"ending\"")) {
            let words = words_of(line).to_lowercase();
            assert!(!words.contains(" ending ") && !words.contains(" endings "), "{path}: {line}");
        }
    }
}

/// Every test that docs/proof.md names is there: `module::beginning_...`, `module::whole_name` or `module::*`.
#[test]
fn the_tests_that_the_proof_names_are_there() {
    let sources: Vec<_> = ["crates", "tests", "src"].into_iter().flat_map(sources).collect();
    let text = read("docs/proof.md");
    let mut count = 0;
    for named in text.split('`').skip(1).step_by(2).filter(|named| named.contains("::") && !named.contains(' ')) {
        let (module, test) = named.rsplit_once("::").expect("a module");
        let file = module.rsplit("::").next().unwrap_or(module);
        let is_there = match test.trim_end_matches("...") {
            "*" => sources.iter().any(|(path, _)| path.ends_with(&format!("/{file}.rs"))),
            name => sources
                .iter()
                .any(|(_, text)| text.contains(&format!("fn {name}")) || text.contains(&format!("mod {name}"))),
        };
        assert!(is_there, "docs/proof.md names {named}, which is not there");
        count += 1;
    }
    assert!(count > 80, "{count} tests");
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

/// `base <- api <- calls <- live <- leptos <- ui <- web <- cli`: each uses what is to its left, and of the crates only the
/// client, the server and the model.
#[test]
fn imports_run_along_one_straight_line() {
    let modules = ["base", "api", "calls", "live", "leptos", "ui", "web", "cli"];
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
    // What the server shows of the crates below it is named, one thing at a time.
    for (path, text) in sources("crates/headway-server/src") {
        for shown in text.split("pub use headway_").skip(1) {
            let shown = shown.split(';').next().unwrap_or_default();
            assert!(shown.contains("::") && !shown.contains('*'), "{path} shows all of headway_{shown}");
        }
    }
    for (path, text) in sources("crates") {
        let all = text.lines().find(|line| line.trim_start().starts_with("pub use ") && line.contains("::*"));
        assert!(all.is_none(), "{path} makes every public item of a module public: {all:?}");
    }
    for (path, text) in sources("crates/headway-model/src") {
        for foreign in ["std::fs", "std::time", "std::env"] {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test = path.contains("/tests/") || path.ends_with("tests.rs") || path.ends_with("testing.rs");
            assert!(!code.contains(foreign) || is_test, "{path} uses {foreign}");
        }
    }
    for (path, text) in [sources("src"), sources("crates")].concat() {
        let sql = ["rusqlite::", "SELECT ", ".sql\""].iter().any(|sign| text.contains(sign));
        let is_store = ["headway-store", "headway-postgres"].iter().any(|store| path.contains(store));
        assert!(!sql || is_store, "{path}: SQL outside the stores");
        let sides = ["\"ssr\"", "\"hydrate\""].map(|side| format!("feature = {side}"));
        let gated = sides.iter().any(|side| text.contains(side));
        assert!(!gated || path.ends_with("/src/lib.rs"), "{path}: a feature gate outside lib.rs");
    }
}

/// Calls about files, recognised by their text.
const FILE_CALLS: [&str; 54] = [
    "private::",
    "paths::",
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
    "recover_placement(",
    "recover_moves(",
    ".recover(",
    ".confirm(",
    ".make(",
    ".lists(",
    "reach_for(",
    ".place(",
    "is_still(",
    ".remove()",
    "trashed",
    "names()",
    "try_exists(",
    "folder_at(",
    "Identity::at(",
    ".enter(",
    ".list()",
    "list_in(",
    "look_at(",
    "own_metadata()",
    "remove_name(",
    "remove_folder(",
    "StateFile::read(",
    "known_libraries(",
    "known_mounts(",
    ".known_as(",
    ".grounds(",
    ".ground(",
];

/// Ways to make a failed call look like an answer.
const SWALLOWED: [&str; 9] =
    [".ok()", "is_ok_and", ".is_ok()", ".is_err()", "unwrap_or", "map_or(", ".flatten()", "Result::ok", "let Ok("];

/// Ways to leave one of the three answers of a `Found` out.
const LEFT_OUT: [&str; 3] = ["let Found::There(", "let Found::Absent", "Found::Unknown(_)"];

/// Questions to which a path answers `false` if it cannot be looked at. They are right only for a value that was
/// already looked up.
const KINDS: [&str; 3] = [".is_dir()", ".is_file()", ".is_symlink()"];
const FOUND_OUT: [&str; 8] = ["found", "kind", "metadata", "real", "entry", "metadata()?", "file_type()?", "mode()"];

/// The places where this is right: file, part of the statement, reason.
const REASONS: [(&str, &str, &str); 43] = [
    (
        "files/library/open.rs",
        "Found::There(opened) = self.open_plain(path)",
        "whether it can be read is what is asked",
    ),
    (
        "files/library/scan.rs",
        "!matches!(found, Found::There(found)",
        "what is not known to be a folder is looked at below",
    ),
    ("files/library/scan.rs", "Found::Unknown(_) if !leaf", "the folder's list says that it is one"),
    (
        "files/library/file_ids.rs",
        "Found::Unknown(_)",
        "it is held by its path; the attempt on it says why it cannot be looked at",
    ),
    ("files/library/walk/level.rs", "Found::Unknown(_) => false", "the walk looks at it again"),
    ("files/library/leftovers.rs", "Found::Unknown(_)", "it is tried again later"),
    ("files/library/make_folder.rs", "let Found::There(dir)", "the folder is made then, which says why it cannot be"),
    ("files/data_folder/ballast.rs", "matches!(kept, Found::Absent", "what is not known stays as it is"),
    ("server/boot.rs", "boot_id", "then every crash counts, and more than a day is a jump of the clock"),
    ("files/data_folder/outputs.rs", "written.is_err()", "why it was not written is what is told"),
    ("files/data_folder.rs", "known()?", "only what is known is asked on"),
    ("files/data_folder/attempts.rs", "known()?", "only what is known is asked on"),
    ("files/library/trash.rs", "known()?", "only what is known is asked on"),
    ("files/library/empty_trash.rs", "known()?", "only what is known is asked on"),
    ("server/engine/shortage/of_job.rs", "/proc/self/stat", "whether a file can be opened is what is asked"),
    ("server/engine/recover_change.rs", "library.recover(", "each error has its arm"),
    (
        "server/engine/plan/lister/free_names.rs",
        "for_the_attempt(",
        "what is not known is for the attempt, the environment's pauses",
    ),
    ("server/engine/plan/done.rs", "library.hash(path))?.flatten()", "what cannot be read is not known to be done"),
    (
        "files/library/environment.rs",
        "statvfs(path)?)).ok()?",
        "without a figure nothing is held back; the calls themselves tell",
    ),
    (
        "files/library/environment.rs",
        "/proc/meminfo",
        "without a figure nothing is held back; the calls themselves tell",
    ),
    ("files/library/fault.rs", "exists()", "a test's own file, in a debug build"),
    ("files/library/inspect_placement.rs", "self.hash(path)?", "only what is known is asked on"),
    ("files/library/recover_placement.rs", "temp.rename_new(target).is_ok()", "if not, the original comes back"),
    ("files/library/moves.rs", "names.rename_new(", "if not, all names come back"),
    ("files/library/rename.rs", "to.remove().ok()", "what stays is known as ours by its content"),
    ("files/library/stage.rs", "ioctl_ficlone", "if blocks cannot be shared, bytes are copied"),
    ("files/library/root/reach.rs", "Root::open(", "what cannot be opened is no other folder that could be taken"),
    ("guard/processes.rs", "/proc/thread-self/children", "without it children are looked for another way"),
    (
        "files/data_folder/location.rs",
        "without_links(&library)",
        "a library that cannot be looked at holds no folder that is",
    ),
    (
        "files/data_folder/ground.rs",
        "let identity = Identity::at(",
        "what is not known is stored as not known, so nothing that the job does there counts; a warning says so",
    ),
    (
        "files/data_folder/ground/same_files.rs",
        "let compare = ",
        "whether it is the same is then not known, which is an answer of its own",
    ),
    (
        "files/data_folder/known_as.rs",
        "Identity::at(&path).ok()",
        "what is there is then not known, so nothing that the job did counts",
    ),
    ("server/handle/queries/job.rs", "names()).await?.unwrap_or_else", "the page says that they cannot be listed"),
    ("files/library/strays.rs", "self.own_names_in(", "the folder is named as one that was not read"),
    ("files/library/trash.rs", "match self.reach()", "it is another error then"),
    ("guard/processes.rs", "stat(pid).ok()?", "a process that ended has no parent"),
    ("guard/processes.rs", "task.path().join(\"children\")", "the table of all processes is read instead"),
    ("recipes/command/capture.rs", "file.read(&mut buffer)", "a pipe that cannot be read says no more"),
    ("recipes/undo.rs", "move_to_trash(", "the disk tells, and else it is an error"),
    ("server/engine/plan/lister/free_names.rs", "wish(self.work", "the attempt reports it"),
    ("web/socket.rs", "remove_file(&self.path)", "the next server puts its own in the place of one that is left"),
    ("cli/shell.rs", "create_dir_all(", "what is then written into the folder tells"),
    ("cli.rs", "found.metadata()", "opening it says why it cannot be looked at"),
];

/// Calls about files that are common words elsewhere.
const OTHER_CALLS: [&str; 6] = [".reach()", "own_names_in(", ".read(", "move_to_trash(", ".renames(", "wish("];

/// Whether a statement asks one of the [`KINDS`] of a path, judging by names.
fn is_guessed(statement: &str, kind: &str) -> bool {
    let is_told = |before: &str| {
        let rests = FOUND_OUT.iter().filter_map(|known| before.strip_suffix(known));
        let is_whole = |rest: &str| !rest.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        rests.into_iter().any(is_whole)
    };
    statement.match_indices(kind).any(|(at, _)| !is_told(&statement[..at]))
}

/// Whether a statement takes one answer of a `Found` and treats the two others alike.
fn leaves_out(statement: &str) -> bool {
    let is_matched = statement.contains("matches!(") && ["Found::", ".known()"].iter().any(|of| statement.contains(of));
    is_matched || LEFT_OUT.iter().any(|way| statement.contains(way))
}

/// The matched expressions of arms that accept any error without looking at it.
fn matched_without_error(code: &str) -> Vec<String> {
    let arms = code.match_indices("Err(_) ").filter(|(at, arm)| {
        let rest = &code[at + arm.len()..];
        rest.starts_with("=>") || rest.starts_with("if ")
    });
    let matched = arms.filter_map(|(at, _)| {
        let mut depth = 0;
        let begin = code[..at].rfind(|letter| {
            depth += i32::from(letter == '}') - i32::from(letter == '{');
            depth < 0
        })?;
        let head = code[..begin].rsplit([';', '{', '}']).next()?;
        Some(head.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    matched.collect()
}

/// The sources that make calls about files, under the names used in [`REASONS`], without their tests.
fn callers() -> Vec<(String, String)> {
    let elsewhere = ["model", "store", "server/simulation", "server/follow", "server/writer"];
    let named = ["crates", "src/web", "src/cli"].into_iter().flat_map(sources).map(|(path, text)| {
        let of_crate = path.rsplit_once("crates/headway-").map(|(_, own)| own.replacen("/src/", "/", 1));
        let own = of_crate.unwrap_or_else(|| path.rsplit_once("/src/").map_or(path.clone(), |(_, own)| own.to_owned()));
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().lines();
        (own, code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join(" "))
    });
    let is_test = |own: &str| own.contains("/tests/") || own.ends_with("tests.rs") || own.ends_with("/real_files.rs");
    named.filter(|(own, _)| !elsewhere.iter().any(|part| own.starts_with(part)) && !is_test(own)).collect()
}

/// The statements that can turn an error into an answer.
fn swallowing(code: &str) -> Vec<String> {
    let statements = code.split([';', '{', '}']).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let found = statements.filter(|statement| {
        let is_one = |call: &&str| statement.contains(*call);
        let guesses = [".exists()", "create_dir_all(", ".recursive(true)"].iter().any(is_one)
            || KINDS.iter().any(|kind| is_guessed(statement, kind));
        let swallows = SWALLOWED.iter().any(|way| statement.contains(way));
        guesses || leaves_out(statement) || swallows && FILE_CALLS.iter().any(|call| statement.contains(call))
    });
    let is_call = |matched: &String| FILE_CALLS.iter().chain(&OTHER_CALLS).any(|call| matched.contains(call));
    found.chain(matched_without_error(code).into_iter().filter(is_call)).collect()
}

/// Every form in which an error can get lost is recognised.
#[test]
fn an_error_that_is_taken_for_an_answer_is_seen_in_each_form() {
    let of_arm = |code: &str| matched_without_error(code).iter().any(|matched| matched.contains("open("));
    assert!(of_arm("fn a() { match open(path) { Ok(file) => { use_it(file); } Err(_) => None, } }"));
    assert!(of_arm("match open(path) { Err(_) if late => None, other => other, }"));
    assert!(!of_arm("match open(path) { Ok(file) => match read(file) { Err(_) => 1, _ => 2 }, Err(error) => 3 }"));
    for guessed in ["path.is_dir()", "!self.path.join(name).is_file()", "root.is_symlink()", "a && b.is_dir()"] {
        assert!(KINDS.iter().any(|kind| is_guessed(guessed, kind)), "{guessed}");
    }
    for told in ["found.is_dir()", "!entry.file_type()?.is_dir()", "(kind.is_file() || kind.is_symlink())"] {
        assert!(!KINDS.iter().any(|kind| is_guessed(told, kind)), "{told}");
    }
    for lost in ["let Found::There(file) = library.look(path) else", "Found::Unknown(_) => None,"] {
        assert!(leaves_out(lost), "{lost}");
    }
    assert!(leaves_out("matches!(library.look(path).known(), Ok(Some(_)))"));
    assert!(!leaves_out("Found::Unknown(error) => return Err(error),") && !leaves_out("matches!(kind, Kind::Folder)"));
    assert!(SWALLOWED.iter().any(|way| "let Ok(file) = File::open(path) else".contains(way)));
    assert!(SWALLOWED.iter().any(|way| "if let Ok(found) = path.metadata()".contains(way)));
}

/// A failed call is never a fact about a file. Code that turns its error into a value must give a reason here.
#[test]
fn no_failed_call_about_a_file_is_taken_for_an_answer() {
    let (mut used, mut unexplained) = ([false; REASONS.len()], Vec::new());
    for (own, code) in callers() {
        for statement in swallowing(&code) {
            match REASONS.iter().position(|(file, part, _)| own == *file && statement.contains(part)) {
                Some(at) => used[at] = true,
                None => unexplained.push(format!("{own}: {statement}")),
            }
        }
    }
    assert!(unexplained.is_empty(), "an error becomes an answer, and nobody says why: {unexplained:#?}");
    let idle: Vec<_> = REASONS.iter().zip(used).filter(|(_, used)| !used).map(|(reason, _)| reason).collect();
    assert!(idle.is_empty(), "reasons for what is no longer there: {idle:?}");
}

/// The module's file and everything below its folder: path and text.
fn sources(module: &str) -> Vec<(String, String)> {
    let found = sources_with(module, "rs");
    assert!(!found.is_empty(), "{module} has no sources");
    found
}

/// The files with this extension in a module and below it; there might be none.
fn sources_with(module: &str, wanted: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![root().join(module), root().join(format!("{module}.rs"))];
    while let Some(path) = left.pop() {
        if let Ok(entries) = std::fs::read_dir(&path) {
            left.extend(entries.flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|extension| extension == wanted) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

/// systemd's rating of the service's exposure, from 0 to 10, where 10 means that the service may do everything.
#[test]
fn the_systemd_unit_is_closed_to_what_headway_does_not_need() {
    let unit = root().join("packaging/headway.service");
    let rated = std::process::Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=20"])
        .arg(unit)
        .output();
    // Only where systemd is installed.
    let Ok(rated) = rated else { return };
    assert!(rated.status.success(), "above 2.0: {}", String::from_utf8_lossy(&rated.stdout));
}

/// Each type name means one thing, even a private one, so that a search for it leads to one place.
#[test]
fn no_two_types_have_the_same_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in [sources("src"), sources("crates")].concat() {
        for line in text.lines() {
            // The name of an associated type comes from its trait.
            let is_associated = line.starts_with(' ') && line.trim_start().starts_with("type ");
            let words: Vec<_> =
                line.split_whitespace().skip_while(|word| word.starts_with("pub") || *word == "in").collect();
            let words = words.iter().skip_while(|word| word.ends_with(')')).copied().collect::<Vec<_>>();
            let (Some(&("struct" | "enum" | "trait" | "type" | "union")), Some(name)) = (words.first(), words.get(1))
            else {
                continue;
            };
            let name: String = name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            if !is_associated && name.starts_with(char::is_uppercase) {
                places.entry(name).or_default().push(path.clone());
            }
        }
    }
    assert!(places.len() > 500, "{} types", places.len());
    let doubled: Vec<_> = places.iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(doubled.is_empty(), "types with the same name: {doubled:#?}");
}

/// A browser ends a paragraph where another block begins. Then the page's program finds other elements than the server has written, and dies.
#[test]
fn no_paragraph_of_a_page_contains_another_block() {
    const BLOCKS: [&str; 12] =
        ["div", "details", "ul", "ol", "dl", "p", "section", "table", "form", "fieldset", "nav", "pre"];
    let begins = |text: &str, tag: &str| {
        text.match_indices(&format!("<{tag}")).any(|(at, found)| text[at + found.len()..].starts_with([' ', '>', '\n']))
    };
    let (mut paragraphs, mut wrong) = (0, Vec::new());
    for (path, text) in sources("src/ui") {
        for part in text.split("</p>") {
            let begun = ["<p ", "<p>", "<p\n"].iter().filter_map(|tag| part.find(tag)).min();
            let Some(inside) = begun.map(|at| &part[at + 2..]) else { continue };
            paragraphs += 1;
            wrong.extend(
                BLOCKS.iter().filter(|block| begins(inside, block)).map(|block| format!("{path}: <{block}> in <p>")),
            );
        }
    }
    assert!(paragraphs > 100 && wrong.is_empty(), "{paragraphs} paragraphs: {wrong:#?}");
}

/// What the server does by itself with files goes through the doors that leave a crash note.
#[test]
fn every_task_of_the_server_itself_leaves_a_crash_note() {
    const CALLS: [&str; 9] = [
        ".clean_up()",
        ".half_emptied_jobs()",
        ".end_emptying(",
        ".trashes()",
        ".left_scratch()",
        "remove_tree(",
        ".remove_job(",
        ".attempts_bytes(",
        ".bytes_of(",
    ];
    const DOORS: [&str; 4] = ["carry_out(", "looks.look(", "in_data(", "measured("];
    let (mut found, mut without) = (0, Vec::new());
    for (path, text) in sources("crates/headway-server/src") {
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| CALLS.iter().any(|call| line.contains(call))) {
            found += 1;
            let before = lines[at.saturating_sub(6)..=at].join(" ");
            if !line.contains("self.clean_up(") && !DOORS.iter().any(|door| before.contains(door)) {
                without.push(format!("{path}:{}", at + 1));
            }
        }
    }
    assert!(found >= CALLS.len() && without.is_empty(), "{found} calls, without a note: {without:?}");
}

/// A call that a signal interrupts is made again by the doors that count how often, and that look whether a change of names was
/// made. A loop of its own would go on forever, and a blind second call would change the names back.
#[test]
fn interrupted_calls_are_made_again_by_the_doors_for_that() {
    const CHANGES: [&str; 5] = ["renameat", "renameat_with", "linkat", "unlinkat", "mkdirat"];
    const DOORS: [&str; 3] =
        ["files/src/library/calls.rs", "files/src/library/environment.rs", "files/src/library/folder_calls.rs"];
    // They read what no storage holds, or look at no file.
    const OTHERS: [&str; 3] =
        ["files/src/library/library_file.rs", "recipes/src/command/capture.rs", "guard/src/wire.rs"];
    let is_one = |path: &str, of: &[&str]| of.iter().any(|end| path.ends_with(end));
    let mut wrong = Vec::new();
    for (path, text) in [sources("src"), sources("crates")].concat() {
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let statements = text.split(';').filter(|statement| statement.contains("rustix::fs::"));
        let mut words =
            statements.flat_map(|statement| statement.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
        let changes = words.any(|word| CHANGES.contains(&word));
        let retries = ["ErrorKind::Interrupted", "Errno::INTR"].iter().any(|kind| text.contains(kind));
        if changes && !is_one(&path, &DOORS[..1]) || retries && !is_one(&path, &[&DOORS[..], &OTHERS[..]].concat()) {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "system calls that go past the doors: {wrong:?}");
}

/// A signal can interrupt a call on the data folder as well, and what the job then records would rest on a call that failed.
#[test]
fn in_the_data_folder_each_call_on_a_name_goes_through_the_doors() {
    const CALLS: [&str; 15] = [
        "fs::rename(",
        "fs::remove_file(",
        "fs::remove_dir(",
        "fs::remove_dir_all(",
        "fs::create_dir(",
        "fs::create_dir_all(",
        "DirBuilder::new(",
        "fs::read_dir(",
        "fs::metadata(",
        ".symlink_metadata()",
        ".metadata()",
        ".canonicalize()",
        "fs::statfs(",
        "fs::fallocate(",
        " flock(",
    ];
    // The command line looks at what it is given, and the server's socket is in the data folder.
    const WHERE: [&str; 5] = [
        "files/src/data_folder",
        "files/src/paths.rs",
        "src/cli/selection",
        "src/cli/run/request.rs",
        "src/web/socket.rs",
    ];
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (path, text) in [sources("crates/headway-files/src"), sources("src")].concat() {
        if !WHERE.iter().any(|part| path.contains(part)) {
            continue;
        }
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        // What /proc lists lies on no disk.
        for call in text.split(';').filter(|call| !call.contains("/proc/")) {
            if CALLS.iter().any(|name| call.contains(name)) {
                let is_again = ["again(", "uninterrupted(", "whole("].iter().any(|door| call.contains(door));
                seen += usize::from(is_again);
                wrong.extend((!is_again).then(|| format!("{path}: {}", call.trim())));
            }
        }
    }
    assert!(wrong.is_empty(), "system calls that go past the doors: {wrong:#?}");
    assert!(seen > 5, "calls that go through the doors: {seen}");
}

/// The storage of a library can be a network share, on which a signal interrupts calls that only look, too.
#[test]
fn in_a_library_each_call_on_a_name_goes_through_the_doors() {
    const DOORS: [&str; 3] = ["library/calls.rs", "library/environment.rs", "library/folder_calls.rs"];
    const OF_FOLDERS: [&str; 7] = [
        ".open_dir(",
        ".entries()",
        ".read_dir(",
        ".symlink_metadata(",
        ".dir_metadata()",
        ".remove_file(",
        ".remove_dir(",
    ];
    const OF_RUSTIX: [&str; 18] = [
        "openat",
        "openat2",
        "statat",
        "statx",
        "stat",
        "lstat",
        "fstat",
        "statfs",
        "fstatfs",
        "statvfs",
        "fstatvfs",
        "fsync",
        "fdatasync",
        "fallocate",
        "fchmod",
        "fchown",
        "futimens",
        "ioctl_ficlone",
    ];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in sources("crates/headway-files/src/library") {
        if DOORS.iter().any(|door| path.ends_with(door)) {
            continue;
        }
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        // Calls of `rustix` are made under their whole name, in the closure that is called again.
        let is_again = |statement: &&str| ["again(", "uninterrupted("].iter().any(|door| statement.contains(door));
        let calls = text.split(';').filter(|statement| statement.contains("rustix::fs::"));
        let (doors, past): (Vec<_>, Vec<_>) = calls.partition(is_again);
        seen += doors.len();
        let mut words = past
            .iter()
            .flat_map(|statement| statement.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
        if words.any(|word| OF_RUSTIX.contains(&word)) || OF_FOLDERS.iter().any(|call| text.contains(call)) {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "system calls that go past the doors: {wrong:?}");
    assert!(seen > 5, "calls that go through the doors: {seen}");
}
