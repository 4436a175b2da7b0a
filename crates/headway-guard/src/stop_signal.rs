//! A signal that tells a waiting task to stop.

/// Tells a task that waits elsewhere to stop.
pub trait StopSignal: Send + std::fmt::Debug {
    /// Asks the attempt to stop.
    fn send(&self);

    /// Asks the attempt to stop, because nobody waits: whatever time it has to end by itself, now it has a moment.
    fn send_at_once(&self) {
        self.send();
    }
}
