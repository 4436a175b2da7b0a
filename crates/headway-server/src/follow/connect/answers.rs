//! What each answer means for a connection that begins: where each job is resumed, what is sent at once, and when the
//! connection goes live.

use super::super::served::{SentJob, Served};
use super::super::{CHANGED_PAGE, Read, ReadResult, Serving};
use super::{Connect, REPLAYED_EVENTS_LIMIT};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::message::{Body, Hello, Reset, ResetReason, SnapshotMessage};
use headway_model::mutants::{self, Mutant};
use headway_model::{Digest, Fold};
use headway_store::rows::JobRow;

impl Serving {
    /// Takes an answer while connecting. Once everything is known the connection goes live.
    pub(in crate::follow) fn connecting(&mut self, now: Millis, given: ReadResult) {
        let Some(mut connect) = self.connect.take() else { return };
        if !connect.said_hello {
            connect.said_hello = true;
            let text =
                Hello { recording: self.recording, left_out: self.given_up.clone(), ..connect.hello.clone() }.text();
            self.send(text, false);
        }
        match given {
            ReadResult::Head(head) => {
                connect.head = Some(head);
                self.head = head;
                self.target = head.position;
                if !matches!(connect.request.cursor, Some(Ok(_))) {
                    connect.check_cursor(head, None);
                }
            }
            ReadResult::DigestAt(digest) => {
                connect.check_cursor(self.head, digest);
                self.begun = connect.position();
            }
            ReadResult::Job(job, row) => {
                connect.lookups.pop_front();
                self.place(&mut connect, job, row.as_deref());
            }
            ReadResult::SetAside(job) => {
                connect.lookups.pop_front();
                // The stream closes it once it is live, and goes on with the others.
                self.jobs.get_mut(&job).into_iter().for_each(Served::set_aside);
            }
            ReadResult::EventBefore(job, last) => {
                connect.held.pop_front();
                self.resume(&mut connect, job, last);
            }
            ReadResult::EventAt(job, at) => {
                connect.counted.pop_front();
                self.count_on(&mut connect, job, at);
            }
            ReadResult::Folds(folds) => {
                self.say_reset(&mut connect);
                folds.iter().for_each(|fold| self.send_snapshot(fold));
            }
            ReadResult::Jobs(rows) => {
                self.say_reset(&mut connect);
                if connect.watched_live {
                    connect.watched_changed = rows.len() < CHANGED_PAGE;
                    connect.changed_after = rows.iter().map(|row| row.position).max();
                } else {
                    connect.watched_live = true;
                    connect.watched_changed = connect.good.is_none();
                }
                self.changed(now, rows);
                let head = self.head.position;
                self.watch.iter_mut().for_each(|watch| watch.begin_at(head));
            }
            ReadResult::Page(_) | ReadResult::Parts(_) | ReadResult::Now(_) => {}
        }
        if connect.is_done() {
            self.say_reset(&mut connect);
            self.go_live(&connect);
        } else {
            self.connect = Some(connect);
        }
    }

    /// Sends a job as it is, and notes up to which event the client has it.
    fn send_snapshot(&mut self, fold: &Fold) {
        if let Some(served) = self.jobs.get_mut(&fold.id) {
            let ahead = u64::from(mutants::is(Mutant::SnapshotAhead));
            served.sent = SentJob { seq: fold.seq + ahead, digest: fold.digest };
            served.last = served.last.max(fold.seq);
        }
        // The job can have ended since it was looked up; no event will show it.
        if fold.status.is_terminal() {
            self.reads.push_back(Read::Job(fold.id));
        }
        let (seq, digest) = (fold.seq, fold.digest);
        let message = SnapshotMessage { job: fold.id, seq, digest, fold: fold.hash(), state: fold.snapshot() };
        self.send_news(message.text(), false);
    }

    fn place(&mut self, connect: &mut Connect, job: JobId, row: Option<&JobRow>) {
        let Some(served) = self.jobs.get_mut(&job) else { return };
        served.learn(row);
        match row {
            None => self.absent(job),
            Some(row) if row.summary.pruned => {}
            Some(row) => connect.place(job, row),
        }
    }

    /// Resumes a held job after the last event that the client's cursor covers.
    fn resume(&mut self, connect: &mut Connect, job: JobId, last: Option<(u64, Digest)>) {
        let Some(served) = self.jobs.get_mut(&job) else { return };
        let Some((seq, digest)) = last else {
            connect.snapshots.push(job);
            return;
        };
        if served.last.saturating_sub(seq) > REPLAYED_EVENTS_LIMIT && !connect.request.replay_all {
            connect.far.push(job);
            connect.snapshots.push(job);
        } else {
            served.sent = SentJob { seq, digest };
        }
    }

    /// Resumes a job behind the event up to which the client holds it.
    fn count_on(&mut self, connect: &mut Connect, job: JobId, at: Option<(Seq, Position, Digest)>) {
        if let (Some((seq, _, digest)), Some(served)) = (at, self.jobs.get_mut(&job)) {
            served.sent = SentJob { seq, digest };
        }
        connect.begin_after(at.map_or(0, |(_, position, _)| position));
    }

    fn say_reset(&mut self, connect: &mut Connect) {
        let reset = match connect.reset.take() {
            Some(reason) => Reset { reason, jobs: connect.snapshots.clone() },
            None if !connect.far.is_empty() => {
                Reset { reason: ResetReason::Far, jobs: std::mem::take(&mut connect.far) }
            }
            None => return,
        };
        self.send_news(reset.text(), false);
    }

    /// Goes live: from here on the log is read after the cursor, or without one after the head that was read first.
    fn go_live(&mut self, connect: &Connect) {
        if let Some(cursor) = &connect.good {
            self.sent_check = cursor.clone();
            // Until the cursor is reached again, messages promise nothing: their reader counts events.
            self.floor = cursor.position;
            self.sent = connect.from.map_or(cursor.position, |from| from.min(cursor.position));
        }
        // Nothing up to the head that was read first is missing for jobs with a snapshot and for awaited jobs.
        let owes = |served: &Served| served.job_no.is_some() && served.sent.seq < served.last;
        if !self.jobs.values().any(owes) {
            self.advance(self.head.position, self.head.digest);
        }
        self.after_head = true;
        let over: Vec<_> = self.jobs.iter().filter_map(|(job, served)| Some((*job, served.ending()?))).collect();
        // `caught_up` must come before the stream can end.
        self.say_caught_up();
        over.into_iter().for_each(|(job, how)| self.close(job, how));
    }
}
