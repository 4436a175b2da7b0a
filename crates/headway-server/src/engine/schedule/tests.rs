//! The schedule in a world without a disk.

mod cancel;
mod claim;
mod last_step;
mod placing;
mod restart;
mod retry;
mod run;
mod take_up;

use super::*;
use headway_files::PlacementState;
use headway_model::DiskEffect as ItemEffect;
use headway_model::event::{HaltBy, HaltWhen, Recorded};
use headway_model::item::ItemStatus;
use headway_model::status::PauseReason;
use headway_model::testing::created;
use headway_model::{Digest, EndReason, FailReason};
use headway_recipes::Unable;

/// The schedule with a log that accepts what `next` accepts: as the writer does, without the disk.
struct ScheduleWorld {
    schedule: Schedule,
    folds: BTreeMap<JobId, Fold>,
    started: Vec<(JobId, u32, u32)>,
    stopped: Vec<(JobId, u32)>,
    finishing: Vec<JobId>,
    stopped_steps: Vec<JobId>,
    recovering: Vec<(JobId, u32)>,
    planning: Vec<JobId>,
    taking_up: Vec<JobId>,
    terms: Terms,
}

impl ScheduleWorld {
    fn new(jobs: usize, workers: usize, repeatable: bool) -> Self {
        ScheduleWorld::going_on(ScheduleLimits { jobs, workers }, Vec::new(), repeatable)
    }

    fn going_on(limits: ScheduleLimits, live: Vec<Fold>, repeatable: bool) -> Self {
        ScheduleWorld::left(limits, live, repeatable, &RecoveredState::default())
    }

    /// A world in which the last process left every job in this state.
    fn left(limits: ScheduleLimits, live: Vec<Fold>, repeatable: bool, past: &RecoveredState) -> Self {
        let folds = live.iter().map(|fold| (fold.id, fold.clone())).collect();
        let terms = terms(repeatable);
        let live = live.into_iter().map(|fold| (fold, Some(terms.clone()), past.clone())).collect();
        let schedule = Schedule::new(limits, 0, live);
        let mut world = ScheduleWorld {
            schedule,
            folds,
            started: Vec::new(),
            stopped: Vec::new(),
            finishing: Vec::new(),
            stopped_steps: Vec::new(),
            recovering: Vec::new(),
            planning: Vec::new(),
            taking_up: Vec::new(),
            terms,
        };
        let effects = world.schedule.begin();
        world.carry_out(effects);
        world
    }

    /// Records an event and everything that follows from it.
    fn record(&mut self, job: JobId, event: JobEvent) {
        let effects = self.append(job, event);
        self.carry_out(effects);
    }

    fn append(&mut self, job: JobId, event: JobEvent) -> Vec<ScheduleEffect> {
        let seq = self.folds.get(&job).map_or(1, |fold| fold.seq + 1);
        let recorded = Recorded { seq, at: seq, event };
        let payload = recorded.encode();
        let accepted = match self.folds.get_mut(&job) {
            Some(fold) => fold.apply_recorded(&recorded, &payload).is_ok(),
            None => Fold::create_recorded(&recorded, &payload).map(|fold| drop(self.folds.insert(job, fold))).is_ok(),
        };
        let mut effects = if accepted {
            let digest = self.folds[&job].digest;
            self.schedule.step(Input::Recorded { job, recorded, digest })
        } else {
            self.schedule.step(Input::Refused { job, event: recorded.event })
        };
        effects.extend(self.schedule.claim());
        effects
    }

    fn carry_out(&mut self, effects: Vec<ScheduleEffect>) {
        let mut left: std::collections::VecDeque<_> = effects.into();
        while let Some(effect) = left.pop_front() {
            match effect {
                ScheduleEffect::Append { job, event, detail } => {
                    let hash = detail.map(|detail| Digest::of(detail.as_bytes()));
                    assert_eq!(hash, event.detail(), "the writer would refuse it: {event:?}");
                    left.extend(self.append(job, event));
                }
                ScheduleEffect::Start { job, item, attempt } => self.started.push((job, item, attempt)),
                ScheduleEffect::Stop { job, item } => self.stopped.push((job, item)),
                ScheduleEffect::RecoverPlacing { job, item } => self.recovering.push((job, item)),
                ScheduleEffect::Finish { job } => self.finishing.push(job),
                ScheduleEffect::Plan { job } => self.planning.push(job),
                ScheduleEffect::TakeUp { job } => self.taking_up.push(job),
                ScheduleEffect::StopStep { job } => self.stopped_steps.push(job),
                ScheduleEffect::Over { .. } => {}
            }
        }
    }

    fn input(&mut self, input: Input) {
        let mut effects = self.schedule.step(input);
        effects.extend(self.schedule.claim());
        self.carry_out(effects);
    }

    fn done(&mut self, job: JobId, item: u32, attempt: u32, outcome: WorkOutcome) {
        self.started.retain(|started| *started != (job, item, attempt));
        self.input(Input::Done { job, item, attempt, outcome });
    }

    /// A job with this many items, planned and queued.
    fn job(&mut self, number: u8, items: u32) -> JobId {
        let id = JobId::mint(u64::from(number), [number; 10]);
        self.record(id, created(id));
        self.input(Input::Terms { job: id, terms: self.terms.clone() });
        if items > 0 {
            self.record(id, JobEvent::Planned { first: 0, count: items, skips: Vec::new(), detail: Digest([0; 16]) });
        }
        self.record(id, JobEvent::PlanEnded { total: items, reruns: Default::default() });
        id
    }

    fn at_work(&self, job: JobId) -> usize {
        self.started.iter().filter(|(of, ..)| *of == job).count()
    }

    fn status(&self, job: JobId) -> JobStatus {
        self.folds[&job].status
    }
}

fn terms(repeatable: bool) -> Terms {
    Terms { library: "files".into(), repeatable, tries: 1, backoff_ms: 1_000, halt: None, ask: false }
}

fn ok() -> WorkOutcome {
    WorkOutcome::Succeeded(ItemEffect::Read, "{}".into())
}

/// A job with one item that runs and one that is being put into place.
fn at_work() -> (JobId, ScheduleWorld) {
    let mut world = ScheduleWorld::new(1, 2, false);
    let job = world.job(1, 3);
    world.record(job, into_place(1));
    assert_eq!(world.at_work(job), 2);
    (job, world)
}

/// The first attempt of this item puts its output into place.
fn into_place(item: u32) -> JobEvent {
    JobEvent::Placing {
        item,
        attempt: 1,
        temp: "t".into(),
        target: "f".into(),
        trash: None,
        old: None,
        new: Digest([4; 16]),
    }
}
