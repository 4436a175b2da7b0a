//! The only place that opens a stream. [`headway_model::follow`] folds messages as they arrive, outside signals.
//! Signals are set once a frame, and show exact numbers.

mod alive;
mod browser;
mod channel;
mod lock;
pub(crate) mod notification;
mod past;
mod shell;
mod starting;
mod task;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::{IntervalHandle, set_interval_with_handle};
use leptos::prelude::*;

pub use alive::{stopped, unloaded};
use headway_model::follow::{LinkState, Phase, Proof};
use headway_model::message::RunningItem;
use headway_model::summary::Start;
use headway_model::{ApiError, Fold, JobId, JobSummary, SortedMap, StartJob};
pub(crate) use past::PastMoment;
use shell::Shell;
pub(crate) use starting::{StartPhase, Starting};

/// How long the error that the server did not answer is shown while the stream is live.
const HEALS: Duration = Duration::from_secs(5);

thread_local! {
    /// The page's shell. A page in a browser has one thread; the server never creates a shell.
    static SHELL: RefCell<Option<Shell>> = const { RefCell::new(None) };
}

/// A job as the pages show it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobState {
    /// Its state at its last event.
    pub(crate) summary: JobSummary,
    /// How far the page is with following it; `None` if the job is only watched.
    pub(crate) phase: Option<Phase>,
    /// What can be proved; `checked` is in server time.
    pub(crate) proof: Proof,
    /// The attempts under way.
    pub(crate) running: Vec<RunningItem>,
}

/// The id of a new job.
pub(crate) fn mint() -> JobId {
    JobId::mint(browser::wall(), browser::random())
}

/// A toast: a line that is shown in a corner for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// The job it is about.
    pub(crate) job: JobId,
    /// What it says.
    pub(crate) text: String,
    /// The label of the job's status.
    pub(crate) status: String,
    /// Whether it stays until it is dismissed.
    pub(crate) stays: bool,
}

/// The live state of everything a page shows. Copy it freely.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    /// Every known job that a page might show.
    pub(crate) jobs: RwSignal<SortedMap<JobId, Arc<JobState>>>,
    /// The link to the server.
    pub(crate) link: RwSignal<LinkState>,
    /// Whether this tab makes short calls, because other tabs hold the browser's connections.
    pub(crate) crowded: RwSignal<bool>,
    /// Whether the server can record events.
    pub(crate) recording: RwSignal<bool>,
    /// Which of its own tasks the server skips after repeated crashes, and what to do.
    pub(crate) given_up: RwSignal<Option<String>>,
    /// The last moment at which everything was known, in the server's time. No time that is shown of a job goes beyond
    /// it, and it never goes back.
    pub(crate) known: RwSignal<u64>,
    /// The last moment at which everything was known, if the server is silent although it should not be. Everything
    /// shown is as of then.
    pub(crate) silent: RwSignal<Option<u64>>,
    /// How often the server has come back. What could not be read is then read again.
    pub(crate) back: RwSignal<u32>,
    /// The server's time, updated a few times a second; at first, the time of the first paint.
    pub(crate) clock: RwSignal<u64>,
    /// The job whose progress the dialog shows: one that was started or asked for in this tab. None on the server, and none before
    /// the page is hydrated.
    pub(crate) active: RwSignal<Option<JobId>>,
    /// A start that the server has not answered yet.
    pub(crate) starting: RwSignal<Option<Starting>>,
    /// Why the last start was refused.
    pub(crate) refused: RwSignal<Option<ApiError>>,
    /// The toasts.
    pub(crate) toasts: RwSignal<Vec<Toast>>,
    /// How many jobs have ended while this page was open. Lists are then read again.
    pub(crate) ended: RwSignal<u32>,
    /// Why the last cancel did not reach the server.
    pub(crate) cancel_error: RwSignal<Option<ApiError>>,
    /// The past moment of a job that is shown instead of its present.
    pub(crate) past: RwSignal<Option<Arc<PastMoment>>>,
    ready: RwSignal<bool>,
}

impl Live {
    /// The newest job that any page might show; the ids are in the order of the jobs' creation.
    pub(crate) fn newest_job(self) -> Memo<Option<JobId>> {
        Memo::new(move |_| self.jobs.with(|jobs| jobs.keys().next_back().copied()))
    }

    /// The state of the first paint: a pure function of what the server read.
    pub(crate) fn new(start: &Start) -> Self {
        let state = |summary: &JobSummary| {
            let proof = Proof::default();
            (summary.job, Arc::new(JobState { summary: summary.clone(), phase: None, proof, running: Vec::new() }))
        };
        Live {
            jobs: RwSignal::new(start.live.iter().map(state).collect()),
            link: RwSignal::new(LinkState::Connecting),
            crowded: RwSignal::new(false),
            recording: RwSignal::new(true),
            given_up: RwSignal::new(None),
            clock: RwSignal::new(start.now),
            known: RwSignal::new(start.now),
            silent: RwSignal::new(None),
            back: RwSignal::new(0),
            active: RwSignal::new(None),
            starting: RwSignal::new(None),
            refused: RwSignal::new(None),
            toasts: RwSignal::new(Vec::new()),
            ended: RwSignal::new(0),
            cancel_error: RwSignal::new(None),
            past: RwSignal::new(None),
            ready: RwSignal::new(false),
        }
    }

    /// Opens the stream once the page runs in a browser.
    pub(crate) fn connect(self) {
        let start = use_context::<Start>();
        self.heals(self.cancel_error);
        // Effects never run on the server.
        Effect::new(move |_| {
            let shell = Shell::begin(self, start.clone());
            SHELL.with(|slot| *slot.borrow_mut() = Some(shell));
            self.ready.set(true);
        });
    }

    /// Whether the page is hydrated and listens. Until then, controls that need the page's program are disabled.
    pub(crate) fn is_ready(self) -> bool {
        self.ready.get()
    }

    /// Starts a job and returns its id. The id is minted, the active job set and the stream opened **before** the
    /// call goes out, all within this function. While an earlier start is unanswered, this repeats that one instead.
    pub(crate) fn start(self, request: StartJob) -> Option<JobId> {
        self.with_shell(|shell| shell.start(request))
    }

    /// Repeats the unanswered start at once.
    pub(crate) fn start_again(self) {
        self.with_shell(Shell::start_again);
    }

    /// Cancels a job. If its start has not been answered yet, the cancel goes out as soon as it has.
    pub(crate) fn cancel(self, job: JobId) {
        self.with_shell(|shell| shell.cancel(job));
    }

    /// Shows a job's progress.
    pub(crate) fn show(self, job: JobId) {
        self.with_shell(|shell| shell.show(job));
    }

    /// Closes the dialog of the shown job. A job that is not over becomes a pill.
    pub(crate) fn put_away(self) {
        self.with_shell(Shell::put_away);
    }

    /// One job, as a signal: at the past moment that is shown, or else at present.
    pub(crate) fn job(self, job: JobId) -> Memo<Option<Arc<JobState>>> {
        Memo::new(move |_| match self.past_of(job) {
            Some(moment) => Some(Arc::clone(&moment.state)),
            None => self.jobs.with(|jobs| jobs.get(&job).cloned()),
        })
    }

    /// Follows a job event by event without making it the active one.
    pub(crate) fn follow(self, job: JobId) {
        self.with_shell(|shell| shell.follow(job));
    }

    /// Stops following a job, unless its start has not been answered yet.
    pub(crate) fn unfollow(self, job: JobId) {
        if !self.starting.with_untracked(|starting| starting.as_ref().is_some_and(|starting| starting.job == job)) {
            self.with_shell(|shell| shell.unfollow(job));
        }
    }

    /// Fetches a finished job, with its proof.
    pub(crate) fn revisit(self, job: JobId) {
        self.with_shell(|shell| shell.revisit(job));
    }

    /// Looks at the fold of a job that this page follows: the same fold that its signals show. Not tracked.
    pub(crate) fn with_fold<T>(self, job: JobId, look: impl FnOnce(&Fold) -> T) -> Option<T> {
        if let Some(moment) = untrack(|| self.past_of(job)) {
            return Some(look(&moment.fold));
        }
        self.with_shell(|shell| shell.with_fold(job, look)).flatten()
    }

    /// Clears the error that the server did not answer: as soon as the stream is live again or, if it is live, after a
    /// while, because by then it has shown the result of the call. Any other error stays.
    pub(crate) fn heals(self, error: RwSignal<Option<ApiError>>) {
        let unanswered = |error: &Option<ApiError>| matches!(error, Some(ApiError::Unreachable { .. }));
        Effect::new(move |_| {
            self.back.get();
            if error.with_untracked(unanswered) {
                error.set(None);
            }
        });
        Effect::new(move |_| {
            if error.with(unanswered) {
                let heal = move || {
                    if self.link.with_untracked(LinkState::is_heard) {
                        error.try_set(None);
                    }
                };
                let timer = set_interval_with_handle(heal, HEALS).ok();
                on_cleanup(move || timer.iter().for_each(IntervalHandle::clear));
            }
        });
    }

    fn with_shell<T>(self, act: impl FnOnce(&Shell) -> T) -> Option<T> {
        // Clone it out of the cell first, because the shell sets signals, and their effects can come back here.
        let shell = SHELL.with(|slot| slot.borrow().clone());
        shell.map(|shell| act(&shell))
    }
}
