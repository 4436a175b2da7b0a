use std::sync::mpsc::channel;

use super::*;
use crate::model::JobId;

fn which(item: u32) -> Which {
    Which { job: JobId::mint(1, [1; 10]), item, attempt: 1 }
}

/// The next end, within ten seconds.
fn end(pool: &Pool) -> Ended {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let mut state = pool.shared.state();
        if !state.ended.is_empty() {
            return state.ended.remove(0);
        }
        drop(state);
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("no end");
}

#[test]
fn no_more_work_at_once_than_the_limit_says_and_what_waits_can_be_given_back() {
    let pool = Pool::new(2);
    let (begun, begins) = channel();
    let mut releases = Vec::new();
    for item in 0..4 {
        let (release, released) = channel::<()>();
        releases.push(release);
        let begun = begun.clone();
        pool.push([Task::new(which(item), false, move |number| {
            begun.send((item, number)).ok();
            released.recv().ok();
            WorkOutcome::Lost
        })]);
    }
    let mut at_work = [begins.recv().expect("one"), begins.recv().expect("another")];
    at_work.sort_unstable();
    let mut numbers = at_work.map(|(_, number)| number);
    numbers.sort_unstable();
    assert_eq!((at_work.map(|(item, _)| item), numbers), ([0, 1], [1, 2]));
    pool.give_back(|which| which.item == 3);
    let given = end(&pool);
    assert_eq!((given.which.item, given.outcome, given.took), (3, WorkOutcome::Stopped, None));
    // A third thread, as soon as there may be one.
    pool.set_limit(3);
    assert_eq!(begins.recv().expect("the third"), (2, 3));
    drop(releases);
    let mut ended: Vec<_> = (0..3).map(|_| end(&pool)).map(|end| (end.which.item, end.took.is_some())).collect();
    ended.sort_unstable();
    assert_eq!(ended, [(0, true), (1, true), (2, true)]);
    let threads = Arc::downgrade(&pool.shared);
    drop(pool);
    let deadline = Instant::now() + Duration::from_secs(10);
    while threads.strong_count() > 0 {
        assert!(Instant::now() < deadline, "the threads go");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn all_threads_work_as_soon_as_there_is_work_for_all() {
    let pool = Pool::new(3);
    pool.push([Task::new(which(0), false, |_| WorkOutcome::Lost)]);
    end(&pool);
    // One thread is idle, or about to be; three attempts must be under way at once.
    let together = Arc::new(std::sync::Barrier::new(3));
    let task = |item| {
        let together = Arc::clone(&together);
        Task::new(which(item), false, move |_| {
            together.wait();
            WorkOutcome::Lost
        })
    };
    pool.push([task(1)]);
    pool.push([task(2), task(3)]);
    for _ in 0..3 {
        assert_eq!(end(&pool).outcome, WorkOutcome::Lost);
    }
}

#[test]
fn what_waits_for_too_long_is_given_back() {
    let pool = Pool::new(1);
    let (release, released) = channel::<()>();
    let first = move |_| {
        released.recv().ok();
        WorkOutcome::Lost
    };
    pool.push([Task::new(which(0), false, first), Task::new(which(1), false, |_| WorkOutcome::Lost)]);
    let given = loop {
        pool.give_back_late();
        match pool.ends().pop() {
            Some(ended) => break ended,
            None => std::thread::yield_now(),
        }
    };
    assert_eq!((given.which.item, given.outcome), (1, WorkOutcome::Stopped));
    drop(release);
}

#[test]
fn ends_of_quick_attempts_are_told_together_while_there_are_more_to_go_on_with() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let pool = Pool::new(1);
    let (release, released) = channel::<()>();
    let first = move |_| {
        released.recv().ok();
        WorkOutcome::Lost
    };
    let quick = |item| Task::new(which(item), true, |_| WorkOutcome::Lost);
    pool.push([Task::new(which(0), true, first)].into_iter().chain((1..12).map(quick)));
    assert!(pool.gathers());
    drop(release);
    // Of twelve three make a quarter: the fourth end cannot have been before the third was told.
    runtime.block_on(pool.told());
    let mut told = pool.ends().len();
    assert!(told >= 3, "{told}");
    while told < 12 {
        end(&pool);
        told += 1;
    }
    assert!(!pool.gathers());
    // The last one is told whatever it is.
    pool.push([quick(12)]);
    runtime.block_on(pool.told());
}

#[test]
fn what_was_thought_quick_and_is_not_keeps_nothing_waiting() {
    let pool = Pool::new(2);
    let (release, released) = channel::<()>();
    let slow = move |_| {
        released.recv().ok();
        WorkOutcome::Lost
    };
    // Both threads are there, and idle.
    let together = Arc::new(std::sync::Barrier::new(2));
    let task = |item| {
        let together = Arc::clone(&together);
        Task::new(which(item), false, move |_| {
            together.wait();
            WorkOutcome::Lost
        })
    };
    pool.push([task(0), task(1)]);
    for _ in 0..2 {
        end(&pool);
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while pool.shared.state().idle < 2 {
        assert!(Instant::now() < deadline, "both are idle");
        std::thread::sleep(Duration::from_millis(1));
    }
    pool.push([Task::new(which(2), true, slow), Task::new(which(3), true, |_| WorkOutcome::Lost)]);
    pool.rouse();
    assert_eq!(end(&pool).which.item, 3);
    drop(release);
    assert_eq!(end(&pool).which.item, 2);
}

#[test]
fn a_number_is_free_again_as_soon_as_its_attempt_is_over() {
    let pool = Pool::new(1);
    let (begun, begins) = channel();
    pool.push((0..3).map(|item| {
        let begun = begun.clone();
        Task::new(which(item), false, move |number| {
            begun.send(number).ok();
            WorkOutcome::Lost
        })
    }));
    // Nobody has taken in an end meanwhile.
    assert_eq!(begins.iter().take(3).collect::<Vec<_>>(), [1, 1, 1]);
}
