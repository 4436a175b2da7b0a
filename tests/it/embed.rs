//! Headway inside another program.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::helper::{Files, eventually, http, mint};

#[tokio::test(flavor = "multi_thread")]
async fn another_program_mounts_the_routes_and_adds_a_recipe_of_its_own() {
    let files = Files::numbered(0);
    files.write("three", b"1\n2\n3\n");
    let program = Path::new(env!("CARGO_BIN_EXE_headway")).with_file_name("examples").join("embed");
    let mut embed = Command::new(program);
    embed.args([files.data(), files.library()]).stdout(Stdio::piped()).kill_on_drop(true);
    let mut running = embed.spawn().expect("the example, which `cargo test` builds");
    let mut lines = BufReader::new(running.stdout.take().expect("its output")).lines();
    let line = lines.next_line().await.expect("output").expect("a line");
    let url = line.strip_prefix("ready: ").expect("ready").trim_end_matches('/').to_owned();

    let client = http();
    let text = async |path: &str| client.get(format!("{url}{path}")).send().await.expect("an answer").text().await;
    assert_eq!(text("/mine").await.expect("a text"), "mine", "its own route");
    assert!(text("/").await.expect("a page").contains("three"), "Headway's page");
    let job = format!("{url}/api/jobs/{}", mint());
    let request = json!({ "library": "files", "recipe": "lines", "query": { "folder": {} } });
    assert_eq!(client.put(&job).json(&request).send().await.expect("an answer").status().as_u16(), 201);
    let ended: Value = eventually("the end of the job", async || {
        let view: Value = client.get(&job).send().await.ok()?.json().await.ok()?;
        view["ended"].is_u64().then_some(view)
    })
    .await;
    assert_eq!(ended["status"], "completed");
    let items: Value = client.get(format!("{job}/items")).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(items["items"][0]["result"]["lines"], 3, "{items}");

    let pid = running.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    assert!(running.wait().await.expect("its end").success());
    let left = std::fs::read_to_string(files.data().join("steps")).expect("the notes");
    assert!(!left.contains(" work "), "nothing is left under way");
}

#[test]
fn the_example_is_short_enough_to_read_at_once() {
    let lines = include_str!("../../examples/embed.rs").lines().count();
    assert!(lines < 60, "examples/embed.rs has {lines} lines");
}
