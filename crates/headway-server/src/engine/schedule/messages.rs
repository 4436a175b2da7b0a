//! The inputs and outputs of the schedule.

use std::collections::BTreeMap;
use std::sync::Arc;

use headway_files::PlacementState;
use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{JobId, Millis};
use headway_model::policy::Halt;
use headway_model::status::PauseReason;
use headway_model::{Digest, DiskEffect as ItemEffect, FailReason, Fold, SkipReason};

use super::FinishFailure;

/// The limits on what runs at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScheduleLimits {
    /// Jobs that process at the same time.
    pub jobs: usize,
    /// Items that run at the same time, over all jobs.
    pub workers: usize,
}

/// The part of a job's request that decides how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The library of its files.
    pub library: Arc<str>,
    /// Whether work can begin before its `started` is durable.
    pub repeatable: bool,
    /// How many tries an item has, the first included.
    pub tries: u32,
    /// The wait before the second try, in milliseconds.
    pub backoff_ms: u64,
    /// When to give up.
    pub halt: Option<Halt>,
    /// Whether a person is asked before an interrupted item runs again.
    pub ask: bool,
}

/// The state of a live job on the disk and in the log, beyond its fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RecoveredState {
    /// How far the placements got that the last process left open, with the output's details as JSON if done. A placement that is
    /// missing here was not inspected.
    pub placed: BTreeMap<u32, (PlacementState, Option<String>)>,
    /// Attempts that do not count as tries.
    pub uncounted: BTreeMap<u32, u32>,
    /// When waiting items are due again.
    pub retry_at: BTreeMap<u32, Millis>,
    /// When the last process last showed that it worked on an item of the job, if that is known.
    pub alive: Option<Millis>,
    /// Whether the job goes on by itself.
    pub hold: StartHold,
}

/// Whether a job that the last process left continues automatically.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum StartHold {
    /// It goes on.
    #[default]
    No,
    /// It is taken up and paused, because the server crashed at one of its steps again and again.
    Paused,
    /// It could not be read, for this reason. Its items stay as they are until someone resumes or cancels the job.
    Unread(PauseReason),
}

/// What happened outside the schedule.
#[derive(Debug)]
pub(crate) enum Input {
    /// The time, in milliseconds since 1970.
    Time(Millis),
    /// How a job runs. Nothing of it starts before this.
    Terms {
        /// The job.
        job: JobId,
        /// The terms.
        terms: Terms,
    },
    /// The answer to [`ScheduleEffect::TakeUp`].
    TakenUp {
        /// The job.
        job: JobId,
        /// How it runs; `None` if that could not be read.
        terms: Option<Terms>,
        /// What the last process left of it.
        past: RecoveredState,
    },
    /// Take up a live job that nobody has worked on so far.
    Adopt(Box<(Fold, Option<Terms>, RecoveredState)>),
    /// The listing of a job's files is over, complete or not.
    PlanOver {
        /// The job.
        job: JobId,
    },
    /// New limits.
    Limits(ScheduleLimits),
    /// How many items a worker gets through while the record of a start becomes durable; 0 where the work takes longer. This many
    /// are recorded as started while others run, so that no worker waits for the disk.
    ClaimAhead {
        /// The job.
        job: JobId,
        /// Items for each worker.
        ahead: usize,
    },
    /// How many attempts of each job hang on storage that gives no sign of life, for all jobs that have some.
    Stalled(BTreeMap<JobId, usize>),
    /// The environment is short of something that every job needs.
    Short(PauseReason),
    /// The shortage that paused a job has passed.
    Eased {
        /// The job.
        job: JobId,
        /// The reason.
        reason: PauseReason,
    },
    /// An event is durable.
    Recorded {
        /// The job.
        job: JobId,
        /// The event.
        recorded: Recorded,
        /// The job's digest up to it.
        digest: Digest,
    },
    /// An event that this machine asked for was refused.
    Refused {
        /// The job.
        job: JobId,
        /// The event.
        event: JobEvent,
    },
    /// An attempt is over.
    Done {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// How it ended.
        outcome: WorkOutcome,
    },
    /// The files of an item are free for which its attempt could not wait.
    Free {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
    },
    /// The answer to [`ScheduleEffect::RecoverPlacing`].
    PlacingRecovered {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// How far the placement got.
        state: PlacementState,
        /// The output's details as JSON, if it is done.
        detail: Option<String>,
    },
    /// The last step is over.
    Finished {
        /// The job.
        job: JobId,
        /// Why it was not completed, if it was not.
        result: Result<(), FinishFailure>,
    },
    /// The server stops: claim nothing more.
    Drain,
    /// The server waits no longer: stop what runs.
    DrainOver,
    /// Another server might take over soon: stop what runs. What is claimed has been recorded, so nothing begins
    /// meanwhile.
    Unsure,
    /// The log cannot be written: do nothing more.
    Dead,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WorkOutcome {
    /// Done, with the recipe's result as JSON.
    Succeeded(ItemEffect, String),
    /// Nothing to do.
    Skipped(SkipReason),
    /// Failed.
    Failed(FailReason, String),
    /// Failed, with what the recipe's last step needs to know of it as JSON.
    Differs(FailReason, String, String),
    /// The storage reported an input/output error, and again when the work was retried at once.
    Storage(FailReason, String),
    /// Failed, and marked as transient by the recipe.
    Retry(String),
    /// Stopped on request.
    Stopped,
    /// The environment is at fault, for this reason. What had begun is taken back.
    Environment(PauseReason),
    /// Its placement cannot be recovered now, for this reason.
    NotRecovered(PauseReason),
    /// Its worker is gone.
    Lost,
    /// Another holder has one of its files. It is [`Input::Free`] once the file is.
    Held,
}

/// What the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScheduleEffect {
    /// Record an event.
    Append {
        /// The job.
        job: JobId,
        /// The event.
        event: JobEvent,
        /// Its detail.
        detail: Option<String>,
    },
    /// Read what the last process left of a job, now that someone has resumed or cancelled it.
    TakeUp {
        /// The job.
        job: JobId,
    },
    /// List the job's files, after those already listed.
    Plan {
        /// The job.
        job: JobId,
    },
    /// Stop the preparation, the listing or the last step under way.
    StopStep {
        /// The job.
        job: JobId,
    },
    /// Begin an attempt.
    Start {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// The attempt.
        attempt: u32,
    },
    /// Stop the attempt on an item.
    Stop {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
    },
    /// Recover the placement of an item that no worker holds.
    RecoverPlacing {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
    },
    /// Run the recipe's last step.
    Finish {
        /// The job.
        job: JobId,
    },
    /// The job is over: forget it.
    Over {
        /// The job.
        job: JobId,
    },
}
