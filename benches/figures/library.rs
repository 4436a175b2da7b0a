//! The list of files: reading the disk, compared with `find -printf`, and the time that a page waits.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use headway_model::library::{FolderView, Sort};
use headway_server::Server;
use headway_server::config::Config;

use crate::{count, figure, middle};

const ROUNDS: usize = 5;

/// A new index of `FILES` files (100,000) in one folder, and of as many in folders of ten, each time beside `find`.
pub(crate) async fn run() {
    let files = count("FILES", 100_000);
    for (name, a_folder) in [("in one folder", files), ("in folders of 10", 10)] {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("files");
        for number in 0..files {
            let inside = root.join(format!("{:05}", number / a_folder));
            if number % a_folder == 0 {
                std::fs::create_dir_all(&inside).expect("a folder");
            }
            std::fs::write(inside.join(format!("IMG_{number:06}.jpg")), b"").expect("a file");
        }
        let (mut first, mut again, mut found) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let begun = Instant::now();
            let status =
                Command::new("find").arg(&root).args(["-printf", "%p %s %T@ %i\n"]).stdout(Stdio::null()).status();
            assert!(status.expect("find").success());
            found.push(ms(begun));

            let data = folder.path().join(format!("data-{round}"));
            let server =
                Server::start(Config::new(data, vec![("files".into(), root.clone())])).await.expect("a server");
            first.push(read(&server).await);
            server.scan("files").expect("a library");
            again.push(read(&server).await);
            if round + 1 == ROUNDS && a_folder == files {
                pages(&server, files).await;
            }
            server.stop().await;
        }
        let find = middle(&mut found);
        figure("scan", "limit: find -printf", find, "ms", format!("{files} files {name}"));
        for (contender, mut times) in [("headway, first", first), ("headway, again", again)] {
            let time = middle(&mut times);
            let ratio = time / find;
            figure("scan", contender, time, "ms", format!("{files} files {name}; {ratio:.2} times find"));
        }
    }
}

/// The time that a scan of the whole library takes, in ms.
pub(crate) async fn read(server: &Server) -> f64 {
    let begun = Instant::now();
    // A view of everything, so that it waits for the scan of the whole library.
    let view = FolderView { library: "files".into(), search: "no such name".into(), limit: 1, ..FolderView::default() };
    while server.folder(&view, false).await.expect("a page").scan.is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ms(begun)
}

fn ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1_000.0
}

/// The time that a page waits, with all files in one folder.
async fn pages(server: &Server, files: usize) {
    let folder = "00000".parse().expect("a path");
    let plain = FolderView { library: "files".into(), folder, limit: 100, ..FolderView::default() };
    let views = [
        ("first page", plain.clone()),
        ("by size", FolderView { sort: Sort::Size, descending: true, ..plain.clone() }),
        ("search of 3 letters", FolderView { search: "099".into(), ..plain.clone() }),
        ("search of nothing", FolderView { search: "nothing".into(), ..plain }),
    ];
    for (name, view) in views {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            server.folder(&view, name == "first page").await.expect("a page");
            times.push(ms(begun));
        }
        figure("page of files", name, middle(&mut times), "ms", format!("{files} files in one folder"));
    }
}
