//! How whoever waits elsewhere hears that it should end.

/// Something that waits elsewhere and must hear of an end.
pub trait StopSignal: Send + std::fmt::Debug {
    /// The attempt should end.
    fn send(&self);
}
