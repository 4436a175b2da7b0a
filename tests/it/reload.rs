//! New settings for a running server, on SIGHUP.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use headway_model::JobId;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::helper::{Files, eventually, http, make_site, mint};

const TOKEN: &str = "first-first-first-first";
const OTHER: &str = "other-other-other-other";

/// The program with a file of settings, and what it wrote.
struct Configured {
    files: Files,
    child: Child,
    url: String,
    log: Arc<Mutex<Vec<String>>>,
}

fn home(files: &Files) -> PathBuf {
    files.data().with_file_name("settings")
}

/// Writes the file of settings: the lines of `[serve]`, and further sections.
fn write(files: &Files, serve: &str, more: &str) {
    let (data, site) = (files.data(), files.data().with_file_name("site"));
    let text = format!(
        "[serve]\n{serve}\ndata = {data:?}\nsite = {site:?}\ntoken_file = \"token\"\n{more}\n\
         [[command]]\nname = \"held\"\nrun = [\"sh\", \"-c\", \"while [ -e ../hold ]; do sleep 0.05; done\", \"sh\", \"{{}}\"]\nrepeatable = true\n"
    );
    std::fs::write(home(files).join("headway.toml"), text).expect("the file");
}

fn library(files: &Files, name: &str) -> String {
    let root = files.library().with_file_name(name);
    std::fs::create_dir_all(&root).expect("a folder");
    std::fs::write(root.join("file"), name).expect("a file");
    format!("\"{name}={}\"", root.display())
}

impl Configured {
    fn start(serve: &dyn Fn(&Files) -> String, arguments: &[&str]) -> Self {
        let files = Files::new();
        make_site(&files.data().with_file_name("site"));
        std::fs::create_dir_all(home(&files)).expect("a folder");
        std::fs::write(home(&files).join("token"), TOKEN).expect("a token");
        write(&files, &serve(&files), "");
        let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
        command.arg("serve").arg("--config").arg(home(&files).join("headway.toml")).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).env_remove("HEADWAY_LOG");
        let mut child = command.spawn().expect("the program");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (errors, kept) = (child.stderr.take().expect("a pipe"), Arc::clone(&log));
        std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).for_each(|line| kept.lock().push(line));
        });
        let mut said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let ready = said.next().and_then(Result::ok).unwrap_or_else(|| panic!("{:?}", log.lock()));
        let url = ready.split("open ").nth(1).and_then(|link| link.split("/login").next()).expect("a link").to_owned();
        Configured { files, child, url, log }
    }

    /// Has it read its settings again, and waits for a line that contains this; returns it.
    async fn reload(&self, awaited: &str) -> String {
        self.log.lock().clear();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("a living process");
        eventually(awaited, async || self.line(awaited)).await
    }

    /// A line of the log that contains this.
    fn line(&self, part: &str) -> Option<String> {
        self.log.lock().iter().find(|line| line.contains(part)).cloned()
    }

    async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let answer = http().get(format!("{}{path}", self.url)).bearer_auth(token).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn begin(&self, token: &str, library: &str, recipe: &str) -> (u16, JobId) {
        let body = json!({ "library": library, "recipe": recipe, "query": { "folder": {} } });
        let job = mint();
        let call = http().put(format!("{}/api/v1/jobs/{job}", self.url)).bearer_auth(token).json(&body);
        (call.send().await.expect("an answer").status().as_u16(), job)
    }

    async fn until(&self, token: &str, job: JobId, status: &str) {
        let has = async || (self.get(token, &format!("/api/v1/jobs/{job}")).await.1["status"] == status).then_some(());
        eventually(status, has).await;
    }

    async fn libraries(&self, token: &str) -> Vec<String> {
        let (_, libraries) = self.get(token, "/api/v1/libraries").await;
        let names = libraries.as_array().expect("a list").iter();
        names.map(|library| library["name"].as_str().expect("a name").to_owned()).collect()
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_settings_are_taken_over_and_a_job_under_way_goes_on() {
    let served = Configured::start(
        &|files| format!("libraries = [{}]\nkeep_days = 10\nlisten = \"127.0.0.1:0\"", library(files, "a")),
        &["--workers", "3"],
    );
    let files = &served.files;
    let hold = files.library().with_file_name("hold");
    std::fs::write(&hold, "").expect("a file");
    let (status, held) = served.begin(TOKEN, "a", "held").await;
    assert_eq!(status, 201);
    served.until(TOKEN, held, "processing").await;

    let heard = files.data().with_file_name("heard");
    let webhook = format!("[[webhook]]\nname = \"desk\"\ncommand = [\"sh\", \"-c\", \"cat >> {}\"]", heard.display());
    let serve = format!(
        "libraries = [{}]\nkeep_days = 5\nworkers = 7\nlog = \"headway=debug\"\nlisten = \"127.0.0.1:1\"",
        library(files, "b")
    );
    write(files, &serve, &webhook);
    std::fs::write(home(files).join("token"), OTHER).expect("a token");
    let line = served.reload("the settings were read again").await;
    for changed in ["keep_days", "libraries", "log", "the tokens", "the webhooks"] {
        assert!(line.contains(changed), "{changed} in {line}");
    }
    assert!(!line.contains("workers"), "the flag counts more than the file: {line}");
    let line = eventually("what waits for a start", async || served.line("take effect at the next start")).await;
    assert!(line.contains("\"listen\""), "{line}");

    assert_eq!(served.get(TOKEN, "/api/v1/jobs").await.0, 401, "the old token");
    assert_eq!(served.libraries(OTHER).await, ["b"]);
    assert_eq!(served.get(OTHER, "/api/v1/room").await.1["keep_age"], 5 * 24 * 60 * 60 * 1_000_u64);
    assert_eq!(served.begin(OTHER, "a", "checksum").await.0, 422, "nothing new starts in a library that is gone");
    let (status, job) = served.begin(OTHER, "b", "checksum").await;
    assert_eq!(status, 201);
    served.until(OTHER, job, "completed").await;
    served.until(OTHER, held, "processing").await;
    std::fs::remove_file(&hold).expect("a file");
    served.until(OTHER, held, "completed").await;
    let told = async || {
        let text = std::fs::read_to_string(&heard).ok()?;
        (text.contains("job.ended") && text.contains(&held.to_string())).then_some(())
    };
    eventually("a message about the job that was under way", told).await;
    eventually("a line for each request", async || served.line("answered")).await;
    assert_eq!(served.get(OTHER, "/api/v1/libraries/b/files").await.1["entries"][0]["outcome"]["status"], "succeeded");

    // The library that is back has its earlier results, and the removed webhook gets no message.
    let both = format!("libraries = [{}, {}]", library(files, "b"), library(files, "a"));
    write(files, &both, "");
    served.reload("the settings were read again").await;
    assert_eq!(served.libraries(OTHER).await, ["b", "a"]);
    let outcome = async || {
        let (_, page) = served.get(OTHER, "/api/v1/libraries/a/files").await;
        (page["entries"][0]["outcome"]["status"] == "succeeded").then_some(())
    };
    eventually("the outcome of the held job", outcome).await;
    let (_, job) = served.begin(OTHER, "a", "checksum").await;
    served.until(OTHER, job, "completed").await;
    assert!(!std::fs::read_to_string(&heard).expect("messages").contains(&job.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_reported_with_file_line_and_key_and_leave_the_old_ones_in_force() {
    let served = Configured::start(
        &|files| format!("libraries = [{}]\nkeep_days = 10\nlisten = \"127.0.0.1:0\"", library(files, "a")),
        &[],
    );
    let files = &served.files;
    let good = format!("libraries = [{}, {}]", library(files, "a"), library(files, "b"));
    let path = home(files).join("headway.toml");
    let path = path.to_str().expect("text");
    let token = |text: &str| std::fs::write(home(files).join("token"), text).expect("a token");
    let inside = format!("libraries = [{}, \"data={}\"]", library(files, "a"), files.data().display());
    let moved = |to: std::path::PathBuf| format!("libraries = [\"a={}\"]", to.display());
    let above = moved(files.data().parent().expect("a folder").to_owned());
    std::fs::create_dir_all(files.data().join("inside")).expect("a folder");
    let below = moved(files.data().join("inside"));
    let webhook = "[[webhook]]\nname = \"ops\"\nurl = \"ftp://example.org\"";
    for (serve, more, word, awaited) in [
        (
            format!("{good}\nkeep_days = \"long\""),
            "",
            OTHER,
            format!("{path}:3:13: serve.keep_days: invalid value 'long'"),
        ),
        (
            format!("{good}\nkeep_dais = 3"),
            "",
            OTHER,
            format!("{path}:3:13: serve.keep_dais: there is no such setting"),
        ),
        (good.clone(), webhook, OTHER, "webhook: invalid url".into()),
        (good.clone(), "[[command]]", OTHER, "missing field `name`".into()),
        (good.clone(), "", "short", "must have at least 16".into()),
        (inside, "", OTHER, "lies inside the library".into()),
        // Known libraries at other places, which only the next start would take over.
        (above, "", OTHER, "lies inside the library".into()),
        (below, "", OTHER, "holds the library".into()),
        (format!("{good}\norigin = [\"photos.example.org\"]"), "", OTHER, "invalid origin".into()),
        ("libraries = [".into(), "", OTHER, "headway.toml".into()),
    ] {
        write(files, &serve, more);
        token(word);
        served.reload("the old ones stay in force").await;
        let told = served.log.lock().join("\n");
        assert!(told.contains(&awaited), "{awaited} in {told}");
        assert_eq!(served.libraries(TOKEN).await, ["a"], "{serve}");
        assert_eq!(served.get(TOKEN, "/api/v1/room").await.1["keep_age"], 10 * 24 * 60 * 60 * 1_000_u64);
        assert_eq!(served.get(OTHER, "/api/v1/jobs").await.0, 401);
    }
    // The client is gone: the next start could serve no page.
    let client = files.data().with_file_name("site").join("pkg/headway.js");
    std::fs::remove_file(&client).expect("a file");
    write(files, &good, "");
    served.reload("the old ones stay in force").await;
    assert!(served.line("the client is not at").is_some());
    std::fs::write(&client, "").expect("a file");
    token(OTHER);
    served.reload("the settings were read again").await;
    assert_eq!(served.libraries(OTHER).await, ["a", "b"]);
}

/// The test holds the lock of the data folder, so the start gets no further.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_the_start_does_not_end_the_server() {
    let files = Files::numbered(1);
    let site = files.data().with_file_name("site");
    make_site(&site);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(files.data()).expect("a new folder");
    let lock = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(files.data().join("lock"));
    let lock = lock.expect("a new file");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).expect("a lock");
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command.arg("serve").arg(files.library()).arg("--data").arg(files.data()).arg("--site").arg(&site);
    command.args(["--listen", "127.0.0.1:0"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().expect("it starts");
    // It gives up by itself if the lock stays taken.
    while !catches_hang_ups(child.id()) {
        assert!(child.try_wait().expect("its state").is_none(), "it does not listen before it has the lock");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("a living process");
    drop(lock);
    let mut said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(said.next().is_some_and(|line| line.is_ok_and(|line| line.contains("open "))), "it is ready");
    child.kill().expect("a living process");
    child.wait().expect("its end");
}

/// Whether a process has a handler for SIGHUP.
fn catches_hang_ups(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("its signals");
    u64::from_str_radix(caught.trim(), 16).expect("a set of signals") & 1 != 0
}

/// What a job of one folder says must not come to mean another.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_whose_folder_changes_keeps_it_until_the_next_start() {
    let served =
        Configured::start(&|files| format!("libraries = [{}]\nlisten = \"127.0.0.1:0\"", library(files, "a")), &[]);
    let files = &served.files;
    let other = library(files, "b").replace("b=", "a=");
    write(files, &format!("libraries = [{other}]"), "");
    let line = served.reload("take effect at the next start").await;
    assert!(line.contains("the folder of library") && line.contains('a'), "{line}");
    served.reload("the settings were read again").await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(served.line("take effect at the next start").is_none(), "it is reported once");
    let (_, page) = served.get(TOKEN, "/api/v1/libraries/a/files").await;
    let (_, job) = served.begin(TOKEN, "a", "checksum").await;
    served.until(TOKEN, job, "completed").await;
    assert_eq!(page["entries"][0]["size"], 1);
    assert_eq!(served.libraries(TOKEN).await, ["a"]);
}

/// The folder of a library does not change under its jobs, and the log reports where its name leads now.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_named_by_a_link_keeps_its_folder_and_says_where_the_link_leads() {
    let link = |files: &Files| files.library().with_file_name("current");
    let lead = |files: &Files, to: &str| {
        library(files, to);
        std::fs::remove_file(link(files)).ok();
        std::os::unix::fs::symlink(files.library().with_file_name(to), link(files)).expect("a link");
    };
    let settings = |files: &Files| {
        lead(files, "a");
        format!("libraries = [\"p={}\"]\nlisten = \"127.0.0.1:0\"", link(files).display())
    };
    let served = Configured::start(&settings, &[]);
    let files = &served.files;
    let note = async || {
        let (_, job) = served.begin(TOKEN, "p", "checksum").await;
        served.until(TOKEN, job, "completed").await;
        served.get(TOKEN, &format!("/api/v1/jobs/{job}")).await.1["note"].clone()
    };
    assert_eq!(note().await, Value::Null);
    lead(files, "other");
    let said = note().await;
    assert!(said.as_str().is_some_and(|text| text.contains("leads to another folder now")), "{said}");
    let (_, page) = served.get(TOKEN, "/api/v1/libraries/p/files").await;
    assert_eq!(page["entries"][0]["size"], 1, "the folder that it was");
    let line = served.reload("take effect at the next start").await;
    assert!(line.contains("the folder of library") && line.contains('p'), "{line}");
    lead(files, "a");
    assert_eq!(note().await, Value::Null);
}
