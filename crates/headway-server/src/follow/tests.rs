//! Runs the sender against the receiver, over a wire that breaks, with the in-memory store.

use std::sync::Arc;

use futures::FutureExt;

use super::*;
use crate::recent::{Changed, Commit, Recent};
use crate::source::answer;
use headway_model::event::Outcome;
use headway_model::follow::{Follow, FollowEffect, Tracked};
use headway_model::item::FailReason;
use headway_model::message::with_id;
use headway_model::testing::created_with;
use headway_model::{ApiError, DiskEffect as ItemEffect, JobEvent, StartJob};
use headway_store::{Append, JobFilter, MemoryStore, Store, Writer};

/// A log, its writer, and one clock.
struct FollowWorld {
    store: Arc<MemoryStore>,
    writer: Writer,
    recent: Recent,
    now: Millis,
}

/// Futures of the in-memory store are ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the in-memory store does not wait")
}

impl FollowWorld {
    fn new() -> Self {
        let head = Head { next_job_no: 1, ..Head::default() };
        FollowWorld {
            store: Arc::new(MemoryStore::new()),
            writer: Writer::new(head, Vec::new()),
            recent: Recent::default(),
            now: 1_000,
        }
    }

    fn record(&mut self, job: JobId, event: JobEvent, detail: Option<String>) {
        self.writer.append(Append { ticket: 0, job, event, detail, at: self.now, over: None });
        let batch = self.writer.batch().expect("something to write");
        let commit = Commit::of(&batch);
        ready(self.store.commit(batch)).expect("memory");
        self.writer.committed(true);
        self.recent.publish(commit);
    }

    fn create(&mut self, number: u8) -> JobId {
        let id = JobId::mint(u64::from(number), [number; 10]);
        let request: StartJob =
            serde_json::from_str(r#"{"library":"l","recipe":"r","query":{"folder":{}}}"#).expect("a request");
        let body = serde_json::to_string(&request).expect("JSON");
        let created = created_with(id, "r", Digest::of(body.as_bytes()));
        self.record(id, created, Some(body));
        id
    }

    /// Runs a job of `items` items to its end.
    fn run(&mut self, id: JobId, items: u32) {
        let path = |item| format!(r#"{{"path":"f{item}","size":1,"mtime_ns":0}}"#);
        let detail = format!("[{}]", (0..items).map(path).collect::<Vec<_>>().join(","));
        let planned =
            JobEvent::Planned { first: 0, count: items, skips: vec![], detail: Digest::of(detail.as_bytes()) };
        self.record(id, planned, Some(detail));
        self.record(id, JobEvent::PlanEnded { total: items, reruns: Default::default() }, None);
        self.record(id, JobEvent::Began {}, None);
        for item in 0..items {
            self.record(id, JobEvent::Started { item, attempt: 1 }, None);
            self.record(id, JobEvent::Succeeded { item, attempt: 1, effect: ItemEffect::Read, detail: None }, None);
        }
        self.record(id, JobEvent::Finishing {}, None);
        self.record(id, JobEvent::Ended { outcome: Outcome::Completed }, None);
    }

    /// Runs a job in which every second item fails, so that no snapshot of it is short.
    fn run_mixed(&mut self, id: JobId, items: u32) {
        let path = |item| format!(r#"{{"path":"f{item}","size":1,"mtime_ns":0}}"#);
        for first in (0..items).step_by(1_000) {
            let count = (items - first).min(1_000);
            let detail = format!("[{}]", (first..first + count).map(path).collect::<Vec<_>>().join(","));
            let planned = JobEvent::Planned { first, count, skips: vec![], detail: Digest::of(detail.as_bytes()) };
            self.record(id, planned, Some(detail));
        }
        self.record(id, JobEvent::PlanEnded { total: items, reruns: Default::default() }, None);
        self.record(id, JobEvent::Began {}, None);
        for item in 0..items {
            self.record(id, JobEvent::Started { item, attempt: 1 }, None);
            let (effect, reason) = (ItemEffect::Read, FailReason::Read);
            let end = match item % 2 {
                0 => JobEvent::Succeeded { item, attempt: 1, effect, detail: None },
                _ => JobEvent::Failed { item, attempt: 1, reason, message: "bad".into(), detail: None },
            };
            self.record(id, end, None);
        }
        self.record(id, JobEvent::Finishing {}, None);
        self.record(id, JobEvent::Ended { outcome: Outcome::CompletedWithErrors }, None);
    }

    fn read(&self, read: Read) -> ReadResult {
        // Pages come from the store and from the encoded commits in turn; a reader cannot tell the difference.
        let is_encoded = !matches!(read, Read::Page(_, after, _) if after % 3 == 0);
        if let Read::Changed(after) = read {
            let mut recent = self.recent.changed(after).expect("all of it");
            recent.sort_by_key(|changed| changed.position);
            assert_eq!(recent, self.jobs(JobFilter::ChangedAfter(after)));
            return ReadResult::Jobs(recent);
        }
        ready(answer(&*self.store, Some(&self.recent).filter(|_| is_encoded), read)).expect("memory")
    }

    fn jobs(&self, filter: JobFilter) -> Vec<Changed> {
        ready(self.store.jobs(filter, 100)).expect("memory").iter().map(Changed::from).collect()
    }

    /// Steps until the machine waits or ends; what it sent. `between` is called before each read is answered, and can move the
    /// log.
    fn drain(&mut self, serving: &mut Serving, mut between: impl FnMut(&mut FollowWorld)) -> Vec<Outgoing> {
        let mut sent = Vec::new();
        loop {
            match serving.step(self.now) {
                SenderStep::Send(message) => sent.push(message),
                SenderStep::Read(read) => {
                    between(self);
                    let given = self.read(read);
                    serving.give(self.now, given);
                }
                SenderStep::Wait(_) | SenderStep::End => return sent,
            }
        }
    }
}

fn request(query: &str) -> Request {
    let mut request = Request::default();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("job", id)) => drop(request.jobs.insert(id.parse().expect("an id"), Holds::Nothing)),
            Some(("held", held)) => {
                let (id, holds) = Holds::read(held).expect("an id, and perhaps a number");
                request.jobs.insert(id.parse().expect("an id"), holds);
            }
            Some(("after", cursor)) => request.cursor = Some(cursor.parse()),
            Some(("watch", _)) => request.watch = true,
            Some(("wait", _)) => {}
            _ => panic!("{pair}"),
        }
    }
    request
}

fn opened(effects: &[FollowEffect]) -> Option<(u64, String)> {
    effects.iter().rev().find_map(|effect| match effect {
        FollowEffect::Open { generation, query } => Some((*generation, query.clone())),
        _ => None,
    })
}

/// Wherever the log moves while a connection begins, and wherever the wire is cut, the receiver ends equal to the log.
#[test]
fn at_every_moment_of_a_connection_the_job_may_begin_or_end_and_the_wire_may_break() {
    for moment in 1..15 {
        for cut in 1..12 {
            let mut world = FollowWorld::new();
            let other = world.create(1);
            let job = JobId::mint(2, [2; 10]);
            let mut follow = Follow::new(Some(Cursor::start()), true, None, 3);
            follow.follow(world.now, job);
            let mut open = opened(&follow.start(world.now));
            let mut reads = 0;
            let mut connections = 0;
            while let Some((generation, query)) = open.take() {
                connections += 1;
                assert!(connections < 60, "moment {moment}, cut {cut}: it never ends");
                let mut serving = Serving::new(request(&query), "b".into(), world.now, true);
                let mut sent = 0;
                'connection: for _ in 0..40 {
                    serving.wake();
                    let messages = world.drain(&mut serving, |world| {
                        reads += 1;
                        if reads == moment {
                            world.create(2);
                        }
                        if reads == moment + 2 {
                            world.run(job, 3);
                        }
                    });
                    for message in messages {
                        sent += 1;
                        let id = message.id.unwrap_or_default();
                        let effects = follow.message(world.now, generation, &message.text, &id);
                        open = opened(&effects);
                        if open.is_some() || (sent == cut && connections < 8) {
                            break 'connection;
                        }
                    }
                    world.now += 300;
                    if reads < moment + 2 && sent > 0 {
                        world.record(other, JobEvent::Changed { priority: Some(1), concurrency: None }, None);
                    }
                }
                let closed = follow.job(&job).is_some_and(|tracked| tracked.proof().closed);
                if open.is_none() && !closed {
                    follow.error(world.now, generation, false);
                    world.now += 6_000;
                    open = opened(&follow.tick(world.now));
                }
            }
            let truth = ready(world.store.folds(&[job])).expect("memory").1.pop().expect("the job");
            let fold = follow
                .job(&job)
                .and_then(Tracked::fold)
                .unwrap_or_else(|| panic!("moment {moment}, cut {cut}: nothing"));
            assert_eq!((fold.seq, fold.digest), (truth.seq, truth.digest), "moment {moment}, cut {cut}");
            assert!(follow.job(&job).is_some_and(|tracked| tracked.proof().closed), "moment {moment}, cut {cut}");
        }
    }
}

#[test]
fn a_promise_is_never_ahead_of_what_was_sent() {
    let mut world = FollowWorld::new();
    let (one, two) = (world.create(1), world.create(2));
    world.run(one, 400);
    let mut serving = Serving::new(request(&format!("job={one}&job={two}&after=0.0")), "b".into(), world.now, true);
    let mut sent = 0;
    for message in world.drain(&mut serving, |_| {}) {
        let value: serde_json::Value = serde_json::from_str(&message.text).expect("JSON");
        for frame in value["frames"].as_array().into_iter().flatten() {
            sent += frame["events"].as_array().map_or(0, Vec::len) as u64;
        }
        if let Some(Ok(cursor)) = message.id.map(|id| id.parse::<Cursor>()) {
            assert!(cursor.position <= sent, "{cursor} promises more than the {sent} events sent");
            let digest = ready(world.store.digest_at(cursor.position)).expect("memory").expect("a row");
            assert_eq!(Cursor::at(cursor.position, &digest), cursor);
        }
    }
    assert_eq!(sent, world.head().position);
}

#[test]
fn a_job_that_never_comes_is_closed_after_30_s_and_its_id_stays_usable() {
    let mut world = FollowWorld::new();
    let id = JobId::mint(7, [7; 10]);
    let mut serving = Serving::new(request(&format!("job={id}")), "b".into(), world.now, true);
    assert!(world.drain(&mut serving, |_| {}).iter().any(|message| message.text.contains(r#""kind":"absent""#)));
    world.now += 30_000;
    let last = world.drain(&mut serving, |_| {}).pop().expect("a last word");
    assert!(last.text.contains(r#""kind":"closed""#) && last.text.contains(r#""reason":"absent""#), "{}", last.text);
    assert_eq!(last.id.as_deref(), Some("end"));
}

#[test]
fn an_idle_link_is_flushed_at_once_and_a_busy_one_at_its_pace() {
    let mut world = FollowWorld::new();
    let job = world.create(1);
    let mut serving = Serving::new(request(&format!("job={job}&after=0.0")), "b".into(), world.now, true);
    world.drain(&mut serving, |_| {});
    world.now += 1_000;
    for (wait, sends) in [(0, 1), (1, 0), (MIN_FLUSH_MS, 1)] {
        world.now += wait;
        world.record(job, JobEvent::Changed { priority: Some(wait as i32), concurrency: None }, None);
        serving.wake();
        let events = world.drain(&mut serving, |_| {}).iter().filter(|message| message.text.contains("frames")).count();
        assert_eq!(events, sends, "after {wait} ms");
    }
}

/// How many bytes of a connection get through.
const LINE: usize = 20_000;

/// What of these messages gets through as a stream, and whether all do.
fn as_stream(messages: &[Outgoing]) -> (usize, bool) {
    let mut left = LINE;
    for (number, message) in messages.iter().enumerate() {
        let bytes = message.text.len() + message.id.as_ref().map_or(0, |id| id.len() + 5) + 8;
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None => return (number, false),
        }
    }
    (messages.len(), true)
}

/// The answer to a call, as the web server sends it; `None` if it does not get through.
fn as_answer(serving: &mut Serving, now: Millis, messages: &[Outgoing]) -> Option<String> {
    let last = serving.final_ping(now);
    let texts = messages.iter().chain([&last]);
    let texts: Vec<_> = texts.map(|message| with_id(&message.text, message.id.as_deref())).collect();
    let answer = format!("[{}]", texts.join(","));
    (answer.len() <= LINE).then_some(answer)
}

/// Follows a job over a line that breaks after 20 kB of each connection. Returns over how many connections, and from which event on.
fn over_a_line_that_breaks(world: &mut FollowWorld, job: JobId, after: Option<Cursor>, calls: bool) -> (usize, u64) {
    let mut follow = Follow::new(after, true, None, 3);
    if calls {
        follow.prefer_calls();
    }
    follow.follow(world.now, job);
    let mut effects = follow.start(world.now);
    for connection in 1..400 {
        let open = effects.iter().rev().find_map(|effect| match effect {
            FollowEffect::Open { generation, query } | FollowEffect::Ask { generation, query } => {
                Some((*generation, query.clone()))
            }
            _ => None,
        });
        let Some((generation, query)) = open else {
            world.now += 1_000;
            effects = follow.tick(world.now);
            continue;
        };
        let mut serving = Serving::new(request(&query), "b".into(), world.now, true);
        if calls {
            serving.answer();
        }
        let messages = world.drain(&mut serving, |_| {});
        world.now += 50;
        if calls {
            let answer = as_answer(&mut serving, world.now, &messages);
            let lost = ApiError::Unreachable { message: "the line broke".into() };
            effects = follow.answered(world.now, generation, answer.as_deref().ok_or(lost));
        } else {
            let (through, all) = as_stream(&messages);
            effects.clear();
            for message in &messages[..through] {
                let id = message.id.clone().unwrap_or_default();
                effects.extend(follow.message(world.now, generation, &message.text, &id));
            }
            if !all && opened(&effects).is_none() {
                effects = follow.error(world.now, generation, false);
            }
        }
        let tracked = follow.job(&job).expect("followed");
        if tracked.proof().closed {
            let truth = ready(world.store.folds(&[job])).expect("memory").1.pop().expect("the job");
            let fold = tracked.fold().expect("its fold");
            assert_eq!((fold.seq, fold.digest, fold.hash()), (truth.seq, truth.digest, truth.hash()));
            return (connection, tracked.proof().base);
        }
    }
    panic!("it gets no further than {:?}", follow.job(&job).and_then(Tracked::fold).map(|fold| fold.seq));
}

#[test]
fn over_a_line_that_breaks_after_20_kb_a_running_job_with_a_longer_snapshot_is_followed_to_its_end() {
    let mut world = FollowWorld::new();
    let job = world.create(1);
    world.run_mixed(job, 4_000);
    let whole = ready(world.store.folds(&[job])).expect("memory").1.pop().expect("the job");
    assert!(
        serde_json::to_string(&whole.snapshot()).expect("JSON").len() > LINE,
        "the snapshot is longer than the line"
    );
    let head = world.head();
    let now = head.digest.map(|digest| Cursor::at(head.position, &digest));
    // A page that was loaded after the end of the job, one from before its begin, and one without a cursor.
    for after in [now, Some(Cursor::start()), None] {
        for calls in [false, true] {
            let (connections, base) = over_a_line_that_breaks(&mut world, job, after.clone(), calls);
            assert!(connections > 20, "{after:?}: {connections} connections");
            assert_eq!(base, 0, "{after:?}: every event was received");
        }
    }
}

#[test]
fn a_client_that_counts_is_sent_what_it_lacks_and_promised_nothing_before_its_cursor() {
    let mut world = FollowWorld::new();
    let (one, two) = (world.create(1), world.create(2));
    world.run(one, 50);
    world.run(two, 50);
    let head = world.head();
    let cursor = Cursor::at(head.position, &head.digest.expect("a digest"));
    let query = format!("held={one}.10&held={two}&after={cursor}");
    let mut serving = Serving::new(request(&query), "b".into(), world.now, true);
    let mut seqs = Vec::new();
    for message in world.drain(&mut serving, |_| {}) {
        let value: serde_json::Value = serde_json::from_str(&message.text).expect("JSON");
        for frame in value["frames"].as_array().into_iter().flatten() {
            assert_eq!(frame["job"], one.to_string(), "of the other job everything is held");
            seqs.extend(frame["events"].as_array().into_iter().flatten().filter_map(|event| event["seq"].as_u64()));
        }
        let promised = message.id.as_deref().is_none_or(|id| id == "end" || id == cursor.to_string());
        assert!(promised, "{:?} is promised before the cursor {cursor}", message.id);
    }
    let last = ready(world.store.job(one)).expect("memory").expect("the job").summary.seq;
    assert_eq!(seqs, (11..=last).collect::<Vec<_>>());
    // A client cannot have more events than exist: everything is sent, and the pings show it.
    let query = format!("held={one}.{}&after={cursor}", last + 1);
    let mut serving = Serving::new(request(&query), "b".into(), world.now, true);
    let sent = world.drain(&mut serving, |_| {});
    assert!(sent.iter().any(|message| message.text.contains(r#""seq":1,"#)), "{sent:?}");
}

#[test]
fn the_answer_to_a_call_is_no_longer_than_one_message_and_says_whether_there_is_more() {
    let mut world = FollowWorld::new();
    let job = world.create(1);
    world.run(job, 400);
    let (mut cursor, mut calls, mut seq) = ("0.0".to_owned(), 0, 0);
    loop {
        let query = format!("held={job}&after={cursor}&wait=0");
        let mut serving = Serving::new(request(&query), "b".into(), world.now, true);
        serving.answer();
        let mut messages = world.drain(&mut serving, |_| {});
        messages.push(serving.final_ping(world.now));
        calls += 1;
        assert!(calls < 100, "it never ends");
        let bytes: usize = messages.iter().map(|message| message.text.len()).sum();
        assert!(bytes < MESSAGE_ROOM_BYTES + 2_000, "an answer of {bytes} bytes");
        for message in &messages {
            let value: serde_json::Value = serde_json::from_str(&message.text).expect("JSON");
            for frame in value["frames"].as_array().into_iter().flatten() {
                seq += frame["events"].as_array().map_or(0, Vec::len) as u64;
            }
        }
        let ping: serde_json::Value = serde_json::from_str(&messages.last().expect("a ping").text).expect("JSON");
        assert_eq!(ping["jobs"][job.to_string()][0], seq, "the ping says what was sent");
        let ended = messages.iter().any(|message| message.id.as_deref() == Some("end"));
        if ended {
            break;
        }
        assert_eq!(messages.last().and_then(|ping| ping.id.clone()), None, "there is more");
        cursor = messages.iter().rev().find_map(|message| message.id.clone()).expect("a cursor to go on from");
    }
    assert!(calls > 5 && seq == ready(world.store.job(job)).expect("memory").expect("the job").summary.seq);
}

impl FollowWorld {
    fn head(&self) -> Head {
        ready(self.store.head()).expect("memory")
    }
}
