//! What goes into the machine, and what comes out of it.

use std::collections::BTreeMap;

use headway_files::Verdict;
use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{JobId, Millis};
use headway_model::policy::Halt;
use headway_model::status::PauseReason;
use headway_model::{Digest, Effect as ItemEffect, FailReason, SkipReason};
use headway_recipes::Unable;

/// How much may run at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Jobs that process at once.
    pub jobs: usize,
    /// Items that run at once, over all jobs.
    pub workers: usize,
}

/// What of a job's request decides how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whether work may begin before its `started` is durable.
    pub repeatable: bool,
    /// Tries in all.
    pub tries: u32,
    /// The wait before the second try, in milliseconds.
    pub backoff: u64,
    /// When to give up.
    pub halt: Option<Halt>,
    /// Whether a person is asked before an interrupted item runs again.
    pub ask: bool,
}

/// What of a live job's log is not in its fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// How far placements came that the last process left open, and what there is to tell of each that is done, as JSON. One that
    /// is not in here was not looked at.
    pub placed: BTreeMap<u32, (Verdict, Option<String>)>,
    /// Attempts that do not count as tries.
    pub free: BTreeMap<u32, u32>,
    /// When waiting items may be tried again.
    pub retry_at: BTreeMap<u32, Millis>,
    /// Whether the job goes on.
    pub hold: Hold,
}

/// Whether a job that the last process left goes on by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hold {
    /// It goes on.
    #[default]
    No,
    /// It is taken up, and paused: the server crashed at one of its steps again and again.
    Paused,
    /// What is left of it could not be read, for this reason. Its items stay as they are until somebody wants the job to go on.
    Unread(PauseReason),
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The time, in milliseconds since 1970.
    Time(Millis),
    /// How a job is to run; before this nothing of it starts.
    Terms {
        /// The job.
        job: JobId,
        /// How.
        terms: Terms,
    },
    /// What the last process left of a job was read, as [`Effect::TakeUp`] asked for.
    TakenUp {
        /// The job.
        job: JobId,
        /// How it is to run; `None` if that could not be read.
        terms: Option<Terms>,
        /// What of its log is not in its fold.
        past: Past,
    },
    /// The listing of a job's files is over, whole or not.
    PlanOver {
        /// The job.
        job: JobId,
    },
    /// How much may run at once, from now on.
    Limits(Limits),
    /// How many items each worker gets through while the record of their starts becomes durable; 0 where the work takes
    /// longer. So many are recorded as started while others run, so that no worker waits for the disk.
    Pace {
        /// The job.
        job: JobId,
        /// Items for each worker.
        ahead: usize,
    },
    /// Nothing can go well at present, for this reason.
    Short(PauseReason),
    /// The reason for which a job is paused is over.
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
        /// The chain up to it.
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
    /// It was looked at how far the placement of an item came.
    Judged {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// How far.
        verdict: Verdict,
        /// What there is to tell of it, as JSON.
        detail: Option<String>,
    },
    /// The last step is over.
    Finished {
        /// The job.
        job: JobId,
        /// What went wrong, if anything.
        result: Result<(), Unable>,
    },
    /// The server stops: claim nothing more.
    Drain,
    /// It waits no longer: end what runs.
    DrainOver,
    /// The log cannot be written: do nothing more.
    Dead,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkOutcome {
    /// Done; with what the recipe found, as JSON.
    Succeeded(ItemEffect, String),
    /// Nothing to do.
    Skipped(SkipReason),
    /// Failed.
    Failed(FailReason, String),
    /// Failed, and says that it may go well later.
    Retry(String),
    /// Ended because it was asked to.
    Stopped,
    /// Nothing could go well, for this reason. What had begun is taken back.
    Environment(PauseReason),
    /// How far its placement came cannot be looked at now, for this reason.
    Unjudged(PauseReason),
    /// What did the work is gone.
    Lost,
}

/// What the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Record a fact.
    Append {
        /// The job.
        job: JobId,
        /// The fact.
        event: JobEvent,
        /// What belongs to it.
        detail: Option<String>,
    },
    /// Read what the last process left of a job, now that somebody wants it to go on or to end.
    TakeUp {
        /// The job.
        job: JobId,
    },
    /// List the job's files; go on behind what is already listed.
    Plan {
        /// The job.
        job: JobId,
    },
    /// End the listing.
    StopPlan {
        /// The job.
        job: JobId,
    },
    /// Begin to work on an item.
    Start {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// The attempt.
        attempt: u32,
    },
    /// End the work on an item.
    Stop {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
    },
    /// Look how far the placement of an item came that no worker holds.
    Judge {
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
