//! A cancel, and whatever was recorded just before or after it.

use super::*;

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
    // Claimed and begun, but the writer received a cancel first.
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
