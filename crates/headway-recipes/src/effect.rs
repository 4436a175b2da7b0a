//! What a recipe does to files, and what follows for its jobs.

use headway_model::OnDone;
use headway_model::policy::OnInterrupt;

/// What a recipe does to files, with the defaults of its jobs that follow from it. A request can choose otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Whether it only reads, so that an item can run any number of times.
    pub only_reads: bool,
    /// What becomes of items that were interrupted.
    pub on_interrupt: OnInterrupt,
    /// What becomes of files that were done before.
    pub on_done: OnDone,
}

impl Effect {
    /// It only reads. Files that were done are read again, as a report is about all files together.
    pub const READS: Self = Effect { only_reads: true, on_interrupt: OnInterrupt::Retry, on_done: OnDone::Again };

    /// It makes outputs, or moves files. Until that is recorded nothing is changed, so an interrupted item is retried.
    pub const MAKES: Self = Effect { only_reads: false, on_interrupt: OnInterrupt::Retry, on_done: OnDone::Skip };

    /// The same, and it leaves alone what is as it should be, so files that were done are looked at again.
    pub const TIDIES: Self = Effect { on_done: OnDone::Again, ..Effect::MAKES };

    /// An attempt can have effects that nothing tells of, so a person decides about interrupted items.
    pub const ACTS: Self = Effect { on_interrupt: OnInterrupt::Ask, ..Effect::MAKES };
}
