//! Which faults can happen in a run.

/// The faults of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct WorldFaults {
    /// Messages are lost or duplicated.
    pub(super) lossy: bool,
    /// Connections break.
    pub(super) cutting: bool,
    /// The server crashes and its disk fails.
    pub(super) deadly: bool,
}

impl WorldFaults {
    /// The faults of a seed. An eighth of all seeds has none.
    pub(super) fn of(seed: u64) -> Self {
        WorldFaults { lossy: seed & 1 != 0, deadly: seed & 2 != 0, cutting: seed & 4 != 0 }
    }
}
