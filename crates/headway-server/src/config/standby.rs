//! What a server that stands by tells about the one that works.

use headway_model::Millis;
use headway_postgres::StandbyState;
use tokio::sync::watch;

/// Makes a server wait until no other one works on its database, and tells meanwhile what it waits for. Cheap to clone;
/// all clones are the same.
#[derive(Debug, Clone)]
pub struct Standby {
    told: watch::Sender<Option<StandbyState>>,
}

/// The server that works, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingServer {
    /// The name of its host.
    pub host: String,
    /// The number of its process there.
    pub process: u32,
    /// Since when it works, by the clock of the database.
    pub since: Millis,
}

impl Default for Standby {
    fn default() -> Self {
        Standby { told: watch::Sender::new(None) }
    }
}

impl Standby {
    pub(crate) fn tell(&self, state: StandbyState) {
        self.told.send_if_modified(|told| {
            let state = Some(state);
            let is_other = *told != state;
            if is_other {
                tracing::info!(?state, "standing by");
                *told = state;
            }
            is_other
        });
    }

    /// Why this server does not work. It names nothing, because everyone can call the probes.
    pub fn reason(&self) -> &'static str {
        match &*self.told.borrow() {
            None => "the server is starting",
            Some(StandbyState::Waits(_)) => "the server stands by: another one works",
            Some(StandbyState::Away(_)) => "the server stands by, and the database of the log is away",
            Some(StandbyState::TakesOver) => "the server is taking over",
        }
    }

    /// The server that works, if it said who it is.
    pub fn working(&self) -> Option<WorkingServer> {
        match &*self.told.borrow() {
            Some(StandbyState::Waits(Some(holder))) => Some(WorkingServer {
                host: holder.name.host.clone(),
                process: holder.name.process,
                since: holder.since,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_postgres::{LogHolder, WriterName};

    #[test]
    fn a_server_that_stands_by_tells_who_works() {
        let (standby, name) = (Standby::default(), WriterName { host: "nas".into(), process: 7, folder: "f".into() });
        assert_eq!((standby.reason(), standby.working()), ("the server is starting", None));
        standby.tell(StandbyState::Waits(Some(LogHolder { name, since: 5, has_ended: false })));
        let working = WorkingServer { host: "nas".into(), process: 7, since: 5 };
        assert_eq!(standby.clone().working(), Some(working));
        assert!(standby.reason().contains("another one works"));
        standby.tell(StandbyState::TakesOver);
        assert_eq!((standby.reason(), standby.working()), ("the server is taking over", None));
    }
}
