//! Jobs for tests: written by hand, or drawn at random from everything that `next` accepts.

use super::counters::Counters;
use super::digest::Digest;
use super::event::{HaltBy, HaltWhen, JobEvent, Outcome, Recorded};
use super::fold::Fold;
use super::id::JobId;
use super::item::{DiskEffect, FailReason, SkipReason};
use super::moves::Move;
use super::next::next;
use super::status::{EndReason, JobStatus, PauseReason};
use super::summary::JobSummary;
use super::worked::Worked;

/// A configuration with `default` cases, scaled by `HEADWAY_EFFORT` (in percent), which scales all repetitions.
pub fn cases(default: u32) -> proptest::prelude::ProptestConfig {
    let percent = std::env::var("HEADWAY_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    proptest::prelude::ProptestConfig::with_cases((default * percent / 100).max(1))
}

/// A job id made from a number.
pub fn job_id(number: u8) -> JobId {
    JobId::mint(1_764_000_000_000, [number; 10])
}

/// The first event of a job.
pub fn created(id: JobId) -> JobEvent {
    created_with(id, "checksum", Digest([1; 16]))
}

/// The first event of a job of this recipe, whose request has this hash.
pub fn created_with(id: JobId, recipe: &str, request: Digest) -> JobEvent {
    JobEvent::Created {
        id,
        recipe: recipe.into(),
        title: "Checksum of photos".into(),
        request,
        approval: false,
        priority: 0,
        concurrency: 0,
        parent: None,
        work: None,
    }
}

/// The summary of a job with this status and these counters: created, begun and ended in its first five minutes of 1970.
pub fn summary(status: JobStatus, counters: Counters) -> JobSummary {
    JobSummary {
        job: job_id(1),
        seq: 9,
        digest: Digest([0; 16]),
        recipe: "checksum".into(),
        title: "Checksum of photos".into(),
        status,
        counters,
        created: 1_000,
        began: Some(2_000),
        ended: status.is_terminal().then_some(300_000),
        worked: Some(Worked { ms: 221_000, since: None }),
        message: None,
        pruned: false,
        reruns: Default::default(),
        listing: false,
        undone_as: None,
    }
}

/// A `planned` event with this many files.
pub fn planned(first: u32, count: u32) -> JobEvent {
    JobEvent::Planned { first, count, skips: Vec::new(), detail: Digest([2; 16]) }
}

/// One event of every kind and every meaningful variant, about item 0 and this attempt.
pub fn every_event(fold: &Fold) -> Vec<JobEvent> {
    let (item, last) = (0, fold.last_attempt(0));
    let attempt = last.max(1);
    let failed = |reason| JobEvent::Ended { outcome: Outcome::Failed { reason, message: "why".into() } };
    let total = fold.counters.total;
    let message = "why".to_owned();
    let reason = FailReason::Read;
    vec![
        created(fold.id),
        planned(total, 2),
        JobEvent::Planned {
            first: total,
            count: 3,
            skips: vec![(total + 1, 1, SkipReason::Symlink)],
            detail: Digest([3; 16]),
        },
        JobEvent::PlanEnded { total, reruns: Default::default() },
        JobEvent::Approved {},
        JobEvent::Began {},
        JobEvent::Paused { reason: PauseReason::User },
        JobEvent::Paused { reason: PauseReason::DiskFull },
        JobEvent::Resumed {},
        JobEvent::Halted { by: HaltBy::Fail, when: HaltWhen::Now },
        JobEvent::Halted { by: HaltBy::Success, when: HaltWhen::Soon },
        JobEvent::Finishing {},
        JobEvent::CancelRequested {},
        JobEvent::Cancelled {},
        JobEvent::Ended { outcome: Outcome::Completed },
        JobEvent::Ended { outcome: Outcome::CompletedWithErrors },
        failed(EndReason::Plan),
        failed(EndReason::AllFailed),
        failed(EndReason::Finish),
        failed(EndReason::NoMatch),
        failed(EndReason::Halt),
        JobEvent::Changed { priority: Some(3), concurrency: None },
        JobEvent::Pruned {
            id: fold.id,
            request: fold.request,
            ended_as: "completed".into(),
            reason: None,
            created: 1,
            ended: 2,
            previous: fold.digest,
        },
        JobEvent::Started { item, attempt: last + 1 },
        JobEvent::Placing {
            item,
            attempt,
            temp: "t".into(),
            target: "f".into(),
            trash: None,
            old: None,
            new: Digest([4; 16]),
        },
        JobEvent::Changing { item, attempt, moves: vec![renamed("a", "b")], folders: Vec::new() },
        JobEvent::Succeeded { item, attempt, effect: DiskEffect::Read, detail: None },
        JobEvent::Skipped { item, attempt, reason: SkipReason::Changed },
        JobEvent::Failed { item, attempt, reason, message: message.clone(), detail: None },
        JobEvent::AttemptFailed { item, attempt, retry_at: 9, reason, message },
        JobEvent::Returned { item, attempt },
        JobEvent::Stopped { item, attempt },
        JobEvent::Recovered { item, attempt, alive: Some(9) },
        JobEvent::Requeued { item },
        JobEvent::Dropped { item },
    ]
}

/// A file that is renamed.
pub fn renamed(from: &str, to: &str) -> Move {
    let path = |text: &str| text.parse().expect("a path");
    Move { from: path(from), to: path(to), size: 3, mtime_ns: 1_764_000_000_000_000_000, hash: None, inode: None }
}

/// The payloads of these events, numbered from 1, and the fold that they make.
pub fn record(events: &[JobEvent]) -> (Vec<String>, Fold) {
    let mut payloads = Vec::new();
    let mut fold: Option<Fold> = None;
    for (index, event) in events.iter().enumerate() {
        let recorded = Recorded { seq: index as u64 + 1, at: 1_764_000_000_000 + index as u64, event: event.clone() };
        let payload = recorded.encode();
        match &mut fold {
            None => fold = Some(Fold::create(&payload).expect("a first event")),
            Some(fold) => drop(fold.apply(&payload).expect("an accepted event")),
        }
        payloads.push(payload);
    }
    (payloads, fold.expect("at least one event"))
}

/// A random generator that is good enough for choosing test cases (splitmix64, Steele et al. 2014).
#[derive(Debug, Clone)]
pub struct Draw(pub u64);

impl Draw {
    /// A number below the limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % limit.max(1) as u64) as usize
    }
}

/// A random job of accepted events; about two in three reach an end.
pub fn random_events(seed: u64, most: usize) -> Vec<JobEvent> {
    let mut draw = Draw(seed);
    let id = job_id(draw.below(200) as u8);
    let mut events = vec![created(id)];
    let (_, mut fold) = record(&events);
    while events.len() < most {
        let candidates = candidates(&fold, &mut draw);
        let open: Vec<_> = candidates.into_iter().filter(|event| next(Some(&fold), event).is_ok()).collect();
        // An early end makes a dull job, so mostly draw another event.
        let long = open.iter().filter(|event| {
            !matches!(event, JobEvent::CancelRequested {} | JobEvent::Pruned { .. } | JobEvent::Halted { .. })
        });
        let pool: Vec<_> = if draw.below(20) == 0 { open.iter().collect() } else { long.collect() };
        let Some(event) = pool.get(draw.below(pool.len())).copied().cloned() else {
            if open.is_empty() { break } else { continue }
        };
        let recorded = Recorded { seq: fold.seq + 1, at: 1_764_000_000_000 + fold.seq, event };
        fold.apply_recorded(&recorded, &recorded.encode()).expect("judged before");
        events.push(recorded.event);
    }
    events
}

fn candidates(fold: &Fold, draw: &mut Draw) -> Vec<JobEvent> {
    let mut events = every_event(fold);
    // Events about a few other items.
    for _ in 0..6 {
        let item = draw.below(fold.counters.total as usize) as u32;
        let attempt = fold.last_attempt(item);
        events.extend([
            JobEvent::Started { item, attempt: attempt + 1 },
            JobEvent::Succeeded { item, attempt, effect: DiskEffect::Changed, detail: None },
            JobEvent::Failed { item, attempt, reason: FailReason::Panic, message: String::new(), detail: None },
            JobEvent::Stopped { item, attempt },
            JobEvent::Recovered { item, attempt, alive: None },
            JobEvent::Requeued { item },
        ]);
    }
    events
}
