//! What became of a job's failures: which of them later jobs have done.

use headway_model::JobStatus;
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::{Files, mint};

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
