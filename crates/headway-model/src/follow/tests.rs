//! The receiver behind an honest server and the worst wire.

mod calls;
mod fold;
mod link;

use super::*;
use crate::cursor::Cursor;
use crate::digest::Digest;
use crate::error::ApiError;
use crate::event::JobEvent;
use crate::fold::Fold;
use crate::id::{JobId, Millis};
use crate::message::{
    Body, CaughtUp, Closed, ClosedHow, Hello, Ping, Reset, ResetReason, SnapshotMessage, events_text, frame_text,
};
use crate::status::JobStatus;
use crate::testing::{Draw, created, job_id, random_events, record};

fn told(job: JobId, payloads: &[&str]) -> String {
    events_text(&[frame_text(&job, payloads)])
}

/// A log of one job behind a link that loses, repeats, swaps, cuts and corrupts: an honest server on the worst wire.
struct Wire {
    job: JobId,
    payloads: Vec<String>,
    folds: Vec<Fold>,
    draw: Draw,
    now: Millis,
    trouble: usize,
}

impl Wire {
    fn new(seed: u64, most: usize, trouble: usize) -> Self {
        let (payloads, _) = record(&random_events(seed, most));
        let mut folds = vec![Fold::create(&payloads[0]).expect("created")];
        for payload in &payloads[1..] {
            let mut fold = folds.last().expect("one").clone();
            fold.apply(payload).expect("accepted once");
            folds.push(fold);
        }
        Wire { job: folds[0].id, payloads, folds, draw: Draw(seed ^ 0x5eed), now: 1_000_000, trouble }
    }

    fn last(&self) -> &Fold {
        self.folds.last().expect("one")
    }

    fn cursor(&self, seq: u64) -> Cursor {
        if seq == 0 { Cursor::start() } else { Cursor::at(seq, &self.folds[seq as usize - 1].digest) }
    }

    fn ping(&self, sent: u64) -> (String, String) {
        let digest = if sent == 0 { Digest::start(&self.job) } else { self.folds[sent as usize - 1].digest };
        let last = self.payloads.len() as u64;
        let ping = Ping {
            head: last,
            now: self.now,
            jobs: [(self.job, (sent, digest, last))].into(),
            recording: true,
            left_out: None,
        };
        (ping.text(), self.cursor(sent).to_string())
    }

    /// What an honest server sends for this query string.
    fn serve(&mut self, query: &str) -> Vec<(String, String)> {
        let value = |key: &str| query.split('&').find_map(|part| part.strip_prefix(key));
        let after: Option<Cursor> = value("after=").and_then(|text| text.parse().ok());
        let mut messages =
            vec![(Hello { build: "b".into(), now: self.now, recording: true, left_out: None }.text(), String::new())];
        let held = value("held=").is_some();
        let asked = held || value("job=").is_some();
        if !asked {
            return messages;
        }
        let last = self.payloads.len() as u64;
        let mut sent = match &after {
            Some(cursor) if held || cursor.position == 0 => cursor.position,
            _ => {
                let fold = self.last().clone();
                let snapshot = SnapshotMessage {
                    job: self.job,
                    seq: fold.seq,
                    digest: fold.digest,
                    fold: fold.hash(),
                    state: fold.snapshot(),
                };
                messages.push((snapshot.text(), String::new()));
                last
            }
        };
        while sent < last {
            let count = 1 + self.draw.below(4) as u64;
            let up_to = (sent + count).min(last);
            let page: Vec<_> = self.payloads[sent as usize..up_to as usize].iter().map(String::as_str).collect();
            messages.push((told(self.job, &page), self.cursor(up_to).to_string()));
            sent = up_to;
            if self.draw.below(4) == 0 {
                messages.push(self.ping(sent));
            }
        }
        messages.push((CaughtUp { cursor: self.cursor(last) }.text(), self.cursor(last).to_string()));
        messages.push(self.ping(last));
        if self.last().status.is_terminal() {
            let how = ClosedHow::Ended { seq: last, fold: self.last().hash(), status: self.last().status };
            messages.push((Closed { job: self.job, how }.text(), "end".into()));
        }
        messages
    }

    /// Runs one connection to its end, injecting faults while any are left. Returns the effects that follow.
    fn connection(&mut self, follow: &mut Follow, generation: u64, query: &str) -> Vec<FollowEffect> {
        let mut messages = self.serve(query);
        if self.trouble > 0 {
            let at = self.draw.below(messages.len());
            match self.draw.below(5) {
                0 => drop(messages.remove(at)),
                1 => messages.insert(at, messages[at].clone()),
                2 => messages.swap(at, at.saturating_sub(1)),
                3 => messages.truncate(at),
                _ => {
                    let half = messages[at].0.len() / 2;
                    messages[at].0.truncate(half);
                }
            }
            self.trouble -= 1;
        }
        for (text, id) in messages {
            self.now += 20;
            let effects = follow.message(self.now, generation, &text, &id);
            if effects.iter().any(|effect| matches!(effect, FollowEffect::Open { .. })) {
                return effects;
            }
        }
        let mut effects = follow.error(self.now, generation, false);
        // Far enough apart that the faults do not count as a series.
        self.now += 61_000;
        effects.extend(follow.tick(self.now));
        effects
    }

    fn run(&mut self) -> Follow {
        let mut follow = Follow::new(Some(Cursor::start()), false, None, 7);
        follow.follow(self.now, self.job);
        let mut effects = follow.start(self.now);
        for _ in 0..200 {
            let open = effects.iter().rev().find_map(|effect| match effect {
                FollowEffect::Open { generation, query } => Some((*generation, query.clone())),
                _ => None,
            });
            let Some((generation, query)) = open else { break };
            effects = self.connection(&mut follow, generation, &query);
            let done = follow.job(&self.job).and_then(Tracked::fold).is_some_and(|fold| fold.seq == self.last().seq);
            if self.trouble == 0 && done {
                break;
            }
        }
        follow
    }
}

fn opened(effects: &[FollowEffect]) -> (u64, String) {
    effects
        .iter()
        .find_map(|effect| match effect {
            FollowEffect::Open { generation, query } => Some((*generation, query.clone())),
            _ => None,
        })
        .unwrap_or_else(|| panic!("no order to open in {effects:?}"))
}

/// A receiver that has taken in everything but the last `missing` events.
fn follower(wire: &mut Wire, missing: usize) -> (Follow, u64) {
    let mut follow = Follow::new(Some(Cursor::start()), false, None, 7);
    follow.follow(wire.now, wire.job);
    let (generation, _) = opened(&follow.start(wire.now));
    for seq in 1..=(wire.payloads.len() - missing) as u64 {
        let text = told(wire.job, &[wire.payloads[seq as usize - 1].as_str()]);
        let effects = follow.message(wire.now, generation, &text, &wire.cursor(seq).to_string());
        assert!(!effects.iter().any(|effect| matches!(effect, FollowEffect::Open { .. })));
    }
    (follow, generation)
}
