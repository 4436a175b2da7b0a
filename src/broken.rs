//! Ways to be wrong, for the tests alone: each is a mistake that such systems are known for, and the simulation must find it.

/// A mistake.
#[cfg_attr(not(test), allow(dead_code))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
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

#[cfg(test)]
impl Broken {
    pub(crate) const ALL: [Broken; 14] = [
        Broken::SignalAfterTheCall,
        Broken::WakeAfterTheRead,
        Broken::EmptyPing,
        Broken::EarlyAcknowledgement,
        Broken::SequenceNotCommitOrder,
        Broken::CancelNotJudged,
        Broken::NoFence,
        Broken::ResumeOffByOne,
        Broken::ClosedEarly,
        Broken::SnapshotAhead,
        Broken::WorkBeforeItsRecord,
        Broken::ClaimForgotten,
        Broken::NothingInterrupted,
        Broken::PlacingForgotten,
    ];
}

#[cfg(test)]
thread_local! {
    static BROKEN: std::cell::Cell<Option<Broken>> = const { std::cell::Cell::new(None) };
}

/// Whether this thread is to make the mistake. Never outside tests.
#[cfg(test)]
pub(crate) fn is(broken: Broken) -> bool {
    BROKEN.get() == Some(broken)
}

/// Whether this thread is to make the mistake. Never outside tests.
#[cfg(not(test))]
pub(crate) const fn is(_: Broken) -> bool {
    false
}

/// From now on this thread makes this mistake.
#[cfg(test)]
pub(crate) fn set(broken: Option<Broken>) {
    BROKEN.set(broken);
}
