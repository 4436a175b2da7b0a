//! Jobs that are held, or whose data cannot be read.

use super::*;

#[test]
fn a_job_that_is_held_is_taken_up_and_paused_and_goes_on_when_it_is_resumed() {
    let (job, before) = at_work();
    let limits = ScheduleLimits { jobs: 1, workers: 2 };
    let past = RecoveredState { hold: StartHold::Paused, ..placed(PlacementState::TakenBack) };
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

/// The first event of a job.
fn before_planning(id: JobId) -> String {
    let event = created(id);
    Recorded { seq: 1, at: 1, event }.encode()
}

/// The recovered state if the placing of item 1 was inspected.
fn placed(state: PlacementState) -> RecoveredState {
    RecoveredState { placed: BTreeMap::from([(1, (state, None))]), ..RecoveredState::default() }
}

/// The recovered state if nothing could be read.
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
fn a_cancel_waits_for_unreadable_data_and_asks_less_and_less_often() {
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
    world.input(Input::TakenUp { job, terms, past: placed(PlacementState::Done(ItemEffect::Created)) });
    assert_eq!((world.status(job), world.folds[&job].counters.succeeded), (JobStatus::Cancelled, 1));
}

#[test]
fn a_cancel_ends_a_job_whose_disk_is_missing_and_the_end_of_an_open_placing_is_not_known() {
    for reason in [PauseReason::LibraryGone, PauseReason::StorageSilent] {
        for first in [JobEvent::Paused { reason }, JobEvent::CancelRequested {}] {
            let (job, mut before) = at_work();
            before.record(job, first.clone());
            let limits = ScheduleLimits { jobs: 1, workers: 2 };
            let mut world = ScheduleWorld::left(limits, vec![before.folds[&job].clone()], false, &unread_for(reason));
            if world.status(job) == (JobStatus::Paused { reason }) {
                world.record(job, JobEvent::CancelRequested {});
                assert_eq!(world.taking_up.pop(), Some(job), "it is looked at once more");
                world.input(Input::TakenUp { job, terms: None, past: unread_for(reason) });
            }
            assert_eq!(world.status(job), JobStatus::Cancelled, "{reason:?} {first:?}");
            let counters = &world.folds[&job].counters;
            assert_eq!((counters.failed, counters.cancelled), (1, 2), "{reason:?} {first:?}");
        }
    }
}

#[test]
fn a_job_whose_data_cannot_be_read_is_tried_less_and_less_often() {
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

#[test]
fn an_uninspected_item_is_interrupted_and_stays_so_until_it_is_needed() {
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
        world.input(Input::TakenUp {
            job,
            terms: terms.clone(),
            past: placed(PlacementState::Done(ItemEffect::Created)),
        });
        assert_eq!((world.status(job), world.folds[&job].counters.succeeded), (ends, 1));
        // The second of two equal inputs changes nothing, because items run again by now.
        let seq = world.folds[&job].seq;
        world.input(Input::TakenUp { job, terms, past: placed(PlacementState::TakenBack) });
        assert_eq!(world.folds[&job].seq, seq);
    }
}
