//! Whether the database is away, and why: what everybody waits for, and what people are told meanwhile.

use std::sync::Arc;

use parking_lot::Mutex;

/// Why the database is away, for all connections of a store; `None` while it is there.
#[derive(Clone, Default)]
pub(crate) struct Absence(Arc<Mutex<Option<String>>>);

impl Absence {
    /// Why the database is away, if it is.
    pub(crate) fn why(&self) -> Option<String> {
        self.0.lock().clone()
    }

    /// Notes that it is away. The log says so once for each reason.
    pub(crate) fn begins(&self, why: &str) {
        let mut known = self.0.lock();
        if known.as_deref() != Some(why) {
            tracing::warn!(why, "the database of the log is away: nothing is recorded until it is back");
            *known = Some(why.to_owned());
        }
    }

    /// Notes that it is there.
    pub(crate) fn ends(&self) {
        let was = self.0.lock().take();
        if was.is_some() {
            tracing::info!("the database of the log is back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_of_a_store_knows_why_the_database_is_away() {
        let absence = Absence::default();
        let other = absence.clone();
        assert_eq!(other.why(), None);
        absence.begins("the connection is closed");
        absence.begins("the server is starting");
        assert_eq!(other.why().as_deref(), Some("the server is starting"));
        other.ends();
        assert_eq!(absence.why(), None);
    }
}
