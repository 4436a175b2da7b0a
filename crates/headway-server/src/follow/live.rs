//! What an established connection does next, the most urgent first: pings, reads of the log, ends of jobs, news.

use super::io::{Outgoing, Read, SenderStep};
use super::served::Served;
use super::{PING_EVERY, Serving};
use headway_model::id::{JobId, Millis};
use headway_model::message::{Body, Closed, ClosedHow, GoneReason};
use headway_store::Head;

const NOW_EVERY: Millis = 250;
pub(super) const ABSENT_FOR: Millis = 30_000;

impl Serving {
    /// The next step of an established connection, the most urgent first.
    pub(super) fn live(&mut self, now: Millis) -> SenderStep {
        if now >= self.ping_at && !self.pinging {
            self.pinging = true;
            self.reads.push_back(Read::Head);
            let open: Vec<_> = self.open_jobs().collect();
            self.reads.extend(open.into_iter().map(Read::Job));
            return self.step(now);
        }
        if self.pinging {
            self.pinging = false;
            self.ping_at = now + PING_EVERY;
            self.send_ping(now);
            return self.step(now);
        }
        if self.after_head {
            return self.read_on(now);
        }
        if self.say_caught_up() {
            return self.step(now);
        }
        if self.woken && now >= self.next_flush_at() {
            self.woken = false;
            return SenderStep::Read(Read::Head);
        }
        if self.close_finished(now) {
            return self.step(now);
        }
        let due = self.watch.as_mut().map(|watch| watch.due(now, self.room.most())).unwrap_or_default();
        if !due.is_empty() {
            due.into_iter().for_each(|text| self.send_news(text, false));
            return self.step(now);
        }
        if now >= self.now_at {
            self.now_at = now + NOW_EVERY;
            self.reads
                .extend(self.jobs.iter().filter(|(_, served)| served.is_processing()).map(|(job, _)| Read::Now(*job)));
            if !self.reads.is_empty() {
                return self.step(now);
            }
        }
        SenderStep::Wait(self.next_time())
    }

    /// Reads up to the known head. By now awaited jobs and watched summaries have been read.
    fn read_on(&mut self, now: Millis) -> SenderStep {
        let numbers: Vec<_> =
            self.jobs.values().filter(|served| served.is_open()).filter_map(|served| served.job_no).collect();
        if self.sent < self.head.position && !numbers.is_empty() {
            return SenderStep::Read(Read::Page(numbers, self.sent, self.head.position));
        }
        self.after_head = false;
        self.advance(self.head.position, self.head.digest);
        self.live(now)
    }

    pub(super) fn learn_head(&mut self, head: Head) {
        if self.pinging {
            // The ping only reports the head. `read_on` decides what is promised.
            self.log_head = head.position;
            self.woken |= head.position > self.sent;
            return;
        }
        self.head = head;
        self.after_head = true;
        let awaited = self.jobs.iter().filter(|(_, served)| served.is_awaited()).map(|(job, _)| *job);
        self.reads.extend(awaited.map(Read::Job));
        self.reads.extend(self.watch.as_ref().map(|watch| Read::Changed(watch.seen())));
    }

    pub(super) fn learn_job(&mut self, job: JobId, learn: impl FnOnce(&mut Served)) {
        let Some(served) = self.jobs.get_mut(&job) else { return };
        learn(served);
        if let Some(how) = served.ending() {
            self.close(job, how);
        }
    }

    /// Closes one job that was awaited for too long; whether there was one.
    fn close_finished(&mut self, now: Millis) -> bool {
        if now >= self.absent_since + ABSENT_FOR {
            let awaited = self.jobs.iter().find(|(_, served)| served.is_awaited()).map(|(job, _)| *job);
            if let Some(job) = awaited {
                self.close(job, ClosedHow::Gone { reason: GoneReason::Absent });
                return true;
            }
        }
        false
    }

    pub(super) fn close(&mut self, job: JobId, how: ClosedHow) {
        if let Some(served) = self.jobs.get_mut(&job) {
            served.closed = true;
        }
        let last = self.watch.is_none() && self.jobs.values().all(|served| served.closed);
        let text = Closed { job, how }.text();
        self.outbox.push_back(Outgoing { text, id: last.then(|| "end".to_owned()), news: true });
        self.ended |= last;
    }

    fn open_jobs(&self) -> impl Iterator<Item = JobId> + '_ {
        self.jobs.iter().filter(|(_, served)| served.is_open()).map(|(job, _)| *job)
    }
}
