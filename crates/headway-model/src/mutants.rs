//! Mutants, for tests only: each is a mistake that systems like this are known for, and the simulation must find it.

/// A planted mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A page follows a job only after its start call returns, as if it had received all earlier events.
    SignalAfterTheCall,
    /// A stream registers for wake-ups after it has read the head of the log.
    WakeAfterTheRead,
    /// A ping says that the stream is alive, but not what it has sent.
    EmptyPing,
    /// An append is acknowledged before it is durable.
    EarlyAcknowledgement,
    /// Positions are assigned in one order and become visible in another.
    SequenceNotCommitOrder,
    /// A cancel is accepted in every status.
    CancelNotJudged,
    /// Any attempt can report on an item, even one that does not hold it.
    NoFence,
    /// A stream resumes one event past the cursor it was given.
    ResumeOffByOne,
    /// A stream reports a job as over before it has sent the job's last event.
    ClosedEarly,
    /// A snapshot claims a later `seq` than its state has.
    SnapshotAhead,
    /// An attempt runs before its `started` event is durable.
    WorkBeforeItsRecord,
    /// An item whose claim failed is forgotten.
    ClaimForgotten,
    /// After a restart, items that were running simply run again, without being marked as interrupted.
    NothingInterrupted,
    /// A placing that could not be resolved at once is never resolved.
    PlacingForgotten,
    /// A tab that begins to listen to another tab's connection assumes that this connection will send everything it
    /// lacks.
    LeadersCursor,
    /// An item whose files are changing names counts as one that only works.
    ChangingIsWork,
}

#[cfg(any(test, feature = "testing"))]
impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 16] = [
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
        Mutant::LeadersCursor,
        Mutant::ChangingIsWork,
    ];
}

#[cfg(any(test, feature = "testing"))]
thread_local! {
    static MUTANT: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether this thread makes the mistake. Always false outside tests.
#[cfg(any(test, feature = "testing"))]
pub fn is(mutant: Mutant) -> bool {
    MUTANT.get() == Some(mutant)
}

/// Whether this thread makes the mistake. Always false outside tests.
#[cfg(not(any(test, feature = "testing")))]
pub const fn is(_: Mutant) -> bool {
    false
}

/// Plants this mistake in the current thread; `None` removes it.
#[cfg(any(test, feature = "testing"))]
pub fn set(mutant: Option<Mutant>) {
    MUTANT.set(mutant);
}
