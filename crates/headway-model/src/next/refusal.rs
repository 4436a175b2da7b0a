//! Why an event cannot happen.

/// Why an event cannot happen next. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `created` for a job that exists.
    #[error("the job exists already")]
    Exists,
    /// Any other event for a job that does not exist.
    #[error("there is no such job")]
    NotCreated,
    /// The job is over, or its history was removed.
    #[error("the job is over{}", .0.map(|status| format!(" ({status})")).unwrap_or_default())]
    Over(Option<&'static str>),
    /// The job's status does not allow the event.
    #[error("{event} has no place in a job that is {status}")]
    Status {
        /// Name of the event.
        event: &'static str,
        /// Label of the status.
        status: &'static str,
    },
    /// The job is halted, so nothing more starts; or it is not halted, but must be.
    #[error("{0} does not fit the job's halt")]
    Halt(&'static str),
    /// There is no item with this index.
    #[error("there is no item {0}")]
    NoItem(u32),
    /// The item's status does not allow the event.
    #[error("{event} has no place for an item that is {status}")]
    Item {
        /// Name of the event.
        event: &'static str,
        /// Label of the item's status.
        status: &'static str,
    },
    /// Another attempt holds, or held, the item.
    #[error("attempt {given} is not the current one ({present})")]
    Attempt {
        /// The attempt in the event.
        given: u32,
        /// The attempt that would be accepted.
        present: u32,
    },
    /// Items are still open or running.
    #[error("{0} items are not settled yet")]
    Open(u32),
    /// The counters contradict this outcome.
    #[error("the items do not say that the job ended like this")]
    Counters,
    /// The range of planned items, or its skips, do not fit.
    #[error("the planned range does not follow the last one")]
    Range,
}
