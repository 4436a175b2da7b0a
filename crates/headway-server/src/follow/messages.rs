//! The messages of a connection: events, summaries, running items and pings.
//!
//! Messages with events are small enough to get through a line that breaks all the time. Each ends at a position of the log up to
//! which everything has been sent, even within a commit, so that its reader resumes exactly there.

use std::sync::Arc;

use super::room::Fit;
use super::served::Served;
use super::{EVENTS_PER_PAGE, Outgoing, Read, Serving};
use crate::recent::{Changed, CommitPart};
use headway_model::EventKind;
use headway_model::id::{JobId, Millis};
use headway_model::message::{Body, Closed, ClosedHow, FRAME_BYTES, MessageRoom, Now, Ping, events_text, frame_text};
use headway_model::mutants::{self, Mutant};
use headway_store::rows::EventRow;

/// Consecutive events of one job in a message.
type EventRun<'a> = (JobId, Vec<&'a str>);

impl Serving {
    /// Sends a page of events from the store.
    pub(super) fn page(&mut self, now: Millis, rows: &[EventRow]) {
        let whole = rows.len() < EVENTS_PER_PAGE as usize;
        let mut runs: Vec<EventRun<'_>> = Vec::new();
        let mut over = Vec::new();
        for row in rows {
            let Some(served) = self.jobs.get(&row.job).filter(|served| served.is_open()) else { continue };
            if row.seq <= served.sent.seq {
                continue;
            }
            let goes_on = runs.last().is_some_and(|(job, _)| *job == row.job);
            let bytes = row.payload.len() + 1 + if goes_on { 0 } else { FRAME_BYTES };
            match self.room.take(runs.is_empty(), bytes) {
                Fit::Same => {}
                Fit::Next => self.send_runs(now, &mut runs),
                Fit::Full => {
                    self.full = true;
                    break;
                }
            }
            match runs.last_mut() {
                Some((job, payloads)) if *job == row.job => payloads.push(&row.payload),
                _ => runs.push((row.job, vec![&row.payload])),
            }
            let kind = EventKind::of_payload(&row.payload);
            if let Some(served) = self.jobs.get_mut(&row.job) {
                served.sent(row.seq, row.digest, kind == Some(EventKind::Began));
            }
            if kind.is_some_and(EventKind::is_terminal) {
                over.push(row.job);
            }
            self.advance(row.position, Some(row.digest));
        }
        match rows.last() {
            // The rest is for the next call.
            _ if self.full => {}
            Some(last) if !whole => self.advance(last.position, Some(last.digest)),
            _ => self.advance(self.head.position, self.head.digest),
        }
        self.send_runs(now, &mut runs);
        self.all_sent(over);
    }

    /// Like [`Serving::page`], for frames that are already encoded.
    pub(super) fn parts(&mut self, now: Millis, parts: &[Arc<CommitPart>]) {
        let mut frames: Vec<&str> = Vec::new();
        let mut over = Vec::new();
        for part in parts {
            let open = |job| self.jobs.get(job).filter(|served: &&Served| served.is_open());
            // What a snapshot or an earlier connection already sent ends at the end of a part.
            let wanted =
                part.frames.iter().filter(|frame| open(&frame.job).is_some_and(|served| frame.last > served.sent.seq));
            let wanted: Vec<_> = wanted.collect();
            let bytes = wanted.iter().map(|frame| frame.text.len() + 1).sum();
            if !wanted.is_empty() {
                match self.room.take(frames.is_empty(), bytes) {
                    Fit::Same => {}
                    Fit::Next => self.send_frames(now, &mut frames),
                    Fit::Full => {
                        self.full = true;
                        break;
                    }
                }
            }
            for frame in wanted {
                if let Some(served) = self.jobs.get_mut(&frame.job) {
                    served.sent(frame.last, frame.digest, frame.began);
                }
                frames.push(&frame.text);
                if frame.over {
                    over.push(frame.job);
                }
            }
            self.advance(part.up_to, part.digest);
        }
        self.send_frames(now, &mut frames);
        self.all_sent(over);
    }

    fn send_runs(&mut self, now: Millis, runs: &mut Vec<EventRun<'_>>) {
        let frames: Vec<_> = runs.drain(..).map(|(job, payloads)| frame_text(&job, &payloads)).collect();
        self.send_frames(now, &mut frames.iter().map(String::as_str).collect());
    }

    /// Sends these frames in one message, which promises the position advanced to, unless the reader's cursor is still ahead of it.
    fn send_frames(&mut self, now: Millis, frames: &mut Vec<&str>) {
        if !frames.is_empty() {
            self.send_news(events_text(frames), self.sent >= self.floor);
            frames.clear();
            self.flushed_at = now;
        }
    }

    fn all_sent(&mut self, over: Vec<JobId>) {
        self.say_caught_up();
        // A job's row has its outcome and the hash of its fold.
        self.reads.extend(over.into_iter().map(Read::Job));
    }

    pub(super) fn changed(&mut self, now: Millis, rows: Vec<Changed>) {
        let Some(watch) = &mut self.watch else { return };
        let (jobs, begun, all) = (&self.jobs, self.begun, self.watch_followed);
        let news = rows.iter().any(|row| row.position > begun);
        let folded = |job: &JobId| !all && jobs.get(job).is_some_and(Served::is_open);
        let texts = watch.take(now, rows, folded, self.room.most());
        self.outbox.extend(texts.into_iter().map(|text| Outgoing { text, id: None, news }));
    }

    /// Sends what runs if it has changed; only as many items as fit if their paths are very long.
    pub(super) fn now(&mut self, news: Now) {
        if let Some(served) = self.jobs.get_mut(&news.job).filter(|served| served.is_open())
            && served.last_now.as_ref().map_or(&[][..], Vec::as_slice) != news.running
        {
            served.last_now = Some(news.running.clone());
            let bytes = |_: &[_], item: &_| serde_json::to_string(item).map_or(0, |text| text.len() + 1);
            let running =
                MessageRoom::cut(self.room.rest(), news.running, bytes).into_iter().next().unwrap_or_default();
            let text = Now { seq: served.sent.seq, running, ..news }.text();
            self.send(text, false);
        }
    }

    pub(super) fn send_ping(&mut self, now: Millis) {
        let text = self.ping_text(now);
        self.send(text, self.caught_up);
        // A client that had received this would have reconnected, so the message was lost.
        let unheard: Vec<_> = self
            .jobs
            .iter()
            .filter(|(_, served)| served.closed && served.is_only_closed())
            .map(|(job, served)| (*job, served.gone()))
            .collect();
        for (job, reason) in unheard {
            let text = Closed { job, how: ClosedHow::Gone { reason } }.text();
            self.send(text, false);
        }
    }

    /// The last message of an answer that is not a stream: a ping that reports how far the answer went. It has no id if there is more to
    /// call for, and none after `id: end`.
    pub fn final_ping(&mut self, now: Millis) -> Outgoing {
        self.log_head = self.log_head.max(self.head.position);
        let id = (self.caught_up && !self.ended && !self.full).then(|| self.sent_check.to_string());
        Outgoing { text: self.ping_text(now), id, news: false }
    }

    fn ping_text(&self, now: Millis) -> String {
        let of = |(job, served): (&JobId, &Served)| {
            (*job, (served.sent.seq, served.sent.digest, served.last.max(served.sent.seq)))
        };
        // A job that has been sent to its end stays in the ping, because its last messages might have been lost.
        let jobs = self
            .jobs
            .iter()
            .filter(|(_, served)| served.job_no.is_some() && !mutants::is(Mutant::EmptyPing))
            .map(of)
            .collect();
        let now = now.saturating_add_signed(self.clock_ahead);
        Ping { head: self.log_head, now, jobs, recording: self.recording, left_out: self.given_up.clone() }.text()
    }

    /// Sends a transient message, one that is not part of the log.
    pub(super) fn send(&mut self, text: String, promises: bool) {
        let id = promises.then(|| self.sent_check.to_string());
        self.outbox.push_back(Outgoing { text, id, news: false });
    }

    /// Sends a message with news.
    pub(super) fn send_news(&mut self, text: String, promises: bool) {
        let id = promises.then(|| self.sent_check.to_string());
        self.outbox.push_back(Outgoing { text, id, news: true });
    }
}
