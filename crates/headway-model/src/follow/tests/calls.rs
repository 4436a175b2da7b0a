//! The same messages by calls, where streams do not get through.

use super::*;

fn asked(effects: &[FollowEffect]) -> Option<(u64, String)> {
    effects.iter().rev().find_map(|effect| match effect {
        FollowEffect::Ask { generation, query } => Some((*generation, query.clone())),
        _ => None,
    })
}

fn answer(position: u64) -> String {
    let hello = Hello { build: "b".into(), now: 1, recording: true, left_out: None }.text();
    let cursor = Cursor::at(position, &Digest([position as u8; 16]));
    let caught_up = CaughtUp { cursor: cursor.clone() }.text();
    format!("[{hello},{}]", crate::message::with_id(&caught_up, Some(&cursor.to_string())))
}

#[test]
fn without_working_streams_the_client_uses_calls_and_tries_streams_again() {
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
    let hello = Hello { build: "b".into(), now: 1, recording: true, left_out: None }.text();
    let effects = follow.message(89_600, generation, &hello, "");
    assert!(!follow.asks() && effects.iter().any(|effect| matches!(effect, FollowEffect::Log(_))), "{effects:?}");
}

#[test]
fn an_empty_first_call_proves_nothing_about_the_line_because_it_does_not_wait() {
    let (_, fold) = record(&[created(job_id(9))]);
    let cursor = Cursor::at(1, &fold.digest);
    let mut follow = Follow::new(Some(cursor.clone()), true, None, 7);
    follow.prefer_calls();
    let (generation, query) = asked(&follow.start(0)).expect("a call");
    assert!(query.ends_with("&wait=0"), "{query}");
    let nothing =
        format!("[{},\"id\":\"{cursor}\"}}]", CaughtUp { cursor: cursor.clone() }.text().trim_end_matches('}'));
    let (same, query) = asked(&follow.answered(10, generation, Ok(&nothing))).expect("the next call at once");
    assert_eq!(same, generation);
    assert!(query.ends_with("&wait=10"), "{query}");
    assert_eq!(follow.link(9_000), LinkState::Live);
}

#[test]
fn an_empty_answer_that_comes_too_soon_is_not_requested_again_at_once() {
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
fn a_refused_call_stops_the_client_and_a_truncated_answer_is_requested_again() {
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
