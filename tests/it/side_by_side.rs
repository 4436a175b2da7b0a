//! The same command over the same files, by GNU parallel and by Headway: equal results, and what a kill leaves of each.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::command::Served;
use crate::helper::{Files, eventually, repetitions};

/// Writes the first half of the output, rests, and writes the second.
const HALVES: &str = r#"tr a-z A-Z < "$1" > "$2"; sleep 0.05; tr a-z A-Z < "$1" >> "$2""#;

fn outputs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    let named = named.filter(|(name, _)| !name.starts_with(".headway-"));
    named.filter_map(|(name, path)| Some((name, std::fs::read(path).ok()?))).collect()
}

fn expected(count: usize) -> BTreeMap<String, Vec<u8>> {
    (0..count).map(|number| (format!("{number:06}"), format!("FILE {number}\nFILE {number}\n").into_bytes())).collect()
}

fn parallel(files: &Files, out: &Path) -> Command {
    let mut command = Command::new("parallel");
    command.args(["--will-cite", "-j2", "sh", "-c"]);
    command.arg(format!("'{HALVES}'")).args(["sh", "{}"]).arg(out.join("{/}")).arg(":::");
    command.args(outputs(&files.library()).keys().map(|name| files.library().join(name)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command
}

/// How many outputs have their name and not their content.
fn halves(found: &BTreeMap<String, Vec<u8>>, count: usize) -> usize {
    let whole = expected(count);
    found.iter().filter(|(name, content)| whole.get(*name) != Some(content)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn headway_makes_what_gnu_parallel_makes_and_a_kill_leaves_no_half_of_it() {
    let count = repetitions(60).max(10);
    let files = Files::numbered(count);
    let theirs = files.elsewhere();
    std::fs::create_dir(&theirs).expect("a folder");
    let begun = Instant::now();
    assert!(parallel(&files, &theirs).status().expect("GNU parallel").success());
    let their_time = begun.elapsed();
    assert_eq!(outputs(&theirs), expected(count));

    let served = Served::start(&files);
    let run = format!("sh -c '{HALVES}' sh {{}} {{out}}");
    let into = |folder: &str| {
        json!({
            "settings": { "run": run },
            "output": { "place": { "folder": { "path": folder, "name": "{/}" } } },
            "query": { "folder": { "exclude": ["ours/**", "killed/**"] } },
            "policy": { "on_interrupt": "retry" }
        })
    };
    let begun = Instant::now();
    let end = served.run("command", into("ours")).await;
    let our_time = begun.elapsed();
    assert_eq!(
        end.counters.succeeded as usize,
        count,
        "{:?}",
        served.get(&format!("/api/jobs/{}/items?status=failed", end.job)).await
    );
    assert_eq!(outputs(&files.library().join("ours")), outputs(&theirs), "equal, byte by byte");

    // Everything is killed in the midst of the work, as by a power cut.
    let killed = files.elsewhere().with_file_name("killed");
    std::fs::create_dir(&killed).expect("a folder");
    let mut child = parallel(&files, &killed).spawn().expect("GNU parallel");
    let deadline = Instant::now() + Duration::from_secs(20);
    while halves(&outputs(&killed), count) == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    let group = rustix::process::Pid::from_child(&child);
    // Its programs have groups of their own.
    Command::new("pkill").args(["-KILL", "-f", &killed.display().to_string()]).status().expect("pkill");
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
    child.wait().ok();
    let their_halves = halves(&outputs(&killed), count);

    let mut served = served;
    let job = served.begin("command", into("killed")).await;
    let ours = files.library().join("killed");
    eventually("work", async || (!outputs(&ours).is_empty()).then_some(())).await;
    served.headway.kill();
    let our_halves = halves(&outputs(&ours), count);
    assert_eq!(our_halves, 0, "a name stands for a whole output");
    let served = Served::start(&files);
    assert_eq!(served.end(job).await.counters.succeeded as usize, count);
    assert_eq!(outputs(&ours), expected(count), "and the job goes on by itself");
    println!(
        "{count} files: parallel {:.2} s, Headway {:.2} s ({:.2} of it); half outputs after a kill: {their_halves} and {our_halves}",
        their_time.as_secs_f64(),
        our_time.as_secs_f64(),
        our_time.as_secs_f64() / their_time.as_secs_f64()
    );
    assert!(their_halves > 0, "the kill must come in the midst of the work");
}
