//! The app answers with its own page, and Headway answers below its path alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_page_is_the_app_s_and_headway_is_below_its_path() {
    let folder = std::env::temp_dir().join(format!("headway-example-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("files")).expect("a folder");
    let mut app = Command::new(env!("CARGO_BIN_EXE_headway-example-leptos"));
    app.arg(folder.join("data")).arg(folder.join("files")).arg(&folder).stdout(Stdio::piped());
    let mut running = Running(app.spawn().expect("the app"));
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("ready: http://").expect("ready").trim_end_matches('/').to_owned();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let page = get("/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Check all files"), "{page}");
    // Nothing is known on the server, and nothing is followed there.
    let watch = get("/watch/01890a5d-ac96-774b-bcce-b302099a8057");
    assert!(watch.contains("not known yet") && watch.contains("Link: "), "{watch}");
    let jobs = get("/headway/api/v1/jobs");
    assert!(jobs.starts_with("HTTP/1.1 200") && jobs.contains("\"jobs\":[]"), "{jobs}");
    let headway = get("/headway/");
    assert!(headway.starts_with("HTTP/1.1 200") && headway.contains("data-base=\"/headway\""), "{headway}");
    for outside in ["/jobs", "/api/v1/jobs"] {
        assert!(get(outside).starts_with("HTTP/1.1 404"), "{outside}");
    }
    drop(running);
    std::fs::remove_dir_all(folder).ok();
}
