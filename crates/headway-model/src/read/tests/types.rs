//! The types that the page reads, with every field: `serde` reads the same, even when the JSON is damaged anywhere.

use serde::Serialize;
use serde_json::json;

use super::*;
use crate::attempt::AttemptLog;
use crate::causes::Causes;
use crate::groups::ItemGroups;
use crate::item_filter::MatchingItems;
use crate::library::FolderPage;
use crate::load::Load;
use crate::message::{Absent, CaughtUp, Closed, Hello, Now, Ping, Reset, SnapshotMessage, Summaries};
use crate::summary::{ItemPage, JobPage, JobTotals, JobView, OverJobs, Room, ShownJobs, Start};
use crate::testing::every_event;
use crate::{ApiError, Fold, JobEvent, JobId, Recorded, StartJob};

const JOB: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const DIGEST: &str = "00112233445566778899aabbccddeeff";

/// The value with each part of it in turn left out or replaced by something else.
fn damaged(value: &Value) -> Vec<Value> {
    let others = [json!(null), json!(-1), json!(1.5), json!(true), json!("x"), json!([{}]), json!({ "y": {} })];
    let mut all = Vec::from(others);
    match value {
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                let with = |new: Option<Value>| {
                    let mut elements = elements.clone();
                    elements.splice(at..=at, new);
                    Value::Array(elements)
                };
                all.push(with(None));
                all.extend(damaged(element).into_iter().map(|new| with(Some(new))));
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let with = |name: &str, new: Option<Value>| {
                    let mut fields = fields.clone();
                    fields.remove(name);
                    fields.extend(new.map(|new| (name.to_owned(), new)));
                    Value::Object(fields)
                };
                all.push(with(name, None));
                all.extend(damaged(field).into_iter().map(|new| with(name, Some(new))));
            }
            all.push(Value::Object(fields.clone().into_iter().chain([("more".into(), json!(1))]).collect()));
        }
        _ => {}
    }
    all
}

/// The whole value is read as `serde` reads it, and so is every damaged form.
#[track_caller]
fn whole<T: FromJson + DeserializeOwned + Serialize + PartialEq + fmt::Debug>(value: &Value) {
    let known = read::<T>(&value.to_string()).expect("readable");
    assert_eq!(serde_json::to_value(&known).expect("JSON"), *value);
    alike::<T>(&value.to_string());
    for damaged in damaged(value) {
        alike::<T>(&damaged.to_string());
    }
}

fn counters() -> Value {
    json!({
        "total": 12, "waiting": 1, "running": 2, "interrupted": 1, "succeeded": 3, "skipped": 2, "skipped_in_plan": 1, "missed": 1, "missed_in_plan": 1,
        "failed": 2, "cancelled": 1, "links": 1, "others": 1,
    })
}

fn summary(status: &str, reason: &str) -> Value {
    json!({
        "job": JOB, "seq": 7, "digest": DIGEST, "recipe": "checksum", "title": "A \"title\" — \u{1}", "status": status,
        "reason": reason, "counters": counters(), "created": 1, "began": 2, "ended": 3, "worked": { "ms": 1, "since": 2 },
        "message": "why", "pruned": true, "reruns": { "changed": 1, "settings": 2 }, "listing": true, "undone_as": "in part",
    })
}

fn request() -> Value {
    json!({
        "library": "photos", "recipe": "command", "settings": { "deep": [1, -2, 0.5, null, { "a": "b" }], "on": true },
        "query": { "folder": { "path": "2024", "include": ["*.jpg"], "exclude": ["x/"], "system_files": true, "search": "a*",
            "show": "failed" } },
        "conditions": { "min_size": 1, "max_size": 9_007_199_254_740_993_u64, "newer_than": { "ago_ms": 604_800_000 },
            "older_than": { "at_ms": 1_704_067_200_000_u64 }, "types": ["image", "text/rtf"], "counted_from": 1_704_067_200_001_u64 },
        "title": "T", "concurrency": 2, "priority": -3, "approval": true, "parent": JOB, "sample": 10,
        "output": { "place": { "folder": { "path": "out", "name": "{name}" } }, "smaller": 5,
            "keep": { "times": true, "permissions": false, "xattrs": true }, "hard_links": true },
        "policy": { "tries": 2, "backoff_ms": 5, "timeout": "30s", "halt": "now,fail=10%", "on_interrupt": "ask",
            "on_done": "skip_moved" },
    })
}

#[test]
fn requests() {
    whole::<StartJob>(&request());
    for query in [json!({ "paths": ["a", "b/c"] }), json!({ "items": { "job": JOB, "which": "failed" } })] {
        let mut request = request();
        request["query"] = query;
        request["output"]["place"] = json!("replace");
        whole::<StartJob>(&request);
    }
    let these = json!({ "items": { "job": JOB, "which": { "these": [1, 4_000_000_000_u32] } } });
    whole::<crate::Query>(&these);
}

#[test]
fn jobs() {
    let undone = summary("failed", "halt");
    let mut view = summary("paused", "disk_full");
    let more = json!({
        "cursor": "48213.9f2c11e0", "outputs": ["sums"], "request": request(), "priority": -1, "concurrency": 2, "waits": "for",
        "asks": true, "note": "n", "trash": [1, 2], "trash_left": [3, 4], "trash_unknown": true, "folder": "/x", "runs_programs": true, "can_undo": true,
        "undone": undone, "earlier": undone, "retries": [undone], "done_since": [1, 2],
        "tried": [undone], "retrying": [{ "job": JOB, "title": "t", "which": { "these": [1] } }],
        "report": ["r"], "next": request(),
    });
    view.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    whole::<JobView>(&view);
    let aside = json!([{ "job": null, "message": "m" }, { "job": JOB, "message": "m" }]);
    whole::<JobPage>(&json!({ "jobs": [undone], "next": JOB, "cursor": "0.0", "set_aside": aside }));
    let page = json!({ "jobs": [undone], "next": JOB, "cursor": "0.0", "set_aside": aside });
    whole::<ShownJobs>(&json!({ "page": page, "bytes": [7] }));
    let some = json!({ "jobs": [JOB], "files": 1, "bytes": u64::MAX });
    whole::<OverJobs>(&json!({ "retry": some, "trash": some, "unknown": 1 }));
    let totals = json!({ "files": 1, "bytes": u64::MAX });
    whole::<JobTotals>(&json!({
        "counters": counters(), "replaced": totals, "replaced_by": 1, "created": totals, "removed": totals, "unknown": 2,
    }));
    whole::<Load>(&json!({ "done": totals, "open": totals, "written": 1, "saved": i64::MIN, "free": 2 }));
}

#[test]
fn items() {
    let item = json!({
        "item": 3, "path": "a/b%25", "size": 1, "status": "failed", "reason": "r", "message": "m", "attempt": 2,
        "result": { "blake3": "x", "n": [1.5] }, "rerun": "settings", "becomes": "c", "output": "d", "will": "only read",
        "retried": { "job": JOB, "status": "succeeded" },
    });
    whole::<ItemPage>(&json!({ "items": [item], "next": 4, "seq": 5 }));
    let cause =
        json!({ "key": "k", "text": "t", "items": [1], "first": "a", "last": "b", "example": "e", "of_file": true });
    whole::<Causes>(&json!({ "causes": [cause], "more": 1 }));
    whole::<MatchingItems>(&json!({ "items": [1, 2], "more": 3 }));
    whole::<ItemGroups>(&json!(["aab", "one", "two"]));
    let kept = json!({ "head": "h", "cut": 1, "tail": "t" });
    whole::<AttemptLog>(&json!({
        "attempt": 1, "argv": ["a"], "exit": -1, "ms": 1, "stdout": kept, "stderr": kept, "running": true,
    }));
}

#[test]
fn libraries() {
    let under = json!({ "files": 1, "bytes": 2, "processed": 3, "failed": 4 });
    let outcome = json!({ "job": JOB, "status": "failed", "reason": "r", "item": 3, "changed_since": true, "at": 7 });
    let entry = json!({ "path": "a", "kind": "folder", "size": 1, "modified": 2, "outcome": outcome, "under": under });
    whole::<FolderPage>(&json!({
        "folder": "f", "entries": [entry], "total": 1, "files": 2, "left_out": 3, "under": under, "by_outcome": under, "first": 4,
        "next": "1.-5.a", "previous": "0.5.b", "seen": 1, "scan": { "folders": 1, "entries": 2 },
        "unread": { "folders": 1, "first": "g" },
    }));
    let holds = json!({ "files": 1, "bytes": 2 });
    whole::<Room>(&json!({
        "log": 1, "outputs": 2, "trashes": [{ "library": "l", "holds": holds }], "elsewhere": { "holds": holds, "unknown": 3 },
        "trash_age": 1, "keep_age": 2, "keep_bytes": 3, "suspended": 4,
    }));
}

#[test]
fn what_a_page_starts_with() {
    let kinds = [
        json!({ "kind": "choice", "choices": [["a", "A"]] }),
        json!({ "kind": "switch" }),
        json!({ "kind": "number", "least": -1, "most": 2, "unit": "u" }),
        json!({ "kind": "text", "longest": 3 }),
        json!({ "kind": "path", "patterns": true, "made_by": "m" }),
        json!({ "kind": "job", "made_by": "m" }),
        json!({ "kind": "template", "tokens": [["a", "b"]] }),
    ];
    let only_if = json!({ "setting": "s", "is": [1, "a"] });
    let setting = |mut kind: Value| {
        let more = json!({ "name": "n", "label": "l", "help": "h", "default": [1], "only_if": only_if, "late": true });
        kind.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        kind
    };
    let recipe = json!({
        "name": "n", "summary": "s", "settings": kinds.map(setting), "output": { "place": { "beside": { "name": "x" } } },
        "output_if": only_if, "to_files": "t", "hidden": true,
    });
    whole::<Start>(&json!({
        "build": "b", "now": 1, "cursor": "0.0", "libraries": [{ "name": "l" }], "recipes": [recipe],
        "policies": { "command": { "timeout": "500%" } }, "live": [summary("failed", "plan")], "rights": "reading",
    }));
}

#[test]
fn errors() {
    for error in [
        json!({ "error": "not_found", "message": "m" }),
        json!({ "error": "pruned", "job": JOB }),
        json!({ "error": "invalid", "reasons": ["a"], "settings": { "s": "a" } }),
        json!({ "error": "log_unavailable" }),
        json!({ "error": "internal", "incident": "i" }),
    ] {
        whole::<ApiError>(&error);
        whole::<Result<Vec<u32>, ApiError>>(&json!({ "Err": error }));
    }
    whole::<Result<Vec<u32>, ApiError>>(&json!({ "Ok": [1] }));
}

#[test]
fn messages() {
    whole::<Hello>(&json!({ "build": "b", "now": 1, "recording": false, "left_out": "l" }));
    whole::<Summaries>(&json!({ "summaries": [without_reason(summary("queued", "x"))] }));
    let running = json!({
        "item": 1, "attempt": 2, "path": "p", "done": 3, "total": 4, "percent": 5, "waits_for": JOB, "since": 6, "sign": 7,
    });
    whole::<Now>(&json!({ "job": JOB, "seq": 1, "running": [running] }));
    whole::<Absent>(&json!({ "job": JOB }));
    whole::<CaughtUp>(&json!({ "cursor": "48213.9f2c11e0" }));
    let ping = json!({ "head": 1, "now": 2, "jobs": { JOB: [1, DIGEST, 2] }, "recording": false, "left_out": "l" });
    whole::<Ping>(&ping);
    whole::<Reset>(&json!({ "reason": "diverged", "jobs": [JOB] }));
    whole::<Closed>(&json!({ "job": JOB, "reason": "set_aside" }));
    whole::<Closed>(&json!({ "job": JOB, "seq": 1, "fold": DIGEST, "status": "failed", "reason": "halt" }));
    let state = json!({
        "job": JOB, "seq": 1, "digest": DIGEST, "recipe": "r", "title": "t", "request": DIGEST, "parent": JOB, "status": "paused",
        "reason": "user", "approval": true, "plan_ended": true, "reruns": { "changed": 1 }, "halt": ["done", "soon"], "priority": -1,
        "concurrency": 1, "message": "m", "created": 1, "began": 2, "ended": 3, "worked": { "ms": 1, "since": null }, "pruned": true,
        "items": [[255, 1], [0, 2]], "attempts": [[1, 2]],
    });
    whole::<SnapshotMessage>(&json!({ "job": JOB, "seq": 1, "digest": DIGEST, "fold": DIGEST, "state": state }));
}

fn without_reason(mut summary: Value) -> Value {
    summary.as_object_mut().expect("an object").remove("reason");
    summary
}

#[test]
fn events() {
    let created = Recorded { seq: 1, at: 1, event: crate::testing::created(JobId::mint(1, [1; 10])) };
    let fold = Fold::create(&created.encode()).expect("a job");
    for event in every_event(&fold) {
        whole::<JobEvent>(&serde_json::to_value(&event).expect("JSON"));
    }
    for line in include_str!("../../../../../tests/data/events_v1.jsonl").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        alike::<JobEvent>(line["payload"].as_str().expect("a payload"));
    }
}
