//! One program for each item, two at a time, compared with two threads that only spawn and wait, xargs, and GNU
//! parallel with a job log.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use headway_recipes::command::{self, CommandConfig};
use serde_json::json;

use crate::app::{App, mint};
use crate::{count, figure};

const IN_FLIGHT: usize = 2;

pub(crate) async fn run() {
    let many = count("N", 5_000);
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("files");
    let files = crate::hash::small_files(many);
    std::fs::create_dir(&library).expect("a folder");
    let copied = (0_usize..).zip(files).map(|(at, file)| {
        let copy = library.join(format!("{at:06}"));
        std::fs::copy(file, &copy).expect("a copy");
        copy
    });
    let copies: Vec<PathBuf> = copied.collect();
    for program in ["true", "sha256sum"] {
        let bench = format!("spawn-{program}");
        let path = format!("/usr/bin/{program}");
        let note = format!("{} real small files, {IN_FLIGHT} in flight", copies.len());
        let limit = rate(copies.len(), || bare(&path, &copies));
        figure(&bench, "limit: spawn and wait, two threads", limit, "items/s", &note);
        let list = folder.path().join("list");
        let lines: Vec<_> = copies.iter().map(|path| path.display().to_string()).collect();
        std::fs::write(&list, lines.join("\n")).expect("a list");
        let xargs = rate(copies.len(), || fed(&list, "xargs", &["-P2", "-n1", &path]));
        figure(&bench, "xargs -P2 -n1", xargs, "items/s", &note);
        let joblog = folder.path().join("joblog").display().to_string();
        let parallel =
            rate(copies.len(), || fed(&list, "parallel", &["-j2", "--will-cite", "--joblog", &joblog, &path]));
        figure(&bench, "parallel -j2 --joblog", parallel, "items/s", &note);
        let ours = ours(&library, &path, copies.len()).await;
        let note = format!(
            "{note}, every event durable; {:.2} of the limit, {:.1} times parallel",
            ours / limit,
            ours / parallel
        );
        figure(&bench, "headway", ours, "items/s", note);
    }
}

fn rate(items: usize, work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    items as f64 / begun.elapsed().as_secs_f64()
}

fn bare(program: &str, files: &[PathBuf]) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..IN_FLIGHT {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut command = Command::new(program);
                    command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                    assert!(command.status().is_ok_and(|status| status.success()));
                }
            });
        }
    });
}

fn fed(list: &Path, program: &str, arguments: &[&str]) {
    let list = std::fs::File::open(list).expect("the list");
    let mut command = Command::new(program);
    command.args(arguments).stdin(list).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap_or_else(|error| panic!("{program}: {error}")).success());
}

async fn ours(library: &Path, program: &str, items: usize) -> f64 {
    let data = tempfile::tempdir().expect("a folder");
    let config = CommandConfig::of("bench", vec![program.into(), "{}".into()]);
    let recipe = Arc::new(command::NamedCommand::new(config));
    let app = App::start(data.path(), library, vec![recipe], IN_FLIGHT, "no-such-folder").await;
    let id = mint();
    app.begin(id, "bench", json!({})).await;
    let end = app.end(id).await;
    assert_eq!(end.counters.succeeded as usize, items, "{end:?}");
    app.stop().await;
    App::rate(&end)
}
