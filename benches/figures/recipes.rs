//! Recipes compared with the tools that a user would pick, on the same files, warm, in one run. A tool that is not
//! installed is named and left out. `RECIPES` names the recipes, separated by commas; without it, all of them run.
//! `HEADWAY_FILES` names the folder with pictures that `./test` fetches.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::app::{App, mint};
use crate::{count, figure, library, middle};

const THREADS: usize = 2;
const ROUNDS: usize = 3;

/// A recipe, the files that it is run on, and its peers.
struct Race {
    recipe: &'static str,
    settings: Value,
    /// Fills a folder with files.
    files: fn(&Path),
    /// Peers: a name, and a line for `sh`, in which `$1` is the folder with the files and `$2` one for what is made.
    peers: &'static [(&'static str, &'static str)],
}

pub(crate) async fn run() {
    let races = [
        Race {
            recipe: "duplicates",
            settings: json!({}),
            files: twice,
            peers: &[
                ("fclones", "fclones group --threads 2 --cache=false \"$1\""),
                ("jdupes", "jdupes --recurse --quiet \"$1\""),
                ("rmlint", "cd \"$2\" && rmlint --types=duplicates --threads=2 \"$1\""),
                ("fdupes", "fdupes --recurse --quiet \"$1\""),
            ],
        },
        Race {
            recipe: "archive",
            settings: json!({}),
            files: archives,
            peers: &[("unzip", "find \"$1\" -type f -print0 | xargs -0 -P2 -n1 unzip -tqq")],
        },
        Race {
            recipe: "compress",
            settings: json!({ "level": 9 }),
            files: small,
            peers: &[("zstd", "find \"$1\" -type f -print0 | xargs -0 -P2 -n64 zstd -9 -q --output-dir-mirror \"$2\"")],
        },
        Race {
            recipe: "rename",
            settings: json!({ "name": "new-{/}" }),
            files: small,
            // Neither of them syncs anything.
            peers: &[
                ("rename", "find \"$1\" -type f -print0 | xargs -0 rename 's,([^/]+)$,new-$1,'"),
                ("f2", "cd \"$1\" && f2 --find '^' --replace new- --exec --quiet"),
            ],
        },
        Race {
            recipe: "image",
            settings: json!({ "format": "jpeg", "longest": 100, "transparency": "white", "depth": "reduce" }),
            files: pictures,
            peers: &[
                (
                    "mogrify",
                    "find \"$1\" -type f -print0 | xargs -0 -P2 -n16 mogrify -path \"$2\" -format jpg -resize '100x100>' -quality 85",
                ),
                (
                    "vipsthumbnail",
                    "find \"$1\" -type f -print0 | VIPS_CONCURRENCY=1 xargs -0 -P2 -n16 vipsthumbnail --size '100x100>' -o \"$2/%s.jpg[Q=85]\"",
                ),
            ],
        },
        Race {
            recipe: "checksum",
            settings: json!({ "algorithm": "sha256" }),
            files: small,
            peers: &[("sha256sum", "find \"$1\" -type f -print0 | xargs -0 -P2 -n64 sha256sum > \"$2/SHA256SUMS\"")],
        },
    ];
    let asked = std::env::var("RECIPES").unwrap_or_default();
    let is_asked = |race: &Race| asked.is_empty() || asked.split(',').any(|name| name == race.recipe);
    for race in races.iter().filter(|race| is_asked(race)) {
        race.run().await;
    }
}

impl Race {
    async fn run(&self) {
        let bench = format!("recipe-{}", self.recipe);
        let (mut ours, mut note) = (Vec::new(), String::new());
        for _ in 0..ROUNDS {
            let (seconds, files, bytes) = self.ours().await;
            ours.push(seconds);
            note = format!("{files} files, {bytes} bytes, warm, {THREADS} threads");
        }
        let ours = middle(&mut ours);
        let mut told = String::new();
        for (name, line) in self.peers {
            let there = Command::new("sh").args(["-c", "command -v \"$1\"", "sh", name]).stdout(Stdio::null()).status();
            if !there.is_ok_and(|status| status.success()) {
                eprintln!("{bench}: there is no {name}");
                continue;
            }
            let mut theirs: Vec<_> = (0..ROUNDS).map(|_| self.theirs(line)).collect();
            let theirs = middle(&mut theirs);
            figure(&bench, name, theirs, "s", &note);
            told.push_str(&format!("; {:.2} times as fast as {name}", theirs / ours));
        }
        figure(&bench, "headway", ours, "s", format!("{note}, plan and every event durable{told}"));
    }

    /// A job over fresh files: how long it took from the start call to its end, and the size of its input.
    async fn ours(&self) -> (f64, u32, u64) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = folder.path().join("files");
        std::fs::create_dir(&files).expect("a folder");
        (self.files)(&files);
        warm(&files);
        let data = folder.path().join("data");
        let app = App::start(&data, &files, headway_recipes::all(), THREADS, "no-such-folder").await;
        // The list of files is read on opening; that is not what is measured here.
        library::read(&app.server).await;
        let id = mint();
        app.begin(id, self.recipe, self.settings.clone()).await;
        let end = app.end(id).await;
        let bytes = app.server.load(id).await.expect("the job").done.bytes;
        app.stop().await;
        let took = end.ended.expect("a job that ran") - end.created;
        (took as f64 / 1_000.0, end.counters.total, bytes)
    }

    /// A peer over fresh files, in seconds.
    fn theirs(&self, line: &str) -> f64 {
        let folder = tempfile::tempdir().expect("a folder");
        let (files, made) = (folder.path().join("files"), folder.path().join("made"));
        [&files, &made].iter().for_each(|folder| std::fs::create_dir(folder).expect("a folder"));
        (self.files)(&files);
        warm(&files);
        let mut peer = Command::new("sh");
        peer.args(["-c", line, "sh"]).args([&files, &made]).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let status = peer.status().expect("a shell");
        let took = begun.elapsed().as_secs_f64();
        // Some report findings by their exit code; but one that does not know its options is quick.
        if !status.success() {
            eprintln!("{status}, so look whether it did the work: {line}");
        }
        took
    }
}

fn copy(files: impl IntoIterator<Item = PathBuf>, to: &Path) {
    for (at, file) in files.into_iter().enumerate() {
        let extension = file.extension().map(|extension| format!(".{}", extension.display())).unwrap_or_default();
        std::fs::copy(&file, to.join(format!("{at:06}{extension}"))).expect("a copy");
    }
}

/// Brings the files into the cache, and what was written to the disk.
fn warm(folder: &Path) {
    let read = Command::new("sh").args(["-c", "sync; cat \"$1\"/* > /dev/null", "sh"]).arg(folder).status();
    assert!(read.expect("a shell").success(), "{}", folder.display());
}

fn small(to: &Path) {
    copy(crate::hash::small_files(count("N", 3_000)), to);
}

/// Every third file twice.
fn twice(to: &Path) {
    let files = crate::hash::small_files(count("N", 3_000));
    let again: Vec<_> = files.iter().step_by(3).cloned().collect();
    copy(files.into_iter().chain(again), to);
}

/// Archives of a hundred small files each.
fn archives(to: &Path) {
    let files = crate::hash::small_files(count("N", 3_000));
    for (at, files) in files.chunks(100).enumerate() {
        let mut zip = Command::new("zip");
        let zipped = zip.args(["-q", "-j"]).arg(to.join(format!("{at}.zip"))).args(files).status();
        assert!(zipped.expect("zip").code().is_some_and(|code| code == 0 || code == 12), "zip failed");
    }
}

/// Real JPEG and PNG pictures, until there are enough.
fn pictures(to: &Path) {
    let root = std::env::var("HEADWAY_FILES").expect("HEADWAY_FILES: the folder with pictures that ./test fetches");
    let mut find = Command::new("find");
    find.args([&root, "-type", "f", "-size", "+4k", "(", "-name", "*.png", "-o", "-name", "video-*.jpeg", ")"]);
    let found = String::from_utf8(find.output().expect("find").stdout).expect("names");
    let found: Vec<_> = found.lines().map(PathBuf::from).collect();
    assert!(!found.is_empty(), "{root} has no pictures");
    copy(found.into_iter().cycle().take(count("PICTURES", 400)), to);
}
