//! What became of a job's failures: which of them later jobs have done.

use headway_model::policy::{BACKOFF_MS, OnInterrupt};
use headway_model::request::ItemSelection;
use headway_model::summary::JobView;
use headway_model::{JobStatus, OutputPlace, Query, Sample, StartJob};
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::{Files, Headway, http, mint};
use crate::terminal::{called, newest};

#[tokio::test(flavor = "multi_thread")]
async fn results_of_another_command_or_of_an_undo_do_not_count_as_done_since() {
    let files = Files::numbered(2);
    let served = Served::start(&files);
    let command = |run: &str, query: &Value| json!({ "settings": { "run": run }, "query": query, "policy": { "on_done": "again" } });
    let only_with_go = r#"sh -c 'test -e go && tr a-z A-Z < "$0" > "$1"' {} {out}"#;
    let job = served.run("command", command(only_with_go, &json!({ "paths": ["000000", "000001"] }))).await;
    assert_eq!(job.counters.failed, 2, "{job:?}");
    let errors = json!({ "items": { "job": job.job, "which": "errors" } });
    let done_since = async || {
        served.get(&format!("/api/jobs/{}", job.job)).await["done_since"].as_array().cloned().unwrap_or_default()
    };
    for _ in 0..12 {
        let other = served.run("command", command("test -e {}", &errors)).await;
        assert_eq!((other.status, other.counters.succeeded), (JobStatus::Completed, 2), "{other:?}");
    }
    assert_eq!(done_since().await, Vec::<Value>::new(), "another command did something else");
    files.write("go", b"");
    let retry = served.run("command", command(only_with_go, &errors)).await;
    assert_eq!(retry.counters.succeeded, 2, "{retry:?}");
    served.run("command", command("test -e {}", &errors)).await;
    assert_eq!(done_since().await, [0, 1].map(Value::from), "however many other jobs there are");
    let undo = mint();
    assert_eq!(served.post(&format!("/api/jobs/{}/undo/{undo}", retry.job)).await.0, 201);
    assert_eq!(served.end(undo).await.counters.succeeded, 2);
    assert_eq!(done_since().await, Vec::<Value>::new(), "the retry was undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_owner_can_start_anybody_can_retry_and_nothing_else() {
    let files = Files::numbered(3);
    let (server, client) = (Headway::start(&files, &[]), http());
    let (code, _, err) = called(&files, &["run", "--", "grep", "-q", "file 1", "{}", ":::", "000000", "000001"]);
    assert_eq!(code, Some(1), "{err}");
    let view: JobView = serde_json::from_value(newest(&files)).expect("a job");
    let (job, request) = (view.summary.job, view.request.expect("its request"));
    let put = async |request: &StartJob| {
        let id = mint();
        let call = client.put(format!("{}/api/jobs/{id}", server.url)).json(request);
        let answer = call.send().await.expect("an answer");
        (id, answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    let again = request.again(job, ItemSelection::Failed);
    let mut other_command = again.clone();
    other_command.settings.insert("run".into(), "rm {}".into());
    let mut other_place = again.clone();
    let output = other_place.output.as_mut().expect("the default of the recipe");
    output.place = OutputPlace::Replace;
    let other_files = StartJob { query: Query::Paths(vec!["000002".parse().expect("a path")]), ..again.clone() };
    for refused in [&other_command, &other_place, &other_files] {
        let (_, status, said) = put(refused).await;
        assert_eq!(status, 422, "{refused:?}: {said}");
        assert!(said.contains("command is only for the owner of this server: run it in a terminal"), "{said}");
        assert!(!said.contains("no recipe"), "{said}");
    }
    let mut other_policy = again.clone();
    other_policy.policy.on_interrupt = Some(OnInterrupt::Retry);
    let mut more_tries = again.clone();
    more_tries.policy.tries = Some(100);
    let of_some = StartJob { sample: Some(Sample::Files(1)), ..again.clone() };
    for (refused, why) in
        [(&other_policy, "another policy"), (&more_tries, "another policy"), (&of_some, "takes no sample")]
    {
        let (_, status, said) = put(refused).await;
        assert!(status == 422 && said.contains(why), "{status} {refused:?}: {said}");
    }
    let (_, status, said) = put(&request.again(job, ItemSelection::These(vec![0, 7]))).await;
    assert!(status == 422 && said.contains("has no item 7; its items are numbered from 0 to 1"), "{status}: {said}");
    let (id, status, said) = put(&again).await;
    assert_eq!(status, 201, "{said}");
    let end = server.end(&client, id).await;
    assert_eq!((end.counters.total, end.counters.failed), (1, 1), "{end:?}");
    // So can the retry, and so on, also with the defaults spelled out.
    let mut spelled_out = request.again(id, ItemSelection::Failed);
    let policy = &mut spelled_out.policy;
    (policy.tries, policy.backoff_ms, policy.on_interrupt) = (Some(1), Some(BACKOFF_MS), Some(OnInterrupt::Ask));
    let (_, status, said) = put(&spelled_out).await;
    assert_eq!(status, 201, "{said}");
}
