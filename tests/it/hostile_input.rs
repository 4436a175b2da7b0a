//! Whatever a stranger sends, the answer is a sentence: nothing panics, and no answer is a 5xx.

use headway_files::template::{Template, Values};
use headway_model::export::ExportVerifier;
use headway_model::message::{self, Message};
use headway_model::{Cursor, RelPath, StartJob};
use headway_recipes::manifest::{self, NameTarget};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::helper::{App, Files, mint, repetitions};

fn cases(default: u32) -> Config {
    Config {
        cases: u32::try_from(repetitions(default as usize)).unwrap_or(default),
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn texts_are_read_or_refused(text in r#"[ -~]{0,60}|\PC{0,40}|[0-9]{1,22}\.[0-9a-f]{0,9}"#) {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text.clone());
        }
        if let Ok(path) = text.parse::<RelPath>() {
            prop_assert_eq!(path.as_str(), text.as_str());
            prop_assert_eq!(RelPath::from_bytes(&path.to_bytes()), Ok(path));
        }
        message::messages(&text).ok();
        Message::decode(&text).ok();
        ExportVerifier::default().line(&text).ok();
        serde_json::from_str::<StartJob>(&text).ok();
    }

    #[test]
    fn bytes_become_a_path_below_the_root_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(path) = RelPath::from_bytes(&bytes) {
            prop_assert_eq!(path.to_bytes(), bytes.clone());
            prop_assert!(!bytes.starts_with(b"/") && bytes.split(|byte| *byte == b'/').all(|part| part != b".."));
            prop_assert_eq!(path.as_str().parse::<RelPath>(), Ok(path));
        }
        manifest::read(&bytes, &mut |_| true);
        if let NameTarget::Inside(path) = manifest::place(&RelPath::default(), &bytes) {
            prop_assert_eq!(RelPath::from_bytes(&path.to_bytes()), Ok(path));
        }
    }

    #[test]
    fn a_word_of_a_command_becomes_one_argument(word in r#"([{}./#%+0]|out|tmp|\PC){0,20}"#, input in prop::collection::vec(1u8.., 1..40)) {
        let template = Template::new(&word);
        let values = Values { input: &input, number: 7, total: 10, slot: 2, out: b"/o", tmp: b"/t" };
        let argument = template.argument(&values);
        prop_assert!(!argument.contains(&0));
        if template.tokens().next().is_none() {
            prop_assert_eq!(template.expand(&values), word.as_bytes());
        }
    }
}

/// A value that is almost what it should be.
fn twisted(value: &Value) -> BoxedStrategy<Value> {
    let odd = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        r#"\PC{0,30}"#.prop_map(Value::from),
        Just(json!("../../etc/passwd")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[[[[1]]]]]])),
        Just(json!("%zz%00\u{0}")),
    ];
    let same = Just(value.clone());
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), twisted(value))).collect();
            let kept = fields
                .into_iter()
                .map(|(name, value)| (Just(name), value, 0..12u8).boxed())
                .collect::<Vec<_>>()
                .prop_map(|fields| {
                    Value::Object(
                        fields
                            .into_iter()
                            .filter(|(.., drop)| *drop > 0)
                            .map(|(name, value, _)| (name, value))
                            .collect(),
                    )
                });
            prop_oneof![8 => kept, 1 => odd].boxed()
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(twisted).collect();
            prop_oneof![6 => items.prop_map(Value::Array), 1 => odd].boxed()
        }
        _ => prop_oneof![5 => same, 1 => odd].boxed(),
    }
}

fn draw<T>(runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_causes_a_server_error() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let mut runner = TestRunner::deterministic();
    let whole = json!({
        "library": "files", "recipe": "checksum", "settings": { "algorithm": "blake3" },
        "query": { "folder": { "path": "", "include": ["*.txt"], "exclude": [], "search": "a", "show": "unprocessed" } },
        "title": "t", "concurrency": 2, "priority": 1, "approval": false, "parent": mint(),
        "output": { "place": { "folder": { "path": "out", "name": "{/.}" } }, "smaller": 3, "keep": { "times": true } },
        "policy": { "tries": 2, "backoff_ms": 5, "timeout": "30s", "halt": "now,fail=1", "on_interrupt": "ask", "on_done": "skip" }
    });
    let others =
        [json!({ "items": { "job": mint(), "which": { "these": [1, 2] } } }), json!({ "paths": ["000000", "x"] })];
    let mut answers = std::collections::BTreeMap::<u16, usize>::new();
    for round in 0..repetitions(600) {
        let mut body = whole.clone();
        if round % 3 > 0 {
            body["query"] = others[round % 3 - 1].clone();
        }
        if round % 4 > 0 {
            body.as_object_mut().expect("fields").remove("output");
        }
        let body = draw(&mut runner, &twisted(&body));
        let (status, answer) = app.put(&mint().to_string(), &body).await;
        assert!(status < 500, "{status} for {body}: {answer}");
        *answers.entry(status).or_default() += 1;
    }
    println!("{answers:?}");
    assert!(answers.len() >= 2 && answers.contains_key(&201), "a mixture: {answers:?}");

    let raw = prop::collection::vec(any::<u8>(), 0..80);
    let text = r#"[ -~]{0,40}|\PC{0,20}|(job|held|after|watch|wait|limit|status|sort|show|folder|search|before|item)=[^#]{0,30}"#;
    for _ in 0..repetitions(300) {
        let bytes = draw(&mut runner, &raw);
        let call =
            app.client.put(format!("{}/api/jobs/{}", app.url, mint())).header("content-type", "application/json");
        let (status, answer) = app.call(call.body(bytes.clone())).await;
        assert!((400..500).contains(&status), "{status} for {bytes:?}: {answer}");
        let query: String = draw(&mut runner, &text);
        let query: String = query.chars().filter(|char| !char.is_control() && *char != '#').collect();
        for path in [
            "/api/events?wait=0&",
            "/api/jobs?",
            "/api/libraries/files/files?",
            "/api/jobs/019ab697-e806-7707-8707-070707070707/items?",
        ] {
            let Ok(url) = reqwest::Url::parse(&format!("{}{path}{query}", app.url)) else { continue };
            let call = app.client.get(url).timeout(std::time::Duration::from_secs(40));
            let Ok(answer) = call.send().await else { continue };
            assert!(answer.status().as_u16() < 500, "{} for {path}{query}", answer.status());
        }
    }
    let (status, _) = app.get("/api/libraries").await;
    assert_eq!(status, 200, "it is well");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_any_length_gets_an_answer_or_a_sentence() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    for (pattern, times) in
        [("0", 1), ("a", 1_000), ("a", 1_001), ("a", 40_000), ("*a", 20_000), ("?", 30_000), ("[", 20_000)]
    {
        let search = pattern.repeat(times);
        let expected = if search.len() > 1_000 { 422 } else { 200 };
        let (status, answer) = app.get(&format!("/api/v1/libraries/files/files?search={search}")).await;
        assert_eq!(status, expected, "{pattern} {times} times: {answer}");
        let body = json!({ "library": "files", "recipe": "checksum", "query": { "folder": { "search": search } } });
        let (status, answer) = app.put(&mint().to_string(), &body).await;
        assert_eq!(status, if expected == 200 { 201 } else { 422 }, "{pattern} {times} times: {answer}");
    }
    app.stop().await;
}
