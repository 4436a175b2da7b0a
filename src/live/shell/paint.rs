//! Copies the machine's state into the page's signals, at most once a frame, and more rarely where that takes long.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use super::Shell;
use super::shown::LIVE;
use crate::api::waiting;
use crate::live::{JobState, browser};
use headway_model::follow::{LinkState, Proof};
use headway_model::{JobId, JobSummary, SortedMap};

const REPAINT_MS: f64 = 200.0;
const HIDDEN_REPAINT_MS: f64 = 1_000.0;
/// A clock that goes back by more than this was set back.
const SET_BACK_MS: u64 = 60_000;
const RELOADED: &str = "headway.reloaded";

/// How many times as long as a paint took the page waits with the next one. The time between is for keys and for arrivals.
const REST: f64 = 3.0;
/// The longest such wait, in milliseconds.
const REST_LIMIT_MS: f64 = 250.0;

type FollowedJobs = SortedMap<JobId, Arc<JobState>>;

/// When the page was painted, and when it can be painted again, by the page's clock.
#[derive(Default)]
pub(super) struct PaintTimes {
    last: Cell<f64>,
    next: Cell<f64>,
}

impl Shell {
    /// Paints in the next frame in which that is due.
    pub(super) fn ask_frame(&self) {
        if self.0.frame.get() || browser::is_hidden() {
            return;
        }
        self.0.frame.set(true);
        let shell = self.clone();
        request_animation_frame(move || {
            shell.0.frame.set(false);
            if browser::now() >= shell.0.paints.next.get() {
                shell.paint();
            } else {
                shell.ask_frame();
            }
        });
    }

    /// Paints even without news, because clocks go on and a hidden page has no frames.
    pub(super) fn paint_if_due(&self, now: f64) {
        let paints = &self.0.paints;
        let least = if browser::is_hidden() { HIDDEN_REPAINT_MS } else { REPAINT_MS };
        if now - paints.last.get() >= least && now >= paints.next.get() {
            self.paint();
        }
    }

    /// Lets the next frame paint. Rows that come into view are read from the machine's state as it is, and must not contradict the
    /// counts above them.
    pub(super) fn paint_now(&self) {
        self.0.paints.next.set(0.0);
    }

    /// Measures how long a paint takes: until the page is laid out, which the browser does before it runs the next task.
    fn measure_paint(&self, begun: f64) {
        self.0.paints.last.set(begun);
        let shell = self.clone();
        let measure = move || {
            let ended = browser::now();
            shell.0.paints.next.set(ended + (REST * (ended - begun)).min(REST_LIMIT_MS));
        };
        set_timeout(measure, Duration::ZERO);
    }

    /// Sets the signals from the machine's state.
    fn paint(&self) {
        let now = browser::now();
        self.measure_paint(now);
        let live = self.0.live;
        let (link, back, known, is_lost, recording, given_up, crowded, jobs, clock, reload) = {
            let mut tab = self.0.tab.borrow_mut();
            let follow = tab.follow_mut();
            let skew = follow.skew().unwrap_or(self.0.skew);
            let on_server = |at: u64| (at as i64 + skew).max(0) as u64;
            let state = |(job, summary): (JobId, JobSummary)| {
                let tracked = follow.job(&job);
                let proof = tracked.map(|tracked| tracked.proof()).unwrap_or_default();
                let proof = Proof { checked: proof.checked.map(on_server), ..proof };
                let running =
                    tracked.map(|tracked| tracked.running().into_iter().cloned().collect()).unwrap_or_default();
                (job, Arc::new(JobState { summary, phase: tracked.map(|tracked| tracked.phase()), proof, running }))
            };
            let jobs: FollowedJobs = follow.summaries().into_iter().map(state).collect();
            let link = follow.link(now as u64);
            // Until the link has caught up for the first time, the page shows what was true when it was rendered.
            let known = follow.known_at().map_or(self.0.rendered, on_server);
            let is_lost = follow.is_lost(now as u64, &link);
            let back = follow.returns();
            let (recording, given_up, crowded) =
                (follow.is_recording(), follow.given_up().map(str::to_owned), follow.is_crowded());
            let clock = on_server(now as u64);
            (link, back, known, is_lost, recording, given_up, crowded, jobs, clock, follow.wants_reload())
        };
        let known = later(live.known.get_untracked(), known);
        let silent = is_lost.then_some(known);
        if live.clock.get_untracked() / 200 != clock / 200 {
            live.clock.set(clock);
        }
        let is_heard_again = silent.is_none() && live.silent.with_untracked(Option::is_some);
        set_changed(live.link, link.clone());
        set_changed(live.back, back);
        set_changed(live.known, known);
        set_changed(live.silent, silent);
        set_changed(live.recording, recording);
        set_changed(live.given_up, given_up);
        set_changed(live.crowded, crowded);
        if live.jobs.with_untracked(|old| *old != jobs) {
            self.remember_live(&jobs);
            let ended = live.jobs.with_untracked(|old| self.ended_unfollowed(old, &jobs));
            live.jobs.set(jobs);
            if ended {
                live.ended.update(|count| *count += 1);
            }
        }
        self.cancel_seen();
        // After `back` has changed, which removes the errors of before: those of the calls given up now stay for a while.
        if is_heard_again {
            waiting::give_up_outlived(now);
        }
        if reload && self.0.is_own && link == LinkState::Live && browser::kept(RELOADED).is_none() {
            browser::keep(RELOADED, Some("1"));
            browser::reload();
        }
    }

    /// Whether a job that is only watched has ended. Then lists are read again, and nothing else happens.
    fn ended_unfollowed(&self, old: &FollowedJobs, new: &FollowedJobs) -> bool {
        let is_over = |state: &Arc<JobState>| state.summary.status.is_terminal();
        let mut over = new.iter().filter(|(_, state)| state.phase.is_none() && is_over(state));
        over.any(|(job, _)| !old.get(job).is_some_and(is_over))
    }

    /// Stores which jobs are not over, for the pages that are opened after they have ended.
    fn remember_live(&self, jobs: &FollowedJobs) {
        let ids: Vec<_> =
            jobs.iter().filter(|(_, state)| !state.summary.status.is_terminal()).map(|(job, _)| *job).collect();
        if self.0.remembered.borrow().as_ref() != Some(&ids) {
            browser::remember(LIVE, &serde_json::to_string(&ids).unwrap_or_default());
            self.0.remembered.replace(Some(ids));
        }
    }
}

/// The later of two times of the server, in steps of 200 ms. What the page takes for the server's time varies with how
/// long messages are under way, and that must not set back what was known. If the clock itself was set back, the new
/// time counts.
fn later(old: u64, new: u64) -> u64 {
    let is_set_back = old.saturating_sub(new) > SET_BACK_MS;
    let new = new / 200 * 200;
    if is_set_back { new } else { old.max(new) }
}

fn set_changed<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

#[cfg(test)]
mod tests {
    use super::later;

    #[test]
    fn the_last_known_moment_never_goes_back_unless_the_servers_clock_was_set_back() {
        assert_eq!(later(20_000, 25_130), 25_000);
        // A message that was under way for long makes the server's time look earlier.
        assert_eq!(later(25_000, 24_100), 25_000);
        assert_eq!(later(25_000, 7_000), 25_000);
        assert_eq!(later(86_400_000, 82_800_000), 82_800_000);
        assert_eq!(
            later(1_764_000_000_123, 1_764_000_000_123),
            1_764_000_000_123,
            "the time when the page was rendered"
        );
    }
}
