//! A placing that is open, taken back or not inspected yet.

use super::*;

fn placing(world: &mut ScheduleWorld, job: JobId, item: u32) {
    let (temp, target, trash) = ("t".into(), "f".into(), Some("x".into()));
    let (old, new) = (Some(Digest([1; 16])), Digest([2; 16]));
    world.record(job, JobEvent::Placing { item, attempt: 1, temp, target, trash, old, new });
}

#[test]
fn an_open_placement_ends_by_the_state_of_the_disk() {
    let mut world = ScheduleWorld::new(1, 4, false);
    let job = world.job(1, 4);
    for item in 0..4 {
        let (temp, target, trash) = (format!("t{item}"), format!("f{item}"), Some(format!("o{item}")));
        let (old, new) = (Some(Digest([1; 16])), Digest([2; 16]));
        world.record(job, JobEvent::Placing { item, attempt: 1, temp, target, trash, old, new });
    }
    let fold = world.folds[&job].clone();
    let placed = BTreeMap::from([
        (0, PlacementState::Done(ItemEffect::Changed)),
        (1, PlacementState::TakenBack),
        (2, PlacementState::Conflict("there is another file".into())),
    ]);
    let folds = BTreeMap::from([(job, fold.clone())]);
    let placed = placed.into_iter().map(|(item, state)| (item, (state, None))).collect();
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
    assert_eq!(world.recovering, [(job, 3)]);
    world.input(Input::PlacingRecovered { job, item: 3, state: PlacementState::TakenBack, detail: None });
    assert_eq!(world.started, [(job, 1, 2), (job, 3, 2)]);
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
fn an_unclear_placement_is_inspected_after_the_pause_and_a_cancel_waits_for_it() {
    for cancelled in [false, true] {
        let mut world = ScheduleWorld::new(1, 1, false);
        let job = world.job(1, 1);
        placing(&mut world, job, 0);
        let reason = PauseReason::TooManyOpenFiles;
        world.done(job, 0, 1, WorkOutcome::NotRecovered(reason));
        assert_eq!(world.status(job), JobStatus::Paused { reason });
        world.input(Input::Time(10 * SHORTEST_REST));
        assert_eq!((&world.recovering[..], world.folds[&job].item(0)), (&[][..], Some(ItemStatus::Placing)));
        match cancelled {
            true => world.record(job, JobEvent::CancelRequested {}),
            false => world.input(Input::Eased { job, reason }),
        }
        assert_eq!(world.recovering, [(job, 0)]);
        // Once more it cannot be inspected.
        world.input(Input::PlacingRecovered { job, item: 0, state: PlacementState::NotKnown(reason), detail: None });
        let again = if cancelled { JobStatus::Cancelling } else { JobStatus::Paused { reason } };
        assert_eq!(world.status(job), again);
        if !cancelled {
            world.input(Input::Eased { job, reason });
        }
        world.input(Input::Time(100 * SHORTEST_REST));
        assert_eq!(world.recovering, [(job, 0), (job, 0)]);
        world.input(Input::PlacingRecovered { job, item: 0, state: PlacementState::TakenBack, detail: None });
        match cancelled {
            true => assert_eq!(world.status(job), JobStatus::Cancelled),
            false => assert_eq!(world.started, [(job, 0, 2)]),
        }
    }
}

#[test]
fn a_cancel_does_not_wait_for_a_missing_disk_to_show_how_far_a_placing_got() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 2);
    placing(&mut world, job, 0);
    let reason = PauseReason::LibraryGone;
    world.done(job, 0, 1, WorkOutcome::NotRecovered(reason));
    world.input(Input::Time(10 * SHORTEST_REST));
    world.record(job, JobEvent::CancelRequested {});
    assert_eq!(world.recovering, [(job, 0)]);
    world.input(Input::PlacingRecovered { job, item: 0, state: PlacementState::NotKnown(reason), detail: None });
    assert_eq!(world.status(job), JobStatus::Cancelled);
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Failed(FailReason::Conflict)));
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
fn a_placing_that_cannot_be_inspected_delays_no_other_item_and_is_given_up_in_the_end() {
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 2);
    placing(&mut world, job, 0);
    let reason = PauseReason::StorageErrors;
    world.done(job, 0, 1, WorkOutcome::NotRecovered(reason));
    assert_eq!(world.status(job), JobStatus::Paused { reason });
    let mut now = LONGEST_REST;
    world.input(Input::Time(now));
    world.input(Input::Eased { job, reason });
    assert_eq!(world.recovering, [(job, 0)]);
    let not_known = || Input::PlacingRecovered { job, item: 0, state: PlacementState::NotKnown(reason), detail: None };
    world.input(not_known());
    assert_eq!((world.status(job), world.started.last()), (JobStatus::Processing, Some(&(job, 1, 1))));
    world.done(job, 1, 1, WorkOutcome::Succeeded(ItemEffect::Changed, String::new()));
    let mut looks = 1;
    let mut pauses = 0;
    while world.folds[&job].item(0) == Some(ItemStatus::Placing) {
        now += LONGEST_REST;
        world.input(Input::Time(now));
        if world.status(job) == (JobStatus::Paused { reason }) {
            pauses += 1;
            world.input(Input::Eased { job, reason });
        }
        if world.recovering.len() > looks {
            looks += 1;
            world.input(not_known());
        }
        assert!(now < 100 * LONGEST_REST, "it ends");
    }
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Failed(FailReason::Conflict)));
    assert!(looks == 8 && pauses > 0, "with nothing else to do, the job says why it waits: {looks} {pauses}");
}
