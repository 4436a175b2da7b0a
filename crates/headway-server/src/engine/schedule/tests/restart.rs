//! How a new process recovers the jobs that the last one left.

use super::*;

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
    world.record(id, created(id));
    let live = world.folds.values().cloned().collect();
    assert_eq!(ScheduleWorld::going_on(ScheduleLimits { jobs: 1, workers: 2 }, live, true).planning, [id]);
}

#[test]
fn a_person_is_asked_about_interrupted_items_when_requested() {
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
fn interrupted_items_are_recorded_first_so_that_the_time_after_the_last_sign_of_life_is_no_work() {
    // The item before the one that ran was being placed, or had been interrupted by an earlier death; in half of the
    // cases the job was halted.
    for (is_placing, is_halted) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut before = ScheduleWorld::new(1, 2, false);
        let job = before.job(1, 2);
        let first = match is_placing {
            true => into_place(0),
            false => JobEvent::Recovered { item: 0, attempt: 1, alive: None },
        };
        let mut fold = before.folds[&job].clone();
        hear(&mut fold, 1_000, first);
        if is_halted {
            hear(&mut fold, 1_000, JobEvent::Halted { by: HaltBy::Fail, when: HaltWhen::Soon });
        }
        for alive in [None, Some(31_000)] {
            let mut fold = fold.clone();
            let worked = fold.worked.map(|worked| worked.until(alive.unwrap_or(1_000)));
            let past = RecoveredState {
                placed: BTreeMap::from([(0, (PlacementState::Done(ItemEffect::Created), None))]),
                alive,
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
}

/// Folds this event at that moment.
fn hear(fold: &mut Fold, at: Millis, event: JobEvent) {
    let recorded = Recorded { seq: fold.seq + 1, at, event };
    fold.apply_recorded(&recorded, &recorded.encode()).expect("a legal event");
}
