//! The one place that opens a stream. Messages are folded by [`headway_model::follow`] as they arrive, outside signals;
//! signals are set once a frame, and show numbers that are exact.

mod alive;
mod browser;
mod lock;
mod past;
mod shell;
mod starting;
mod task;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

pub use alive::stopped;
use headway_model::follow::{LinkState, Phase, Proof};
use headway_model::message::RunningItem;
use headway_model::summary::Start;
use headway_model::{ApiError, Fold, JobId, JobSummary, StartJob};
pub use past::PastMoment;
use shell::Shell;
pub use starting::{StartPhase, Starting};

thread_local! {
    /// The page's shell. A browser's page is one thread; the server never makes one.
    static SHELL: RefCell<Option<Shell>> = const { RefCell::new(None) };
}

/// A job as the pages show it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobState {
    /// Its state at its last event.
    pub summary: JobSummary,
    /// How far following it has come; `None` if it is only watched.
    pub phase: Option<Phase>,
    /// What can be proved; `checked` is in server time.
    pub proof: Proof,
    /// The attempts under way.
    pub running: Vec<RunningItem>,
}

/// A line that stays for a while, in a corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The job it is about.
    pub job: JobId,
    /// What it says.
    pub text: String,
    /// The job's status, as a word.
    pub status: String,
}

/// The live state of everything a page shows. Copy it freely.
#[derive(Clone, Copy)]
pub struct Live {
    /// Every job heard of that a page might show.
    pub jobs: RwSignal<BTreeMap<JobId, Arc<JobState>>>,
    /// The link to the server.
    pub link: RwSignal<LinkState>,
    /// Whether this tab asks with short calls, because other tabs hold the browser's connections.
    pub crowded: RwSignal<bool>,
    /// Whether the server can record anything.
    pub recording: RwSignal<bool>,
    /// When the server was last heard, in its time, if it is not heard now although it should be: all that is shown is as of then.
    pub silent: RwSignal<Option<u64>>,
    /// How often the server has come back: what could not be read is read again then.
    pub back: RwSignal<u32>,
    /// The server's time, a few times a second; at first that of the first paint.
    pub clock: RwSignal<u64>,
    /// The job whose progress the dialog shows: one that was started or asked for in this tab. None on the server, and none before
    /// the page is hydrated.
    pub active: RwSignal<Option<JobId>>,
    /// A start that the server has not answered yet.
    pub starting: RwSignal<Option<Starting>>,
    /// Why the last start was refused.
    pub refused: RwSignal<Option<ApiError>>,
    /// Lines in the corner.
    pub toasts: RwSignal<Vec<Toast>>,
    /// How many jobs ended while this page looked: lists are read again then.
    pub ended: RwSignal<u32>,
    /// Why the last cancel did not reach the server.
    pub cancel_error: RwSignal<Option<ApiError>>,
    /// The moment of a job that is shown in the place of its present.
    pub past: RwSignal<Option<Arc<PastMoment>>>,
    ready: RwSignal<bool>,
}

impl Live {
    /// The state of the first paint: a pure function of what the server read.
    pub fn new(start: &Start) -> Self {
        let state = |summary: &JobSummary| {
            let proof = Proof::default();
            (summary.job, Arc::new(JobState { summary: summary.clone(), phase: None, proof, running: Vec::new() }))
        };
        Live {
            jobs: RwSignal::new(start.live.iter().map(state).collect()),
            link: RwSignal::new(LinkState::Connecting),
            crowded: RwSignal::new(false),
            recording: RwSignal::new(true),
            clock: RwSignal::new(start.now),
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

    /// Opens the stream, once the page is in a browser.
    pub fn connect(self) {
        let start = use_context::<Start>();
        self.heals(self.cancel_error);
        // Effects never run on the server.
        Effect::new(move |_| {
            let shell = Shell::begin(self, start.clone());
            SHELL.with(|slot| *slot.borrow_mut() = Some(shell));
            self.ready.set(true);
        });
    }

    /// Whether the page listens. Until then nothing on it can be pressed that only the page itself could hear.
    pub fn is_ready(self) -> bool {
        self.ready.get()
    }

    /// Starts a job. The id is minted, the active job set and the stream opened **before** the call goes out, all
    /// within this call. While an earlier start is unanswered this repeats that one instead. Which job it is.
    pub fn start(self, request: StartJob) -> Option<JobId> {
        self.with_shell(|shell| shell.start(request))
    }

    /// Repeats the unanswered start at once.
    pub fn start_again(self) {
        self.with_shell(Shell::start_again);
    }

    /// Cancels a job; one whose start is not answered yet, as soon as it is.
    pub fn cancel(self, job: JobId) {
        self.with_shell(|shell| shell.cancel(job));
    }

    /// Shows a job's progress.
    pub fn show(self, job: JobId) {
        self.with_shell(|shell| shell.show(job));
    }

    /// Puts the shown job away: a pill while it lives, nothing after.
    pub fn put_away(self) {
        self.with_shell(Shell::put_away);
    }

    /// One job, as a signal: at the moment of its past that is shown, or else as it is now.
    pub fn job(self, job: JobId) -> Memo<Option<Arc<JobState>>> {
        Memo::new(move |_| match self.past_of(job) {
            Some(moment) => Some(Arc::clone(&moment.state)),
            None => self.jobs.with(|jobs| jobs.get(&job).cloned()),
        })
    }

    /// Follows a job event by event without making it the active one.
    pub fn follow(self, job: JobId) {
        self.with_shell(|shell| shell.follow(job));
    }

    /// Fetches a job that is over, and the proof of it.
    pub fn revisit(self, job: JobId) {
        self.with_shell(|shell| shell.revisit(job));
    }

    /// Looks into the fold of a job that this page follows: the very one that its signals show. No signal itself.
    pub fn with_fold<T>(self, job: JobId, look: impl FnOnce(&Fold) -> T) -> Option<T> {
        if let Some(moment) = untrack(|| self.past_of(job)) {
            return Some(look(&moment.fold));
        }
        self.with_shell(|shell| shell.with_fold(job, look)).flatten()
    }

    /// That the server did not answer is no longer said once it is heard again. What it did answer stays said.
    pub fn heals(self, error: RwSignal<Option<ApiError>>) {
        Effect::new(move |_| {
            self.back.get();
            if error.with_untracked(|error| matches!(error, Some(ApiError::Unreachable { .. }))) {
                error.set(None);
            }
        });
    }

    fn with_shell<T>(self, act: impl FnOnce(&Shell) -> T) -> Option<T> {
        // Out of the cell first: the shell sets signals, and what they wake can come back here.
        let shell = SHELL.with(|slot| slot.borrow().clone());
        shell.map(|shell| act(&shell))
    }
}
