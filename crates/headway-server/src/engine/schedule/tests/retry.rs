//! Retries and their times, and the reasons that halt or pause a job.

use super::*;

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
fn what_a_failure_tells_the_last_step_is_recorded_with_the_last_try_alone() {
    let mut world = ScheduleWorld::new(1, 1, false);
    world.terms.tries = 2;
    let job = world.job(1, 1);
    let differs = || WorkOutcome::Differs(FailReason::Recipe, "why".into(), r#"{"said":"lines"}"#.into());
    world.done(job, 0, 1, differs());
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Waiting));
    world.input(Input::Time(1_000_000));
    world.done(job, 0, 2, differs());
    assert_eq!(world.folds[&job].item(0), Some(ItemStatus::Failed(FailReason::Recipe)));
}

#[test]
fn a_withdrawn_attempt_does_not_count_as_a_try() {
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
fn a_failure_that_might_pass_is_tried_five_times() {
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
fn a_shortage_that_only_the_work_meets_is_tried_less_and_less_often() {
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
fn a_shortage_that_many_files_meet_at_once_is_one_shortage() {
    let mut world = ScheduleWorld::new(1, 64, false);
    let job = world.job(100, 64);
    world.input(Input::Time(1_000));
    let at_work: Vec<u32> =
        (0..100).filter(|item| world.folds[&job].item(*item) == Some(ItemStatus::Running)).collect();
    assert!(at_work.len() > 10, "{at_work:?}");
    for item in at_work {
        let attempt = world.folds[&job].last_attempt(item);
        world.done(job, item, attempt, WorkOutcome::Environment(PauseReason::LibraryGone));
    }
    world.input(Input::Time(1_000 + SHORTEST_REST));
    assert_eq!(world.schedule.paused(), [(job, PauseReason::LibraryGone)], "it has rested");
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
fn storage_on_which_each_change_fails_pauses_the_job_again_and_fails_no_further_file() {
    let failing = || WorkOutcome::Storage(FailReason::Write, "renaming it: Input/output error".into());
    let reason = PauseReason::StorageErrors;
    let paused = JobStatus::Paused { reason };
    let mut world = ScheduleWorld::new(1, 1, false);
    let job = world.job(1, 20);
    for item in 0..5 {
        world.record(job, into_place(item));
        world.done(job, item, 1, failing());
    }
    assert_eq!((world.status(job), world.folds[&job].counters.failed), (paused, 4));
    for attempt in 2..5 {
        // A file that can be read lets the job go on.
        world.input(Input::Eased { job, reason });
        assert_eq!(world.started, [(job, 4, attempt)]);
        world.done(job, 4, attempt, failing());
        assert_eq!((world.status(job), world.folds[&job].counters.failed), (paused, 4), "{attempt}");
    }
    world.record(job, JobEvent::Resumed {});
    world.done(job, 4, 5, failing());
    assert_eq!((world.status(job), world.folds[&job].counters.failed), (JobStatus::Processing, 5), "a person wants it");
    world.done(job, 5, 1, ok());
    for item in 6..10 {
        world.done(job, item, 1, failing());
    }
    assert_eq!((world.status(job), world.folds[&job].counters.failed), (JobStatus::Processing, 9));
}

#[test]
fn an_attempt_that_is_written_off_drops_no_time_at_work_of_the_others() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 2);
    assert_eq!(world.at_work(job), 2);
    let before = world.folds[&job].worked.expect("begun");
    world.input(Input::Time(1_000));
    world.done(job, 0, 1, WorkOutcome::Lost);
    let fold = &world.folds[&job];
    assert_eq!(fold.worked.expect("begun").until(fold.seq), before.until(fold.seq), "the other item ran all the time");
}
