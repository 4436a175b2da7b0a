//! Webhooks: what happens to jobs reaches a receiver, whatever fails in between.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use headway_model::JobId;
use parking_lot::Mutex;
use serde_json::Value;

use crate::helper::{Files, Headway, eventually, http, mint};

/// A message as it arrived.
#[derive(Debug, Clone)]
struct Arrived {
    id: String,
    timestamp: String,
    signature: String,
    text: String,
    body: Value,
}

/// A receiver of messages over HTTP.
#[derive(Clone)]
struct Receiver {
    url: String,
    /// What it answers.
    status: Arc<AtomicU16>,
    /// What it took.
    taken: Arc<Mutex<Vec<Arrived>>>,
    /// What it refused.
    refused: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver =
            Receiver { url, status: Arc::new(AtomicU16::new(200)), taken: Arc::default(), refused: Arc::default() };
        let app = Router::new().route("/hook", post(arrived)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn taken(&self) -> Vec<Arrived> {
        self.taken.lock().clone()
    }

    /// The kinds of messages about a job, without those that came again.
    fn kinds_of(&self, job: JobId) -> Vec<String> {
        let mut taken = self.taken();
        taken.retain(|message| message.body["data"]["job"] == job.to_string());
        taken.dedup_by(|one, other| one.id == other.id);
        taken.iter().map(|message| message.body["type"].as_str().expect("a type").to_owned()).collect()
    }
}

async fn arrived(State(receiver): State<Receiver>, headers: HeaderMap, text: String) -> StatusCode {
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let status = receiver.status.load(Ordering::SeqCst);
    if status == 200 {
        let body = serde_json::from_str(&text).expect("JSON");
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        receiver.taken.lock().push(Arrived { id, timestamp, signature: header("webhook-signature"), text, body });
    } else {
        receiver.refused.lock().push(header("webhook-id"));
    }
    StatusCode::from_u16(status).expect("a status")
}

const ALL: [&str; 4] = ["job.created", "job.planned", "job.started", "job.ended"];

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Files, and a file of settings with these webhooks.
struct WebhookFiles {
    files: Files,
}

impl WebhookFiles {
    fn new(webhooks: &str) -> Self {
        let files = Files::numbered(3);
        std::fs::write(files.data().with_file_name("secret"), format!("{SECRET}\n")).expect("a new file");
        std::fs::write(files.data().with_file_name("headway.toml"), webhooks).expect("a new file");
        WebhookFiles { files }
    }

    fn to(receiver: &Receiver) -> Self {
        WebhookFiles::new(&format!(
            "[[webhook]]\nname = \"ops\"\nurl = \"{}\"\nsecret_file = \"secret\"\n",
            receiver.url
        ))
    }

    fn config(&self) -> String {
        self.files.data().with_file_name("headway.toml").to_str().expect("text").to_owned()
    }

    fn serve(&self) -> Headway {
        Headway::start(&self.files, &["--config", &self.config()])
    }

    fn webhooks(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
        command.arg("webhooks").args(words).env("HEADWAY_CONFIG", self.config()).env("HEADWAY_DATA", self.files.data());
        command.stdin(Stdio::null()).output().expect("the program")
    }

    fn list(&self) -> String {
        String::from_utf8(self.webhooks(&["list"]).stdout).expect("text")
    }
}

async fn run_a_job(server: &Headway) -> JobId {
    let (client, job) = (http(), mint());
    server.begin(&client, job).await;
    server.end(&client, job).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_whose_progress_cannot_be_read_goes_on_once_it_can() {
    let receiver = Receiver::start().await;
    let told = WebhookFiles::to(&receiver);
    let mut server = told.serve();
    let first = run_a_job(&server).await;
    eventually("the first job's messages", async || (receiver.kinds_of(first) == ALL).then_some(())).await;
    assert!(server.terminate());
    let progress = told.files.data().join("webhooks/ops.json");
    let good = std::fs::read(&progress).expect("the progress");
    std::fs::write(&progress, "damaged").expect("the progress");
    let server = told.serve();
    let second = run_a_job(&server).await;
    std::fs::write(&progress, good).expect("the progress");
    eventually("the second job's messages", async || (receiver.kinds_of(second) == ALL).then_some(())).await;
    assert_eq!(receiver.kinds_of(first), ALL, "and none comes twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_comes_once_in_order_and_others_verify_its_signature() {
    let receiver = Receiver::start().await;
    let told = WebhookFiles::to(&receiver);
    let mut server = told.serve();
    let job = run_a_job(&server).await;
    eventually("the last message", async || (receiver.kinds_of(job) == ALL).then_some(())).await;
    let taken = receiver.taken();
    assert_eq!(taken.len(), ALL.len(), "each once: {taken:?}");
    let mut previous = Value::Null;
    for message in &taken {
        assert_eq!(message.body["data"]["previous"], previous, "{message:?}");
        assert_eq!(message.id, format!("{job}_{}", message.body["data"]["seq"]));
        previous = Value::String(message.id.clone());
    }
    let last = &taken[3].body["data"];
    assert_eq!(last["event"]["event"], "ended");
    assert_eq!(last["now"]["counters"]["succeeded"], 3);
    let page = http().get(last["link"].as_str().expect("a link")).send().await.expect("an answer");
    assert_eq!(page.status().as_u16(), 200);
    verified_by_others(&taken[3]);
    assert!(server.terminate());
    assert_eq!(told.list(), "ops: 4 delivered\n");
    // An open mode shows whether a start still makes the folder private, which it does only if it knows all that is in it.
    std::fs::set_permissions(told.files.data(), std::fs::Permissions::from_mode(0o755)).expect("our folder");
    let _server = told.serve();
    assert_eq!(told.files.data().metadata().expect("a folder").permissions().mode() & 0o777, 0o700);
}

/// The reference library of Standard Webhooks takes the message, and refuses it when a letter is changed.
fn verified_by_others(message: &Arrived) {
    let script = "import sys, json\nfrom standardwebhooks import Webhook\n\
        secret, id, at, signed, text = sys.argv[1:]\n\
        headers = {'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signed}\n\
        Webhook(secret).verify(text, headers)\n\
        try:\n    Webhook(secret).verify(text.replace('ended', 'endee'), headers)\nexcept Exception:\n    print('right')\n";
    let python = std::env::var_os("HEADWAY_PYTHON").expect("./test sets it");
    let words = [SECRET, &message.id, &message.timestamp, &message.signature, &message.text];
    let output = Command::new(python).arg("-c").arg(script).args(words).output().expect("Python");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "right", "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_and_a_server_that_is_killed_lose_no_message() {
    let receiver = Receiver::start().await;
    let told = WebhookFiles::to(&receiver);
    let mut server = told.serve();
    let mut jobs = vec![run_a_job(&server).await];
    eventually("the first job", async || (receiver.kinds_of(jobs[0]) == ALL).then_some(())).await;
    for answer in [500, 503, 302] {
        receiver.answers(answer);
        let before = receiver.refused.lock().len();
        jobs.push(run_a_job(&server).await);
        eventually("a refusal", async || (receiver.refused.lock().len() > before).then_some(())).await;
        server.kill();
        receiver.answers(200);
        server = told.serve();
        eventually("every message", async || jobs.iter().all(|job| receiver.kinds_of(*job) == ALL).then_some(())).await;
    }
    // A receiver that checks `previous` sees no gap.
    let mut taken = receiver.taken();
    taken.dedup_by(|one, other| one.id == other.id);
    for pair in taken.windows(2) {
        assert_eq!(pair[1].body["data"]["previous"], pair[0].id.as_str());
    }
    assert_eq!(taken.len(), jobs.len() * ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_refused_comes_again_while_the_server_runs() {
    let receiver = Receiver::start().await;
    receiver.answers(500);
    let told = WebhookFiles::to(&receiver);
    let server = told.serve();
    let job = run_a_job(&server).await;
    eventually("two attempts", async || (receiver.refused.lock().len() >= 2).then_some(())).await;
    let refused = receiver.refused.lock().clone();
    assert!(refused.iter().all(|id| *id == refused[0]), "in order: {refused:?}");
    assert!(told.list().contains("the answer was 500"), "{}", told.list());
    receiver.answers(200);
    eventually("every message", async || (receiver.kinds_of(job) == ALL).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_wants_nothing_more_is_left_alone() {
    let receiver = Receiver::start().await;
    receiver.answers(410);
    let told = WebhookFiles::to(&receiver);
    let mut server = told.serve();
    run_a_job(&server).await;
    eventually("that it is off", async || told.list().contains("off until the next start").then_some(())).await;
    receiver.answers(200);
    run_a_job(&server).await;
    assert!(server.terminate());
    assert_eq!((receiver.refused.lock().len(), receiver.taken().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_each_message_on_its_input() {
    let told = WebhookFiles::new("");
    let got = told.files.data().with_file_name("got");
    let script = format!("cat >> {0}; echo >> {0}", got.display());
    let webhook =
        format!("[[webhook]]\nname = \"desk\"\nevents = [\"job.ended\"]\ncommand = [\"sh\", \"-c\", \"{script}\"]\n");
    std::fs::write(told.config(), webhook).expect("a new file");
    let server = told.serve();
    let jobs = [run_a_job(&server).await, run_a_job(&server).await];
    let lines = eventually("both messages", async || {
        let text = std::fs::read_to_string(&got).ok()?;
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        (lines.len() == 2).then_some(lines)
    })
    .await;
    for (line, job) in lines.iter().zip(jobs) {
        assert_eq!((&line["type"], &line["data"]["job"]), (&"job.ended".into(), &job.to_string().into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_tried_before_it_is_needed_and_a_wrong_one_keeps_the_server_from_starting() {
    let receiver = Receiver::start().await;
    let told = WebhookFiles::to(&receiver);
    assert!(told.webhooks(&["test", "ops"]).status.success());
    assert_eq!(receiver.taken()[0].body["type"], "headway.test");
    receiver.answers(500);
    let refused = told.webhooks(&["test", "ops"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the answer was 500"), "{refused:?}");
    assert_eq!(told.list(), "ops: has not run yet\n");
    let secret = told.webhooks(&["secret"]);
    std::fs::write(told.files.data().with_file_name("secret"), secret.stdout).expect("a new file");
    receiver.answers(200);
    assert!(told.webhooks(&["test", "ops"]).status.success());

    std::fs::write(told.config(), "[[webhook]]\nname = \"ops\"\nurl = \"http://x\"\nevents = [\"job.done\"]\n")
        .expect("a new file");
    let mut server = Command::new(env!("CARGO_BIN_EXE_headway"));
    server.args(["serve", "--config", &told.config(), "--listen", "127.0.0.1:0", "--site"]);
    server.arg(told.files.data().with_file_name("site")).arg("--data").arg(told.files.data()).arg(told.files.library());
    std::fs::create_dir_all(told.files.data().with_file_name("site/pkg")).expect("a new folder");
    std::fs::write(told.files.data().with_file_name("site/pkg/headway.js"), "").expect("a new file");
    let ended = server.stdin(Stdio::null()).output().expect("the program");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(
        !ended.status.success() && said.contains("headway.toml:4:10: webhook: unknown event \"job.done\""),
        "{said}"
    );
    assert!(said.contains("headway.toml:1:1: webhook: secret_file is missing"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_found_no_file_says_what_was_asked_for() {
    let receiver = Receiver::start().await;
    let told = WebhookFiles::to(&receiver);
    let server = told.serve();
    let (client, job) = (http(), mint());
    let body = serde_json::json!({
        "library": "files", "recipe": "checksum", "query": { "folder": { "include": ["*.xyz"] } },
    });
    let begun = client.put(format!("{}/api/jobs/{job}", server.url)).json(&body).send().await.expect("an answer");
    assert_eq!(begun.status().as_u16(), 201);
    let is_over = async || receiver.kinds_of(job).contains(&"job.ended".to_owned()).then_some(());
    eventually("the last message", is_over).await;
    let note = |kind: &str| {
        let is = |message: &Arrived| message.body["type"] == kind && message.body["data"]["job"] == job.to_string();
        receiver.taken().iter().find(|message| is(message)).map(|message| message.body["data"]["note"].clone())
    };
    let sentence = Value::from("No file in the library matches *.xyz.");
    assert_eq!(note("job.created"), Some(Value::Null));
    for kind in ["job.planned", "job.ended"] {
        assert_eq!(note(kind), Some(sentence.clone()), "{kind}");
    }
}
