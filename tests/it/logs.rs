//! The log as JSON, and the ids of requests in it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::helper::{App, Files, eventually, http, make_site, mint, request};

const ID: &str = "x-request-id";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_id_of_its_request_which_the_caller_may_choose() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let id = async |call: reqwest::RequestBuilder| {
        let answer = call.send().await.expect("an answer");
        answer.headers()[ID].to_str().expect("text").to_owned()
    };
    let get = |path: &str| app.client.get(format!("{}{path}", app.url));
    for path in ["/", "/api/v1/jobs", "/api/v1/nothing", "/health", "/api/v1/events?watch=jobs&wait=0"] {
        assert_eq!(id(get(path).header(ID, "proxy-1.a_B")).await, "proxy-1.a_B", "{path}");
        let (one, other) = (id(get(path)).await, id(get(path)).await);
        assert!(one != other && one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
    }
    let refused = get("/api/v1/jobs").header("host", "evil.example").header(ID, "r-2");
    assert_eq!(id(refused).await, "r-2", "what is refused has one too");
    let problem = get("/api/v1/nothing").header(ID, "r-3").send().await.expect("an answer");
    assert_eq!(problem.json::<Value>().await.expect("a problem")["request_id"], "r-3");
    for odd in ["a b", "\"", &"x".repeat(65)] {
        assert_ne!(id(get("/health").header(ID, odd)).await, odd);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_json_every_line_of_the_log_is_an_object_with_its_request_and_its_job() {
    let files = Files::numbered(2);
    let site = files.data().with_file_name("site");
    make_site(&site);
    let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
    command.arg("serve").arg(files.library()).arg("--data").arg(files.data()).arg("--site").arg(&site);
    command.args(["--listen", "127.0.0.1:0", "--log-format", "json", "--log", "headway=debug"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let (errors, kept) = (child.stderr.take().expect("a pipe"), Arc::clone(&lines));
    let reader = std::thread::spawn(move || {
        BufReader::new(errors).lines().map_while(Result::ok).for_each(|line| kept.lock().push(line));
    });
    let mut said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let ready = said.next().and_then(Result::ok).expect("a ready server");
    let url = ready.split("open ").nth(1).expect("a link").trim_end_matches('/').to_owned();

    let job = mint();
    let put = http().put(format!("{url}/api/v1/jobs/{job}")).header(ID, "start-1").json(&request("checksum"));
    assert_eq!(put.send().await.expect("an answer").status().as_u16(), 201);
    let odd = http().get(format!("{url}/api/v1/\"odd")).header("host", "evil.example").header(ID, "foreign-1");
    assert_eq!(odd.send().await.expect("an answer").status().as_u16(), 403);
    let has = |name: &str, value: &str| {
        let lines = lines.lock();
        let mut objects = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        objects.find(|line| line[name] == value)
    };
    let refused = eventually("the refusal", async || has("message", "refused")).await;
    assert_eq!((&refused["request"], &refused["level"]), (&json!("foreign-1"), &json!("warn")), "{refused}");
    let answered = eventually("the answer", async || has("request", "start-1")).await;
    assert_eq!((&answered["job"], &answered["status"]), (&json!(job), &json!(201)), "{answered}");
    assert_eq!((&answered["method"], &answered["message"]), (&json!("PUT"), &json!("answered")));
    assert!(answered["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{answered}");

    let secret = "a-secret-of-some-length";
    for mangled in
        [format!("login%3Ftoken={secret}"), format!("login&token={secret}"), format!("{secret}?token={secret}")]
    {
        http().get(format!("{url}/{mangled}")).send().await.expect("an answer");
        let foreign = http().get(format!("{url}/{mangled}")).header("host", "evil.example");
        assert_eq!(foreign.send().await.expect("an answer").status().as_u16(), 403);
    }

    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a living process");
    assert!(child.wait().expect("its end").success());
    reader.join().expect("the reader");
    assert!(!lines.lock().iter().any(|line| line.contains(secret)), "a token is in the log");
    for line in lines.lock().iter() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(["time", "level", "target", "message"].iter().all(|name| line[name].is_string()), "{line}");
    }
}
