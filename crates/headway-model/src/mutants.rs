//! Mutants, for tests alone: each is a mistake that such systems are known for, and the simulation must find it.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A page begins to follow a job after its start call was answered, as if it had seen all before.
    SignalAfterTheCall,
    /// A stream registers for wake-ups after it has read the head of the log.
    WakeAfterTheRead,
    /// A stream says that it lives, and not what it has sent.
    EmptyPing,
    /// An append is acknowledged before it is on the disk.
    EarlyAcknowledgement,
    /// Positions are given in one order, and become visible in another.
    SequenceNotCommitOrder,
    /// A cancel is accepted whatever has happened before.
    CancelNotJudged,
    /// Anybody may report on an item, whichever attempt holds it.
    NoFence,
    /// A stream goes on one event behind the cursor it was given.
    ResumeOffByOne,
    /// A stream says that a job is over before it has sent its last event.
    ClosedEarly,
    /// A snapshot says that it is of a later event than it is.
    SnapshotAhead,
    /// Work begins before it is on the disk that it has.
    WorkBeforeItsRecord,
    /// What could not be claimed is forgotten.
    ClaimForgotten,
    /// After a restart items that were running are simply run again.
    NothingInterrupted,
    /// A placing that could not be judged at once is never judged.
    PlacingForgotten,
}

#[cfg(any(test, feature = "testing"))]
impl Mutant {
    /// Every one of them.
    pub const ALL: [Mutant; 14] = [
        Mutant::SignalAfterTheCall,
        Mutant::WakeAfterTheRead,
        Mutant::EmptyPing,
        Mutant::EarlyAcknowledgement,
        Mutant::SequenceNotCommitOrder,
        Mutant::CancelNotJudged,
        Mutant::NoFence,
        Mutant::ResumeOffByOne,
        Mutant::ClosedEarly,
        Mutant::SnapshotAhead,
        Mutant::WorkBeforeItsRecord,
        Mutant::ClaimForgotten,
        Mutant::NothingInterrupted,
        Mutant::PlacingForgotten,
    ];
}

#[cfg(any(test, feature = "testing"))]
thread_local! {
    static MUTANT: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether this thread is to make the mistake. Never outside tests.
#[cfg(any(test, feature = "testing"))]
pub fn is(mutant: Mutant) -> bool {
    MUTANT.get() == Some(mutant)
}

/// Whether this thread is to make the mistake. Never outside tests.
#[cfg(not(any(test, feature = "testing")))]
pub const fn is(_: Mutant) -> bool {
    false
}

/// From now on this thread makes this mistake.
#[cfg(any(test, feature = "testing"))]
pub fn set(mutant: Option<Mutant>) {
    MUTANT.set(mutant);
}
