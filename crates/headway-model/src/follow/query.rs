//! The query with which a client asks its next source, a stream or a call, for events.

use super::Follow;
use crate::id::JobId;

impl Follow {
    /// The jobs that the next source is asked for, and whether each is held at the cursor.
    pub fn asked_jobs(&self) -> impl Iterator<Item = (JobId, bool)> + '_ {
        let has_cursor = self.cursor.is_some();
        // While snapshots are avoided, a fold can be older than the cursor.
        let holds = move |word| word == "held" && !self.link.is_cut();
        self.jobs.iter().filter_map(move |(job, tracked)| Some((*job, holds(tracked.ask(has_cursor)?))))
    }

    /// The query string of a call that waits this long for news.
    pub(super) fn asking(&self, seconds: u64) -> String {
        format!("{}&wait={seconds}", self.query())
    }

    /// The query string of the next source.
    pub fn query(&self) -> String {
        let mut parts = Vec::new();
        if self.watch {
            parts.push("watch=jobs".to_owned());
        }
        for (job, tracked) in self.jobs.iter() {
            if let Some(word) = tracked.ask(self.cursor.is_some()) {
                // Where snapshots do not get through, the query names the events that the client has, and the server
                // sends those after them.
                parts.push(match self.link.is_cut() {
                    true => format!("held={job}.{}", tracked.due() - 1),
                    false => format!("{word}={job}"),
                });
            }
        }
        parts.extend(self.cursor.iter().map(|cursor| format!("after={cursor}")));
        parts.join("&")
    }
}
