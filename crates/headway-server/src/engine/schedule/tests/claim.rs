//! Which job the next worker goes to, and what is claimed ahead.

use super::*;

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
fn jobs_of_one_priority_get_workers_in_turn_however_many_they_are() {
    let mut world = ScheduleWorld::new(5, 2, true);
    let jobs: Vec<_> = (1..=5).map(|number| world.job(number, 100)).collect();
    let high = jobs[4];
    for _ in 0..42 {
        let (job, item, attempt) = world.started[0];
        world.done(job, item, attempt, ok());
    }
    let done: Vec<_> = jobs.iter().map(|job| world.folds[job].counters.succeeded).collect();
    assert!(done.iter().all(|done| (7..=10).contains(done)), "{done:?}");
    // Priority goes first, as long as that job has something to do; then the others take turns again.
    world.record(high, JobEvent::Changed { priority: Some(1), concurrency: Some(1) });
    for _ in 0..20 {
        let (job, item, attempt) = world.started[0];
        world.done(job, item, attempt, ok());
        assert_eq!(world.at_work(high), 1);
    }
    let more = |(job, before): (&JobId, u32)| world.folds[job].counters.succeeded - before;
    let more: Vec<_> = jobs.iter().zip(done).map(more).collect();
    assert!(more[..4].iter().all(|more| *more >= 1) && more[4] >= 8, "{more:?}");
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
    world.input(Input::ClaimAhead { job, ahead: 3 });
    assert_eq!(world.at_work(job), 8);
    // An attempt that waited too long is given back, and its try does not count.
    world.input(Input::ClaimAhead { job, ahead: 0 });
    world.done(job, 7, 1, WorkOutcome::Stopped);
    assert_eq!((world.at_work(job), world.folds[&job].item(7)), (7, Some(ItemStatus::Waiting)));
    // If a person has limited how many run, no more run.
    world.input(Input::ClaimAhead { job, ahead: 3 });
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
    world.input(Input::ClaimAhead { job: quick, ahead: 1 });
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
    world.input(Input::ClaimAhead { job, ahead: 16 });
    assert_eq!(world.at_work(job), 2);
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

#[test]
fn an_item_whose_file_is_held_leaves_its_worker_to_others_and_runs_once_the_file_is_free() {
    let mut world = ScheduleWorld::new(1, 1, true);
    let job = world.job(1, 3);
    world.done(job, 0, 1, WorkOutcome::Held);
    assert_eq!(world.started, [(job, 1, 1)], "the next item has the worker");
    world.done(job, 1, 1, ok());
    world.done(job, 2, 1, ok());
    assert_eq!((world.status(job), world.at_work(job)), (JobStatus::Processing, 0), "the first item waits");
    world.input(Input::Free { job, item: 0 });
    assert_eq!(world.started, [(job, 0, 2)]);
    world.done(job, 0, 2, ok());
    assert_eq!(world.status(job), JobStatus::Finishing);
}

#[test]
fn a_job_of_which_every_item_waits_for_files_takes_no_place_from_the_job_that_holds_them() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let waits = world.job(1, 1);
    let queued = world.job(2, 1);
    assert_eq!(world.status(queued), JobStatus::Queued);
    world.done(waits, 0, 1, WorkOutcome::Held);
    assert_eq!((world.status(queued), world.at_work(queued)), (JobStatus::Processing, 1));
    world.input(Input::Free { job: waits, item: 0 });
    assert_eq!(world.at_work(waits), 1);
}

#[test]
fn a_paused_job_keeps_waiting_for_a_held_file_and_a_cancel_does_not() {
    let mut world = ScheduleWorld::new(1, 1, true);
    let job = world.job(1, 2);
    world.record(job, JobEvent::Paused { reason: PauseReason::User });
    world.done(job, 0, 1, WorkOutcome::Held);
    assert_eq!(world.folds[&job].counters.running, 0, "nothing runs, so that whoever paused it need not wait");
    world.input(Input::Free { job, item: 0 });
    assert_eq!(world.at_work(job), 0, "it is paused");
    world.record(job, JobEvent::Resumed {});
    world.done(job, 0, 2, WorkOutcome::Held);
    world.record(job, JobEvent::CancelRequested {});
    let (_, item, attempt) = world.started[0];
    world.done(job, item, attempt, WorkOutcome::Held);
    assert_eq!(world.status(job), JobStatus::Cancelled);
}
