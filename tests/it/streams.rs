//! Streams over real HTTP: every kind of message, and every way to reconnect.

use std::sync::Arc;

use headway_model::follow::Tracked;
use headway_model::{Cursor, Fold, JobId, JobStatus};
use serde_json::json;

use crate::helper::{
    App, Behaviour, Event, Files, Stream, TestRecipe, follow_to_end, kinds, mint, payloads, repetitions, request,
};

fn seqs(events: &[Event], job: JobId) -> Vec<u64> {
    payloads(events, job).iter().map(|payload| payload["seq"].as_u64().expect("a number")).collect()
}

async fn held(files: &Files) -> (App, Arc<TestRecipe>) {
    let recipe = Arc::new(TestRecipe::new(Behaviour::Held, true));
    let app = App::start_with(files, |config| config.workers = 2, vec![recipe.clone()]).await;
    (app, recipe)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_can_be_followed_before_it_exists_and_until_its_end() {
    let files = Files::numbered(10);
    let app = App::start(&files).await;
    let id = mint();
    let mut stream = Stream::open(&app, &format!("job={id}&after=0.0")).await;
    let first = stream.until("caught_up").await;
    assert_eq!(kinds(&first), ["hello", "absent", "caught_up"]);
    assert_eq!(first[2].id.as_deref(), Some("0.0"));
    assert_eq!(app.put(&id.to_string(), &request("checksum")).await.0, 201);
    let rest = stream.until("closed").await;
    assert_eq!(rest.last().and_then(|event| event.id.as_deref()), Some("end"));
    assert!(stream.next().await.is_none(), "nothing left to say: the stream ends");

    let truth = app.end(id).await;
    assert_eq!(seqs(&rest, id), (1..=truth.seq).collect::<Vec<_>>());
    let closed = &rest.last().expect("closed").json;
    assert_eq!((closed["seq"].as_u64(), closed["status"].as_str()), (Some(truth.seq), Some("completed")));
    // The bytes that are sent are the bytes that were hashed.
    let mut fold: Option<Fold> = None;
    for event in &rest {
        let Ok(headway_model::Message::Events(events)) = headway_model::Message::decode(&event.text) else {
            continue;
        };
        for raw in events.frames.iter().flat_map(|frame| &frame.events) {
            match &mut fold {
                None => fold = Some(Fold::create(raw.get()).expect("created")),
                Some(fold) => drop(fold.apply(raw.get()).expect("a good log")),
            }
        }
    }
    let fold = fold.expect("events");
    assert_eq!(fold.digest, truth.digest);
    assert_eq!(closed["fold"], json!(fold.hash()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_reconnects_after_the_end_is_stopped_for_good() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let call = app.client.get(format!("{}/api/events?watch=jobs", app.url)).header("last-event-id", "end");
    assert_eq!(call.send().await.expect("an answer").status(), 204);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_without_a_cursor_gets_a_snapshot_and_then_every_event() {
    let files = Files::numbered(6);
    let (app, recipe) = held(&files).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    let mut stream = Stream::open(&app, &format!("job={job}")).await;
    let first = stream.until("caught_up").await;
    assert_eq!(kinds(&first), ["hello", "snapshot", "caught_up"]);
    assert_eq!(first[1].id, None, "snapshots come before the first promise");
    let at = first[1].json["seq"].as_u64().expect("a number");
    recipe.release();
    let rest = stream.until("closed").await;
    assert_eq!(seqs(&rest, job), (at + 1..=app.end(job).await.seq).collect::<Vec<_>>());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cursor_resumes_exactly_there() {
    let files = Files::numbered(12);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    let last = app.end(job).await.seq;
    let all = Stream::open(&app, &format!("job={job}&after=0.0")).await.until("closed").await;
    let store = headway_server::testing::store(&app.server);
    for position in 1..=last {
        let digest = store.digest_at(position).await.expect("a read").expect("a row");
        let cursor = Cursor::at(position, &digest);
        for (query, last_id) in
            [(format!("held={job}&after={cursor}"), None), (format!("job={job}&after=0.0"), Some(cursor.to_string()))]
        {
            let events = Stream::open_with(&app, &query, last_id.as_deref()).await.until("closed").await;
            assert_eq!(seqs(&events, job), (position + 1..=last).collect::<Vec<_>>());
            // This message is repeated at every resumption: if the connection had been cut between the last event and
            // this message, nothing more would come.
            assert_eq!(events.last().map(|event| &event.json), all.last().map(|event| &event.json));
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_cannot_be_honoured_is_reset_with_its_reason_and_a_snapshot() {
    let files = Files::numbered(3);
    let (app, recipe) = held(&files).await;
    let job = app.begin("test").await;
    app.until(job, |summary| summary.counters.running == 2).await;
    for (cursor, reason) in [
        ("rubbish", "malformed"),
        ("1.0000zzzz", "malformed"),
        ("999999.00000000", "future"),
        ("2.00000000", "diverged"),
    ] {
        let events = Stream::open(&app, &format!("held={job}&after={cursor}")).await.until("caught_up").await;
        assert_eq!(kinds(&events), ["hello", "reset", "snapshot", "caught_up"], "{cursor}");
        assert_eq!(events[1].json, json!({ "kind": "reset", "reason": reason, "jobs": [job] }));
        assert!(events[3].id.is_some());
    }
    recipe.release();
    app.end(job).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_without_a_new_event_a_cursor_is_still_good() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    let end = app.end(job).await;
    let cursor = app.server.job(job).await.expect("a job").cursor;
    app.stop().await;
    let app = App::start(&files).await;
    let events = Stream::open(&app, &format!("held={job}&watch=jobs&after={cursor}")).await.until("closed").await;
    assert!(!kinds(&events).contains(&"reset"), "{events:?}");
    assert_eq!(seqs(&events, job), [0; 0]);
    assert_eq!(events.last().and_then(|event| event.json["seq"].as_u64()), Some(end.seq));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_sends_first_and_last_summaries_and_leaves_followed_jobs_to_their_events() {
    let files = Files::numbered(4);
    let (app, recipe) = held(&files).await;
    let before = app.end(app.begin("checksum").await).await.job;
    let cursor = app.server.job(before).await.expect("a job").cursor;
    let live = app.begin("test").await;
    let followed = mint();
    app.until(live, |summary| summary.counters.running == 2).await;
    let mut stream = Stream::open(&app, &format!("watch=jobs&job={followed}&after={cursor}")).await;
    let mut events = stream.until("caught_up").await;
    let told = |events: &[Event]| {
        let summaries =
            events.iter().flat_map(|event| event.json["summaries"].as_array().into_iter().flatten().cloned());
        summaries
            .map(|summary| {
                (
                    summary["job"].as_str().unwrap_or_default().to_owned(),
                    summary["status"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&events), [(live.to_string(), "processing".to_owned())], "ended before the cursor: not told again");
    recipe.release();
    assert_eq!(app.put(&followed.to_string(), &request("checksum")).await.0, 201);
    events.extend(stream.until("closed").await);
    while !told(&events).contains(&(live.to_string(), "completed".into())) {
        events.push(stream.next().await.expect("a watching stream does not end"));
    }
    assert!(!told(&events).iter().any(|(job, _)| *job == followed.to_string()));
    assert_eq!(seqs(&events, followed), (1..=app.end(followed).await.seq).collect::<Vec<_>>());
    // A reader from the beginning gets the jobs that ended before.
    let events = Stream::open(&app, "watch=jobs&after=0.0").await.until("caught_up").await;
    assert_eq!(told(&events).len(), 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_say_what_this_connection_has_sent_and_now_says_what_runs() {
    let files = Files::numbered(4);
    let (app, recipe) = held(&files).await;
    let job = app.begin("test").await;
    let running = app.until(job, |summary| summary.counters.running == 2).await;
    let mut stream = Stream::open(&app, &format!("job={job}")).await;
    let events = stream.until("ping").await;
    let ping = events.last().expect("a ping");
    assert_eq!(ping.json["jobs"][job.to_string()], json!([running.seq, running.digest, running.seq]));
    assert!(ping.id.is_some());
    // The first can have arrived before the second item was open.
    let now = events.iter().rfind(|event| event.kind() == "now").expect("what runs");
    let items: Vec<_> =
        now.json["running"].as_array().expect("items").iter().map(|item| item["path"].clone()).collect();
    assert_eq!(items, [json!("000000"), json!("000001")]);
    recipe.release();
    app.end(job).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_response_has_the_same_messages_as_a_stream() {
    let files = Files::numbered(3);
    let app = App::start(&files).await;
    let job = app.end(app.begin("checksum").await).await.job;
    let (status, messages) = app.get(&format!("/api/events?job={job}&after=0.0&wait=0")).await;
    let kinds: Vec<_> = messages
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["kind"].as_str().unwrap_or_default())
        .collect();
    assert_eq!((status, kinds), (200, vec!["hello", "events", "caught_up", "closed", "ping"]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_no_retry_could_help_is_an_error() {
    let files = Files::numbered(1);
    let app = App::start(&files).await;
    let many: Vec<_> = (0..17).map(|_| format!("job={}", mint())).collect();
    for query in [
        "",
        "job=x",
        "watch=most",
        "colour=red",
        "wait=-1",
        "watch=jobs&wait=0&wait=1",
        "watch=jobs&after=0.0&after=1.0",
        &many.join("&"),
    ] {
        let (status, answer) = app.get(&format!("/api/events?{query}")).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("malformed")), "{query}: {answer}");
    }
    let fine: Vec<_> = (0..16).map(|_| format!("job={}", mint())).collect();
    let events = Stream::open(&app, &fine.join("&")).await.until("caught_up").await;
    assert_eq!(kinds(&events).iter().filter(|kind| **kind == "absent").count(), 16);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_every_stream_and_the_server_with_it() {
    let files = Files::numbered(2);
    let app = App::start(&files).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = Stream::open(&app, "watch=jobs").await;
        stream.until("caught_up").await;
        streams.push(stream);
    }
    // On an open stream, this would wait forever.
    tokio::time::timeout(std::time::Duration::from_secs(10), app.stop()).await.expect("a server that ends");
    for stream in &mut streams {
        while stream.next().await.is_some() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_receiver_through_real_cuts_ends_equal_to_the_log() {
    let files = Files::numbered(300);
    let app = App::start(&files).await;
    for round in 0..repetitions(12) {
        let job = mint();
        assert_eq!(app.put(&job.to_string(), &request("checksum")).await.0, 201);
        let (follow, connections) = follow_to_end(&app, job, |connection| (connection * 7 + round) % 5 + 2).await;
        let truth = app.end(job).await;
        let tracked: &Tracked = follow.job(&job).expect("followed");
        let fold = tracked.fold().expect("folded");
        assert_eq!((fold.seq, fold.digest, fold.status), (truth.seq, truth.digest, JobStatus::Completed));
        assert_eq!(tracked.proof().base, 0, "never a snapshot: every event was received");
        assert!(connections > 1);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_way_behind_gets_a_snapshot_unless_every_event_is_wanted() {
    let files = Files::numbered(10_500);
    let app = App::start(&files).await;
    let job = app.begin("checksum").await;
    let last = app.end(job).await.seq;
    assert!(last > 21_000);
    let far = Stream::open(&app, &format!("job={job}&after=0.0")).await.until("closed").await;
    assert_eq!(kinds(&far), ["hello", "reset", "snapshot", "caught_up", "closed"]);
    assert_eq!(far[1].json["reason"], json!("far"));
    let all = Stream::open(&app, &format!("job={job}&after=0.0&replay=all")).await.until("closed").await;
    assert_eq!(seqs(&all, job), (1..=last).collect::<Vec<_>>());
    app.stop().await;
}
