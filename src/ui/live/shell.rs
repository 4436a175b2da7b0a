//! The thin shell around [`Follow`]: does what it says, tells it what happened, and shows what it holds.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use leptos::leptos_dom::helpers::{WindowListenerHandle, set_interval_with_handle, window_event_listener_untyped};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::browser::{self, Call, Source};
use super::{JobState, Live, StartPhase, Starting, Toast};
use crate::api;
use crate::model::follow::{Effect, Follow, LinkState, Proof};
use crate::model::summary::Start;
use crate::model::{ApiError, JobId, JobStatus, JobSummary, StartJob};

const TICK: std::time::Duration = std::time::Duration::from_millis(250);
/// How long a completed job says so before it becomes a toast.
const COMPLETED_FOR: f64 = 3_000.0;
const TOAST_FOR: f64 = 12_000.0;
const HIDDEN_REPAINT: f64 = 1_000.0;
const STARTING: &str = "headway.starting";
const LIVE: &str = "headway.live";
const RELOADED: &str = "headway.reloaded";
const ASKS: &str = "headway.asks";

/// Cheap to clone; all clones are one shell.
#[derive(Clone)]
pub(super) struct Shell(Rc<Inner>);

struct Inner {
    live: Live,
    follow: RefCell<Follow>,
    source: RefCell<Option<Source>>,
    /// The call under way, where streams do not get through.
    call: RefCell<Option<Call>>,
    /// Closed sources whose listeners may still be on the stack.
    closed: RefCell<Vec<Source>>,
    frame: Cell<bool>,
    painted: Cell<f64>,
    /// Jobs the user put away: they stay pills.
    put_away: RefCell<BTreeSet<JobId>>,
    /// The completed job that will close itself, and when.
    closing: Cell<Option<(JobId, f64)>>,
    toasted: RefCell<Vec<(JobId, f64)>>,
    listeners: RefCell<Vec<WindowListenerHandle>>,
}

impl Shell {
    /// Begins to follow, from where the page was rendered.
    pub(super) fn begin(live: Live, start: Option<Start>) -> Self {
        let start = start.unwrap_or_else(Start::empty);
        let known: Vec<JobId> = start.live.iter().map(|summary| summary.job).collect();
        let mut follow = Follow::new(Some(start.cursor), true, Some(start.build), browser::wall());
        follow.know(start.live);
        if browser::kept(ASKS).is_some() {
            follow.prefer_calls();
        }
        let shell = Shell(Rc::new(Inner {
            live,
            follow: RefCell::new(follow),
            source: RefCell::new(None),
            call: RefCell::new(None),
            closed: RefCell::new(Vec::new()),
            frame: Cell::new(false),
            painted: Cell::new(0.0),
            put_away: RefCell::new(BTreeSet::new()),
            closing: Cell::new(None),
            toasted: RefCell::new(Vec::new()),
            listeners: RefCell::new(Vec::new()),
        }));
        shell.take_up(known);
        shell.step(|follow, now| follow.start(now));
        shell.listen();
        shell
    }

    /// What this tab left: a start without an answer, and jobs that ended while no page looked.
    fn take_up(&self, known: Vec<JobId>) {
        let live = self.0.live;
        if let Some(job) = live.active.get_untracked() {
            self.step(|follow, now| follow.follow(now, job));
        }
        let kept = browser::kept(STARTING).and_then(|text| serde_json::from_str::<Starting>(&text).ok());
        if let Some(mut starting) = kept {
            starting.again(browser::now());
            let job = starting.job;
            live.starting.set(Some(starting));
            live.active.set(Some(job));
            self.step(|follow, now| follow.follow(now, job));
            self.call();
        }
        let left: Vec<JobId> =
            browser::remembered(LIVE).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        for job in left.into_iter().filter(|job| !known.contains(job)) {
            let shell = self.clone();
            spawn_local(async move {
                if let Ok(view) = api::job(job).await
                    && view.summary.status.is_terminal()
                {
                    shell.toast(&view.summary, "finished while you were away");
                }
            });
        }
    }

    fn listen(&self) {
        let shell = self.clone();
        set_interval_with_handle(move || shell.tick(), TICK).ok();
        let mut listeners = self.0.listeners.borrow_mut();
        let mut on = |event: &'static str, act: fn(&Shell)| {
            let shell = self.clone();
            listeners.push(window_event_listener_untyped(event, move |_| act(&shell)));
        };
        let look: fn(&Shell) = |shell| {
            let visible = !browser::is_hidden();
            shell.step(|follow, now| follow.visible(now, visible));
        };
        on("visibilitychange", look);
        on("pageshow", look);
        on("online", |shell| shell.step(|follow, now| follow.online(now)));
    }

    pub(super) fn start(&self, request: StartJob) {
        let live = self.0.live;
        if let Some(starting) = live.starting.get_untracked().filter(Starting::is_unanswered) {
            live.active.set(Some(starting.job));
            self.start_again();
            return;
        }
        let job = JobId::mint(browser::wall(), browser::random());
        // The order that ends the race: first this page knows which job is its own, then the server hears of it.
        live.active.set(Some(job));
        live.cancel_error.set(None);
        self.0.closing.set(None);
        self.keep_starting(Some(Starting::new(job, request, browser::now())));
        self.step(|follow, now| follow.follow(now, job));
        self.call();
    }

    pub(super) fn start_again(&self) {
        let Some(mut starting) = self.0.live.starting.get_untracked() else { return };
        if starting.phase == StartPhase::Calling {
            return;
        }
        starting.again(browser::now());
        self.keep_starting(Some(starting));
        self.call();
    }

    pub(super) fn cancel(&self, job: JobId) {
        let live = self.0.live;
        let known = self.0.follow.borrow().job(&job).is_some_and(|tracked| tracked.fold().is_some());
        match live.starting.get_untracked().filter(|starting| starting.job == job && !known) {
            Some(mut starting) => {
                starting.cancel = true;
                self.keep_starting(Some(starting));
            }
            None => spawn_local(async move {
                let error = api::cancel_job(job).await.err().map(|error| error.to_string());
                live.cancel_error.set(error);
            }),
        }
    }

    pub(super) fn show(&self, job: JobId) {
        self.0.put_away.borrow_mut().remove(&job);
        self.0.live.cancel_error.set(None);
        self.0.live.active.set(Some(job));
        self.follow(job);
    }

    pub(super) fn follow(&self, job: JobId) {
        self.step(|follow, now| follow.follow(now, job));
    }

    pub(super) fn put_away(&self) {
        let live = self.0.live;
        if let Some(job) = live.active.get_untracked() {
            self.0.put_away.borrow_mut().insert(job);
            live.active.set(None);
            if live
                .starting
                .with_untracked(|starting| starting.as_ref().is_some_and(|starting| !starting.is_unanswered()))
            {
                self.keep_starting(None);
            }
        }
    }

    /// Makes the unanswered start's call.
    fn call(&self) {
        let Some(starting) = self.0.live.starting.get_untracked() else { return };
        let shell = self.clone();
        spawn_local(async move {
            let answer = api::start_job(starting.job, starting.request).await.map(drop);
            shell.answered(starting.job, answer);
        });
    }

    fn answered(&self, job: JobId, answer: Result<(), ApiError>) {
        let Some(mut starting) = self.0.live.starting.get_untracked().filter(|starting| starting.job == job) else {
            return;
        };
        match answer {
            Ok(()) => {
                self.keep_starting(None);
                if starting.cancel {
                    self.cancel(job);
                }
            }
            Err(error) => {
                starting.failed(browser::now(), error);
                self.keep_starting(Some(starting));
            }
        }
    }

    fn keep_starting(&self, starting: Option<Starting>) {
        let text = starting.as_ref().and_then(|starting| serde_json::to_string(starting).ok());
        browser::keep(STARTING, text.as_deref());
        self.0.live.starting.set(starting);
    }

    fn tick(&self) {
        self.0.closed.borrow_mut().clear();
        self.step(|follow, now| follow.tick(now));
        let now = browser::now();
        let live = self.0.live;
        if let Some(mut starting) = live.starting.get_untracked() {
            let before = starting.phase.clone();
            let due = starting.due(now);
            if starting.phase != before {
                self.keep_starting(Some(starting));
            }
            if due {
                self.call();
            }
        }
        self.close_completed(now);
        self.0.toasted.borrow_mut().retain(|(job, until)| {
            let stays = now < *until;
            if !stays {
                live.toasts.update(|toasts| toasts.retain(|toast| toast.job != *job));
            }
            stays
        });
        if now - self.0.painted.get() >= if browser::is_hidden() { HIDDEN_REPAINT } else { 200.0 } {
            self.paint();
        }
    }

    /// The completed job's three seconds, which stand still while someone looks closely or not at all.
    fn close_completed(&self, now: f64) {
        let Some((job, at)) = self.0.closing.get() else { return };
        let live = self.0.live;
        if live.active.get_untracked() != Some(job) {
            self.0.closing.set(None);
        } else if browser::is_hidden() || browser::is_dialog_in_use() {
            self.0.closing.set(Some((job, now + COMPLETED_FOR)));
        } else if now >= at {
            self.0.closing.set(None);
            let summary = live.jobs.with_untracked(|jobs| jobs.get(&job).map(|state| state.summary.clone()));
            self.put_away();
            summary.iter().for_each(|summary| self.toast(summary, "completed"));
        }
    }

    /// Lets the machine act, and does what it says.
    fn step(&self, act: impl FnOnce(&mut Follow, u64) -> Vec<Effect>) {
        let (effects, asked, asks) = {
            let mut follow = self.0.follow.borrow_mut();
            let asked = follow.asks();
            (act(&mut follow, browser::now() as u64), asked, follow.asks())
        };
        if asked != asks {
            browser::keep(ASKS, asks.then_some("1"));
        }
        for effect in effects {
            match effect {
                Effect::Open { generation, query } => self.open(generation, &query),
                Effect::Ask { generation, query } => self.ask(generation, &query),
                Effect::Close => self.close(),
                Effect::Probe { query } => self.probe(query),
                Effect::Log(line) => browser::log(&line),
                Effect::Finished(job) => self.finished(job),
            }
        }
        self.ask_frame();
    }

    fn open(&self, generation: u64, query: &str) {
        self.close();
        let (on_message, on_error) = (self.clone(), self.clone());
        let source = Source::open(
            &format!("/api/events?{query}"),
            move |text, id| on_message.step(|follow, now| follow.message(now, generation, &text, &id)),
            move |closed| on_error.step(|follow, now| follow.error(now, generation, closed)),
        );
        *self.0.source.borrow_mut() = source;
    }

    fn close(&self) {
        self.0.call.borrow_mut().take();
        if let Some(source) = self.0.source.borrow_mut().take() {
            source.close();
            self.0.closed.borrow_mut().push(source);
        }
    }

    fn probe(&self, query: String) {
        let shell = self.clone();
        let call = Call::new();
        let answer = call.get(&format!("/api/events?{query}&wait=0"));
        spawn_local(async move {
            let refusal = answer.await.map(drop).map_err(|(status, text)| told(status, &text));
            drop(call);
            shell.step(|follow, _| {
                follow.probed(refusal);
                Vec::new()
            });
        });
    }

    fn ask(&self, generation: u64, query: &str) {
        self.close();
        let shell = self.clone();
        let call = Call::new();
        let answer = call.get(&format!("/api/events?{query}"));
        *self.0.call.borrow_mut() = Some(call);
        spawn_local(async move {
            let answer = answer.await.map_err(|(status, text)| told(status, &text));
            shell.step(|follow, now| follow.answered(now, generation, answer.as_deref().map_err(Clone::clone)));
        });
    }

    fn finished(&self, job: JobId) {
        let live = self.0.live;
        live.ended.update(|count| *count += 1);
        let summary = self.0.follow.borrow().job(&job).and_then(|tracked| tracked.fold().map(JobSummary::from));
        let Some(summary) = summary else { return };
        if live.active.get_untracked() != Some(job) {
            self.toast(&summary, summary.status.label());
        } else if summary.status == JobStatus::Completed {
            self.0.closing.set(Some((job, browser::now() + COMPLETED_FOR)));
        }
    }

    fn toast(&self, summary: &JobSummary, text: &str) {
        let toast = Toast {
            job: summary.job,
            text: format!("{}: {}", summary.title, text.replace('_', " ")),
            status: summary.status.label().into(),
        };
        self.0.toasted.borrow_mut().push((summary.job, browser::now() + TOAST_FOR));
        self.0.live.toasts.update(|toasts| {
            toasts.retain(|other| other.job != toast.job);
            toasts.push(toast);
        });
    }

    fn ask_frame(&self) {
        if browser::is_hidden() || self.0.frame.replace(true) {
            return;
        }
        let shell = self.clone();
        request_animation_frame(move || {
            shell.0.frame.set(false);
            shell.paint();
        });
    }

    /// Sets the signals from what the machine holds.
    fn paint(&self) {
        let now = browser::now();
        self.0.painted.set(now);
        let live = self.0.live;
        let (link, recording, jobs, clock, reload) = {
            let mut follow = self.0.follow.borrow_mut();
            let skew = follow.skew().unwrap_or(0);
            let on_server = |at: u64| (at as i64 + skew).max(0) as u64;
            let state = |(job, summary): (JobId, JobSummary)| {
                let tracked = follow.job(&job);
                let proof = tracked.map(|tracked| tracked.proof()).unwrap_or_default();
                let proof = Proof { checked: proof.checked.map(on_server), ..proof };
                let running =
                    tracked.map(|tracked| tracked.running().into_iter().cloned().collect()).unwrap_or_default();
                (job, Arc::new(JobState { summary, phase: tracked.map(|tracked| tracked.phase()), proof, running }))
            };
            let jobs: BTreeMap<_, _> = follow.summaries().into_iter().map(state).collect();
            let clock = follow.skew().map(|_| on_server(now as u64));
            (follow.link(now as u64), follow.is_recording(), jobs, clock, follow.wants_reload())
        };
        if let Some(clock) = clock.filter(|clock| live.clock.get_untracked() / 200 != clock / 200) {
            live.clock.set(clock);
        }
        set_changed(live.link, link.clone());
        set_changed(live.recording, recording);
        if live.jobs.with_untracked(|old| *old != jobs) {
            self.remember_live(&jobs);
            self.adopt(&jobs);
            live.jobs.set(jobs);
        }
        self.cancel_seen();
        if reload && link == LinkState::Live && browser::kept(RELOADED).is_none() {
            browser::keep(RELOADED, Some("1"));
            browser::reload();
        }
    }

    /// With no job shown, the newest that lives is, unless the user put it away.
    fn adopt(&self, jobs: &BTreeMap<JobId, Arc<JobState>>) {
        let live = self.0.live;
        let put_away = self.0.put_away.borrow();
        let newest = jobs
            .values()
            .filter(|state| !state.summary.status.is_terminal())
            .max_by_key(|state| (state.summary.created, state.summary.job));
        let newest = newest.map(|state| state.summary.job).filter(|job| !put_away.contains(job));
        drop(put_away);
        if live.active.get_untracked().is_none()
            && let Some(job) = newest
        {
            live.active.set(Some(job));
            self.follow(job);
        }
    }

    fn remember_live(&self, jobs: &BTreeMap<JobId, Arc<JobState>>) {
        let ids: Vec<_> =
            jobs.iter().filter(|(_, state)| !state.summary.status.is_terminal()).map(|(job, _)| *job).collect();
        browser::remember(LIVE, &serde_json::to_string(&ids).unwrap_or_default());
    }

    /// A cancel that was pressed before the start was answered goes out with the job's first event.
    fn cancel_seen(&self) {
        let Some(mut starting) = self.0.live.starting.get_untracked().filter(|starting| starting.cancel) else {
            return;
        };
        let seen = self.0.follow.borrow().job(&starting.job).is_some_and(|tracked| tracked.fold().is_some());
        if seen {
            let job = starting.job;
            starting.cancel = false;
            self.keep_starting(Some(starting));
            self.cancel(job);
        }
    }
}

fn set_changed<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

/// Why a call was refused, in the server's words if they are that.
fn told(status: u16, text: &str) -> ApiError {
    serde_json::from_str(text).unwrap_or_else(|_| status_error(status))
}

fn status_error(status: u16) -> ApiError {
    match status {
        401 => ApiError::NoLogin { message: "no login: open the link that Headway printed at its start".into() },
        403 => ApiError::Foreign { message: "this page's address is not one that the server answers to".into() },
        400 => ApiError::Malformed { message: "the server cannot read what this page asks for; reload it".into() },
        _ => ApiError::Unreachable { message: format!("the server answered {status}") },
    }
}
