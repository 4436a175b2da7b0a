//! The whole server over PostgreSQL: killed itself, with a database that is killed, beside another server that stands by and
//! takes over, and with a log that is moved there and back.

#[allow(dead_code)]
#[path = "../../crates/headway-postgres/tests/it/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use headway_model::{Cursor, JobId, JobStatus, JobSummary};
use serde_json::Value;

use crate::doctor::headway;
use crate::helper::{Files, Headway, Stream, eventually_or, http, kinds, make_site, mint, payloads};
use server::{PostgresServer, TestDatabase};

/// A server with its log in this database. The connection of a killed one can hold the lock for a moment.
fn serve(files: &Files, database: &TestDatabase) -> Headway {
    let (site, url) = (files.data().with_file_name("site"), database.url());
    let arguments = ["--store", url.as_str(), "--workers", "2"];
    let mut started = (0..10).filter_map(|_| Headway::try_start(files, Some(&site), &[], &arguments));
    started.next().expect("a ready server")
}

/// Such a server, and a job over all of its files that has worked on some of them.
async fn at_work(files: &Files, database: &TestDatabase, client: &reqwest::Client) -> (Headway, JobId) {
    let (server, job) = (serve(files, database), mint());
    server.begin(client, job).await;
    until_worked(&server, client, job, 50).await;
    (server, job)
}

/// Asks the program to serve, which it must refuse; returns its output.
fn refused(files: &Files, more: &[&str]) -> String {
    let site = files.data().with_file_name("site");
    make_site(&site);
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command.arg("serve").arg(files.library()).arg("--data").arg(files.data()).arg("--site").arg(site);
    let ended = command.args(["--listen", "127.0.0.1:0"]).args(more).output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "{said}");
    said
}

/// Waits until this many files of a job have succeeded, or until it is over.
async fn until_worked(server: &Headway, client: &reqwest::Client, job: JobId, files: u32) {
    let is_there = |summary: &JobSummary| summary.counters.succeeded >= files || summary.status.is_terminal();
    server.until_resuming(client, job, "files that are worked on", is_there).await;
}

/// How often each file of a job is in its report, and with which status.
async fn verdicts(server: &Headway, client: &reqwest::Client, job: JobId) -> BTreeMap<(String, String), usize> {
    let answer = client.get(format!("{}/api/v1/jobs/{job}/report.jsonl", server.url)).send().await.expect("an answer");
    let mut verdicts = BTreeMap::new();
    for line in answer.text().await.expect("lines").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        *verdicts.entry((text("path"), text("status"))).or_default() += 1;
    }
    verdicts
}

/// Checks that every file of a job has one verdict, and that its stream is whole.
async fn is_whole(server: &Headway, client: &reqwest::Client, job: JobId, files: usize) {
    let summary = server.end(client, job).await;
    assert_eq!((summary.status, summary.counters.succeeded), (JobStatus::Completed, files as u32));
    let verdicts = verdicts(server, client, job).await;
    assert_eq!(verdicts.len(), files);
    assert!(verdicts.iter().all(|((_, status), count)| status == "succeeded" && *count == 1), "{verdicts:?}");
    let mut stream = Stream::open_at(client, &server.url, &format!("job={job}&after=0.0&replay=all"), None).await;
    let events = stream.until("closed").await;
    let seqs: Vec<_> = payloads(&events, job).iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=summary.seq).collect::<Vec<_>>());
    for page in ["/", &format!("/jobs/{job}"), "/jobs"] {
        let answer = client.get(format!("{}{page}", server.url)).send().await.expect("a page");
        assert_eq!(answer.status().as_u16(), 200, "{page}");
    }
}

/// The doctor looks at a data folder and its database.
fn is_sound(files: &Files, database: &TestDatabase) {
    let library = format!("files={}", files.library().display());
    let (well, said) = headway(&["doctor", "--store", &database.url(), &library], files);
    assert!(well && said.contains("no problems found"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_postgresql_that_is_killed_in_the_middle_of_a_job_gives_every_file_one_verdict() {
    let (database, files, client) = (TestDatabase::new().await, Files::numbered(1_500), http());
    let (mut server, job) = at_work(&files, &database, &client).await;
    for worked in [50, 400] {
        until_worked(&server, &client, job, worked).await;
        server.kill();
        server = serve(&files, &database);
    }
    is_whole(&server, &client, job, 1_500).await;
    assert!(server.terminate(), "a clean end after TERM");
    assert!(!files.data().join("log.sqlite").exists(), "a second log");
    is_sound(&files, &database);
    // Rows are made again from the events there, too.
    let (well, said) = headway(&["rebuild", "--store", &database.url()], &files);
    assert!(well && said.contains("rebuilt 1 job from "), "{said}");
    is_sound(&files, &database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_in_the_middle_of_a_job_is_waited_for_and_every_page_says_so() {
    let database = TestDatabase::with(PostgresServer::new(&[]), "").await;
    let (files, client) = (Files::numbered(1_500), http());
    let (mut server, job) = at_work(&files, &database, &client).await;
    for worked in [50, 400] {
        until_worked(&server, &client, job, worked).await;
        let mut stream = Stream::open_at(&client, &server.url, "watch=jobs", None).await;
        stream.until("caught_up").await;
        let killed = Arc::clone(&database.server);
        tokio::task::spawn_blocking(move || killed.kill()).await.expect("no panic");
        let asked = async |path: &str| {
            let answer = client.get(format!("{}{path}", server.url)).send().await.map_err(|error| error.to_string())?;
            Ok::<_, String>((answer.status().as_u16(), answer.text().await.map_err(|error| error.to_string())?))
        };
        eventually_or("a server that waits for its database", async || {
            let (status, said) = asked("/ready").await?;
            let is_told = status == 503 && said.contains("the database of the log is away");
            is_told.then_some(()).ok_or(said)
        })
        .await;
        assert_eq!(asked("/health").await.expect("an answer").0, 200, "a restart does not bring it back");
        assert_eq!(asked(&format!("/api/jobs/{job}")).await.expect("an answer").0, 503);
        // A page that was open is told with its next ping.
        loop {
            let event = stream.next().await.expect("the stream goes on");
            if event.json["left_out"].as_str().is_some_and(|text| text.contains("does not answer")) {
                break;
            }
        }
        let started = Arc::clone(&database.server);
        tokio::task::spawn_blocking(move || started.start(&[])).await.expect("no panic");
        eventually_or("a server whose database is back", async || {
            let (status, said) = asked("/ready").await?;
            (status == 200).then_some(()).ok_or(said)
        })
        .await;
    }
    is_whole(&server, &client, job, 1_500).await;
    assert!(server.terminate(), "it is the same process all the time");
    is_sound(&files, &database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_database_stays_away_can_be_stopped_and_the_next_one_goes_on() {
    let database = TestDatabase::with(PostgresServer::new(&[]), "").await;
    let (files, client) = (Files::numbered(1_500), http());
    let (mut server, job) = at_work(&files, &database, &client).await;
    let killed = Arc::clone(&database.server);
    tokio::task::spawn_blocking(move || killed.kill()).await.expect("no panic");
    server.terminate();
    let started = Arc::clone(&database.server);
    tokio::task::spawn_blocking(move || started.start(&[])).await.expect("no panic");
    let mut server = serve(&files, &database);
    is_whole(&server, &client, job, 1_500).await;
    assert!(server.terminate());
    is_sound(&files, &database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_database_is_refused_and_says_who_has_it() {
    let database = TestDatabase::new().await;
    let (files, other, client) = (Files::numbered(5), Files::numbered(5), http());
    let mut server = serve(&files, &database);
    let url = database.url();
    let said = refused(&other, &["--store", &url]);
    assert!(said.contains("another Headway writes this log: process"), "{said}");
    let (well, said) = headway(&["copy-store", &url, &other.data().display().to_string()], &other);
    assert!(!well && said.contains("another Headway writes this log"), "{said}");
    // The first one has noticed nothing.
    let job = mint();
    server.begin(&client, job).await;
    is_whole(&server, &client, job, 5).await;
    assert!(server.terminate());
    // The other folder lacks what the first one knows, so somebody has to say that it may join.
    let said = refused(&other, &["--store", &url]);
    assert!(said.contains("was made with another data folder") && said.contains("--standby"), "{said}");
    let mut standing = StandingBy::start(&other, &database, other.library().as_path());
    standing.until_ready();
    assert_eq!(client.get(format!("{}/api/jobs/{job}", standing.url)).send().await.expect("a job").status(), 200);
    assert!(other.data().join("log.joined").exists(), "its watches would begin again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_has_one_log_and_says_where_it_is() {
    let database = TestDatabase::new().await;
    let (files, client, url) = (Files::numbered(5), http(), database.url());
    let mut server = serve(&files, &database);
    let job = mint();
    server.begin(&client, job).await;
    is_whole(&server, &client, job, 5).await;
    assert!(server.terminate());
    let said = refused(&files, &[]);
    assert!(said.contains("is in the database postgres://") && said.contains("--store"), "{said}");
    for command in [&["jobs"][..], &["doctor"], &["rebuild"]] {
        let (well, said) = headway(command, &files);
        assert!(!well && said.contains("is in the database postgres://"), "{command:?}: {said}");
    }
    let elsewhere = TestDatabase::new().await;
    let said = refused(&files, &["--store", &elsewhere.url()]);
    assert!(said.contains("and not in postgres://"), "{said}");
    assert!(!files.data().join("log.sqlite").exists(), "a second log");
    // A command without a server is the host over the same database.
    let (well, said) = headway(&["jobs", "--store", &url], &files);
    assert!(well && said.contains("Checksum"), "{said}");
    let library = files.library().display().to_string();
    let (well, said) = headway(&["run", "checksum", &library, "--on-done", "again", "--store", &url], &files);
    assert!(well, "{said}");
    is_sound(&files, &database);
}

/// A command that replaces each file, and takes its time.
const SLOW_UPPER: &str = r#"
[[command]]
name = "slow-upper"
run = ["sh", "-c", "sleep 0.02; tr a-z A-Z < \"$1\" > \"$2\"", "sh", "{}", "{out}"]
repeatable = true
"#;

/// A server that stands by, with a data folder of its own.
struct StandingBy {
    child: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

impl StandingBy {
    /// Starts it, and waits until it listens.
    fn start(files: &Files, database: &TestDatabase, library: &Path) -> Self {
        let (site, config) = (files.data().with_file_name("site"), files.data().with_file_name("headway.toml"));
        make_site(&site);
        std::fs::write(&config, SLOW_UPPER).expect("a new file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
        command
            .arg("serve")
            .arg(library)
            .arg("--config")
            .arg(config)
            .arg("--data")
            .arg(files.data())
            .arg("--site")
            .arg(site);
        command.args(["--listen", "127.0.0.1:0", "--standby", "--workers", "2", "--store", &database.url()]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut standing = StandingBy { child, output, url: String::new() };
        let line = standing.line();
        let (_, rest) = line.split_once("stands by at ").unwrap_or_else(|| panic!("{line}"));
        standing.url = rest.split_once("/ ").expect("an address").0.to_owned();
        standing
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line
    }

    /// Waits until it has taken over.
    fn until_ready(&mut self) {
        let line = self.line();
        assert!(line.contains("Headway is ready"), "{line}");
    }

    /// Asks a path as a program does; the status and the text.
    async fn asked(&self, client: &reqwest::Client, path: &str, accept: &str) -> (u16, String) {
        // A connection ends with the takeover.
        let answer = eventually_or("an answer", async || {
            let call = client.get(format!("{}{path}", self.url)).header("accept", accept);
            call.send().await.map_err(|error| error.to_string())
        });
        let answer = answer.await;
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).expect("a process");
    }
}

impl Drop for StandingBy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// How the job of a server that took over ended: each file has one verdict, and no attempt was repeated without an event
/// that says so.
async fn is_whole_after_takeover(url: &str, client: &reqwest::Client, job: JobId, files: usize) {
    let summary = eventually_or("the end of a job", async || {
        let answer = client.get(format!("{url}/api/jobs/{job}")).send().await.map_err(|error| error.to_string())?;
        let text = answer.text().await.map_err(|error| error.to_string())?;
        serde_json::from_str::<JobSummary>(&text).ok().filter(|summary| summary.status.is_terminal()).ok_or(text)
    })
    .await;
    let failed = client.get(format!("{url}/api/v1/jobs/{job}/items?status=failed")).send().await.expect("an answer");
    let failed = failed.text().await.expect("a text");
    assert_eq!((summary.status, summary.counters.succeeded), (JobStatus::Completed, files as u32), "{failed}");
    let mut stream = Stream::open_at(client, url, &format!("job={job}&after=0.0&replay=all"), None).await;
    let events = stream.until("closed").await;
    let (mut running, mut ended) = (BTreeSet::new(), BTreeMap::<u64, usize>::new());
    for event in payloads(&events, job) {
        let (kind, item) = (event["event"].as_str().unwrap_or_default(), event["item"].as_u64());
        match (kind, item) {
            ("started", Some(item)) => assert!(running.insert(item), "{item} ran twice unsaid"),
            ("succeeded", Some(item)) => {
                running.remove(&item);
                *ended.entry(item).or_default() += 1;
            }
            (_, Some(item)) => {
                running.remove(&item);
            }
            _ => {}
        }
    }
    assert_eq!(ended.len(), files);
    assert!(ended.values().all(|count| *count == 1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_by_says_who_works_and_takes_over_once_that_one_is_killed() {
    let (database, client) = (TestDatabase::new().await, http());
    let (files, other) = (Files::numbered(1_500), Files::new());
    let (mut server, job) = at_work(&files, &database, &client).await;
    // Another data folder, and the same library under the same name.
    let mut standing = StandingBy::start(&other, &database, &files.library());
    let process = server.id().to_string();
    eventually_or("a server that knows who works", async || {
        let (status, said) = standing.asked(&client, "/", "text/html").await;
        (status == 503 && said.contains(&format!("process {process} on the host"))).then_some(()).ok_or(said)
    })
    .await;
    let (status, said) = standing.asked(&client, "/", "text/html").await;
    assert!(status == 503 && said.contains("<h1>") && said.contains("takes over by itself"), "{said}");
    let (status, said) = standing.asked(&client, "/api/v1/jobs", "*/*").await;
    assert!(status == 503 && said.contains("\"code\":\"unavailable\"") && said.contains(&process), "{said}");
    let (status, said) = standing.asked(&client, "/ready", "*/*").await;
    assert!(status == 503 && said.contains("another one works") && !said.contains(&process), "{said}");
    assert_eq!(standing.asked(&client, "/health", "*/*").await.0, 200);
    server.kill();
    standing.until_ready();
    assert_eq!(standing.asked(&client, "/ready", "*/*").await.0, 200);
    is_whole_after_takeover(&standing.url, &client, job, 1_500).await;
    let said = refused(&files, &["--store", &database.url()]);
    assert!(said.contains("another Headway writes this log"), "{said}");
    // The first one comes back once the second one ends in order.
    standing.signal(rustix::process::Signal::TERM);
    assert!(standing.child.wait().expect("its end").success());
    let mut server = serve(&files, &database);
    assert!(server.terminate());
}

/// The events in the file of a data folder, byte for byte, each as a text.
fn events_in(data: &Path) -> Vec<String> {
    const ALL: &str = "SELECT concat_ws(' ', position, job_no, seq, hex(payload), hex(detail), hex(digest))
        FROM events ORDER BY position";
    let log = rusqlite::Connection::open(data.join("log.sqlite")).expect("the log");
    let mut all = log.prepare(ALL).expect("a statement");
    let rows = all.query_map([], |row| row.get(0)).expect("events");
    rows.map(|row| row.expect("an event")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_moved_to_postgresql_and_back_and_a_copy_that_is_killed_goes_on() {
    let (database, files, client) = (TestDatabase::new().await, Files::numbered(1_500), http());
    let (url, data) = (database.url(), files.data().display().to_string());
    let mut server = Headway::start(&files, &["--workers", "2"]);
    let first = mint();
    server.begin(&client, first).await;
    is_whole(&server, &client, first, 1_500).await;
    let job: Value = {
        let answer = client.get(format!("{}/api/jobs/{first}", server.url)).send().await.expect("a job");
        answer.json().await.expect("JSON")
    };
    let cursor: Cursor = job["cursor"].as_str().expect("a cursor").parse().expect("a cursor");
    assert!(server.terminate());
    let before = events_in(&files.data());

    let said = refused(&files, &["--store", &url]);
    assert!(said.contains("has a log of its own") && said.contains("headway copy-store"), "{said}");
    let program = env!("CARGO_BIN_EXE_headway");
    let mut killed =
        Command::new(program).args(["copy-store", &data, &url]).stdout(Stdio::null()).spawn().expect("the program");
    database.until("SELECT head FROM headway.log").await;
    killed.kill().expect("a child");
    killed.wait().expect("its end");
    let copied = eventually_or("a copy", async || {
        // The connection of the killed one can be open for a moment.
        let (well, said) = headway(&["copy-store", &data, &url], &files);
        if well { Ok(said) } else { Err(said) }
    })
    .await;
    assert!(copied.contains("were there") && copied.contains("both logs are the same, byte by byte"), "{copied}");
    let said = refused(&files, &[]);
    assert!(said.contains("is in the database"), "{said}");
    is_sound(&files, &database);

    // A reader goes on at its cursor, and the log goes on.
    let mut server = serve(&files, &database);
    let query = format!("held={first}&after={cursor}");
    let told = Stream::open_at(&client, &server.url, &query, None).await.until("caught_up").await;
    assert!(!kinds(&told).contains(&"reset"), "{told:?}");
    let second = mint();
    let body = serde_json::json!({
        "library": "files", "recipe": "checksum", "query": { "folder": {} }, "policy": { "on_done": "again" }
    });
    let call = client.put(format!("{}/api/jobs/{second}", server.url)).json(&body);
    assert_eq!(call.send().await.expect("an answer").status().as_u16(), 201);
    is_whole(&server, &client, second, 1_500).await;
    assert!(server.terminate());

    let (well, said) = headway(&["copy-store", &url, &data], &files);
    assert!(well && said.contains("both logs are the same, byte by byte"), "{said}");
    assert!(said.contains(&format!("{} were there", grouped(before.len()))), "{said}");
    let after = events_in(&files.data());
    assert_eq!(after[..before.len()], before);
    let mut server = Headway::start(&files, &[]);
    for job in [first, second] {
        is_whole(&server, &client, job, 1_500).await;
    }
    assert!(server.terminate());
    let (well, said) = crate::doctor::doctor(&files);
    assert!(well && said.contains("no problems found"), "{said}");

    // The log of another data folder is not copied over it.
    let other = Files::numbered(3);
    let mut server = Headway::start(&other, &[]);
    let third = mint();
    server.begin(&client, third).await;
    is_whole(&server, &client, third, 3).await;
    assert!(server.terminate());
    let (well, said) = headway(&["copy-store", &other.data().display().to_string(), &url], &other);
    assert!(!well && said.contains("another log is there already"), "{said}");
    assert!(refused(&other, &["--store", &url]).contains("has a log of its own"));
}

/// A number as the command line writes it.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1_000, number % 1_000),
    }
}
