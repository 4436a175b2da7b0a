//! Summaries of jobs that are watched, not followed: only the latest, at most four a second for each job.

use std::collections::BTreeMap;

use crate::recent::Changed;
use headway_model::JobSummary;
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::message::{Body, MessageRoom, Summaries};

const EVERY: Millis = 250;

#[derive(Default, Debug, Clone)]
pub(super) struct SummaryWatch {
    seen: Position,
    /// When a summary of each job was last sent, and at which event.
    last: BTreeMap<JobId, (Millis, Seq)>,
    held: BTreeMap<JobId, JobSummary>,
}

impl SummaryWatch {
    /// Changes up to this position have been taken.
    pub(super) fn seen(&self) -> Position {
        self.seen
    }

    pub(super) fn begin_at(&mut self, position: Position) {
        self.seen = position;
    }

    /// Takes changed jobs. Returns the messages that must go out before the next cursor is promised, each of at most `most` bytes
    /// beyond its first summary. The first and the last summary of a job never wait.
    pub(super) fn take(
        &mut self,
        now: Millis,
        rows: Vec<Changed>,
        folded: impl Fn(&JobId) -> bool,
        most: usize,
    ) -> Vec<String> {
        let mut urgent = Vec::new();
        for row in rows {
            self.seen = self.seen.max(row.position);
            let summary = row.summary;
            let last = self.last.get(&summary.job).copied();
            if folded(&summary.job) || last.is_some_and(|(_, seq)| seq >= summary.seq) {
                continue;
            }
            let over = summary.status.is_terminal() || summary.pruned;
            let rested = last.is_none_or(|(at, _)| now >= at + EVERY);
            if over || rested {
                self.held.remove(&summary.job);
                self.last.insert(summary.job, (now, summary.seq));
                urgent.push(summary);
            } else {
                self.held.insert(summary.job, summary);
            }
        }
        texts(urgent, most)
    }

    /// The postponed summaries that are due, as messages.
    pub(super) fn due(&mut self, now: Millis, most: usize) -> Vec<String> {
        let last = &self.last;
        let ready = |job: &JobId| last.get(job).is_none_or(|(at, _)| now >= at + EVERY);
        let due: Vec<_> = self.held.keys().copied().filter(ready).collect();
        let summaries: Vec<_> = due.iter().filter_map(|job| self.held.remove(job)).collect();
        self.last.extend(summaries.iter().map(|summary| (summary.job, (now, summary.seq))));
        texts(summaries, most)
    }

    /// When the next postponed summary is due.
    pub(super) fn next_due(&self) -> Option<Millis> {
        self.held.keys().map(|job| self.last.get(job).map_or(0, |(at, _)| at + EVERY)).min()
    }
}

fn texts(summaries: Vec<JobSummary>, most: usize) -> Vec<String> {
    let bytes = |_: &[_], summary: &_| serde_json::to_string(summary).map_or(0, |text| text.len() + 1);
    MessageRoom::cut(most, summaries, bytes).into_iter().map(|summaries| Summaries { summaries }.text()).collect()
}
