//! Whatever a link does to its messages, no fold that is shown as followed disagrees with the log.

use proptest::prelude::*;

use super::*;
use crate::testing::cases;

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn under_any_fault_of_the_wire_the_fold_equals_the_log_or_the_page_reports_it(seed: u64, most in 2usize..80, trouble in 0usize..9) {
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
fn a_ping_repairs_a_lost_closed_message() {
    let events = [created(job_id(9)), JobEvent::CancelRequested {}, JobEvent::Cancelled {}];
    let (payloads, fold) = record(&events);
    let mut follow = Follow::new(Some(Cursor::start()), true, None, 7);
    follow.follow(0, fold.id);
    let (generation, _) = opened(&follow.start(0));
    let payloads: Vec<_> = payloads.iter().map(String::as_str).collect();
    let cursor = Cursor::at(3, &fold.digest);
    follow.message(1, generation, &told(fold.id, &payloads), &cursor.to_string());
    follow.message(2, generation, &CaughtUp { cursor: cursor.clone() }.text(), &cursor.to_string());
    let ping = Ping { head: 3, now: 0, jobs: [(fold.id, (3, fold.digest, 3))].into(), recording: true, left_out: None };
    let (_, query) = opened(&follow.message(3, generation, &ping.text(), &cursor.to_string()));
    assert!(query.contains(&format!("held={}", fold.id)), "{query}");
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
    let ping = Ping {
        head: last,
        now: 0,
        jobs: [(wire.job, (last, Digest([9; 16]), last))].into(),
        recording: true,
        left_out: None,
    };
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
