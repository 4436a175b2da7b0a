//! A job from its start to its end.

use super::*;

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
    feed(&mut schedule, created(id));
    schedule.step(Input::Terms { job: id, terms: terms(false) });
    feed(&mut schedule, JobEvent::Planned { first: 0, count: 1, skips: vec![], detail: Digest([0; 16]) });
    feed(&mut schedule, JobEvent::PlanEnded { total: 1, reruns: Default::default() });
    let started = JobEvent::Started { item: 0, attempt: 1 };
    assert_eq!(feed(&mut schedule, JobEvent::Began {}), [append(id, started.clone())]);
    assert_eq!(feed(&mut schedule, started), [ScheduleEffect::Start { job: id, item: 0, attempt: 1 }]);
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
fn what_runs_ends_while_another_server_might_take_over_and_runs_again_if_none_does() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 10);
    world.input(Input::Unsure);
    let mut stopped = world.stopped.clone();
    stopped.sort();
    assert_eq!(stopped, [(job, 0), (job, 1)]);
    world.done(job, 0, 1, WorkOutcome::Stopped);
    world.done(job, 1, 1, WorkOutcome::Stopped);
    let counters = world.folds[&job].counters;
    assert_eq!((counters.running, counters.failed, world.at_work(job)), (2, 0, 2), "the server goes on");
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
