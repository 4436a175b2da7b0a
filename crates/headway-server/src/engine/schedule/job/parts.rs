//! The parts of a job's state in the schedule.

use std::collections::{BTreeMap, BTreeSet};

use headway_model::id::Millis;

/// The items of a job that wait for an attempt. Each of them is at or after `next`, or in `again`, or in `later`, or in `held`.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::schedule) struct WaitingItems {
    /// The first item that has not been looked at.
    pub(in crate::engine::schedule) next: u32,
    /// Items that come before all others, because they were tried before.
    pub(in crate::engine::schedule) again: BTreeSet<u32>,
    /// Delayed items, by due time and index.
    pub(in crate::engine::schedule) later: BTreeSet<(Millis, u32)>,
    /// Delayed items.
    pub(in crate::engine::schedule) delayed: BTreeSet<u32>,
    /// Items that wait for files which others hold.
    pub(in crate::engine::schedule) held: BTreeSet<u32>,
}

/// Items whose placing no worker holds, because it ended or died in the middle of it.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::schedule) struct OpenPlacings {
    /// Those that are to be recovered.
    pub(in crate::engine::schedule) open: BTreeMap<u32, OpenPlacing>,
    /// Those that are being recovered.
    pub(in crate::engine::schedule) recovering: BTreeMap<u32, OpenPlacing>,
}

/// The listing of a job's files.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine::schedule) struct Listing {
    /// Whether files are being listed.
    pub(in crate::engine::schedule) runs: bool,
    /// Whether to list again once the listing under way is over.
    pub(in crate::engine::schedule) again: bool,
}

/// How far a job's last step is.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::schedule) struct LastStepState {
    /// Whether it runs.
    pub(in crate::engine::schedule) runs: bool,
    /// How it ended while the job was paused.
    pub(in crate::engine::schedule) ended: Option<LastStep>,
}

/// An item whose placing no worker holds.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine::schedule) struct OpenPlacing {
    /// When to try its recovery.
    pub(in crate::engine::schedule) due: Millis,
    /// Whether its worker died.
    pub(in crate::engine::schedule) died: bool,
    /// At how many looks in a row the storage reported an error.
    pub(in crate::engine::schedule) looks: u32,
}

/// How a job's last step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::schedule) enum LastStep {
    Done,
    /// It was not run, because no file was found, and the job fails with this message.
    NoMatch(String),
    /// It failed, and so does the job, with this message.
    Failed(String),
}
