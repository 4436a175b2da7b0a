use proptest::prelude::*;

use super::*;
use crate::cursor::Cursor;
use crate::digest::Digest;
use crate::error::ApiError;
use crate::event::JobEvent;
use crate::fold::Fold;
use crate::id::{JobId, Millis};
use crate::message::{
    Body, CaughtUp, Closed, ClosedHow, Hello, Ping, Reset, ResetReason, SnapshotMessage, events_text, frame_text,
};
use crate::status::JobStatus;
use crate::testing::{Draw, cases, created, job_id, random_events, record};

fn told(job: JobId, payloads: &[&str]) -> String {
    events_text(&[frame_text(&job, payloads)])
}

/// A log of one job behind a link that loses, repeats, swaps, cuts and corrupts: an honest server on the worst wire.
struct Wire {
    job: JobId,
    payloads: Vec<String>,
    folds: Vec<Fold>,
    draw: Draw,
    now: Millis,
    trouble: usize,
}

impl Wire {
    fn new(seed: u64, most: usize, trouble: usize) -> Self {
        let (payloads, _) = record(&random_events(seed, most));
        let mut folds = vec![Fold::create(&payloads[0]).expect("created")];
        for payload in &payloads[1..] {
            let mut fold = folds.last().expect("one").clone();
            fold.apply(payload).expect("accepted once");
            folds.push(fold);
        }
        Wire { job: folds[0].id, payloads, folds, draw: Draw(seed ^ 0x5eed), now: 1_000_000, trouble }
    }

    fn last(&self) -> &Fold {
        self.folds.last().expect("one")
    }

    fn cursor(&self, seq: u64) -> Cursor {
        if seq == 0 { Cursor::start() } else { Cursor::at(seq, &self.folds[seq as usize - 1].digest) }
    }

    fn ping(&self, sent: u64) -> (String, String) {
        let digest = if sent == 0 { Digest::start(&self.job) } else { self.folds[sent as usize - 1].digest };
        let last = self.payloads.len() as u64;
        let ping = Ping { head: last, now: self.now, jobs: [(self.job, (sent, digest, last))].into(), recording: true };
        (ping.text(), self.cursor(sent).to_string())
    }

    /// What an honest server sends for this query string.
    fn serve(&mut self, query: &str) -> Vec<(String, String)> {
        let value = |key: &str| query.split('&').find_map(|part| part.strip_prefix(key));
        let after: Option<Cursor> = value("after=").and_then(|text| text.parse().ok());
        let mut messages = vec![(Hello { build: "b".into(), now: self.now, recording: true }.text(), String::new())];
        let held = value("held=").is_some();
        let asked = held || value("job=").is_some();
        if !asked {
            return messages;
        }
        let last = self.payloads.len() as u64;
        let mut sent = match &after {
            Some(cursor) if held || cursor.position == 0 => cursor.position,
            _ => {
                let fold = self.last().clone();
                let snapshot = SnapshotMessage {
                    job: self.job,
                    seq: fold.seq,
                    digest: fold.digest,
                    fold: fold.hash(),
                    state: fold.snapshot(),
                };
                messages.push((snapshot.text(), String::new()));
                last
            }
        };
        while sent < last {
            let count = 1 + self.draw.below(4) as u64;
            let up_to = (sent + count).min(last);
            let page: Vec<_> = self.payloads[sent as usize..up_to as usize].iter().map(String::as_str).collect();
            messages.push((told(self.job, &page), self.cursor(up_to).to_string()));
            sent = up_to;
            if self.draw.below(4) == 0 {
                messages.push(self.ping(sent));
            }
        }
        messages.push((CaughtUp { cursor: self.cursor(last) }.text(), self.cursor(last).to_string()));
        messages.push(self.ping(last));
        if self.last().status.is_terminal() {
            let how = ClosedHow::Ended { seq: last, fold: self.last().hash(), status: self.last().status };
            messages.push((Closed { job: self.job, how }.text(), "end".into()));
        }
        messages
    }

    /// Runs one connection to its end, injecting faults while any are left. Returns the effects that follow.
    fn connection(&mut self, follow: &mut Follow, generation: u64, query: &str) -> Vec<FollowEffect> {
        let mut messages = self.serve(query);
        if self.trouble > 0 {
            let at = self.draw.below(messages.len());
            match self.draw.below(5) {
                0 => drop(messages.remove(at)),
                1 => messages.insert(at, messages[at].clone()),
                2 => messages.swap(at, at.saturating_sub(1)),
                3 => messages.truncate(at),
                _ => {
                    let half = messages[at].0.len() / 2;
                    messages[at].0.truncate(half);
                }
            }
            self.trouble -= 1;
        }
        for (text, id) in messages {
            self.now += 20;
            let effects = follow.message(self.now, generation, &text, &id);
            if effects.iter().any(|effect| matches!(effect, FollowEffect::Open { .. })) {
                return effects;
            }
        }
        let mut effects = follow.error(self.now, generation, false);
        // Far enough apart that the faults do not count as a series.
        self.now += 61_000;
        effects.extend(follow.tick(self.now));
        effects
    }

    fn run(&mut self) -> Follow {
        let mut follow = Follow::new(Some(Cursor::start()), false, None, 7);
        follow.follow(self.now, self.job);
        let mut effects = follow.start(self.now);
        for _ in 0..200 {
            let open = effects.iter().rev().find_map(|effect| match effect {
                FollowEffect::Open { generation, query } => Some((*generation, query.clone())),
                _ => None,
            });
            let Some((generation, query)) = open else { break };
            effects = self.connection(&mut follow, generation, &query);
            let done = follow.job(&self.job).and_then(Tracked::fold).is_some_and(|fold| fold.seq == self.last().seq);
            if self.trouble == 0 && done {
                break;
            }
        }
        follow
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn whatever_the_wire_does_the_fold_ends_equal_to_the_log_or_the_page_says_so(seed: u64, most in 2usize..80, trouble in 0usize..9) {
        let mut wire = Wire::new(seed, most, trouble);
        let follow = wire.run();
        let tracked = follow.job(&wire.job).expect("followed");
        if tracked.phase() != Phase::Stopped {
            let fold = tracked.fold().expect("received");
            prop_assert_eq!(fold.digest, wire.last().digest);
            prop_assert_eq!(fold.hash(), wire.last().hash());
        }
    }

    /// At every moment, no fold that is shown as followed disagrees with the log.
    #[test]
    fn it_is_never_wrong_in_silence(seed: u64, most in 2usize..60) {
        let mut wire = Wire::new(seed, most, 0);
        let mut follow = Follow::new(Some(Cursor::start()), false, None, 7);
        follow.follow(0, wire.job);
        let effects = follow.start(0);
        let Some(FollowEffect::Open { generation, query }) = effects.into_iter().next_back() else { panic!("no order to open") };
        let mut messages = wire.serve(&query);
        for _ in 0..3 {
            let (from, to) = (wire.draw.below(messages.len()), wire.draw.below(messages.len()));
            let moved = messages.remove(from);
            messages.insert(to.min(messages.len()), moved);
        }
        for (text, id) in messages {
            follow.message(wire.now, generation, &text, &id);
            if let Some(fold) = follow.job(&wire.job).and_then(Tracked::fold) {
                prop_assert_eq!(fold.digest, wire.folds[fold.seq as usize - 1].digest);
            }
        }
    }
}

fn opened(effects: &[FollowEffect]) -> (u64, String) {
    effects
        .iter()
        .find_map(|effect| match effect {
            FollowEffect::Open { generation, query } => Some((*generation, query.clone())),
            _ => None,
        })
        .unwrap_or_else(|| panic!("no order to open in {effects:?}"))
}

/// A receiver that has taken in everything but the last `missing` events.
fn follower(wire: &mut Wire, missing: usize) -> (Follow, u64) {
    let mut follow = Follow::new(Some(Cursor::start()), false, None, 7);
    follow.follow(wire.now, wire.job);
    let (generation, _) = opened(&follow.start(wire.now));
    for seq in 1..=(wire.payloads.len() - missing) as u64 {
        let text = told(wire.job, &[wire.payloads[seq as usize - 1].as_str()]);
        let effects = follow.message(wire.now, generation, &text, &wire.cursor(seq).to_string());
        assert!(!effects.iter().any(|effect| matches!(effect, FollowEffect::Open { .. })));
    }
    (follow, generation)
}

#[test]
fn a_lost_last_event_is_found_by_a_ping_alone() {
    let mut wire = Wire::new(3, 30, 0);
    let (mut follow, generation) = follower(&mut wire, 1);
    let (text, id) = wire.ping(wire.payloads.len() as u64);
    let (_, query) = opened(&follow.message(wire.now, generation, &text, &id));
    let last_good = wire.cursor(wire.payloads.len() as u64 - 1);
    assert_eq!(query, format!("held={}&after={last_good}", wire.job));
}

#[test]
fn a_lost_word_that_a_job_is_closed_is_found_by_the_next_ping() {
    let events = [created(job_id(9)), JobEvent::CancelRequested {}, JobEvent::Cancelled {}];
    let (payloads, fold) = record(&events);
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    follow.follow(0, fold.id);
    let (generation, _) = opened(&follow.start(0));
    let payloads: Vec<_> = payloads.iter().map(String::as_str).collect();
    let cursor = Cursor::at(3, &fold.digest);
    follow.message(1, generation, &told(fold.id, &payloads), &cursor.to_string());
    follow.message(2, generation, &CaughtUp { cursor: cursor.clone() }.text(), &cursor.to_string());
    let ping = Ping { head: 3, now: 0, jobs: [(fold.id, (3, fold.digest, 3))].into(), recording: true };
    let (_, query) = opened(&follow.message(3, generation, &ping.text(), &cursor.to_string()));
    assert!(query.contains(&format!("held={}", fold.id)), "{query}");
}

#[test]
fn a_lost_word_that_all_was_sent_is_made_good_by_a_ping() {
    let (payloads, fold) = record(&[created(job_id(9))]);
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    follow.follow(0, fold.id);
    let (generation, _) = opened(&follow.start(0));
    let cursor = Cursor::at(1, &fold.digest).to_string();
    follow.message(1, generation, &told(fold.id, &[&payloads[0]]), &cursor);
    let ping = Ping { head: 1, now: 0, jobs: [(fold.id, (1, fold.digest, 1))].into(), recording: true }.text();
    follow.message(2, generation, &ping, "");
    assert_eq!(follow.link(2), LinkState::Connecting, "a ping without an id promises nothing");
    follow.message(3, generation, &ping, &cursor);
    assert_eq!(follow.link(3), LinkState::Live);
    assert_eq!(follow.job(&fold.id).map(|tracked| tracked.proof().checked), Some(Some(3)));
}

#[test]
fn the_server_is_back_with_a_connection_or_after_silence_and_not_by_catching_up() {
    let mut wire = Wire::new(4, 30, 0);
    let (mut follow, generation) = follower(&mut wire, 3);
    let (at, last) = (wire.now, wire.payloads.len() as u64);
    let ping = |sent: u64| {
        let digest = wire.folds[sent as usize - 1].digest;
        Ping { head: last, now: at, jobs: [(wire.job, (sent, digest, last))].into(), recording: true }.text()
    };
    let (before, after) = (wire.cursor(last - 3), wire.cursor(last));
    follow.message(at, generation, &CaughtUp { cursor: before.clone() }.text(), &before.to_string());
    assert_eq!(follow.returns(), 1);
    // Three events behind for two seconds, then caught up.
    follow.message(at, generation, &ping(last - 3), &before.to_string());
    follow.link(at);
    assert_eq!(follow.link(at + 2_000), LinkState::CatchingUp(3));
    let rest: Vec<_> = wire.payloads[last as usize - 3..].iter().map(String::as_str).collect();
    follow.message(at + 2_000, generation, &told(wire.job, &rest), &after.to_string());
    assert_eq!(follow.link(at + 2_000), LinkState::Live);
    assert_eq!(follow.returns(), 1);
    // Nothing for 13 s on the same connection.
    follow.message(at + 15_000, generation, &ping(last - 3), &after.to_string());
    assert_eq!(follow.returns(), 2);
    // A new connection, however soon.
    follow.error(at + 15_000, generation, false);
    let (generation, _) = opened(&follow.tick(at + 15_100));
    follow.message(at + 15_200, generation, &ping(last - 3), &after.to_string());
    assert_eq!(follow.returns(), 3);
}

#[test]
fn a_gap_moves_no_cursor_and_reads_on_from_the_last_good_one() {
    let mut wire = Wire::new(4, 30, 0);
    let (mut follow, generation) = follower(&mut wire, 3);
    let held = wire.payloads.len() as u64 - 3;
    let rest: Vec<_> = wire.payloads[held as usize + 1..].iter().map(String::as_str).collect();
    let skipping = told(wire.job, &rest);
    let (_, query) = opened(&follow.message(wire.now, generation, &skipping, &wire.cursor(held + 3).to_string()));
    assert!(query.ends_with(&format!("after={}", wire.cursor(held))), "{query}");
    assert_eq!(follow.job(&wire.job).and_then(Tracked::fold).map(|fold| fold.seq), Some(held));
    assert!(matches!(follow.link(wire.now), LinkState::Healed(HealReason::Gap)));
}

#[test]
fn another_digest_at_the_same_event_asks_for_a_snapshot() {
    let mut wire = Wire::new(5, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 0);
    let last = wire.payloads.len() as u64;
    let caught_up = CaughtUp { cursor: wire.cursor(last) }.text();
    follow.message(wire.now, generation, &caught_up, &wire.cursor(last).to_string());
    let ping = Ping { head: last, now: 0, jobs: [(wire.job, (last, Digest([9; 16]), last))].into(), recording: true };
    let (_, query) = opened(&follow.message(wire.now, generation, &ping.text(), &wire.cursor(last).to_string()));
    assert!(query.starts_with(&format!("job={}", wire.job)), "{query}");
}

#[test]
fn a_third_heal_within_a_minute_stops_folding_and_says_so() {
    let mut wire = Wire::new(6, 30, 0);
    let (mut follow, mut generation) = follower(&mut wire, 2);
    for _ in 0..2 {
        let (text, id) = wire.ping(wire.payloads.len() as u64);
        (generation, _) = opened(&follow.message(wire.now, generation, &text, &id));
    }
    let (text, id) = wire.ping(wire.payloads.len() as u64);
    let effects = follow.message(wire.now, generation, &text, &id);
    assert!(
        effects.iter().any(|effect| matches!(effect, FollowEffect::Log(line) if line.contains("third time"))),
        "{effects:?}"
    );
    assert_eq!(follow.job(&wire.job).map(Tracked::phase), Some(Phase::Stopped));
}

#[test]
fn an_event_of_a_later_version_stops_folding_and_asks_for_a_reload() {
    let mut wire = Wire::new(7, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 0);
    let seq = wire.payloads.len() + 1;
    let unknown = format!(r#"{{"seq":{seq},"at":1,"event":"teleported"}}"#);
    follow.message(wire.now, generation, &told(wire.job, &[unknown.as_str()]), "");
    assert_eq!(follow.job(&wire.job).map(Tracked::phase), Some(Phase::Stopped));
    assert!(follow.wants_reload());
}

#[test]
fn messages_of_a_source_already_closed_are_dropped() {
    let mut wire = Wire::new(8, 20, 0);
    let (mut follow, old) = follower(&mut wire, 1);
    follow.error(wire.now, old, false);
    let held = follow.job(&wire.job).and_then(Tracked::fold).map(|fold| fold.seq);
    let rest = told(wire.job, &[wire.payloads.last().expect("one").as_str()]);
    assert!(follow.message(wire.now, old, &rest, "").is_empty());
    assert_eq!(follow.job(&wire.job).and_then(Tracked::fold).map(|fold| fold.seq), held);
}

#[test]
fn silence_is_said_after_12_s_and_reopened_after_15_s() {
    let mut wire = Wire::new(9, 20, 0);
    let (mut follow, _) = follower(&mut wire, 1);
    let begun = wire.now;
    for second in 1..15 {
        assert!(follow.tick(begun + second * 1_000).is_empty(), "second {second}");
    }
    assert_eq!(follow.link(begun + 13_000), LinkState::Silent(13));
    let (_, query) = opened(&follow.tick(begun + 15_000));
    assert!(query.starts_with("held="), "{query}");
}

#[test]
fn a_link_that_was_up_is_known_to_be_lost_within_a_second_and_a_page_just_shown_says_nothing() {
    let mut wire = Wire::new(9, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 0);
    let lost = |follow: &mut Follow, now| {
        let state = follow.link(now);
        (state.is_heard(), follow.lost_since(now, &state))
    };
    let heard = wire.now;
    let (text, id) = wire.ping(wire.payloads.len() as u64);
    follow.message(heard, generation, &text, &id);
    assert_eq!(lost(&mut follow, heard), (true, None));
    follow.error(heard + 100, generation, false);
    assert_eq!(lost(&mut follow, heard + 1_500), (false, Some(heard)));
    assert_eq!(lost(&mut follow, heard + 20_000), (false, Some(heard)));
    // Just shown after a long time: it has had no chance to receive anything yet.
    follow.visible(heard + 600_000, true);
    assert_eq!(lost(&mut follow, heard + 600_500), (false, None));
    assert_eq!(lost(&mut follow, heard + 601_000), (false, Some(heard)));
}

#[test]
fn a_thawed_page_listens_for_a_second_before_it_gives_up_its_source() {
    let mut wire = Wire::new(10, 20, 0);
    let (mut follow, _) = follower(&mut wire, 1);
    assert!(follow.tick(wire.now + 250).is_empty());
    let thawed = wire.now + 600_000;
    assert!(follow.tick(thawed).is_empty());
    assert!(follow.tick(thawed + 750).is_empty());
    opened(&follow.tick(thawed + 1_250));
}

#[test]
fn a_hidden_page_closes_after_30_s_and_resumes_by_cursor_when_shown() {
    let mut wire = Wire::new(11, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 1);
    follow.visible(wire.now, false);
    let mut closed = Vec::new();
    for step in 1..130 {
        let now = wire.now + step * 250;
        if step % 20 == 0 {
            follow.message(now, generation, &wire.ping(wire.payloads.len() as u64 - 1).0, "");
        }
        closed.extend(follow.tick(now));
    }
    assert_eq!(closed, [FollowEffect::Close]);
    let (_, query) = opened(&follow.visible(wire.now + 40_000, true));
    assert!(query.starts_with("held="), "{query}");
}

#[test]
fn an_answer_that_refuses_stops_the_client_and_is_shown() {
    let mut follow = Follow::new(None, true, None, 7);
    let (generation, _) = opened(&follow.start(0));
    let effects = follow.error(10, generation, true);
    assert!(effects.contains(&FollowEffect::Probe { query: "watch=jobs".into() }), "{effects:?}");
    follow.probed(Err(ApiError::NoLogin { message: "open the printed link".into() }));
    assert_eq!(follow.link(20), LinkState::Refused("open the printed link".into()));
    assert!(follow.tick(60_000).is_empty());
}

#[test]
fn reset_for_a_foreign_cursor_forgets_it() {
    let mut wire = Wire::new(12, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 0);
    let reset = Reset { reason: ResetReason::Diverged, jobs: vec![wire.job] };
    follow.message(wire.now, generation, &reset.text(), "");
    assert_eq!(follow.cursor(), None);
    assert!(matches!(follow.link(wire.now), LinkState::Healed(HealReason::Reset(ResetReason::Diverged))));
}

#[test]
fn only_a_terminal_event_is_an_ending() {
    let mut wire = Wire::new(13, 4, 0);
    assert!(!wire.last().status.is_terminal());
    let (mut follow, generation) = follower(&mut wire, 0);
    let effects = follow.error(wire.now, generation, true);
    assert!(!effects.iter().any(|effect| matches!(effect, FollowEffect::Finished(_))));
    let status = follow.job(&wire.job).and_then(Tracked::fold).map(|fold| fold.status);
    assert!(status.is_some_and(|status: JobStatus| !status.is_terminal()));
}

#[test]
fn a_seventeenth_job_takes_the_place_of_the_oldest() {
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    let jobs: Vec<_> = (1..=17).map(|millis| JobId::mint(millis, [1; 10])).collect();
    follow.start(0);
    let mut last = Vec::new();
    for job in &jobs {
        last = follow.follow(0, *job);
    }
    let (_, query) = opened(&last);
    assert_eq!(query.matches("job=").count(), JOBS_LIMIT);
    assert!(query.contains(&jobs[16].to_string()) && !query.contains(&jobs[0].to_string()));
}

fn asked(effects: &[FollowEffect]) -> Option<(u64, String)> {
    effects.iter().rev().find_map(|effect| match effect {
        FollowEffect::Ask { generation, query } => Some((*generation, query.clone())),
        _ => None,
    })
}

fn answer(position: u64) -> String {
    let hello = Hello { build: "b".into(), now: 1, recording: true }.text();
    let cursor = Cursor::at(position, &Digest([position as u8; 16]));
    let caught_up = CaughtUp { cursor: cursor.clone() }.text();
    format!("[{hello},{}]", crate::message::with_id(&caught_up, Some(&cursor.to_string())))
}

#[test]
fn where_streams_do_not_get_through_the_client_asks_by_calls_and_tries_again() {
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    opened(&follow.start(0));
    opened(&follow.tick(5_000));
    opened(&follow.tick(10_000));
    // A proxy that buffers everything never raises an error, so three streams without a message are enough.
    let effects = follow.tick(15_000);
    let (generation, query) = asked(&effects).expect("a call");
    assert_eq!(query, "watch=jobs&after=0.0&wait=0", "the first answer comes at once");
    assert!(follow.asks() && effects.iter().any(|effect| matches!(effect, FollowEffect::Log(_))));

    let effects = follow.answered(15_100, generation, Ok(&answer(3)));
    let cursor = Cursor::at(3, &Digest([3; 16]));
    assert_eq!(asked(&effects), Some((generation, format!("watch=jobs&after={cursor}&wait=10"))));
    assert_eq!(follow.link(15_100), LinkState::Live);
    // A call that takes its time is not silence.
    assert!(follow.tick(26_000).is_empty());
    assert_eq!(follow.link(26_000), LinkState::Live);

    // After a while a stream is tried again; it must deliver a message soon.
    assert_eq!(follow.answered(26_100, generation, Ok(&answer(3))), []);
    let (generation, _) = opened(&follow.tick(26_250));
    assert!(follow.tick(29_000).is_empty());
    let (call, _) = asked(&follow.tick(29_250)).expect("back to calls");
    assert!(call > generation);
    follow.answered(29_300, call, Ok(&answer(4)));
    let effects = follow.answered(29_300 + 60_000, call, Ok(&answer(5)));
    assert_eq!(effects, []);
    let (generation, _) = opened(&follow.tick(29_300 + 60_250));
    let hello = Hello { build: "b".into(), now: 1, recording: true }.text();
    let effects = follow.message(89_600, generation, &hello, "");
    assert!(!follow.asks() && effects.iter().any(|effect| matches!(effect, FollowEffect::Log(_))), "{effects:?}");
}

#[test]
fn an_answer_that_comes_too_soon_and_brings_nothing_is_not_asked_for_again_at_once() {
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    follow.prefer_calls();
    let (generation, _) = asked(&follow.start(0)).expect("a call");
    let (same, _) = asked(&follow.answered(10, generation, Ok(&answer(3)))).expect("news");
    assert_eq!(same, generation);
    assert_eq!(follow.answered(20, generation, Ok(&answer(3))), [], "a cache on the way answers");
    assert_eq!(follow.tick(500), []);
    assert!(asked(&follow.tick(1_100)).is_some());
}

#[test]
fn a_call_that_is_refused_stops_the_client_and_half_an_answer_is_asked_for_again() {
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    follow.prefer_calls();
    let (generation, _) = asked(&follow.start(0)).expect("a call");
    let half = answer(3);
    follow.answered(10, generation, Ok(&half[..half.len() - 5]));
    assert_eq!(follow.cursor(), Some(&Cursor::start()), "nothing of it was taken in");
    let (generation, _) = asked(&follow.tick(1_000)).expect("another call");
    follow.answered(1_010, generation, Err(ApiError::NoLogin { message: "no login".into() }));
    assert!(matches!(follow.link(1_010), LinkState::Refused(_)));
    assert!(asked(&follow.tick(60_000)).is_none());
}

#[test]
fn a_cursor_reset_again_and_again_ends_in_summaries_not_in_a_loop() {
    let mut wire = Wire::new(3, 20, 0);
    let mut follow = wire.run();
    for round in 0..3 {
        let (generation, _) = opened(&follow.follow(round, JobId::mint(round + 1, [9; 10])));
        let reset = Reset { reason: ResetReason::Diverged, jobs: vec![wire.job] }.text();
        follow.message(round, generation, &reset, "");
    }
    assert_eq!(follow.job(&wire.job).map(Tracked::phase), Some(Phase::Stopped));
}

#[test]
fn a_follower_that_began_with_nothing_to_follow_opens_when_a_job_comes() {
    let mut follow = Follow::new(Some(Cursor::start()), false, None, 1);
    assert_eq!(follow.start(0), Vec::new());
    let effects = follow.follow(10, job_id(1));
    assert!(matches!(&effects[..], [FollowEffect::Open { .. }]), "{effects:?}");
}
