//! What the receiver does with each message of the server.

use super::HealReason;
use super::effect::FollowEffect;
use super::receiver::Follow;
use super::tracked::{Reception, Tracked};
use crate::cursor::Cursor;
use crate::event::Recorded;
use crate::id::{JobId, Millis};
use crate::message::{
    Closed, ClosedHow, Events, GoneReason, Hello, Message, Now, Ping, Reset, ResetReason, SnapshotMessage, Summaries,
};
use crate::sorted::SortedMap;

impl Follow {
    /// Takes in a message from the source `generation`, with its event id (empty for none).
    pub fn message(&mut self, now: Millis, generation: u64, text: &str, id: &str) -> Vec<FollowEffect> {
        let asked = self.link.asks();
        if !self.link.arrived(now, generation) {
            return Vec::new();
        }
        let message = match Message::decode(text) {
            Ok(message) => message,
            // A truncated or foreign message cannot be trusted, so ask again from the last good cursor.
            Err(error) => {
                let mut effects = vec![FollowEffect::Log(format!("[stream] {error}; reopening"))];
                effects.extend(self.open(now));
                return effects;
            }
        };
        let mut effects = Vec::new();
        if asked && !self.link.asks() {
            effects.push(FollowEffect::Log("[stream] a stream gets through again".into()));
        }
        let lost = self.dispatch(now, message, id, &mut effects);
        match lost {
            Some((job, reason)) => effects.extend(self.heal(now, job, reason)),
            // Only a message that was accepted moves the cursor, and never back: a tab that listens to another tab's connection can
            // be ahead of it.
            None => {
                if let Ok(cursor) = id.parse::<Cursor>()
                    && self.cursor.as_ref().is_none_or(|held| held.position <= cursor.position)
                {
                    self.cursor = Some(cursor);
                }
            }
        }
        effects
    }

    /// Returns the job that needs healing, if any, and why.
    fn dispatch(
        &mut self,
        now: Millis,
        message: Message,
        id: &str,
        effects: &mut Vec<FollowEffect>,
    ) -> Option<(JobId, HealReason)> {
        match message {
            Message::Hello(hello) => self.hello(now, hello),
            Message::Snapshot(snapshot) => return self.snapshot(*snapshot, effects),
            Message::Events(events) => return self.events(&events, effects),
            Message::Summaries(news) => self.watched(news),
            Message::Now(news) => self.running(news),
            Message::Absent(absent) => self.with(absent.job, Tracked::absent),
            Message::CaughtUp(_) => self.link.caught_up(),
            Message::Ping(ping) => return self.ping(now, &ping, id),
            Message::Reset(reset) => self.reset(now, &reset, effects),
            Message::Closed(closed) => return self.closed(&closed),
            Message::Unknown(kind) => {
                effects
                    .push(FollowEffect::Log(format!("[stream] a message of unknown kind {kind:?}: reload the page")));
            }
        }
        None
    }

    fn hello(&mut self, now: Millis, hello: Hello) {
        self.skew = Some(hello.now as i64 - now as i64);
        (self.recording, self.given_up) = (hello.recording, hello.left_out);
        self.server_build = Some(hello.build);
    }

    fn snapshot(&mut self, message: SnapshotMessage, effects: &mut Vec<FollowEffect>) -> Option<(JobId, HealReason)> {
        let job = message.job;
        // A tab that listens to another tab's connection can already hold more than a snapshot there.
        let is_needed = |tracked: &&mut Tracked| !tracked.is_stopped() && message.seq >= tracked.due();
        let tracked = self.jobs.get_mut(&job).filter(is_needed)?;
        match tracked.replace(message) {
            Ok(()) => tracked.log_progress(&job, effects),
            Err(reason) => return Some((job, reason)),
        }
        None
    }

    /// Applies the whole message or, if any event does not follow on, none of it.
    fn events(&mut self, events: &Events, effects: &mut Vec<FollowEffect>) -> Option<(JobId, HealReason)> {
        let mut due = SortedMap::new();
        let mut read: Vec<(JobId, Recorded, &str)> = Vec::new();
        for frame in &events.frames {
            let Some(tracked) = self.jobs.get_mut(&frame.job) else { continue };
            if !tracked.is_folding() {
                continue;
            }
            let due = due.get_or_insert_with(frame.job, || tracked.due());
            for raw in &frame.events {
                let recorded = match Recorded::decode(raw.get()) {
                    Ok(recorded) => recorded,
                    Err(error) => {
                        effects.push(FollowEffect::Log(format!("[JOB {}] {error}: reload the page", frame.job)));
                        tracked.stop_unknown();
                        break;
                    }
                };
                if recorded.seq > *due {
                    return Some((frame.job, HealReason::Gap));
                }
                if recorded.seq == *due {
                    *due += 1;
                    read.push((frame.job, recorded, raw.get()));
                }
            }
        }
        for (job, recorded, payload) in read {
            let Some(tracked) = self.jobs.get_mut(&job) else { continue };
            match tracked.fold_in(&recorded, payload) {
                Reception::Taken => tracked.log_progress(&job, effects),
                Reception::Refused(refusal) => {
                    effects.push(FollowEffect::Log(format!("[JOB {job}] event {} refused: {refusal}", recorded.seq)));
                    return Some((job, HealReason::Refused));
                }
            }
        }
        None
    }

    fn watched(&mut self, news: Summaries) {
        for summary in news.summaries {
            if summary.pruned {
                self.summaries.remove(&summary.job);
            } else {
                self.summaries.insert(summary.job, summary);
            }
        }
    }

    fn running(&mut self, news: Now) {
        if let Some(tracked) = self.jobs.get_mut(&news.job) {
            tracked.now = Some(news);
        }
    }

    fn ping(&mut self, now: Millis, ping: &Ping, id: &str) -> Option<(JobId, HealReason)> {
        // A ping carries an id only once the connection has caught up; the `caught_up` message might have been lost.
        if !id.is_empty() {
            self.link.caught_up();
        }
        self.skew = Some(ping.now as i64 - now as i64);
        self.recording = ping.recording;
        self.given_up.clone_from(&ping.left_out);
        // A tab that listens to another tab's connection can be ahead of what that connection had sent.
        let position = |cursor: &Cursor| cursor.position;
        let sent = id.parse().ok().as_ref().map(position);
        let caught_up = sent.is_some_and(|sent| self.cursor.as_ref().map(position) <= Some(sent));
        for (job, (sent, digest, last)) in ping.jobs.iter() {
            if let Some(tracked) = self.jobs.get_mut(job)
                && let Err(reason) = tracked.check(now, *sent, digest, *last, caught_up)
            {
                return Some((*job, reason));
            }
        }
        None
    }

    fn reset(&mut self, now: Millis, reset: &Reset, effects: &mut Vec<FollowEffect>) {
        let reason = HealReason::Reset(reset.reason);
        effects.push(FollowEffect::Log(format!(
            "[stream] the cursor could not be honoured ({reason}); taking fresh snapshots"
        )));
        if reset.reason != ResetReason::Far {
            self.cursor = None;
            self.summaries.clear();
        }
        for job in &reset.jobs {
            self.with(*job, |tracked| {
                if reset.reason == ResetReason::Far {
                    tracked.expect_snapshot(now, reason);
                } else {
                    // Counted as a heal: repeated resets mean that two logs alternate, or that one is being rewritten.
                    let next = tracked.heal(now, reason);
                    effects.push(FollowEffect::Log(format!("[JOB {job}] {reason}; {next}")));
                }
            });
        }
    }

    fn closed(&mut self, closed: &Closed) -> Option<(JobId, HealReason)> {
        let tracked = self.jobs.get_mut(&closed.job)?;
        match &closed.how {
            ClosedHow::Ended { seq, fold, .. } => tracked.close(*seq, fold).err().map(|reason| (closed.job, reason)),
            ClosedHow::Gone { reason } => {
                tracked.gone(*reason);
                // The job is still wanted and might yet appear, so a later connection asks again.
                if *reason == GoneReason::Absent {
                    self.link.reopen_in(2_000);
                }
                None
            }
        }
    }

    fn heal(&mut self, now: Millis, job: JobId, reason: HealReason) -> Vec<FollowEffect> {
        let mut effects = Vec::new();
        self.with(job, |tracked| {
            let next = tracked.heal(now, reason);
            effects.push(FollowEffect::Log(format!("[JOB {job}] {reason}; {next}")));
        });
        effects.extend(self.open(now));
        effects
    }
}
