//! A signal that tells a waiting task to stop.

/// Tells a task that waits elsewhere to stop.
pub trait StopSignal: Send + std::fmt::Debug {
    /// Asks the attempt to stop.
    fn send(&self);
}
