//! When a source is opened, given up and opened again, and what the page says of its link.

use super::*;

#[test]
fn a_ping_repairs_a_lost_caught_up_message() {
    let (payloads, fold) = record(&[created(job_id(9))]);
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    follow.follow(0, fold.id);
    let (generation, _) = opened(&follow.start(0));
    let cursor = Cursor::at(1, &fold.digest).to_string();
    follow.message(1, generation, &told(fold.id, &[&payloads[0]]), &cursor);
    let ping =
        Ping { head: 1, now: 0, jobs: [(fold.id, (1, fold.digest, 1))].into(), recording: true, left_out: None }.text();
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
        Ping { head: last, now: at, jobs: [(wire.job, (sent, digest, last))].into(), recording: true, left_out: None }
            .text()
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
fn silence_is_reported_after_12_s_and_the_stream_reopened_after_15_s() {
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
fn a_lost_link_is_reported_within_a_second_but_not_on_a_page_just_shown() {
    let mut wire = Wire::new(9, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 0);
    let lost = |follow: &mut Follow, now| {
        let state = follow.link(now);
        (state.is_heard(), follow.is_lost(now, &state).then(|| follow.known_at().expect("it was live")))
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
fn a_page_whose_line_never_lets_it_catch_up_says_how_old_its_state_is() {
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    let is_lost = |follow: &mut Follow, now| {
        let state = follow.link(now);
        follow.is_lost(now, &state)
    };
    let mut now = 1_000;
    let (mut generation, _) = opened(&follow.start(now));
    assert!(!is_lost(&mut follow, now + 2_000), "it is still being loaded");
    // Each source says hello and breaks.
    while now < 20_000 {
        let hello = serde_json::json!({"kind": "hello", "build": "b", "now": now, "recording": true}).to_string();
        follow.message(now, generation, &hello, "");
        follow.error(now + 100, generation, false);
        generation = loop {
            now += 250;
            let effects = follow.tick(now);
            if effects.iter().any(|effect| matches!(effect, FollowEffect::Open { .. })) {
                break opened(&effects).0;
            }
        };
        assert_eq!(is_lost(&mut follow, now), now >= 4_000, "at {now}");
    }
    assert_eq!(follow.known_at(), None, "what it shows was true when it was rendered");
}

#[test]
fn a_message_before_the_link_has_caught_up_makes_the_state_no_newer() {
    let mut wire = Wire::new(9, 20, 0);
    let (mut follow, generation) = follower(&mut wire, 0);
    let (text, id) = wire.ping(wire.payloads.len() as u64);
    follow.message(wire.now, generation, &text, &id);
    let known = follow.known_at().expect("it has caught up");
    follow.error(wire.now + 5_000, generation, false);
    let (next, _) = opened(&follow.tick(wire.now + 6_000));
    let rest = told(wire.job, &[wire.payloads[0].as_str()]);
    follow.message(wire.now + 6_100, next, &rest, "");
    assert_eq!(follow.known_at(), Some(known));
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

#[test]
fn a_follower_that_began_with_nothing_to_follow_opens_when_a_job_comes() {
    let mut follow = Follow::new(Some(Cursor::start()), false, None, 1);
    assert_eq!(follow.start(0), Vec::new());
    let effects = follow.follow(10, job_id(1));
    assert!(matches!(&effects[..], [FollowEffect::Open { .. }]), "{effects:?}");
}
