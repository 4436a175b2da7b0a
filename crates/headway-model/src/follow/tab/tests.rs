//! Tabs of one browser, without a server. `simulation` in headway-server runs them against the real one, with every fault.

use std::collections::VecDeque;

use super::*;
use crate::cursor::Cursor;
use crate::id::JobId;
use crate::message::{Absent, Body, CaughtUp};
use crate::testing::job_id;

/// Tabs, what they say to each other, and their lock.
struct Browser {
    tabs: Vec<Tab>,
    /// What each tab was last asked to open; nothing if it has no connection of its own.
    opened: Vec<Option<FollowEffect>>,
    calls: Vec<Vec<(u64, String)>>,
    holder: Option<usize>,
    waiting: VecDeque<usize>,
    now: Millis,
}

impl Browser {
    fn new(count: usize, sharing: Sharing) -> Self {
        let tab = |number| {
            let follow = Follow::new(Some(Cursor::start()), true, None, 7);
            Tab::new(follow, sharing, number as u64, 0)
        };
        let mut browser = Browser {
            tabs: (0..count).map(tab).collect(),
            opened: vec![None; count],
            calls: vec![Vec::new(); count],
            holder: None,
            waiting: VecDeque::new(),
            now: 1_000,
        };
        for tab in 0..count {
            browser.act(tab, |tab, now| tab.act(now, Follow::start));
        }
        browser
    }

    fn act(&mut self, tab: usize, act: impl FnOnce(&mut Tab, Millis) -> Vec<TabEffect>) {
        let effects = act(&mut self.tabs[tab], self.now);
        self.carry_out(tab, effects);
    }

    fn carry_out(&mut self, tab: usize, effects: Vec<TabEffect>) {
        let mut said = Vec::new();
        for effect in effects {
            match effect {
                TabEffect::Do(FollowEffect::Close) => self.opened[tab] = None,
                TabEffect::Do(effect @ (FollowEffect::Open { .. } | FollowEffect::Ask { .. })) => {
                    self.opened[tab] = Some(effect)
                }
                TabEffect::Do(_) => {}
                TabEffect::Lock { steal: true } => {
                    let robbed = self.holder.replace(tab).expect("a holder");
                    let effects = self.tabs[robbed].robbed(self.now);
                    self.carry_out(robbed, effects);
                    let effects = self.tabs[tab].granted(self.now);
                    self.carry_out(tab, effects);
                }
                TabEffect::Lock { steal: false } => self.waiting.push_back(tab),
                TabEffect::Unlock => {
                    self.waiting.retain(|waiting| *waiting != tab);
                    self.holder = self.holder.filter(|holder| *holder != tab);
                }
                TabEffect::Post(text) => said.push(text),
                TabEffect::CatchUp { call, query } => self.calls[tab].push((call, query)),
            }
        }
        for text in said {
            for other in (0..self.tabs.len()).filter(|other| *other != tab) {
                let effects = self.tabs[other].channel(self.now, &text);
                self.carry_out(other, effects);
            }
        }
        if self.holder.is_none()
            && let Some(next) = self.waiting.pop_front()
        {
            self.holder = Some(next);
            let effects = self.tabs[next].granted(self.now);
            self.carry_out(next, effects);
        }
    }

    /// The server sends this on the leader's connection.
    fn told(&mut self, tab: usize, text: &str, id: &str) {
        let generation = self.tabs[tab].source.expect("a source");
        self.act(tab, |tab, now| tab.message(now, generation, text, id));
    }

    /// Answers the last call of a tab: it holds everything.
    fn answer(&mut self, tab: usize) {
        let (call, _) = self.calls[tab].pop().expect("a call");
        let text = CaughtUp { cursor: Cursor::start() }.text();
        let answer = format!("[{},\"id\":\"0.0\"}}]", &text[..text.len() - 1]);
        self.act(tab, |tab, now| tab.caught_up(now, call, Ok(&answer)));
    }

    fn pass(&mut self, time: Millis) {
        self.now += time;
        for tab in 0..self.tabs.len() {
            self.act(tab, Tab::tick);
        }
    }

    fn streams(&self) -> usize {
        self.opened.iter().filter(|effect| matches!(effect, Some(FollowEffect::Open { .. }))).count()
    }

    fn query(&self, tab: usize) -> String {
        match &self.opened[tab] {
            Some(FollowEffect::Open { query, .. } | FollowEffect::Ask { query, .. }) => query.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn follow(&mut self, tab: usize, job: JobId) {
        self.act(tab, |tab, now| tab.act(now, |follow, now| follow.follow(now, job)));
    }
}

#[test]
fn ten_tabs_hold_one_stream_and_each_asks_once_by_itself_before_it_listens() {
    let mut browser = Browser::new(10, Sharing::Led);
    assert_eq!((browser.streams(), browser.query(0)), (1, "watch=all&after=0.0".to_owned()));
    browser.pass(250);
    for tab in 1..10 {
        assert!(!browser.tabs[tab].listens());
        browser.answer(tab);
        assert!(browser.tabs[tab].listens(), "{tab}");
    }
    let caught_up = CaughtUp { cursor: Cursor::start() }.text();
    browser.told(0, &caught_up, "0.0");
    for tab in &mut browser.tabs {
        assert_eq!(tab.follow_mut().link(1_300), crate::follow::LinkState::Live);
    }
}

#[test]
fn when_the_leaders_connection_breaks_no_tab_looks_live_and_all_are_live_again_with_the_next() {
    let mut browser = Browser::new(3, Sharing::Led);
    browser.pass(250);
    (1..3).for_each(|tab| browser.answer(tab));
    let caught_up = CaughtUp { cursor: Cursor::start() }.text();
    browser.told(0, &caught_up, "0.0");
    let known = browser.now;
    let broken = browser.tabs[0].source.expect("a source");
    browser.act(0, |tab, now| tab.error(now, broken, false));
    browser.now += 1_200;
    for tab in &mut browser.tabs {
        let state = tab.follow_mut().link(known + 1_200);
        assert!(tab.follow().is_lost(known + 1_200, &state), "{state:?}");
        assert_eq!(tab.follow().known_at(), Some(known));
    }
    browser.pass(0);
    assert_eq!(browser.streams(), 1, "the leader tries again");
    browser.told(0, &caught_up, "0.0");
    for tab in &mut browser.tabs {
        assert_eq!(tab.follow_mut().link(browser.now), crate::follow::LinkState::Live);
    }
}

#[test]
fn the_leader_follows_what_all_follow_and_a_job_that_another_holds_as_held() {
    let mut browser = Browser::new(2, Sharing::Led);
    browser.follow(1, job_id(1));
    browser.pass(400);
    assert_eq!(browser.query(0), format!("watch=all&after=0.0&held={}", job_id(1)));
    assert!(browser.calls[1].last().is_some_and(|(_, query)| query.contains(&format!("job={}", job_id(1)))));
    browser.answer(1);
    // The leader needs a snapshot that the other tab must not be sent, so it makes a call of its own.
    browser.follow(0, job_id(1));
    assert!(browser.query(0).contains(&format!("held={}", job_id(1))));
    assert!(browser.calls[0].last().is_some_and(|(_, query)| query.contains(&format!("job={}", job_id(1)))));
}

#[test]
fn a_hole_in_the_messages_makes_a_tab_ask_by_itself_again() {
    let mut browser = Browser::new(2, Sharing::Led);
    browser.answer(1);
    let absent = Absent { job: job_id(9) }.text();
    browser.told(0, &absent, "");
    assert!(browser.tabs[1].listens() && browser.calls[1].is_empty());
    // A message that the second tab never receives.
    let generation = browser.tabs[0].source.expect("a source");
    let now = browser.now;
    browser.tabs[0].message(now, generation, &absent, "");
    browser.told(0, &absent, "");
    assert!(!browser.tabs[1].listens());
    assert_eq!(browser.calls[1].len(), 1);
    browser.answer(1);
    assert!(browser.tabs[1].listens());
}

#[test]
fn messages_that_arrive_during_a_tabs_own_call_are_processed_after_its_answer() {
    let mut browser = Browser::new(2, Sharing::Led);
    browser.told(0, "{\"kind\":\"new\"}", "7.aaaaaaaa");
    assert_eq!(browser.tabs[1].follow().cursor(), Some(&Cursor::start()));
    browser.answer(1);
    assert_eq!(browser.tabs[1].follow().cursor().map(|cursor| cursor.position), Some(7));
}

#[test]
fn a_leader_that_sleeps_goes_or_does_not_answer_is_followed_by_another() {
    let mut browser = Browser::new(3, Sharing::Led);
    browser.act(0, |tab, now| tab.act(now, |follow, now| follow.visible(now, false)));
    browser.pass(30_000);
    assert_eq!((browser.holder, browser.streams()), (Some(1), 1), "it sleeps");
    browser.act(1, Tab::leave);
    browser.pass(250);
    assert_eq!((browser.holder, browser.streams()), (Some(2), 1), "it goes");
    // The tab that left comes back, and its leader never answers.
    browser.pass(10_000);
    browser.act(1, |tab, now| tab.act(now, Follow::online));
    let silent = std::mem::replace(&mut browser.tabs[2], Browser::new(1, Sharing::Alone).tabs.remove(0));
    for _ in 0..20 {
        browser.pass(250);
    }
    browser.tabs[2] = silent;
    assert_eq!(browser.holder, Some(1), "it was robbed");
}

#[test]
fn jobs_beyond_what_one_stream_follows_are_asked_for_with_short_calls() {
    let mut browser = Browser::new(3, Sharing::Led);
    for tab in 0..3u8 {
        for job in 0..8u8 {
            browser.follow(tab.into(), job_id(1 + tab * 8 + job));
        }
    }
    browser.pass(400);
    assert!(browser.tabs[2].follow().is_crowded() && browser.query(2).ends_with("&wait=0"));
    assert_eq!(browser.streams(), 1);
    let generation = browser.tabs[2].source.expect("a source");
    browser.act(2, |tab, now| tab.answered(now, generation, Ok("[]")));
    browser.opened[2] = None;
    browser.pass(250);
    assert_eq!(browser.opened[2], None, "at most once a second");
    browser.pass(800);
    assert!(browser.query(2).ends_with("&wait=0"));
}

#[test]
fn without_a_lock_four_tabs_hold_streams_and_the_fifth_asks_until_one_is_free() {
    let mut browser = Browser::new(6, Sharing::Counted);
    let crowded = |browser: &Browser| browser.tabs.iter().map(|tab| tab.follow().is_crowded()).collect::<Vec<_>>();
    assert_eq!(crowded(&browser), [false, false, false, false, true, true]);
    assert_eq!(browser.streams(), 4);
    browser.act(1, Tab::leave);
    browser.tabs.remove(1);
    browser.opened.remove(1);
    for _ in 0..20 {
        browser.pass(250);
    }
    assert_eq!(crowded(&browser), [false, false, false, false, true]);
}

#[test]
fn when_several_tabs_without_a_lock_look_for_a_free_place_exactly_one_takes_it() {
    // Which of the two checks first depends on their names, so many names are tried.
    for name in 0..40 {
        let mut browser = Browser::new(4, Sharing::Counted);
        for number in [100 + name, 1_000 - 7 * name] {
            let follow = Follow::new(Some(Cursor::start()), true, None, 7);
            browser.tabs.push(Tab::new(follow, Sharing::Counted, number, 0));
            browser.opened.push(None);
            browser.calls.push(Vec::new());
            let last = browser.tabs.len() - 1;
            browser.act(last, |tab, now| tab.act(now, Follow::start));
        }
        assert_eq!(browser.streams(), 4);
        browser.act(1, Tab::leave);
        browser.tabs.remove(1);
        browser.opened.remove(1);
        browser.calls.remove(1);
        for step in 0..45 {
            browser.pass(100);
            assert!(browser.streams() <= 4, "{} streams, names {name}, step {step}", browser.streams());
        }
        assert_eq!(browser.streams(), 4, "names {name}");
    }
}

#[test]
fn a_tab_that_took_a_place_yields_it_to_an_older_tab_that_took_it_at_the_same_time() {
    let mut browser = Browser::new(6, Sharing::Counted);
    browser.tabs.remove(1);
    browser.opened.remove(1);
    browser.calls.remove(1);
    // The two polling tabs do not notice each other's check, because a browser delays hidden tabs.
    for tab in [4, 3] {
        let effects = browser.tabs[tab].crowd(browser.now, false);
        let effects = effects.into_iter().filter(|effect| tab == 3 || !matches!(effect, TabEffect::Post(_)));
        browser.carry_out(tab, effects.collect());
    }
    assert_eq!(browser.streams(), 4);
    assert!(browser.tabs[4].follow().is_crowded());
}

#[test]
fn a_page_that_begins_hidden_sleeps_as_well() {
    let mut browser = Browser::new(1, Sharing::Led);
    browser.tabs[0] = Tab::new(Follow::new(Some(Cursor::start()), true, None, 7), Sharing::Alone, 0, 0);
    browser.act(0, |tab, now| tab.act(now, |follow, now| follow.visible(now, false)));
    browser.act(0, |tab, now| tab.act(now, Follow::start));
    assert_eq!(browser.streams(), 1);
    browser.pass(31_000);
    assert_eq!(browser.streams(), 0);
}
