//! The thin shell around [`Follow`]: performs its effects, reports back what happened, and shows its state.

mod arrivals;
mod connection;
mod own;
mod paint;
mod shown;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::{WindowListenerHandle, set_interval_with_handle, window_event_listener_untyped};

use super::browser::{self, Call, OpenStream};
use super::channel::{Channel, has_channel};
use super::lock::{WebLock, has_locks};
use super::task::Task;
use super::{Live, alive};
use crate::api::waiting;
use arrivals::{Arrival, Arrivals};
use headway_model::follow::{Follow, FollowEffect, Phase, Sharing, Tab, TabEffect};
use headway_model::summary::{PageRights, Start};
use headway_model::{Fold, JobId};
use paint::PaintTimes;

const TICK: Duration = Duration::from_millis(250);
const ASKS: &str = "headway.asks";
/// The name of the lock and the channel that the tabs of a browser share. If the protocol between tabs changes, so
/// must the name.
const SHARED: &str = "headway.stream.2";

/// Cheap to clone; all clones are one shell.
#[derive(Clone)]
pub(super) struct Shell(Rc<ShellInner>);

struct ShellInner {
    live: Live,
    tab: RefCell<Tab>,
    source: RefCell<Option<OpenStream>>,
    /// The call under way, where streams do not get through.
    call: RefCell<Option<Call>>,
    /// The call that lets this tab catch up before it listens to another.
    catching_up: RefCell<Option<Call>>,
    /// The call that asks why a stream is refused. The next try to follow, or the next such call, gives it up.
    probing: RefCell<Option<Call>>,
    channel: RefCell<Option<Channel>>,
    lock: RefCell<Option<WebLock>>,
    /// The start call that has not been answered yet.
    start_call: RefCell<Option<Task>>,
    /// Closed sources whose listeners might still be on the stack.
    closed: RefCell<Vec<OpenStream>>,
    arrivals: Arrivals,
    frame: Cell<bool>,
    paints: PaintTimes,
    /// The jobs that were stored last as not over.
    remembered: RefCell<Option<Vec<JobId>>>,
    /// The server's time minus the page's, estimated by the page until the server has sent its time.
    skew: i64,
    /// When the page was rendered, on the server's clock.
    rendered: u64,
    toasted: RefCell<Vec<(JobId, f64)>>,
    listeners: RefCell<Vec<WindowListenerHandle>>,
    /// Whether the page is one of Headway's own. A page of another app is never reloaded, and no notification is shown from it.
    is_own: bool,
}

impl Shell {
    /// Begins to follow, from the position at which the page was rendered. A page of another app has no `start`: it
    /// begins with the server's first message.
    pub(super) fn begin(live: Live, start: Option<Start>) -> Self {
        let is_own = start.is_some();
        let start = start.unwrap_or_else(Start::empty);
        let rendered = start.now;
        let skew = rendered as i64 - browser::now() as i64;
        let can_act = start.rights != PageRights::Reading;
        let known: Vec<JobId> = start.live.iter().map(|summary| summary.job).collect();
        let mut follow =
            Follow::new(is_own.then_some(start.cursor), true, is_own.then_some(start.build), browser::wall());
        follow.know(start.live);
        if browser::kept(ASKS).is_some() {
            follow.prefer_calls();
        }
        let tab = Tab::new(follow, sharing(), browser::wall(), browser::number());
        let shell = Shell(Rc::new(ShellInner {
            live,
            tab: RefCell::new(tab),
            source: RefCell::new(None),
            call: RefCell::new(None),
            catching_up: RefCell::new(None),
            probing: RefCell::new(None),
            channel: RefCell::new(None),
            lock: RefCell::new(None),
            start_call: RefCell::new(None),
            closed: RefCell::new(Vec::new()),
            arrivals: Arrivals::default(),
            frame: Cell::new(false),
            paints: PaintTimes::default(),
            remembered: RefCell::new(None),
            skew,
            rendered,
            toasted: RefCell::new(Vec::new()),
            listeners: RefCell::new(Vec::new()),
            is_own,
        }));
        let told = shell.clone();
        let channel = Channel::open(SHARED, move |text| told.arrives(Arrival::Told(text)));
        shell.0.channel.replace(channel);
        if browser::is_hidden() {
            shell.step(|follow, now| follow.visible(now, false));
        }
        if is_own {
            shell.take_up(&known, can_act);
        } else {
            shell.take_up_start();
        }
        shell.step(Follow::start);
        shell.listen();
        alive::beat();
        shell
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
            shell.take_in_all();
            let visible = !browser::is_hidden();
            shell.step(|follow, now| follow.visible(now, visible));
        };
        on("visibilitychange", look);
        on("pageshow", look);
        on("pagehide", |shell| shell.with_tab(Tab::leave));
        on("scroll", Shell::paint_now);
        on("online", |shell| shell.step(|follow, now| follow.online(now)));
    }

    pub(super) fn follow(&self, job: JobId) {
        self.step(|follow, now| follow.follow(now, job));
    }

    pub(super) fn unfollow(&self, job: JobId) {
        self.step(|follow, now| follow.unfollow(now, job));
    }

    pub(super) fn revisit(&self, job: JobId) {
        self.step(|follow, now| follow.revisit(now, job));
    }

    pub(super) fn with_fold<T>(&self, job: JobId, look: impl FnOnce(&Fold) -> T) -> Option<T> {
        let tab = self.0.tab.borrow();
        let tracked = tab.follow().job(&job).filter(|tracked| tracked.phase() != Phase::Stopped);
        tracked.and_then(|tracked| tracked.fold()).map(look)
    }

    fn tick(&self) {
        self.0.closed.borrow_mut().clear();
        // A window that is covered can have no frames.
        self.take_in();
        self.with_tab(Tab::tick);
        let now = browser::now();
        waiting::give_up_late(now);
        self.repeat_start(now);
        self.clear_toasts(now);
        self.paint_if_due(now);
        // This comes last, so that only a program that has done everything before reports it.
        alive::beat();
    }

    /// Lets the receiver act, and performs its effects.
    fn step(&self, act: impl FnOnce(&mut Follow, u64) -> Vec<FollowEffect>) {
        self.with_tab(|tab, now| tab.act(now, act));
    }

    /// Lets the tab machine act, and performs its effects.
    fn with_tab(&self, act: impl FnOnce(&mut Tab, u64) -> Vec<TabEffect>) {
        let (effects, asked, asks) = {
            let mut tab = self.0.tab.borrow_mut();
            let asked = tab.follow().asks();
            (act(&mut tab, browser::now() as u64), asked, tab.follow().asks())
        };
        if asked != asks {
            browser::keep(ASKS, asks.then_some("1"));
        }
        for effect in effects {
            match effect {
                TabEffect::Do(effect) => self.carry_out(effect),
                TabEffect::Lock { steal } => self.lock(steal),
                TabEffect::Unlock => drop(self.0.lock.take()),
                TabEffect::Post(text) => self.0.channel.borrow().iter().for_each(|channel| channel.post(&text)),
                TabEffect::CatchUp { call, query } => self.catch_up(call, &query),
            }
        }
        self.ask_frame();
    }

    fn carry_out(&self, effect: FollowEffect) {
        match effect {
            FollowEffect::Open { generation, query } => self.open(generation, &query),
            FollowEffect::Ask { generation, query } => self.ask(generation, &query),
            FollowEffect::Close => self.close(),
            FollowEffect::Probe { query } => self.probe(query),
            FollowEffect::Log(line) => browser::log(&line),
            FollowEffect::Finished(job) => self.finished(job),
        }
    }
}

/// How the tabs of this browser can share a stream.
fn sharing() -> Sharing {
    match (has_channel(), has_locks()) {
        (false, _) => Sharing::Alone,
        (true, false) => Sharing::Counted,
        (true, true) => Sharing::Led,
    }
}
