//! The API below `/api/v1` does what its document says.

use std::collections::BTreeSet;

use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::helper::{App, Files, Headway, http_with, judged, mint, request};

const PROBLEM: &str = "application/problem+json";

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/openapi.json");

/// A change of the API is visible in a review, and a released field is removed only in the next version.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_the_one_that_programs_were_written_for() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let (status, document) = app.get("/api/v1/openapi.json").await;
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.1")));
    let text = format!("{}\n", serde_json::to_string_pretty(&document).expect("JSON"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PATH, &text).expect("a writable checkout");
    }
    let known = std::fs::read_to_string(PATH).expect("the document");
    assert!(known == text, "the API has changed; if that is meant, run this test with UPDATE_GOLDEN=1");
    let mut ids = BTreeSet::new();
    for operation in document["paths"].as_object().expect("paths").values().flat_map(Value::as_object).flatten() {
        assert!(ids.insert(operation.1["operationId"].to_string()), "one name, one call");
    }
    let mut references = Vec::new();
    collect(&document, &mut references);
    for reference in references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
    app.stop().await;
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(members) => members.iter().for_each(|member| collect(member, references)),
        _ => {}
    }
}

/// Each reading call is made while there is a job, and its answer is checked against its schema.
#[tokio::test(flavor = "multi_thread")]
async fn responses_match_the_openapi_document() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    app.end(job).await;
    let (_, document) = app.get("/api/v1/openapi.json").await;
    let mut judged_calls = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let schema = &methods["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let job = job.to_string();
        let real = path.replace("{id}", &job).replace("{item}", "0").replace("{name}", "files");
        let (status, answer) = app.get(&format!("/api/v1{real}")).await;
        assert_eq!(status, 200, "{real}: {answer}");
        let whole = json!({ "allOf": [schema], "components": document["components"] });
        let Some(wrong) = judged(&whole, &[answer.clone(), json!({ "colour": 1 })]) else { return };
        assert_eq!(wrong[0], None, "{path}: {answer}");
        assert!(wrong[1].is_some(), "{path}: the schema takes anything");
        judged_calls += 1;
    }
    assert!(judged_calls >= 9, "{judged_calls}");
    let taken = &document["paths"]["/jobs/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"];
    let whole = json!({ "allOf": [taken], "components": document["components"] });
    let cases = [
        request("checksum"),
        json!({ "library": "files", "recipe": "checksum", "query": { "paths": ["a"] }, "sample": 3 }),
        json!({ "library": "files", "recipe": "checksum" }),
        json!({ "library": "files", "recipe": "checksum", "query": { "paths": ["a"] }, "colour": 1 }),
    ];
    let wrong: Vec<_> = judged(&whole, &cases).expect("the judge").iter().map(Option::is_some).collect();
    assert_eq!(wrong, [false, false, true, true]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_by_its_rfc_and_as_before_on_the_old_paths() {
    let files = Files::numbered(1);
    let app = App::start_behind(&files, |_| {}, Vec::new(), Some("secret-secret-secret".into()), &[]).await;
    let call = |path: &str| app.client.get(format!("{}{path}", app.url)).bearer_auth("secret-secret-secret");
    let job = mint();
    let wrong = json!({ "library": "files", "recipe": "checksum", "settings": { "algorithm": "md5" }, "query": { "folder": {} } });
    let unknown = app.client.get(format!("{}/api/v1/jobs", app.url));
    let put = app.client.put(format!("{}/api/v1/jobs/{job}", app.url)).bearer_auth("secret-secret-secret").json(&wrong);
    for (call, status, code) in [
        (unknown, 401, "no_login"),
        (call(&format!("/api/v1/jobs/{job}")), 404, "not_found"),
        (call("/api/v1/nothing"), 404, "not_found"),
        (call("/api/v1/jobs/x"), 400, "malformed"),
        (call("/api/v1/jobs?limit=x"), 400, "malformed"),
        (call(&format!("/api/v1/jobs/{job}/cancel")), 405, "malformed"),
        (put, 422, "invalid"),
    ] {
        let answer = call.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()[CONTENT_TYPE], PROBLEM);
        assert!(answer.headers()["content-security-policy"].to_str().is_ok_and(|policy| policy.contains("base-uri")));
        let path = answer.url().path().to_owned();
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
        assert_eq!((&problem["type"], &problem["instance"]), (&json!(format!("urn:headway:{code}")), &json!(path)));
        assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        if status == 422 {
            assert_eq!(problem["errors"][0]["pointer"], "/settings/algorithm", "{problem}");
        }
    }
    let before = call("/api/jobs/x").send().await.expect("an answer");
    assert_eq!(before.headers()[CONTENT_TYPE], "application/json");
    assert_eq!(before.json::<Value>().await.expect("JSON")["error"], "malformed");
    app.stop().await;
}

/// The socket has a router of its own.
#[tokio::test]
async fn at_the_socket_every_refusal_is_a_problem_too() {
    let files = Files::numbered(1);
    let _server = Headway::start(&files, &[]);
    let socket = files.data().join("headway.sock");
    let client = http_with().unix_socket(socket).build().expect("a client");
    for path in [format!("/api/v1/jobs/{}", mint()), "/api/v1/nothing".into()] {
        let answer = client.get(format!("http://localhost{path}")).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[CONTENT_TYPE].to_str().expect("text")),
            (404, &PROBLEM)
        );
        assert_eq!(answer.json::<Value>().await.expect("JSON")["instance"], *path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_answer_is_not_sent_again_even_if_other_jobs_advance() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    app.end(job).await;
    let read = async |path: &str, known: Option<&str>| {
        let call = app.client.get(format!("{}/api/v1{path}", app.url));
        let call = match known {
            Some(known) => call.header(IF_NONE_MATCH, known),
            None => call,
        };
        let answer = call.send().await.expect("an answer");
        assert_eq!(answer.headers()[CACHE_CONTROL], "private, no-cache", "{path}");
        let tag = answer.headers()[ETAG].to_str().expect("a tag").to_owned();
        (answer.status().as_u16(), tag, answer.bytes().await.expect("a body").len())
    };
    let (of_job, of_jobs) = (format!("/jobs/{job}"), "/jobs");
    let (status, job_tag, length) = read(&of_job, None).await;
    assert!(status == 200 && length > 0);
    let (_, jobs_tag, _) = read(of_jobs, None).await;
    let other = app.begin("checksum").await;
    app.end(other).await;
    assert_eq!(read(&of_job, Some(&job_tag)).await, (304, job_tag.clone(), 0));
    assert_eq!(read(of_jobs, Some(&jobs_tag)).await.0, 200, "there is another job now");
    let again = read(&of_job, Some(&format!("\"other\", {job_tag}"))).await;
    assert_eq!(again.0, 304);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_new_in_v1_do_what_the_old_ones_do() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let mut body = request("checksum");
    body["approval"] = json!(true);
    let job = app.begin_with(&body).await;
    let url = |rest: &str| format!("{}/api/v1/jobs/{job}{rest}", app.url);
    let (status, view) = app.call(app.client.patch(url("")).json(&json!({ "priority": 7 }))).await;
    assert_eq!((status, &view["job"]), (200, &json!(job)), "{view}");
    let changed = app.call(app.client.patch(url("")).json(&json!({ "concurrency": 2000 }))).await.1;
    let (_, read) = app.call(app.client.get(url(""))).await;
    for view in [changed, read] {
        assert_eq!((&view["priority"], &view["concurrency"]), (&json!(7), &json!(2000)), "what is in force: {view}");
        assert_eq!(view["request"]["concurrency"], 0, "what was asked for: {view}");
        assert!(view["note"].as_str().is_some_and(|note| note.contains("at once, not 2000, because")), "{view}");
    }
    let (status, refused) = app.call(app.client.patch(url("")).json(&json!({ "colour": 1 }))).await;
    assert_eq!((status, &refused["code"]), (422, &json!("invalid")));
    app.until(job, |summary| summary.status == headway_model::JobStatus::Planned).await;
    assert_eq!(app.call(app.client.post(url("/approve"))).await.0, 200);
    app.end(job).await;
    assert_eq!(app.call(app.client.delete(url("/trash"))).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_people_lists_every_call_and_leads_nowhere_else() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let (_, document) = app.get("/api/v1/openapi.json").await;
    let (status, page) = app.get("/api/v1/docs").await;
    let page = page.as_str().expect("a page").to_owned();
    assert_eq!(status, 200);
    for operation in document["paths"].as_object().expect("paths").values().flat_map(Value::as_object).flatten() {
        let id = operation.1["operationId"].as_str().expect("an id");
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        match link.strip_prefix('#') {
            Some(name) => assert!(page.contains(&format!("id=\"{name}\"")), "{link}"),
            None => assert_eq!(app.get(link).await.0, 200, "{link}"),
        }
    }
    app.stop().await;
}

/// An independent tester, which makes every call in the document with valid and with invalid input. One of its checks
/// is left out, because a well-formed request can still name a job or recipe that does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let python = std::env::var("HEADWAY_PYTHON").unwrap_or_else(|_| "python3".into());
    let is_there = std::process::Command::new(&python).args(["-c", "import schemathesis"]).output();
    if !is_there.is_ok_and(|found| found.status.success()) {
        println!("not run: {python} has no schemathesis");
        return;
    }
    // With one worker, because the parser of Python 3.11 that it uses is not thread-safe.
    const OPTIONS: &str = "--seed 1 --max-examples 10 --workers 1 --request-timeout 60 --exclude-checks positive_data_acceptance \
        --no-color";
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    app.end(job).await;
    let url = format!("{}/api/v1", app.url);
    let notes = tempfile::tempdir().expect("a folder for its notes");
    let ran = tokio::process::Command::new(&python)
        .args(["-c", "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"])
        .args(["run", &format!("{url}/openapi.json"), "--url", &url])
        .args(OPTIONS.split(' '))
        .current_dir(notes.path())
        .output()
        .await
        .expect("it runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(app.end(job).await.counters.total, 2, "the server goes on");
    app.stop().await;
}
