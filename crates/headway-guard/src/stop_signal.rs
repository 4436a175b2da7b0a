//! A signal that tells a waiting task to stop.

/// Tells a task that waits elsewhere to stop.
pub trait StopSignal: Send + std::fmt::Debug {
    /// Asks the attempt to stop.
    fn send(&self);

    /// Asks the attempt to stop, and leaves it hardly any time to end by itself, because nobody waits for it.
    fn force(&self) {
        self.send();
    }
}
