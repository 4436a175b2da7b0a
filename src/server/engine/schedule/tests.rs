use super::*;
use crate::model::Digest;
use crate::model::status::PauseReason;

/// The schedule with a log that accepts what `next` accepts: as the writer does, without the disk.
struct World {
    schedule: Schedule,
    folds: BTreeMap<JobId, Fold>,
    started: Vec<(JobId, u32, u32)>,
    stopped: Vec<(JobId, u32)>,
    finishing: Vec<JobId>,
    planning: Vec<JobId>,
}

impl World {
    fn new(jobs: usize, workers: usize, repeatable: bool) -> Self {
        World::going_on(Limits { jobs, workers }, Vec::new(), repeatable)
    }

    fn going_on(limits: Limits, live: Vec<Fold>, repeatable: bool) -> Self {
        let folds = live.iter().map(|fold| (fold.id, fold.clone())).collect();
        let schedule = Schedule::new(limits, live, move |_| repeatable);
        let mut world = World {
            schedule,
            folds,
            started: Vec::new(),
            stopped: Vec::new(),
            finishing: Vec::new(),
            planning: Vec::new(),
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

    fn append(&mut self, job: JobId, event: JobEvent) -> Vec<Effect> {
        let seq = self.folds.get(&job).map_or(1, |fold| fold.seq + 1);
        let recorded = Recorded { seq, at: seq, event };
        let payload = recorded.encode();
        let accepted = match self.folds.get_mut(&job) {
            Some(fold) => fold.apply_recorded(&recorded, &payload).is_ok(),
            None => Fold::create_recorded(&recorded, &payload).map(|fold| drop(self.folds.insert(job, fold))).is_ok(),
        };
        let mut effects = if accepted {
            self.schedule.step(Input::Recorded { job, recorded, payload })
        } else {
            self.schedule.step(Input::Refused { job, event: recorded.event })
        };
        effects.extend(self.schedule.claim());
        effects
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut left: std::collections::VecDeque<_> = effects.into();
        while let Some(effect) = left.pop_front() {
            match effect {
                Effect::Append { job, event, .. } => left.extend(self.append(job, event)),
                Effect::Start { job, item, attempt } => self.started.push((job, item, attempt)),
                Effect::Stop { job, item } => self.stopped.push((job, item)),
                Effect::Finish { job } => self.finishing.push(job),
                Effect::Plan { job } => self.planning.push(job),
                Effect::StopPlan { .. } | Effect::Over { .. } => {}
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

    /// A job of so many items, planned and queued.
    fn job(&mut self, number: u8, items: u32) -> JobId {
        let id = JobId::mint(u64::from(number), [number; 10]);
        let created = JobEvent::Created {
            id,
            recipe: "test".into(),
            title: "t".into(),
            request: Digest([0; 16]),
            approval: false,
            priority: 0,
            concurrency: 0,
            parent: None,
        };
        self.record(id, created);
        if items > 0 {
            self.record(id, JobEvent::Planned { first: 0, count: items, skips: Vec::new(), detail: Digest([0; 16]) });
        }
        self.record(id, JobEvent::PlanEnded { total: items });
        id
    }

    fn at_work(&self, job: JobId) -> usize {
        self.started.iter().filter(|(of, ..)| *of == job).count()
    }

    fn status(&self, job: JobId) -> JobStatus {
        self.folds[&job].status
    }
}

fn ok() -> WorkOutcome {
    WorkOutcome::Succeeded(ItemEffect::Read, "{}".into())
}

#[test]
fn a_job_runs_from_its_start_to_its_end() {
    let mut world = World::new(1, 2, true);
    let job = world.job(1, 5);
    assert_eq!(world.planning, [job]);
    while let Some((job, item, attempt)) = world.started.first().copied() {
        assert!(world.started.len() <= 2);
        world.done(job, item, attempt, ok());
    }
    assert_eq!((world.status(job), world.finishing.clone()), (JobStatus::Finishing, vec![job]));
    world.input(Input::Finished { job, result: Ok(()) });
    assert_eq!(world.status(job), JobStatus::Completed);
}

#[test]
fn a_job_without_items_still_finishes() {
    let mut world = World::new(1, 2, true);
    let job = world.job(1, 0);
    assert_eq!(world.finishing, [job]);
    world.input(Input::Finished { job, result: Err("no room".into()) });
    assert_eq!(world.status(job), JobStatus::Failed { reason: EndReason::Finish });
    assert_eq!(world.folds[&job].message.as_deref(), Some("no room"));
}

#[test]
fn a_worker_that_comes_free_goes_to_the_job_that_has_fewest() {
    let mut world = World::new(2, 4, true);
    let first = world.job(1, 100);
    let second = world.job(2, 100);
    assert_eq!((world.at_work(first), world.at_work(second)), (4, 0));
    for _ in 0..2 {
        let (job, item, attempt) = world.started[0];
        world.done(job, item, attempt, ok());
    }
    assert_eq!((world.at_work(first), world.at_work(second)), (2, 2));
}

#[test]
fn the_third_job_waits_for_a_place_and_priority_goes_first() {
    let mut world = World::new(1, 1, true);
    let first = world.job(1, 1);
    let (second, third) = (world.job(2, 1), world.job(3, 1));
    assert_eq!(world.schedule.queue(), [second, third]);
    world.record(third, JobEvent::Changed { priority: Some(5), concurrency: None });
    assert_eq!(world.schedule.queue(), [third, second]);
    world.done(first, 0, 1, ok());
    world.input(Input::Finished { job: first, result: Ok(()) });
    assert_eq!((world.status(second), world.status(third)), (JobStatus::Queued, JobStatus::Processing));
}

#[test]
fn a_jobs_own_concurrency_is_kept() {
    let mut world = World::new(1, 8, true);
    let job = world.job(1, 20);
    assert_eq!(world.at_work(job), 8);
    world.record(job, JobEvent::Changed { priority: None, concurrency: Some(2) });
    while world.at_work(job) > 2 {
        let (_, item, attempt) = world.started[0];
        world.done(job, item, attempt, ok());
    }
    let (_, item, attempt) = world.started[0];
    world.done(job, item, attempt, ok());
    assert_eq!(world.at_work(job), 2);
}

#[test]
fn work_that_is_not_repeatable_waits_for_its_durable_start() {
    let mut world = World::new(1, 1, false);
    let id = JobId::mint(1, [1; 10]);
    let job = world.job(1, 1);
    assert_eq!(job, id);
    // The world records at once, so the start is there; the order of effects is what counts.
    let mut schedule = Schedule::new(Limits { jobs: 1, workers: 1 }, vec![], |_| false);
    let mut fold: Option<Fold> = None;
    let mut feed = |schedule: &mut Schedule, event: JobEvent| {
        let seq = fold.as_ref().map_or(1, |fold| fold.seq + 1);
        let recorded = Recorded { seq, at: 1, event };
        let payload = recorded.encode();
        match &mut fold {
            Some(fold) => fold.apply_recorded(&recorded, &payload).expect("accepted"),
            None => fold = Some(Fold::create_recorded(&recorded, &payload).expect("accepted")),
        }
        let mut effects = schedule.step(Input::Recorded { job: id, recorded, payload });
        effects.extend(schedule.claim());
        effects
    };
    let created = JobEvent::Created {
        id,
        recipe: "t".into(),
        title: "t".into(),
        request: Digest([0; 16]),
        approval: false,
        priority: 0,
        concurrency: 0,
        parent: None,
    };
    feed(&mut schedule, created);
    feed(&mut schedule, JobEvent::Planned { first: 0, count: 1, skips: vec![], detail: Digest([0; 16]) });
    feed(&mut schedule, JobEvent::PlanEnded { total: 1 });
    let started = JobEvent::Started { item: 0, attempt: 1 };
    assert_eq!(feed(&mut schedule, JobEvent::Began {}), [append(id, started.clone())]);
    assert_eq!(feed(&mut schedule, started), [Effect::Start { job: id, item: 0, attempt: 1 }]);
}

#[test]
fn a_cancel_waits_for_what_runs_and_starts_nothing_more() {
    let mut world = World::new(1, 2, true);
    let job = world.job(1, 10);
    world.record(job, JobEvent::CancelRequested {});
    assert_eq!(world.stopped, [(job, 0), (job, 1)]);
    assert_eq!(world.status(job), JobStatus::Cancelling);
    // One ends as asked; the other was done before it heard of it, and counts.
    world.done(job, 0, 1, WorkOutcome::Stopped);
    assert_eq!(world.status(job), JobStatus::Cancelling);
    world.done(job, 1, 1, ok());
    assert_eq!(world.status(job), JobStatus::Cancelled);
    assert_eq!((world.folds[&job].counters.succeeded, world.folds[&job].counters.cancelled), (1, 9));
    assert!(world.started.is_empty());
}

#[test]
fn a_refused_start_throws_its_work_away() {
    let mut world = World::new(1, 1, true);
    let job = world.job(1, 2);
    // Claimed and begun, but the writer heard of a cancel first.
    let (_, item, attempt) = world.started[0];
    let effects = world.schedule.step(Input::Refused { job, event: JobEvent::Started { item, attempt } });
    assert_eq!(effects, [Effect::Stop { job, item }]);
    let effects = world.schedule.step(Input::Done { job, item, attempt, outcome: ok() });
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Append { event: JobEvent::Succeeded { .. }, .. })),
        "{effects:?}"
    );
}

#[test]
fn a_cancel_ends_though_the_work_ended_before_its_start_was_refused() {
    for repeatable in [true, false] {
        let mut world = World::new(1, 1, repeatable);
        let job = world.job(1, 3);
        let ended = world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: ok() });
        let [Effect::Append { event: succeeded, .. }] = &ended[..] else { panic!("{ended:?}") };
        // The next item is claimed; the cancel is recorded before that claim is.
        let mut late = world.append(job, succeeded.clone());
        late.extend(world.append(job, JobEvent::CancelRequested {}));
        if repeatable {
            late.extend(world.schedule.step(Input::Done { job, item: 1, attempt: 1, outcome: WorkOutcome::Stopped }));
        }
        assert_eq!(world.status(job), JobStatus::Cancelling);
        world.carry_out(late);
        assert_eq!(world.status(job), JobStatus::Cancelled);
    }
}

#[test]
fn after_a_restart_interrupted_items_run_again_as_a_new_attempt() {
    let mut world = World::new(1, 2, true);
    let job = world.job(1, 4);
    let (_, item, attempt) = world.started[0];
    world.done(job, item, attempt, ok());
    assert_eq!(world.folds[&job].counters.running, 2);
    let live = world.folds.values().cloned().collect();
    let mut again = World::going_on(Limits { jobs: 1, workers: 2 }, live, true);
    assert_eq!(again.folds[&job].counters.interrupted, 0);
    while let Some((job, item, attempt)) = again.started.first().copied() {
        again.done(job, item, attempt, ok());
    }
    let attempts: Vec<_> = (0..4).map(|item| again.folds[&job].last_attempt(item)).collect();
    assert_eq!((attempts.as_slice(), again.status(job)), ([1, 2, 2, 1].as_slice(), JobStatus::Finishing));
}

#[test]
fn after_a_restart_a_cancel_is_completed_and_a_plan_goes_on() {
    let mut world = World::new(1, 2, true);
    let job = world.job(1, 4);
    world.record(job, JobEvent::CancelRequested {});
    let live = world.folds.values().cloned().collect();
    let again = World::going_on(Limits { jobs: 1, workers: 2 }, live, true);
    assert_eq!((again.status(job), again.started.len()), (JobStatus::Cancelled, 0));

    let mut world = World::new(1, 2, true);
    let id = JobId::mint(9, [9; 10]);
    world.record(
        id,
        JobEvent::Created {
            id,
            recipe: "t".into(),
            title: "t".into(),
            request: Digest([0; 16]),
            approval: false,
            priority: 0,
            concurrency: 0,
            parent: None,
        },
    );
    let live = world.folds.values().cloned().collect();
    assert_eq!(World::going_on(Limits { jobs: 1, workers: 2 }, live, true).planning, [id]);
}

#[test]
fn a_drain_takes_running_items_back_and_claims_nothing() {
    let mut world = World::new(2, 2, true);
    let job = world.job(1, 10);
    world.input(Input::Drain);
    assert_eq!(world.stopped.len(), 2);
    world.done(job, 0, 1, WorkOutcome::Stopped);
    world.done(job, 1, 1, ok());
    assert!(world.started.is_empty());
    let counters = world.folds[&job].counters;
    assert_eq!((counters.waiting, counters.succeeded, counters.running), (9, 1, 0));
}

#[test]
fn a_dead_log_ends_all_work_and_asks_for_nothing() {
    let mut world = World::new(1, 2, true);
    let job = world.job(1, 10);
    let effects = world.schedule.step(Input::Dead);
    assert!(
        effects.iter().all(|effect| matches!(effect, Effect::Stop { .. } | Effect::StopPlan { .. })),
        "{effects:?}"
    );
    assert!(world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: ok() }).is_empty());
    assert!(world.schedule.claim().is_empty());
}

#[test]
fn a_paused_job_starts_nothing_until_it_is_resumed() {
    let mut world = World::new(1, 1, true);
    let job = world.job(1, 3);
    world.record(job, JobEvent::Paused { reason: PauseReason::User });
    world.done(job, 0, 1, ok());
    assert_eq!((world.started.len(), world.folds[&job].counters.succeeded), (0, 1));
    world.record(job, JobEvent::Resumed {});
    assert_eq!(world.status(job), JobStatus::Processing);
    assert_eq!(world.started.len(), 1);
}
