//! The listing of files, which comes before the items, and the last step, which comes after them.

use super::*;

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
fn a_job_that_found_none_of_its_files_fails_with_a_reason_of_its_own() {
    let mut world = ScheduleWorld::new(1, 2, true);
    let job = world.job(1, 0);
    world.input(Input::Finished { job, result: Err(FinishFailure::NoMatch("no file matches".into())) });
    assert_eq!(world.status(job), JobStatus::Failed { reason: EndReason::NoMatch });
    assert_eq!(world.folds[&job].message.as_deref(), Some("no file matches"));
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
    let stopped = |job| Input::Finished { job, result: Err(StepFailure::Stopped.into()) };
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
    world.input(Input::Finished { job: drained, result: Err(StepFailure::Stopped.into()) });
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
    world.record(id, created(id));
    world.record(id, pause);
    world.record(id, JobEvent::Resumed {});
    assert_eq!(world.planning.iter().filter(|job| **job == id).count(), 1, "the first listing has not ended");
    world.input(Input::PlanOver { job: id });
    assert_eq!(world.planning.iter().filter(|job| **job == id).count(), 2);
}
