//! Checksums of a real tree, warm: Headway's job beside two threads that only read and hash.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, mint};
use crate::{count, figure, library, middle};

const THREADS: usize = 2;
const ROUNDS: usize = 3;

pub(crate) async fn run() {
    let small = PathBuf::from(std::env::var("TREE").unwrap_or_else(|_| "/usr/share".into()));
    let large = tempfile::tempdir().expect("a folder");
    for number in 0..count("LARGE", 6) {
        std::fs::write(large.path().join(format!("{number}.bin")), vec![number as u8; 256 << 20]).expect("a file");
    }
    for (tree, name) in [(small.as_path(), "a real tree"), (large.path(), "files of 256 MiB")] {
        let mut files = Vec::new();
        list(tree, &mut files);
        let bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum();
        plain(&files);
        let (mut limit, mut ours, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            limit.push(plain(&files).as_secs_f64());
            let (took, began) = job(tree).await;
            ours.push(took);
            listed.push(began);
        }
        let (limit, ours) = (middle(&mut limit), middle(&mut ours));
        let rate = |seconds: f64| bytes as f64 / seconds / 1e6;
        let note = format!("{name}: {} files, {bytes} bytes, warm, {THREADS} threads", files.len());
        figure("hash", "limit: BLAKE3 in one process, kept buffers", rate(limit), "MB/s", &note);
        let listed = 100.0 * middle(&mut listed) / ours;
        let note = format!(
            "{note}; from the start call to the end, manifest included, {listed:.0} % of that the plan; {:.2} of it",
            limit / ours
        );
        figure("hash", "headway, checksum with BLAKE3", rate(ours), "MB/s", note);
    }
}

/// This many real files of 1 byte to 64 KiB.
pub(crate) fn small_files(count: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    ["/usr/share", "/usr/lib"].iter().for_each(|folder| list(Path::new(folder), &mut files));
    files.sort();
    files.retain(|file| file.metadata().is_ok_and(|found| (1..=64 * 1024).contains(&found.len())));
    files.truncate(count);
    files
}

/// Every regular file below a folder, links not followed.
fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => list(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

fn plain(files: &[PathBuf]) -> Duration {
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut buffer = vec![0; 256 * 1024];
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut hasher = blake3::Hasher::new();
                    let Ok(mut file) = File::open(path) else { continue };
                    while let Ok(count) = file.read(&mut buffer)
                        && count > 0
                    {
                        hasher.update(&buffer[..count]);
                    }
                    std::hint::black_box(hasher.finalize());
                }
            });
        }
    });
    begun.elapsed()
}

/// A job over the tree: how long it took from the start call to its end, and until it began to process, in seconds.
async fn job(tree: &Path) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = App::start(&folder.path().join("data"), tree, headway_recipes::all(), THREADS, "no-such-folder").await;
    // The list of files is read on opening; that is not what is measured here.
    library::read(&app.server).await;
    let id = mint();
    app.begin(id, "checksum", json!({ "algorithm": "blake3" })).await;
    let end = app.end(id).await;
    app.stop().await;
    let since = |then: Option<u64>| (then.expect("a job that ran") - end.created) as f64 / 1_000.0;
    (since(end.ended), since(end.began))
}
