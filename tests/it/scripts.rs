//! What `./run` and `./test` share in `scripts/lib.sh`.

use std::path::Path;
use std::process::{Command, Output};

/// Runs a piece of Bash with the shared functions, and with a sign of life every tenth of a second.
fn bash(script: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &format!(". scripts/lib.sh\n{script}")]).env("HEADWAY_HEARTBEAT", "0.1");
    bash.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("Bash runs")
}

#[test]
fn a_long_step_shows_signs_of_life_and_says_what_is_being_compiled() {
    let ran = bash(
        r#"build() { printf '   Compiling alpha v1.0.0\n' >&2; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; }
        step "the alpha" waiting build"#,
    );
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let signs = said.lines().filter(|line| line.ends_with(" s, 1 crates begun, now compiling alpha")).count();
    assert!(signs >= 2 && said.contains("-- the alpha: "), "{said}");
}

#[test]
fn a_step_that_fails_shows_what_its_command_printed() {
    let ran = bash(r#"refuse() { echo "out of glue"; return 3; }; step "the beta" waiting refuse; echo "went on""#);
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(!ran.status.success() && !out.contains("went on"), "{out}");
    assert!(err.contains("out of glue") && err.contains("This step failed: the beta"), "{err}");
}

#[test]
fn no_process_of_a_script_is_left_when_it_ends() {
    let ran = bash(r#"background slow sleep 600; echo "$! $OUTPUT""#);
    let said = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
    let (process, folder) = said.split_once(' ').expect("both");
    assert!(!Path::new(folder).exists(), "{folder} is still there");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let runs = || std::fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim() == "sleep");
    while runs() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(!runs(), "process {process} is still there");
}

/// `headway-bindgen` refuses a client that another version of wasm-bindgen compiled, and the two halves of `wasm_split`
/// belong together.
#[test]
fn the_tool_for_the_browsers_files_has_the_version_of_the_client() {
    let version = |lock: &str, name: &str| {
        let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(lock)).expect("a lock file");
        let lock: toml::Table = lock.parse().expect("TOML");
        let packages = lock["package"].as_array().expect("packages").iter();
        let mut found = packages.filter(|package| package["name"].as_str() == Some(name));
        found.next().expect("the package")["version"].as_str().expect("a version").to_owned()
    };
    for (tool, client) in
        [("wasm-bindgen-shared", "wasm-bindgen-shared"), ("wasm_split_cli_support", "wasm_split_helpers")]
    {
        assert_eq!(version("scripts/bindgen/Cargo.lock", tool), version("Cargo.lock", client), "{tool}");
    }
}
