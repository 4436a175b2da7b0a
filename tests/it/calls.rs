//! Server functions, as any program can call them: each refusal has the status of its kind, and a body that the page
//! can read.

use headway_model::{ApiError, JobStatus};
use serde_json::{Value, json};

use crate::helper::{App, Files, mint, request};

async fn call(app: &App, name: &str, body: &Value) -> (u16, Value) {
    app.call(app.client.post(format!("{}/api/fn/{name}", app.url)).json(body)).await
}

/// A body, parsed into the type that the page uses.
fn read(body: &Value) -> ApiError {
    serde_json::from_value(body.clone()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_own_status_and_is_read_as_what_it_is() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let job = app.end(app.begin("checksum").await).await;
    assert_eq!(job.status, JobStatus::Completed);
    let (known, unknown) = (job.job, mint());
    let mut other = request("checksum");
    other["settings"] = json!({ "algorithm": "blake3" });
    let window = json!({ "id": known, "after": null, "limit": 10, "status": "bad" });
    let folder = |library: &str| {
        json!({ "view": { "library": library, "folder": "", "search": "", "show": "all",
        "sort": "name", "descending": false, "after": null, "before": null, "limit": 10 }, "refresh": false })
    };
    for (name, body, status, error) in [
        ("job", json!({ "id": unknown }), 404, "not_found"),
        ("cancel_job", json!({ "id": unknown }), 404, "not_found"),
        ("attempts", json!({ "id": unknown, "item": 0 }), 404, "not_found"),
        ("scan", json!({ "library": "nope" }), 404, "not_found"),
        ("folder", folder("nope"), 404, "not_found"),
        ("steer_job", json!({ "id": known, "action": "resume" }), 409, "conflict"),
        ("start_job", json!({ "id": known, "request": other }), 409, "conflict"),
        ("start_job", json!({ "id": unknown, "request": request("nope") }), 422, "invalid"),
        ("items", window, 400, "malformed"),
        ("job", json!({ "id": "rubbish" }), 400, "malformed"),
        ("job", json!([]), 400, "malformed"),
        ("nothing", json!({}), 404, "not_found"),
    ] {
        let (found, answer) = call(&app, name, &body).await;
        assert_eq!((found, answer["error"].as_str()), (status, Some(error)), "{name}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {answer}");
        assert_eq!(read(&answer).status(), status, "{name}");
    }
    let (status, view) = call(&app, "job", &json!({ "id": known })).await;
    assert_eq!((status, view["status"].as_str()), (200, Some("completed")));

    let raw = async |kind: &str, body: Vec<u8>| {
        let url = format!("{}/api/fn/job", app.url);
        app.call(app.client.post(url).header("content-type", kind).body(body)).await
    };
    for (kind, body, status) in [
        ("text/plain", json!({ "id": known }).to_string().into_bytes(), 415),
        ("application/x-www-form-urlencoded", format!("id={known}").into_bytes(), 415),
        ("application/json", b"{not json".to_vec(), 400),
        ("application/json", Vec::new(), 400),
        ("application/json", vec![b' '; headway::web::BODY_LIMIT + 1], 413),
    ] {
        let (found, answer) = raw(kind, body).await;
        assert_eq!(found, status, "{kind}: {answer}");
        assert_eq!(read(&answer).status(), status);
    }
    // The headers Accept and Referer that a form sends change nothing: the status stays, and the caller is not
    // redirected.
    let form = app.client.post(format!("{}/api/fn/job", app.url)).json(&json!({ "id": unknown }));
    let form = form.header("accept", "text/html").header("referer", "https://evil.example/");
    assert_eq!(app.call(form).await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_of_a_page_is_that_of_every_program_and_replaces_another_only_on_purpose() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let (first, mut second) = (request("checksum"), request("checksum"));
    second["settings"] = json!({ "algorithm": "blake3" });
    let named = |name: &str, request: &Value| json!({ "name": name, "request": request });
    let algorithm = async |app: &App| app.get("/api/v1/presets").await.1["sums"]["settings"]["algorithm"].clone();
    assert_eq!(call(&app, "presets", &json!({})).await, (200, json!({})));
    for (name, body, status, error) in [
        ("add_preset", named("no.name", &first), 422, "invalid"),
        ("add_preset", named("sums", &request("nope")), 422, "invalid"),
        ("keep_preset", named("no.name", &first), 422, "invalid"),
        ("remove_preset", json!({ "name": "sums" }), 404, "not_found"),
        ("add_preset", json!({ "name": "sums" }), 400, "malformed"),
    ] {
        let (found, answer) = call(&app, name, &body).await;
        assert_eq!((found, answer["error"].as_str()), (status, Some(error)), "{name}: {answer}");
    }
    // An answer can get lost, so the same call again is no conflict.
    for _ in 0..2 {
        let (status, all) = call(&app, "add_preset", &named("sums", &first)).await;
        assert_eq!((status, &all["sums"]["recipe"]), (200, &json!("checksum")), "{all}");
    }
    let (status, taken) = call(&app, "add_preset", &named("sums", &second)).await;
    assert_eq!((status, read(&taken).status()), (409, 409), "{taken}");
    assert!(taken["message"].as_str().is_some_and(|text| text.contains("already a preset \"sums\"")), "{taken}");
    assert_eq!(algorithm(&app).await, Value::Null, "it is as it was");
    assert_eq!(call(&app, "keep_preset", &named("sums", &second)).await.0, 200);
    assert_eq!(algorithm(&app).await, json!("blake3"));
    assert_eq!(app.put_at("/api/v1/presets/other", &first).await.0, 200);
    let (status, all) = call(&app, "presets", &json!({})).await;
    let names: Vec<_> = all.as_object().expect("presets").keys().map(String::as_str).collect();
    assert_eq!((status, names), (200, vec!["other", "sums"]));
    let (status, left) = call(&app, "remove_preset", &json!({ "name": "sums" })).await;
    assert!(status == 200 && left.get("sums").is_none() && left.get("other").is_some(), "{left}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruned_job_is_gone_for_server_functions_too() {
    let files = Files::numbered(1);
    let change = |config: &mut headway_server::config::Config| {
        (config.retention.jobs, config.sweep) = (Some(0), std::time::Duration::from_millis(100));
    };
    let app = App::start_with(&files, change, Vec::new()).await;
    let id = app.begin("checksum").await;
    crate::helper::eventually("a job that is pruned", async || {
        let (status, answer) = call(&app, "start_job", &json!({ "id": id, "request": request("checksum") })).await;
        (status == 410 && read(&answer) == ApiError::Pruned { job: id }).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_the_right_are_refused_at_the_gate() {
    let files = Files::numbered(1);
    let app = App::start_behind(&files, |_| {}, Vec::new(), Some("0123456789abcdef0123".into()), &[]).await;
    let job = json!({ "id": mint() });
    let (status, answer) = call(&app, "job", &job).await;
    assert!(status == 401 && matches!(read(&answer), ApiError::NoLogin { .. }), "{status}: {answer}");
    let foreign =
        app.client.post(format!("{}/api/fn/job", app.url)).json(&job).header("origin", "https://evil.example");
    let (status, answer) = app.call(foreign).await;
    assert!(status == 403 && matches!(read(&answer), ApiError::Foreign { .. }), "{status}: {answer}");
    app.stop().await;
}
