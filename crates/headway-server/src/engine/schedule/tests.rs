use super::*;
use headway_files::Verdict;
use headway_model::DiskEffect as ItemEffect;
use headway_model::event::{HaltBy, HaltWhen, Recorded};
use headway_model::item::ItemStatus;
use headway_model::status::PauseReason;
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
    judging: Vec<(JobId, u32)>,
    planning: Vec<JobId>,
    taking_up: Vec<JobId>,
    terms: Terms,
}

fn terms(repeatable: bool) -> Terms {
    Terms { library: "files".into(), repeatable, tries: 1, backoff_ms: 1_000, halt: None, ask: false }
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
            judging: Vec::new(),
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
                ScheduleEffect::Append { job, event, .. } => left.extend(self.append(job, event)),
                ScheduleEffect::Start { job, item, attempt } => self.started.push((job, item, attempt)),
                ScheduleEffect::Stop { job, item } => self.stopped.push((job, item)),
                ScheduleEffect::Judge { job, item } => self.judging.push((job, item)),
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
        let created = JobEvent::Created {
            id,
            recipe: "test".into(),
            title: "t".into(),
            request: Digest([0; 16]),
            approval: false,
            priority: 0,
            concurrency: 0,
            parent: None,
            work: None,
        };
        self.record(id, created);
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

fn ok() -> WorkOutcome {
    WorkOutcome::Succeeded(ItemEffect::Read, "{}".into())
}

#[test]
fn a_job_runs_from_its_start_to_its_end() {
    let mut world = ScheduleWorld::new(1, 2, true);
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
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 0);
    assert_eq!(world.finishing, [job]);
    world.input(Input::Finished { job, result: Err(Unable::Failed("no room".into()).into()) });
    assert_eq!(world.status(job), JobStatus::Failed { reason: EndReason::Finish });
    assert_eq!(world.folds[&job].message.as_deref(), Some("no room"));
}

#[test]
fn a_worker_that_comes_free_goes_to_the_job_that_has_fewest() {
    let mut world = ScheduleWorld::new(2, 4, true);
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
    let mut world = ScheduleWorld::new(1, 1, true);
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
    let mut world = ScheduleWorld::new(1, 8, true);
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
    let mut world = ScheduleWorld::new(1, 1, false);
    let id = JobId::mint(1, [1; 10]);
    let job = world.job(1, 1);
    assert_eq!(job, id);
    // The world records at once, so the start is there; the order of effects is what counts.
    let mut schedule = Schedule::new(ScheduleLimits { jobs: 1, workers: 1 }, 0, Vec::new());
    let mut fold: Option<Fold> = None;
    let mut feed = |schedule: &mut Schedule, event: JobEvent| {
        let seq = fold.as_ref().map_or(1, |fold| fold.seq + 1);
        let recorded = Recorded { seq, at: 1, event };
        let payload = recorded.encode();
        match &mut fold {
            Some(fold) => fold.apply_recorded(&recorded, &payload).expect("accepted"),
            None => fold = Some(Fold::create_recorded(&recorded, &payload).expect("accepted")),
        }
        let digest = fold.as_ref().expect("a fold").digest;
        let mut effects = schedule.step(Input::Recorded { job: id, recorded, digest });
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
        work: None,
    };
    feed(&mut schedule, created);
    schedule.step(Input::Terms { job: id, terms: terms(false) });
    feed(&mut schedule, JobEvent::Planned { first: 0, count: 1, skips: vec![], detail: Digest([0; 16]) });
    feed(&mut schedule, JobEvent::PlanEnded { total: 1, reruns: Default::default() });
    let started = JobEvent::Started { item: 0, attempt: 1 };
    assert_eq!(feed(&mut schedule, JobEvent::Began {}), [append(id, started.clone())]);
    assert_eq!(feed(&mut schedule, started), [ScheduleEffect::Start { job: id, item: 0, attempt: 1 }]);
}

#[test]
fn a_cancel_waits_for_what_runs_and_starts_nothing_more() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 10);
    world.record(job, JobEvent::CancelRequested {});
    assert_eq!(world.stopped, [(job, 0), (job, 1)]);
    assert_eq!(world.status(job), JobStatus::Cancelling);
    // One ends as asked. The other had succeeded before it noticed the stop, which counts.
    world.done(job, 0, 1, WorkOutcome::Stopped);
    assert_eq!(world.status(job), JobStatus::Cancelling);
    world.done(job, 1, 1, ok());
    assert_eq!(world.status(job), JobStatus::Cancelled);
    assert_eq!((world.folds[&job].counters.succeeded, world.folds[&job].counters.cancelled), (1, 9));
    assert!(world.started.is_empty());
}

#[test]
fn a_refused_start_throws_its_work_away() {
    let mut world = ScheduleWorld::new(1, 1, true);
    let job = world.job(1, 2);
    // Claimed and begun, but the writer heard of a cancel first.
    let (_, item, attempt) = world.started[0];
    let effects = world.schedule.step(Input::Refused { job, event: JobEvent::Started { item, attempt } });
    assert_eq!(effects, [ScheduleEffect::Stop { job, item }]);
    let effects = world.schedule.step(Input::Done { job, item, attempt, outcome: ok() });
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, ScheduleEffect::Append { event: JobEvent::Succeeded { .. }, .. })),
        "{effects:?}"
    );
}

#[test]
fn a_cancel_ends_though_the_work_ended_before_its_start_was_refused() {
    for repeatable in [true, false] {
        let mut world = ScheduleWorld::new(1, 1, repeatable);
        let job = world.job(1, 3);
        let ended = world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: ok() });
        let [ScheduleEffect::Append { event: succeeded, .. }] = &ended[..] else { panic!("{ended:?}") };
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
fn a_failed_try_ends_its_item_though_a_cancel_or_its_own_placing_was_recorded_first() {
    let paths = || ["t", "f", "x"].map(str::to_owned);
    for placing in [true, false] {
        let mut world = ScheduleWorld::new(1, 1, false);
        world.terms.tries = 3;
        let job = world.job(1, 1);
        let failed = WorkOutcome::Failed(FailReason::Write, "no room".into());
        let decided = world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: failed });
        assert!(
            matches!(&decided[..], [ScheduleEffect::Append { event: JobEvent::AttemptFailed { .. }, .. }]),
            "{decided:?}"
        );
        let [temp, target, trash] = paths();
        let first = match placing {
            true => {
                let (old, new) = (Some(Digest([1; 16])), Digest([2; 16]));
                JobEvent::Placing { item: 0, attempt: 1, temp, target, trash: Some(trash), old, new }
            }
            false => JobEvent::CancelRequested {},
        };
        let mut late = world.append(job, first);
        late.extend(decided);
        world.carry_out(late);
        assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Failed(FailReason::Write)));
        let ended = if placing { JobStatus::Finishing } else { JobStatus::Cancelled };
        assert_eq!(world.status(job), ended);
    }
}

#[test]
fn what_was_taken_back_ends_though_a_cancel_was_recorded_first() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 1);
    let decided = world.schedule.step(Input::Done {
        job,
        item: 0,
        attempt: 1,
        outcome: WorkOutcome::Environment(PauseReason::DiskFull),
    });
    let mut late = world.append(job, JobEvent::CancelRequested {});
    late.extend(decided);
    world.carry_out(late);
    assert_eq!(world.status(job), JobStatus::Cancelled);
}

#[test]
fn an_item_whose_refused_work_goes_on_while_the_job_is_resumed_is_not_forgotten() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 3);
    // The third is claimed as the first ends; a pause and its end are recorded before that claim is.
    let mut late = world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: ok() });
    late.extend(world.schedule.claim());
    let refused: Vec<_> = late
        .iter()
        .filter_map(|effect| match effect {
            ScheduleEffect::Append { event: event @ JobEvent::Started { .. }, .. } => Some(event.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(refused, [JobEvent::Started { item: 2, attempt: 1 }]);
    world.record(job, JobEvent::Succeeded { item: 0, attempt: 1, effect: ItemEffect::Read, detail: None });
    world.record(job, JobEvent::Paused { reason: PauseReason::User });
    let mut effects = world.append(job, refused[0].clone());
    effects.extend(world.append(job, JobEvent::Resumed {}));
    world.carry_out(effects);
    assert_eq!(world.status(job), JobStatus::Processing);
    // Only now does the work end that was asked to.
    world.done(job, 1, 1, ok());
    world.done(job, 2, 1, WorkOutcome::Stopped);
    assert!(world.started.contains(&(job, 2, 1)), "it is tried again");
    world.done(job, 2, 1, ok());
    assert_eq!(world.status(job), JobStatus::Finishing);
}

#[test]
fn after_a_restart_interrupted_items_run_again_as_a_new_attempt() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 4);
    let (_, item, attempt) = world.started[0];
    world.done(job, item, attempt, ok());
    assert_eq!(world.folds[&job].counters.running, 2);
    let live = world.folds.values().cloned().collect();
    let mut again = ScheduleWorld::going_on(ScheduleLimits { jobs: 1, workers: 2 }, live, true);
    assert_eq!(again.folds[&job].counters.interrupted, 0);
    while let Some((job, item, attempt)) = again.started.first().copied() {
        again.done(job, item, attempt, ok());
    }
    let attempts: Vec<_> = (0..4).map(|item| again.folds[&job].last_attempt(item)).collect();
    assert_eq!((attempts.as_slice(), again.status(job)), ([1, 2, 2, 1].as_slice(), JobStatus::Finishing));
}

#[test]
fn after_a_restart_a_cancel_is_completed_and_a_plan_goes_on() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 4);
    world.record(job, JobEvent::CancelRequested {});
    let live = world.folds.values().cloned().collect();
    let again = ScheduleWorld::going_on(ScheduleLimits { jobs: 1, workers: 2 }, live, true);
    assert_eq!((again.status(job), again.started.len()), (JobStatus::Cancelled, 0));

    let mut world = ScheduleWorld::new(1, 2, true);
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
            work: None,
        },
    );
    let live = world.folds.values().cloned().collect();
    assert_eq!(ScheduleWorld::going_on(ScheduleLimits { jobs: 1, workers: 2 }, live, true).planning, [id]);
}

#[test]
fn a_drain_claims_nothing_and_takes_back_what_does_not_end_in_time() {
    let mut world = ScheduleWorld::new(2, 2, true);
    let job = world.job(1, 10);
    world.input(Input::Drain);
    assert!(world.stopped.is_empty(), "what runs may end");
    world.done(job, 1, 1, ok());
    assert_eq!(world.at_work(job), 1);
    world.input(Input::DrainOver);
    assert_eq!(world.stopped, [(job, 0)]);
    world.done(job, 0, 1, WorkOutcome::Stopped);
    assert!(world.started.is_empty());
    let counters = world.folds[&job].counters;
    assert_eq!((counters.waiting, counters.succeeded, counters.running), (9, 1, 0));
}

#[test]
fn a_dead_log_ends_all_work_and_asks_for_nothing() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 10);
    let effects = world.schedule.step(Input::Dead);
    assert!(
        effects.iter().all(|effect| matches!(effect, ScheduleEffect::Stop { .. } | ScheduleEffect::StopStep { .. })),
        "{effects:?}"
    );
    assert!(world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: ok() }).is_empty());
    assert!(world.schedule.claim().is_empty());
}

#[test]
fn a_paused_job_starts_nothing_until_it_is_resumed() {
    let mut world = ScheduleWorld::new(1, 1, true);
    let job = world.job(1, 3);
    world.record(job, JobEvent::Paused { reason: PauseReason::User });
    world.done(job, 0, 1, ok());
    assert_eq!((world.started.len(), world.folds[&job].counters.succeeded), (0, 1));
    world.record(job, JobEvent::Resumed {});
    assert_eq!(world.status(job), JobStatus::Processing);
    assert_eq!(world.started.len(), 1);
}

fn failed() -> WorkOutcome {
    WorkOutcome::Failed(FailReason::Command, "why".into())
}

#[test]
fn a_failed_item_is_tried_again_later_and_later_until_its_tries_are_over() {
    let mut world = ScheduleWorld::new(1, 1, false);
    world.terms.tries = 3;
    let job = world.job(1, 1);
    let mut now = 1_000;
    let mut waits = Vec::new();
    for attempt in 1..=2 {
        world.input(Input::Time(now));
        world.done(job, 0, attempt, failed());
        assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Waiting));
        assert!(world.started.is_empty(), "not before its time");
        let due = world.schedule.due().expect("it waits for a time");
        waits.push(due - now);
        now = due;
        world.input(Input::Time(now));
        assert_eq!(world.started, [(job, 0, attempt + 1)]);
    }
    world.done(job, 0, 3, failed());
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Failed(FailReason::Command)));
    assert!((500..=1_000).contains(&waits[0]) && (1_000..=2_000).contains(&waits[1]), "{waits:?}");
}

#[test]
fn what_is_taken_back_does_not_count_as_a_try() {
    let mut world = ScheduleWorld::new(1, 1, false);
    world.terms.tries = 2;
    let job = world.job(1, 1);
    world.done(job, 0, 1, WorkOutcome::Environment(PauseReason::DiskFull));
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::DiskFull });
    assert_eq!(world.schedule.paused(), [], "it rests first");
    world.input(Input::Time(SHORTEST_REST));
    assert_eq!(world.schedule.paused(), [(job, PauseReason::DiskFull)]);
    world.input(Input::Eased { job, reason: PauseReason::LibraryGone });
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::DiskFull }, "another reason");
    world.input(Input::Eased { job, reason: PauseReason::DiskFull });
    assert_eq!(world.started, [(job, 0, 2)]);
    world.done(job, 0, 2, failed());
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Waiting), "one try is left");
}

#[test]
fn what_says_that_it_may_go_well_later_is_tried_five_times() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 1);
    for attempt in 1..=5 {
        world.done(job, 0, attempt, WorkOutcome::Retry("busy".into()));
        world.input(Input::Time(u64::from(attempt) * 1_000_000));
    }
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Failed(FailReason::Command)));
}

#[test]
fn too_many_failures_halt_a_job_now_or_soon() {
    for (text, stopped) in [("soon,fail=2", 0), ("now,fail=2", 1), ("now,fail=20%", 1)] {
        let mut world = ScheduleWorld::new(1, 3, false);
        world.terms.halt = Some(text.parse().expect("a halt"));
        let job = world.job(1, 10);
        world.done(job, 0, 1, failed());
        world.done(job, 1, 1, failed());
        let fold = &world.folds[&job];
        assert_eq!((fold.counters.cancelled, fold.counters.failed, world.at_work(job)), (5, 2, 3), "{text}");
        assert_eq!(world.stopped.len(), 3 * stopped, "{text}");
        let last = if stopped == 0 { ok() } else { WorkOutcome::Stopped };
        for (job, item, attempt) in world.started.clone() {
            world.done(job, item, attempt, last.clone());
        }
        assert_eq!(world.status(job), JobStatus::Failed { reason: EndReason::Halt }, "{text}");
    }
}

#[test]
fn enough_successes_end_a_job_well() {
    let mut world = ScheduleWorld::new(1, 1, false);
    world.terms.halt = Some("soon,success=1".parse().expect("a halt"));
    let job = world.job(1, 5);
    world.done(job, 0, 1, ok());
    // One more had begun before the success was durable; it is allowed to end.
    world.done(job, 1, 1, ok());
    assert_eq!(world.finishing, [job]);
    world.input(Input::Finished { job, result: Ok(()) });
    assert_eq!((world.status(job), world.folds[&job].counters.cancelled), (JobStatus::Completed, 3));
}

#[test]
fn a_person_is_asked_about_interrupted_items_where_that_is_wanted() {
    let mut world = ScheduleWorld::new(1, 2, false);
    let job = world.job(1, 3);
    let fold = world.folds[&job].clone();
    let limits = ScheduleLimits { jobs: 1, workers: 2 };
    let folds = BTreeMap::from([(job, fold.clone())]);
    let asking = Terms { ask: true, ..terms(false) };
    let schedule = Schedule::new(limits, 0, vec![(fold, Some(asking.clone()), RecoveredState::default())]);
    world = ScheduleWorld { schedule, folds, terms: asking, ..ScheduleWorld::new(1, 2, false) };
    let effects = world.schedule.begin();
    world.carry_out(effects);
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::Interrupted });
    assert_eq!(world.folds[&job].counters.interrupted, 2);
    assert_eq!(world.at_work(job), 0);
    world.record(job, JobEvent::Requeued { item: 0 });
    world.record(job, JobEvent::Dropped { item: 1 });
    world.record(job, JobEvent::Resumed {});
    assert_eq!(world.started.iter().map(|(_, item, attempt)| (*item, *attempt)).collect::<Vec<_>>(), [(0, 2), (2, 1)]);
}

#[test]
fn an_open_placement_ends_as_the_disk_says() {
    let mut world = ScheduleWorld::new(1, 4, false);
    let job = world.job(1, 4);
    for item in 0..4 {
        let (temp, target, trash) = (format!("t{item}"), format!("f{item}"), Some(format!("o{item}")));
        let (old, new) = (Some(Digest([1; 16])), Digest([2; 16]));
        world.record(job, JobEvent::Placing { item, attempt: 1, temp, target, trash, old, new });
    }
    let fold = world.folds[&job].clone();
    let placed = BTreeMap::from([
        (0, Verdict::Done(ItemEffect::Changed)),
        (1, Verdict::TakenBack),
        (2, Verdict::Conflict("there is another file".into())),
    ]);
    let folds = BTreeMap::from([(job, fold.clone())]);
    let placed = placed.into_iter().map(|(item, verdict)| (item, (verdict, None))).collect();
    let past = RecoveredState { placed, ..RecoveredState::default() };
    let schedule = Schedule::new(ScheduleLimits { jobs: 1, workers: 4 }, 0, vec![(fold, Some(terms(false)), past)]);
    world = ScheduleWorld { schedule, folds, ..ScheduleWorld::new(1, 4, false) };
    let effects = world.schedule.begin();
    world.carry_out(effects);
    let fold = &world.folds[&job];
    assert_eq!(fold.item(0), Some(ItemStatus::Succeeded(ItemEffect::Changed)));
    assert_eq!(fold.item(2), Some(ItemStatus::Failed(FailReason::Conflict)));
    assert_eq!(world.started, [(job, 1, 2)], "taken back, it runs again");
    assert_eq!(fold.item(3), Some(ItemStatus::Placing), "nobody has looked at it yet");
    world.input(Input::Time(SHORTEST_REST));
    assert_eq!(world.judging, [(job, 3)]);
    world.input(Input::Judged { job, item: 3, verdict: Verdict::TakenBack, detail: None });
    assert_eq!(world.started, [(job, 1, 2), (job, 3, 2)]);
}

fn placing(world: &mut ScheduleWorld, job: JobId, item: u32) {
    let (temp, target, trash) = ("t".into(), "f".into(), Some("x".into()));
    let (old, new) = (Some(Digest([1; 16])), Digest([2; 16]));
    world.record(job, JobEvent::Placing { item, attempt: 1, temp, target, trash, old, new });
}

#[test]
fn what_the_environment_ends_in_the_midst_of_placing_is_given_back_and_pauses_the_job() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 1);
    placing(&mut world, job, 0);
    world.done(job, 0, 1, WorkOutcome::Environment(PauseReason::DiskFull));
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::DiskFull });
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Waiting));
    world.input(Input::Eased { job, reason: PauseReason::DiskFull });
    assert_eq!(world.started, [(job, 0, 2)]);
}

#[test]
fn what_cannot_be_judged_is_judged_after_the_pause_and_a_cancel_waits_for_it() {
    for cancelled in [false, true] {
        let mut world = ScheduleWorld::new(1, 1, false);
        let job = world.job(1, 1);
        placing(&mut world, job, 0);
        let reason = PauseReason::TooManyOpenFiles;
        world.done(job, 0, 1, WorkOutcome::Unjudged(reason));
        assert_eq!(world.status(job), JobStatus::Paused { reason });
        world.input(Input::Time(10 * SHORTEST_REST));
        assert_eq!((&world.judging[..], world.folds[&job].item(0)), (&[][..], Some(ItemStatus::Placing)));
        match cancelled {
            true => world.record(job, JobEvent::CancelRequested {}),
            false => world.input(Input::Eased { job, reason }),
        }
        assert_eq!(world.judging, [(job, 0)]);
        // Once more it cannot be looked at.
        world.input(Input::Judged { job, item: 0, verdict: Verdict::NotKnown(reason), detail: None });
        let again = if cancelled { JobStatus::Cancelling } else { JobStatus::Paused { reason } };
        assert_eq!(world.status(job), again);
        if !cancelled {
            world.input(Input::Eased { job, reason });
        }
        world.input(Input::Time(100 * SHORTEST_REST));
        assert_eq!(world.judging, [(job, 0), (job, 0)]);
        world.input(Input::Judged { job, item: 0, verdict: Verdict::TakenBack, detail: None });
        match cancelled {
            true => assert_eq!(world.status(job), JobStatus::Cancelled),
            false => assert_eq!(world.started, [(job, 0, 2)]),
        }
    }
}

#[test]
fn a_cancel_that_was_recorded_first_takes_what_is_taken_back() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 1);
    placing(&mut world, job, 0);
    let shortage = WorkOutcome::Environment(PauseReason::DiskFull);
    let decided = world.schedule.step(Input::Done { job, item: 0, attempt: 1, outcome: shortage });
    let mut late = world.append(job, JobEvent::CancelRequested {});
    late.extend(decided);
    world.carry_out(late);
    assert_eq!(world.status(job), JobStatus::Cancelled);
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Cancelled));
}

#[test]
fn a_last_step_that_the_environment_ends_is_done_again_after_the_pause() {
    let mut world = ScheduleWorld::new(1, 1, true);
    let job = world.job(1, 0);
    let reason = PauseReason::DiskFull;
    world.input(Input::Finished { job, result: Err(Unable::Environment(reason).into()) });
    assert_eq!(world.status(job), JobStatus::Paused { reason });
    world.input(Input::Eased { job, reason });
    assert_eq!(world.finishing, [job, job]);
    world.input(Input::Finished { job, result: Ok(()) });
    assert_eq!(world.status(job), JobStatus::Completed);
}

#[test]
fn a_last_step_that_was_stopped_runs_again_when_the_job_comes_back_to_it() {
    let stopped = |job| Input::Finished { job, result: Err(StepFailure::Stopped) };
    for is_stopped_late in [false, true] {
        let mut world = ScheduleWorld::new(1, 1, true);
        let job = world.job(1, 0);
        world.record(job, JobEvent::Paused { reason: PauseReason::User });
        assert_eq!(world.stopped_steps, [job], "a pause is heard");
        if !is_stopped_late {
            world.input(stopped(job));
        }
        world.record(job, JobEvent::Resumed {});
        assert_eq!(world.finishing.len(), if is_stopped_late { 1 } else { 2 }, "never two at once");
        if is_stopped_late {
            world.input(stopped(job));
        }
        assert_eq!((world.status(job), world.finishing.len()), (JobStatus::Finishing, 2));
        world.input(Input::Finished { job, result: Ok(()) });
        assert_eq!(world.status(job), JobStatus::Completed);
    }
}

#[test]
fn a_cancel_and_the_end_of_a_drain_stop_the_last_step_and_a_drain_lets_it_end() {
    let mut world = ScheduleWorld::new(2, 1, true);
    let (cancelled, drained) = (world.job(1, 0), world.job(2, 0));
    world.record(cancelled, JobEvent::CancelRequested {});
    assert_eq!((world.status(cancelled), world.stopped_steps.clone()), (JobStatus::Cancelled, vec![cancelled]));
    world.input(Input::Drain);
    assert_eq!(world.stopped_steps, [cancelled], "it has as long as the items");
    world.input(Input::DrainOver);
    assert_eq!(world.stopped_steps, [cancelled, drained]);
    world.input(Input::Finished { job: drained, result: Err(StepFailure::Stopped) });
    assert_eq!((world.status(drained), world.finishing.len()), (JobStatus::Finishing, 2), "not before the restart");
}

#[test]
fn a_pause_while_files_are_listed_or_the_last_step_runs_loses_nothing() {
    let pause = JobEvent::Paused { reason: PauseReason::User };
    let mut world = ScheduleWorld::new(1, 1, true);
    let job = world.job(1, 0);
    assert_eq!(world.finishing, [job]);
    world.record(job, pause.clone());
    world.input(Input::Finished { job, result: Ok(()) });
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::User });
    world.record(job, JobEvent::Resumed {});
    assert_eq!(world.status(job), JobStatus::Completed);
    assert_eq!(world.finishing.len(), 1, "the step is not done twice");

    let id = JobId::mint(2, [2; 10]);
    let mut created = headway_model::testing::created(id);
    if let JobEvent::Created { id: of, .. } = &mut created {
        *of = id;
    }
    world.record(id, created);
    world.record(id, pause);
    world.record(id, JobEvent::Resumed {});
    assert_eq!(world.planning.iter().filter(|job| **job == id).count(), 1, "the first listing has not ended");
    world.input(Input::PlanOver { job: id });
    assert_eq!(world.planning.iter().filter(|job| **job == id).count(), 2);
}

#[test]
fn a_job_of_higher_priority_gets_the_workers_first() {
    let mut world = ScheduleWorld::new(2, 2, false);
    let (low, high) = (world.job(1, 10), world.job(2, 10));
    world.record(high, JobEvent::Changed { priority: Some(5), concurrency: None });
    let first: Vec<_> = world.started.clone();
    for (job, item, attempt) in first {
        world.done(job, item, attempt, ok());
    }
    assert_eq!((world.at_work(low), world.at_work(high)), (0, 2));
    world.record(high, JobEvent::Changed { priority: None, concurrency: Some(1) });
    let started = world.started.clone();
    let (job, item, attempt) = started[0];
    world.done(job, item, attempt, ok());
    assert_eq!((world.at_work(low), world.at_work(high)), (1, 1));
    world.input(Input::Limits(ScheduleLimits { jobs: 2, workers: 4 }));
    assert_eq!((world.at_work(low), world.at_work(high)), (3, 1));
}

#[test]
fn quick_items_are_recorded_as_started_before_a_worker_is_free() {
    let mut world = ScheduleWorld::new(1, 2, false);
    let job = world.job(1, 20);
    assert_eq!(world.at_work(job), 2);
    world.input(Input::Pace { job, ahead: 3 });
    assert_eq!(world.at_work(job), 8);
    // An attempt that waited too long is given back, and its try does not count.
    world.input(Input::Pace { job, ahead: 0 });
    world.done(job, 7, 1, WorkOutcome::Stopped);
    assert_eq!((world.at_work(job), world.folds[&job].item(7)), (7, Some(ItemStatus::Waiting)));
    // If a person has limited how many run, no more run.
    world.input(Input::Pace { job, ahead: 3 });
    world.record(job, JobEvent::Changed { priority: None, concurrency: Some(2) });
    let started: Vec<_> = world.started.iter().take(6).copied().collect();
    for (job, item, attempt) in started {
        world.done(job, item, attempt, ok());
    }
    assert_eq!(world.at_work(job), 2);
}

#[test]
fn quick_items_do_not_go_ahead_of_a_job_whose_turn_it_is() {
    let mut world = ScheduleWorld::new(2, 2, false);
    let quick = world.job(1, 100);
    world.input(Input::Pace { job: quick, ahead: 1 });
    assert_eq!(world.at_work(quick), 4);
    let slow = world.job(2, 10);
    for _ in 0..3 {
        let (job, item, attempt) = world.started[0];
        world.done(job, item, attempt, ok());
    }
    // One worker each, and one item ahead, because no other job's turn comes next.
    assert_eq!((world.at_work(quick), world.at_work(slow)), (2, 1));
    let (job, item, attempt) = *world.started.iter().find(|(job, ..)| *job == quick).expect("one");
    world.done(job, item, attempt, ok());
    let (job, item, attempt) = *world.started.iter().find(|(job, ..)| *job == quick).expect("another");
    world.done(job, item, attempt, ok());
    assert!(world.at_work(slow) >= 1 && world.at_work(quick) >= 1);
}

#[test]
fn a_halt_is_never_overtaken_by_items_claimed_ahead() {
    let mut world = ScheduleWorld::new(1, 2, false);
    world.terms.halt = "soon,fail=1".parse().ok();
    let job = world.job(1, 10);
    world.input(Input::Pace { job, ahead: 16 });
    assert_eq!(world.at_work(job), 2);
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

#[test]
fn a_job_that_is_held_is_taken_up_and_paused_and_goes_on_when_it_is_resumed() {
    let (job, before) = at_work();
    let limits = ScheduleLimits { jobs: 1, workers: 2 };
    let past = RecoveredState { hold: StartHold::Paused, ..placed(Verdict::TakenBack) };
    let mut world = ScheduleWorld::left(limits, vec![before.folds[&job].clone()], false, &past);
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::Stuck });
    assert_eq!((world.at_work(job), world.folds[&job].counters.waiting), (0, 3));
    world.record(job, JobEvent::Resumed {});
    assert_eq!((world.status(job), world.at_work(job)), (JobStatus::Processing, 2));
    assert!(world.taking_up.is_empty());
}

#[test]
fn a_job_that_is_held_in_planning_lists_no_files_until_it_is_resumed() {
    let mut before = ScheduleWorld::new(1, 1, true);
    let job = before.job(1, 0);
    let fold = Fold::create(&before_planning(job)).expect("a job");
    let past = RecoveredState { hold: StartHold::Paused, ..RecoveredState::default() };
    let mut world = ScheduleWorld::left(ScheduleLimits { jobs: 1, workers: 1 }, vec![fold], true, &past);
    assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::Stuck });
    assert!(world.planning.is_empty());
    world.record(job, JobEvent::Resumed {});
    assert_eq!(world.planning, [job]);
}

#[test]
fn what_a_death_interrupted_is_recorded_before_all_else_so_that_the_night_is_no_work() {
    // The item before the one that ran was being placed, or had been interrupted by an earlier death; in half of the
    // cases the job was halted.
    for (is_placing, is_halted) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut before = ScheduleWorld::new(1, 2, false);
        let job = before.job(1, 2);
        let first = match is_placing {
            true => into_place(0),
            false => JobEvent::Recovered { item: 0, attempt: 1 },
        };
        let mut fold = before.folds[&job].clone();
        hear(&mut fold, 1_000, first);
        if is_halted {
            hear(&mut fold, 1_000, JobEvent::Halted { by: HaltBy::Fail, when: HaltWhen::Soon });
        }
        let worked = fold.worked.map(|worked| worked.until(1_000));
        let past = RecoveredState {
            placed: BTreeMap::from([(0, (Verdict::Done(ItemEffect::Created), None))]),
            ..RecoveredState::default()
        };
        let limits = ScheduleLimits { jobs: 1, workers: 2 };
        let mut schedule = Schedule::new(limits, 0, vec![(fold.clone(), Some(terms(false)), past)]);
        let recorded = |effect| match effect {
            ScheduleEffect::Append { event, .. } => Some(event),
            _ => None,
        };
        let recorded: Vec<_> = schedule.begin().into_iter().filter_map(recorded).collect();
        assert!(matches!(recorded.first(), Some(JobEvent::Recovered { item: 1, .. })), "{recorded:?}");
        recorded.into_iter().for_each(|event| hear(&mut fold, 90_000_000, event));
        assert_eq!((fold.counters.running, fold.worked.map(|worked| worked.until(90_000_000))), (0, worked));
    }
}

/// Folds this event at that moment.
fn hear(fold: &mut Fold, at: Millis, event: JobEvent) {
    let recorded = Recorded { seq: fold.seq + 1, at, event };
    fold.apply_recorded(&recorded, &recorded.encode()).expect("a legal event");
}

/// What is left if the placing of item 1 was looked at.
fn placed(verdict: Verdict) -> RecoveredState {
    RecoveredState { placed: BTreeMap::from([(1, (verdict, None))]), ..RecoveredState::default() }
}

/// What is left if nothing could be read.
fn unread() -> RecoveredState {
    unread_for(PauseReason::Stuck)
}

fn unread_for(reason: PauseReason) -> RecoveredState {
    RecoveredState { hold: StartHold::Unread(reason), ..RecoveredState::default() }
}

#[test]
fn a_job_that_is_being_cancelled_ends_though_nothing_of_it_can_be_read() {
    let (job, mut before) = at_work();
    before.record(job, JobEvent::CancelRequested {});
    let limits = ScheduleLimits { jobs: 1, workers: 2 };
    let world = ScheduleWorld::left(limits, vec![before.folds[&job].clone()], false, &unread());
    assert_eq!(world.status(job), JobStatus::Cancelled);
    assert_eq!(world.folds[&job].counters.failed, 1, "how far its output came is not known, and said");
    assert!(world.taking_up.is_empty());
}

#[test]
fn a_cancel_waits_for_what_cannot_be_read_at_present_and_asks_ever_more_seldom() {
    let (job, mut before) = at_work();
    before.record(job, JobEvent::CancelRequested {});
    let limits = ScheduleLimits { jobs: 1, workers: 2 };
    let short = unread_for(PauseReason::MemoryLow);
    let mut world = ScheduleWorld::left(limits, vec![before.folds[&job].clone()], false, &short);
    assert_eq!(world.status(job), JobStatus::Cancelling, "an open placing is not given up");
    let mut asked = 0;
    for second in 1..600 {
        world.input(Input::Time(10_000_000 + second * 1_000));
        if world.taking_up.pop().is_some() {
            asked += 1;
            world.input(Input::TakenUp { job, terms: None, past: short.clone() });
        }
    }
    assert!((5..15).contains(&asked), "{asked}");
    world.input(Input::Time(20_000_000));
    assert_eq!(world.taking_up.pop(), Some(job));
    let terms = Some(world.terms.clone());
    world.input(Input::TakenUp { job, terms, past: placed(Verdict::Done(ItemEffect::Created)) });
    assert_eq!((world.status(job), world.folds[&job].counters.succeeded), (JobStatus::Cancelled, 1));
}

#[test]
fn a_job_of_which_nothing_can_be_read_at_present_is_tried_ever_more_seldom() {
    let (job, before) = at_work();
    let limits = ScheduleLimits { jobs: 1, workers: 2 };
    let reason = PauseReason::MemoryLow;
    let mut world = ScheduleWorld::left(limits, vec![before.folds[&job].clone()], false, &unread_for(reason));
    assert_eq!(world.status(job), JobStatus::Paused { reason });
    let mut resumed = 0;
    for second in 1..600 {
        world.input(Input::Time(10_000_000 + second * 1_000));
        for (job, reason) in world.schedule.paused() {
            world.input(Input::Eased { job, reason });
            assert_eq!(world.taking_up.pop(), Some(job));
            world.input(Input::TakenUp { job, terms: None, past: unread_for(reason) });
            assert_eq!(world.status(job), JobStatus::Paused { reason });
            resumed += 1;
        }
    }
    assert!((5..15).contains(&resumed), "{resumed}");
}

/// The first event of a job.
fn before_planning(id: JobId) -> String {
    let event = headway_model::testing::created(id);
    Recorded { seq: 1, at: 1, event }.encode()
}

#[test]
fn what_is_not_even_looked_at_is_interrupted_and_stays_so_until_somebody_wants_it() {
    for (wish, ends) in
        [(JobEvent::Resumed {}, JobStatus::Processing), (JobEvent::CancelRequested {}, JobStatus::Cancelled)]
    {
        let (job, before) = at_work();
        let limits = ScheduleLimits { jobs: 1, workers: 2 };
        let mut world = ScheduleWorld::left(limits, vec![before.folds[&job].clone()], false, &unread());
        let other = world.job(2, 1);
        assert_eq!(world.status(job), JobStatus::Paused { reason: PauseReason::Stuck });
        let counters = &world.folds[&job].counters;
        assert_eq!((counters.running, counters.interrupted), (1, 1), "how far the placing came is not known");
        assert_eq!(world.folds[&job].worked.map(|worked| worked.since), Some(None), "nothing is at work");
        assert_eq!((world.status(other), world.at_work(other)), (JobStatus::Processing, 1));
        world.done(other, 0, 1, ok());
        world.input(Input::Finished { job: other, result: Ok(()) });
        world.record(job, wish);
        assert_eq!((world.taking_up.as_slice(), world.folds[&job].counters.running), (&[job][..], 1));
        let terms = Some(world.terms.clone());
        world.input(Input::TakenUp { job, terms: terms.clone(), past: placed(Verdict::Done(ItemEffect::Created)) });
        assert_eq!((world.status(job), world.folds[&job].counters.succeeded), (ends, 1));
        // The second of two equal inputs changes nothing, because items run again by now.
        let seq = world.folds[&job].seq;
        world.input(Input::TakenUp { job, terms, past: placed(Verdict::TakenBack) });
        assert_eq!(world.folds[&job].seq, seq);
    }
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_wait() {
    let mut world = ScheduleWorld::new(1, 1, true);
    world.terms.tries = 3;
    world.input(Input::Time(10_000_000));
    let job = world.job(1, 1);
    world.done(job, 0, 1, WorkOutcome::Failed(FailReason::Read, "not now".into()));
    assert_eq!(world.at_work(job), 0, "it waits for its second try");
    world.input(Input::Time(6_400_000));
    assert_eq!(world.at_work(job), 1, "an hour earlier nobody knows how long it has waited");
    world.input(Input::Time(10_000_000));
    world.record(job, JobEvent::Paused { reason: PauseReason::DiskFull });
    assert!(world.schedule.paused().is_empty(), "it rests");
    world.input(Input::Time(6_400_000));
    assert_eq!(world.schedule.paused(), [(job, PauseReason::DiskFull)]);
}

#[test]
fn a_shortage_that_only_the_work_meets_is_tried_ever_more_seldom() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 1);
    let mut now = 1_000;
    world.input(Input::Time(now));
    let mut tries = 0;
    // A day in which the folder stays read-only while the library is writable, so that the reason always seems to have passed.
    while now < 24 * 3_600_000 {
        if world.at_work(job) == 1 {
            let attempt = world.folds[&job].last_attempt(0);
            world.done(job, 0, attempt, WorkOutcome::Environment(PauseReason::ReadOnly));
            tries += 1;
        }
        now += 500;
        world.input(Input::Time(now));
        for (job, reason) in world.schedule.paused() {
            world.input(Input::Eased { job, reason });
        }
    }
    assert!((10..70).contains(&tries), "{tries}");
}

#[test]
fn several_files_in_a_row_that_the_storage_fails_to_read_pause_the_job() {
    let failing = || WorkOutcome::Storage(FailReason::Read, "reading: Input/output error".into());
    let paused = JobStatus::Paused { reason: PauseReason::StorageErrors };
    let mut world = ScheduleWorld::new(1, 7, true);
    let job = world.job(1, 20);
    for item in 0..4 {
        world.done(job, item, 1, failing());
    }
    assert_eq!(world.folds[&job].counters.failed, 4);
    world.done(job, 4, 1, ok());
    for item in 5..9 {
        world.done(job, item, 1, failing());
    }
    assert_eq!((world.status(job), world.folds[&job].counters.failed), (JobStatus::Processing, 8), "not in a row");
    let seq = world.folds[&job].seq;
    world.done(job, 9, 1, failing());
    assert_eq!(world.status(job), paused);
    world.done(job, 10, 1, failing());
    let counters = world.folds[&job].counters;
    assert_eq!((world.status(job), counters.failed), (paused, 8), "from then on no file is to blame");
    assert_eq!(world.folds[&job].seq, seq + 3, "two were returned, and it paused once");
    world.record(job, JobEvent::Resumed {});
    let attempt = world.folds[&job].last_attempt(9);
    world.done(job, 9, attempt, failing());
    assert_eq!((world.status(job), world.folds[&job].counters.failed), (JobStatus::Processing, 9), "it counts again");
}

#[test]
fn attempts_that_hang_on_one_library_take_no_worker_and_no_place_from_the_jobs_of_others() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let hung = world.job(1, 10);
    assert_eq!(world.at_work(hung), 2);
    let also_hung = world.job(2, 10);
    world.terms.library = "other".into();
    let free = world.job(3, 10);
    assert_eq!(
        (world.status(also_hung), world.status(free)),
        (JobStatus::Queued, JobStatus::Queued),
        "one job at a time"
    );
    world.input(Input::Stalled(BTreeMap::from([(hung, 1)])));
    assert_eq!(world.status(free), JobStatus::Queued, "the job still works");
    world.input(Input::Stalled(BTreeMap::from([(hung, 2)])));
    assert_eq!((world.status(also_hung), world.status(free)), (JobStatus::Queued, JobStatus::Processing));
    assert_eq!((world.at_work(hung), world.at_work(free)), (2, 2), "as many as there are workers, and no more");
    world.done(free, 0, 1, ok());
    assert_eq!(world.at_work(free), 2);
    // The storage answers: from now on all count again.
    world.input(Input::Stalled(BTreeMap::new()));
    world.done(free, 1, 1, ok());
    assert_eq!((world.at_work(hung), world.at_work(free)), (2, 1));
    world.done(free, 2, 1, ok());
    world.done(hung, 0, 1, ok());
    assert_eq!(world.at_work(hung) + world.at_work(free), 2);
}
