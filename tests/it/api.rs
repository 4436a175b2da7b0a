//! The calls: which are accepted once, which can be repeated, and which are refused.

use serde_json::{Value, json};

use crate::helper::{App, Files, mint, request};

/// Every bad input, with the status and a part of the text that tells what to do.
#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_clear_typed_error() {
    let files = Files::numbered(2);
    std::os::unix::fs::symlink("/etc", files.library().join("out")).expect("a link");
    let app = App::start(&files).await;
    let id = mint().to_string();
    let with = |field: &str, value: Value| {
        let mut body = request("checksum");
        body[field] = value;
        body
    };
    let paths = |paths: Value| with("query", json!({ "paths": paths }));
    let many: Vec<_> = (0..10_001).map(|number| format!("f{number}")).collect();
    for (body, status, error, says) in [
        (
            with("recipe", json!("no-such-recipe")),
            422,
            "invalid",
            "there is no recipe \"no-such-recipe\"; headway recipes lists them",
        ),
        (with("library", json!("photos")), 422, "invalid", "this server has files"),
        (with("settings", json!({ "algorithm": "md5" })), 422, "invalid", "is one of sha256, blake3, both"),
        (with("settings", json!({ "speed": 1 })), 422, "invalid", "has no setting \"speed\""),
        (with("colour", json!(1)), 422, "invalid", "the request has no field colour"),
        (paths(json!([])), 422, "invalid", "the selection is empty; select at least one file"),
        (paths(json!(["../etc/passwd"])), 422, "invalid", "`..`"),
        (paths(json!(["/etc/passwd"])), 422, "invalid", "the path is absolute; give it relative"),
        (paths(json!(["%zz"])), 422, "invalid", "not in encoded form"),
        (paths(json!([""])), 422, "invalid", "a path is empty"),
        (paths(json!(many)), 422, "invalid", "at most 10000 can be; give a folder"),
        (with("query", json!({ "folder": { "include": ["[a"] } })), 422, "invalid", "pattern \"[a\""),
        (with("title", json!("")), 422, "invalid", "the title must have 1 to 120 bytes"),
        (json!({ "library": "files" }), 422, "invalid", "the request lacks the field recipe"),
        (json!([]), 422, "invalid", "the request must be an object"),
    ] {
        let (found, answer) = app.put(&id, &body).await;
        assert_eq!((found, answer["error"].as_str()), (status, Some(error)), "{answer}");
        assert!(answer["message"].as_str().is_some_and(|text| text.contains(says)), "{answer}");
    }

    let raw = async |id: &str, kind: &str, body: Vec<u8>| {
        let url = format!("{}/api/jobs/{id}", app.url);
        app.call(app.client.put(url).header("content-type", kind).body(body)).await
    };
    let (status, answer) = raw(&id, "application/json", b"{not json".to_vec()).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("malformed")), "{answer}");
    let (status, answer) = raw(&id, "text/plain", request("checksum").to_string().into_bytes()).await;
    assert_eq!((status, answer["error"].as_str()), (415, Some("not_json")), "{answer}");
    let (status, answer) = raw(&id, "application/json", vec![b' '; headway::web::BODY_LIMIT + 1]).await;
    assert_eq!((status, answer["error"].as_str()), (413, Some("too_large")), "{answer}");
    for bad in ["process-selected", "7d444840-9dc0-41d1-b245-5ffdce74fad2", &id.to_uppercase()] {
        let (status, answer) = app.put(bad, &request("checksum")).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("malformed")), "{answer}");
    }
    for (path, status) in [
        (format!("/api/jobs/{id}"), 404),
        (format!("/api/jobs/{id}/items"), 404),
        ("/api/jobs/x/items".into(), 400),
        ("/api/nothing".into(), 404),
        (format!("/api/jobs/{id}/outputs/SHA256SUMS"), 404),
        (format!("/api/jobs/{id}/outputs/..%2F..%2Flog.sqlite"), 404),
    ] {
        let (found, answer) = app.get(&path).await;
        assert_eq!(found, status, "{path}: {answer}");
        assert!(answer["message"].is_string(), "{path}: {answer}");
    }
    assert_eq!(app.post(&format!("/api/jobs/{id}/cancel")).await.0, 404);
    assert_eq!(app.get("/api/jobs").await.1["jobs"], json!([]), "nothing of all this made a job");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_out_of_the_library_is_not_followed() {
    let files = Files::numbered(1);
    std::os::unix::fs::symlink("/etc", files.library().join("out")).expect("a link");
    std::os::unix::fs::symlink("/etc/passwd", files.library().join("passwd")).expect("a link");
    let app = App::start(&files).await;
    let id = mint();
    let mut body = request("checksum");
    body["query"] = json!({ "paths": ["out/passwd", "passwd", "000000"] });
    assert_eq!(app.put(&id.to_string(), &body).await.0, 201);
    let end = app.end(id).await;
    // A file outside the library is not reported as missing, because the server may not look at it.
    assert_eq!((end.counters.succeeded, end.counters.skipped, end.counters.failed), (1, 1, 1), "{end:?}");
    for status in ["skipped", "failed"] {
        let (_, items) = app.get(&format!("/api/jobs/{id}/items?status={status}")).await;
        assert!(items["items"].as_array().expect("items").iter().all(|item| item["result"].is_null()));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_start_again_is_the_same_job_and_another_is_a_conflict() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let id = mint().to_string();
    let (status, first) = app.put(&id, &request("checksum")).await;
    assert_eq!((status, first["job"].as_str()), (201, Some(id.as_str())));
    // The job's state by now depends on the machine.
    assert!(first["status"].is_string() && first["cursor"].is_string() && first["digest"].is_string());
    // Requests that are equal after parsing: a default can be written out, and the order of fields is free.
    let spelled = json!({ "query": { "folder": { "path": "", "include": [] } }, "settings": { "algorithm": "sha256" }, "recipe": "checksum", "library": "files" });
    for body in [request("checksum"), spelled] {
        let (status, again) = app.put(&id, &body).await;
        assert_eq!((status, again["job"].as_str()), (200, Some(id.as_str())), "{again}");
    }
    let mut other = request("checksum");
    other["settings"] = json!({ "algorithm": "blake3" });
    let (status, answer) = app.put(&id, &other).await;
    assert_eq!((status, answer["error"].as_str()), (409, Some("conflict")), "{answer}");
    // Every default can be written out, each alone and all together, in the first or in the second request.
    let defaults = json!({
        "title": "Checksum · files", "concurrency": 0, "priority": 0, "approval": false, "parent": null, "output": null,
        "policy": { "tries": 1, "backoff_ms": 1000, "on_interrupt": "retry", "on_done": "again", "timeout": null, "halt": null }
    });
    let mut all = request("checksum");
    for (name, value) in defaults.as_object().expect("fields") {
        let mut one = request("checksum");
        (one[name], all[name]) = (value.clone(), value.clone());
        assert_eq!(app.put(&id, &one).await.0, 200, "{name}");
    }
    for (name, value) in defaults["policy"].as_object().expect("fields") {
        let mut one = request("checksum");
        one["policy"] = json!({ name: value });
        assert_eq!(app.put(&id, &one).await.0, 200, "{name}");
    }
    assert_eq!(app.put(&id, &all).await.0, 200);
    let spelled = mint().to_string();
    assert_eq!(app.put(&spelled, &all).await.0, 201);
    assert_eq!(app.put(&spelled, &request("checksum")).await.0, 200);
    app.end(spelled.parse().expect("an id")).await;
    for (name, value) in [
        ("title", json!("Checksum of photos")),
        ("policy", json!({ "tries": 2 })),
        ("policy", json!({ "on_done": "skip" })),
        ("policy", json!({ "on_interrupt": "ask" })),
    ] {
        let mut other = request("checksum");
        other[name] = value;
        assert_eq!(app.put(&id, &other).await.0, 409, "{other}");
    }
    app.end(id.parse().expect("an id")).await;
    assert_eq!(app.put(&id, &request("checksum")).await.0, 200);
    assert_eq!(app.get("/api/jobs").await.1["jobs"].as_array().map(Vec::len), Some(2));
    // The title of a retry, and one that was cut, can be written out like any other.
    let retry = json!({ "library": "files", "recipe": "checksum", "query": { "items": { "job": id, "which": { "these": [0, 1] } } } });
    let long =
        json!({ "library": "files", "recipe": "checksum", "query": { "folder": { "search": "x".repeat(200) } } });
    for body in [retry, long] {
        let again = mint().to_string();
        let (status, begun) = app.put(&again, &body).await;
        assert_eq!(status, 201, "{begun}");
        let title = begun["title"].as_str().expect("a title");
        assert!(title.len() <= 120, "{title}");
        let mut titled = body.clone();
        titled["title"] = json!(title);
        assert_eq!(app.put(&again, &titled).await.0, 200, "{titled}");
        titled["title"] = json!("another");
        assert_eq!(app.put(&again, &titled).await.0, 409, "{titled}");
        app.end(again.parse().expect("an id")).await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_is_of_a_job_and_only_undo_is() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let job = app.end(app.begin("checksum").await).await.job;
    let of = |recipe: &str, query: Value| json!({ "library": "files", "recipe": recipe, "query": query });
    for (body, says) in [
        (of("undo", json!({ "folder": {} })), "undo takes a job, not files"),
        (of("undo", json!({ "folder": { "path": "nowhere" } })), "POST /api/v1/jobs/{id}/undo/{new}"),
        (of("undo", json!({ "paths": ["000000"] })), "undo takes a job, not files"),
        (of("undo", json!({ "items": { "job": job, "which": "failed" } })), "undo takes a job, not files"),
        (of("undo", json!({ "items": { "job": job, "which": { "these": [0] } } })), "undo takes a job, not files"),
        (of("checksum", json!({ "items": { "job": job, "which": "placed" } })), "checksum takes files"),
    ] {
        let (status, answer) = app.put(&mint().to_string(), &body).await;
        assert_eq!((status, answer["error"].as_str()), (422, Some("invalid")), "{body}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|text| text.contains(says)), "{body}: {answer}");
    }
    assert_eq!(app.get("/api/jobs").await.1["jobs"].as_array().map(Vec::len), Some(1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_job_that_changed_nothing_is_refused() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let job = app.end(app.begin("checksum").await).await.job;
    let (status, answer) = app.post(&format!("/api/jobs/{job}/undo/{}", mint())).await;
    assert_eq!((status, answer["error"].as_str()), (409, Some("conflict")), "{answer}");
    let says = "changed no file, so there is nothing to undo; nothing was begun";
    assert!(answer["message"].as_str().is_some_and(|text| text.contains(says)), "{answer}");
    assert_eq!(app.get("/api/jobs").await.1["jobs"].as_array().map(Vec::len), Some(1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_shown_on_the_original_job_and_on_each_of_its_files() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let run = async |paths: Value| {
        app.run(&json!({ "library": "files", "recipe": "checksum", "query": { "paths": paths } })).await.job
    };
    let job = run(json!(["000000", "gone", "gone too"])).await;
    files.write("gone", b"here again");
    let again = json!({ "items": { "job": job, "which": "errors" } });
    let retry = app.run(&json!({ "library": "files", "recipe": "checksum", "query": again.clone() })).await;
    assert_eq!((retry.counters.total, retry.counters.succeeded, retry.counters.missed), (2, 1, 1));
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert_eq!((&view["retries"][0]["job"], &view["retries"][1]), (&json!(retry.job), &Value::Null), "{view}");
    assert_eq!(view["done_since"], json!([1]), "{view}");
    assert_eq!(view["earlier"], Value::Null, "it is about no earlier job: {view}");
    let (_, view) = app.get(&format!("/api/jobs/{}", retry.job)).await;
    assert_eq!((&view["earlier"]["job"], &view["earlier"]["recipe"]), (&json!(job), &json!("checksum")), "{view}");
    let (_, items) = app.get(&format!("/api/jobs/{job}/items")).await;
    let retried: Vec<_> =
        items["items"].as_array().expect("items").iter().map(|item| &item["retried"]["status"]).collect();
    assert_eq!(retried, [&Value::Null, &json!("succeeded"), &json!("skipped")], "{items}");
    // What a retry of the retry does is done as well; another recipe over the same files is not a retry.
    files.write("gone too", b"here again");
    let rest = json!({ "items": { "job": retry.job, "which": "errors" } });
    app.run(&json!({ "library": "files", "recipe": "checksum", "query": rest })).await;
    app.run(&json!({ "library": "files", "recipe": "health", "query": again })).await;
    let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
    assert_eq!((&view["done_since"], view["retries"].as_array().map(Vec::len)), (&json!([1, 2]), Some(1)), "{view}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_equal_starts_makes_one_job() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let id = mint().to_string();
    let body = request("checksum");
    let calls = (0..24).map(|_| app.put(&id, &body));
    let answers = futures::future::join_all(calls).await;
    let created = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!((created, answers.iter().filter(|(status, _)| *status == 200).count()), (1, 23));
    assert!(answers.iter().all(|(_, answer)| answer["job"] == json!(id)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_jobs_is_paged_from_the_newest_or_as_it_is_sorted() {
    let files = Files::numbered(7);
    let app = App::start(&files).await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(app.end(app.begin("checksum").await).await.job.to_string());
    }
    jobs.reverse();
    let (_, page) = app.get("/api/jobs?limit=2").await;
    let ids = |page: &Value| {
        page["jobs"]
            .as_array()
            .expect("jobs")
            .iter()
            .map(|job| job["job"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), jobs[..2]);
    let (_, page) = app.get(&format!("/api/jobs?limit=9&before={}", page["next"].as_str().expect("more"))).await;
    assert_eq!((ids(&page), &page["next"]), (jobs[2..].to_vec(), &Value::Null));
    // The newest job has the fewest files. Sorted by files it is the last; the others, which are equal, keep their
    // order.
    let query = json!({ "paths": ["000001"] });
    let small = json!({ "library": "files", "recipe": "checksum", "title": "Small", "query": query });
    let small = app.run(&small).await.job.to_string();
    let by_files = [jobs.clone(), vec![small]].concat();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (_, page) = app.get(&format!("/api/jobs?sort=files&limit=2{after}")).await;
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => after = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, by_files);
    assert_eq!(app.get("/api/jobs?sort=pink").await.0, 400);
    // A page begins after the job that it is asked for, even if a filter leaves that job out of the list.
    let (_, page) = app.get(&format!("/api/jobs?sort=files&search=files&before={}", by_files[5])).await;
    assert_eq!(ids(&page), [""; 0], "it is the last");
    let (_, page) = app.get(&format!("/api/jobs?sort=files&search=small&before={}", by_files[0])).await;
    assert_eq!(ids(&page), by_files[5..]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_jobs_after_a_job_that_was_never_there_is_refused_and_not_empty() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    app.end(app.begin("checksum").await).await;
    let unknown = mint();
    for sort in ["files", "newest"] {
        let (status, answer) = app.get(&format!("/api/v1/jobs?sort={sort}&before={unknown}")).await;
        assert_eq!((status, &answer["code"]), (400, &json!("malformed")), "{sort}: {answer}");
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with("before must be") && detail.contains(&unknown.to_string()), "{detail}");
        // The page says so, and leads to the first page of the same list.
        let call = app.client.get(format!("{}/jobs?show=good&sort={sort}&before={unknown}", app.url)).send();
        let page = call.await.expect("an answer").text().await.expect("a page");
        let first = if sort == "files" { "/jobs?show=good&sort=files" } else { "/jobs?show=good" };
        assert!(page.contains("Before must be the id of a job") && !page.contains("No job matches"), "{sort}: {page}");
        let (before, _) = page.split_once("Show the first page").unwrap_or_else(|| panic!("{sort}: {page}"));
        let link = before.rsplit("href=\"").next().unwrap_or_default().replace("&amp;", "&");
        assert!(link.starts_with(&format!("{first}\"")), "{sort}: {link}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_items_of_a_job_are_paged_by_window() {
    let files = Files::numbered(7);
    let app = App::start(&files).await;
    let job = app.end(app.begin("checksum").await).await.job;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let (_, page) = app.get(&format!("/api/jobs/{job}/items?limit=3{after}")).await;
        seen.extend(
            page["items"].as_array().expect("items").iter().map(|item| item["item"].as_u64().expect("an index")),
        );
        match page["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(app.get(&format!("/api/jobs/{job}/items?status=bad")).await.0, 400);

    // A search by name, alone and with the other filters; the pages keep the right count.
    let items = async |filter: &str| app.get(&format!("/api/jobs/{job}/items?{filter}")).await.1;
    let whole = items("name=*").await;
    assert_eq!(whole["items"].as_array().map(Vec::len), Some(7));
    let fourth = &whole["items"][3];
    assert_eq!((&fourth["item"], &fourth["number"]), (&json!(3), &json!(4)), "the number that the terminal prints");
    let name = fourth["path"].as_str().expect("a path").to_uppercase();
    let found = items(&format!("name={name}&status={}", fourth["status"].as_str().expect("a status"))).await;
    assert_eq!((&found["items"][0], &found["next"]), (fourth, &Value::Null));
    assert_eq!(items(&format!("name={name}&after=3")).await["items"], json!([]));
    assert_eq!(items("name=*&cause=00000000").await["items"], json!([]));
    let (first, last) = (items("name=*&limit=5").await, items("name=*&limit=5&after=4").await);
    assert_eq!((&first["next"], &last["next"]), (&json!(4), &Value::Null));
    assert_eq!(last["items"], json!([whole["items"][5], whole["items"][6]]));
    assert_eq!(
        items("first=2&last=4").await["items"],
        json!([whole["items"][2], whole["items"][3], whole["items"][4]])
    );
    assert_eq!(items("first=2&last=4&limit=2").await["next"], json!(3));
    assert_eq!(items("name=*&first=2&last=3&after=2").await["items"], json!([whole["items"][3]]));
    for wrong in ["", "+", &"x".repeat(1_001)] {
        assert_eq!(app.get(&format!("/api/jobs/{job}/items?name={wrong}")).await.0, 400);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_jobs_has_the_same_limit_as_a_search_for_files() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    for (bytes, expected) in [(1_000, 200), (1_001, 422)] {
        for (path, of) in [
            ("jobs", "a part of a job's title or of its recipe's name"),
            ("libraries/files/files", "a part of a name, or a pattern with * and ?"),
        ] {
            let (status, answer) = app.get(&format!("/api/v1/{path}?search={}", "a".repeat(bytes))).await;
            assert_eq!(status, expected, "{path}, {bytes}: {answer}");
            let says = &format!("search must be {of}, of at most 1000 bytes");
            assert!(status == 200 || answer.to_string().contains(says), "{path}: {answer}");
        }
    }
    app.stop().await;
}
