//! What a recipe does to files, and the defaults that follow from it.

use headway_model::OnDone;
use headway_model::policy::OnInterrupt;

/// What a recipe does to files, and the defaults of its jobs that follow from it. A request can override these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Whether it only reads, so that an item can run any number of times.
    pub only_reads: bool,
    /// What happens to interrupted items.
    pub on_interrupt: OnInterrupt,
    /// What happens to files that were already processed.
    pub on_done: OnDone,
}

impl Effect {
    /// It only reads. Already processed files are read again, because a report covers all files.
    pub const READS: Self = Effect { only_reads: true, on_interrupt: OnInterrupt::Retry, on_done: OnDone::Again };

    /// It makes outputs or moves files. Nothing but temporary files changes before it is recorded, so an interrupted item can be
    /// retried, and an attempt that hangs on storage is not waited for when its job is cancelled.
    pub const MAKES: Self = Effect { only_reads: false, on_interrupt: OnInterrupt::Retry, on_done: OnDone::Skip };

    /// It makes outputs or moves files, and leaves alone files that are already as they should be, so already processed
    /// files are inspected again.
    pub const TIDIES: Self = Effect { on_done: OnDone::Again, ..Effect::MAKES };

    /// An attempt can have effects that nothing records, so a person decides about interrupted items.
    pub const ACTS: Self = Effect { on_interrupt: OnInterrupt::Ask, ..Effect::MAKES };
}
