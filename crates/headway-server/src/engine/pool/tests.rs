use std::sync::Barrier;
use std::sync::mpsc::{Sender, channel};

use super::*;
use headway_model::JobId;

fn which(item: u32) -> AttemptId {
    AttemptId { job: JobId::mint(1, [1; 10]), item, attempt: 1 }
}

/// Polls until there is an answer, for ten seconds.
fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited for: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for the next end.
fn end(pool: &Pool) -> EndedAttempt {
    eventually("an end", || {
        let mut state = pool.shared.state.lock();
        (!state.ended.is_empty()).then(|| state.ended.remove(0))
    })
}

/// An attempt that is over at once.
fn short(item: u32, brief: bool) -> AttemptTask {
    AttemptTask::new(which(item), brief, |_| WorkOutcome::Lost)
}

/// An attempt that lasts until its sender is dropped.
fn long(item: u32, brief: bool) -> (Sender<()>, AttemptTask) {
    let (release, released) = channel();
    let work = move |_| {
        released.recv().ok();
        WorkOutcome::Lost
    };
    (release, AttemptTask::new(which(item), brief, work))
}

/// Makes attempts that end once `count` of them run at the same time.
fn together(count: usize) -> impl Fn(u32) -> AttemptTask {
    let barrier = Arc::new(Barrier::new(count));
    move |item| {
        let barrier = Arc::clone(&barrier);
        AttemptTask::new(which(item), false, move |_| {
            barrier.wait();
            WorkOutcome::Lost
        })
    }
}

#[test]
fn work_at_once_is_limited_and_waiting_work_can_be_given_back() {
    let pool = Pool::new(2);
    let (begun, begins) = channel();
    let mut releases = Vec::new();
    for item in 0..4 {
        let (release, released) = channel::<()>();
        releases.push(release);
        let begun = begun.clone();
        pool.push([AttemptTask::new(which(item), false, move |number| {
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
    // The third thread starts as soon as the limit allows it.
    pool.set_limit(3);
    assert_eq!(begins.recv().expect("the third"), (2, 3));
    drop(releases);
    let mut ended: Vec<_> = (0..3).map(|_| end(&pool)).map(|end| (end.which.item, end.took.is_some())).collect();
    ended.sort_unstable();
    assert_eq!(ended, [(0, true), (1, true), (2, true)]);
    let threads = Arc::downgrade(&pool.shared);
    drop(pool);
    eventually("the threads go", || (threads.strong_count() == 0).then_some(()));
}

#[test]
fn all_threads_work_as_soon_as_there_is_work_for_all() {
    let pool = Pool::new(3);
    pool.push([short(0, false)]);
    end(&pool);
    // One thread is idle or about to be; three attempts must run at the same time.
    let task = together(3);
    pool.push([task(1)]);
    pool.push([task(2), task(3)]);
    for _ in 0..3 {
        assert_eq!(end(&pool).outcome, WorkOutcome::Lost);
    }
}

#[test]
fn work_that_waits_for_too_long_is_given_back() {
    let pool = Pool::new(1);
    let (release, first) = long(0, false);
    pool.push([first, short(1, false)]);
    let given = eventually("one that is given back", || {
        pool.give_back_late();
        pool.ends().pop()
    });
    assert_eq!((given.which.item, given.outcome), (1, WorkOutcome::Stopped));
    drop(release);
}

#[test]
fn ends_of_brief_attempts_are_reported_together_while_more_are_queued() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let pool = Pool::new(1);
    let (release, first) = long(0, true);
    pool.push([first].into_iter().chain((1..12).map(|item| short(item, true))));
    assert!(pool.gathers());
    drop(release);
    // Three of twelve are a quarter: the third end is signalled before a fourth can come.
    runtime.block_on(pool.ended());
    let mut told = pool.ends().len();
    assert!(told >= 3, "{told}");
    while told < 12 {
        end(&pool);
        told += 1;
    }
    assert!(!pool.gathers());
    // The last end is always signalled, even in a pool that has signalled nothing yet.
    let pool = Pool::new(1);
    pool.push([short(12, true)]);
    runtime.block_on(pool.ended());
}

#[test]
fn what_was_thought_brief_and_is_not_keeps_nothing_waiting() {
    let pool = Pool::new(2);
    // Both threads exist and are idle.
    pool.push([0, 1].map(together(2)));
    for _ in 0..2 {
        end(&pool);
    }
    eventually("both are idle", || (pool.shared.state.lock().idle == 2).then_some(()));
    let (release, slow) = long(2, true);
    pool.push([slow, short(3, true)]);
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
        AttemptTask::new(which(item), false, move |number| {
            begun.send(number).ok();
            WorkOutcome::Lost
        })
    }));
    // No end has been collected meanwhile.
    assert_eq!(begins.iter().take(3).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn an_attempt_that_does_not_come_back_is_written_off_once_and_another_thread_takes_its_place() {
    let pool = Pool::new(1);
    let (release, hangs) = long(1, false);
    pool.push([hangs]);
    eventually("it runs", || pool.shared.state.lock().running.contains_key(&which(1)).then_some(()));
    pool.push([short(2, false)]);
    pool.write_off(which(1), WorkOutcome::Lost);
    assert_eq!(pool.may_lose(), LOST_LIMIT - 1);
    let mut ended = [end(&pool).which.item, end(&pool).which.item];
    ended.sort_unstable();
    assert_eq!(ended, [1, 2]);
    drop(release);
    eventually("its thread ends", || pool.shared.state.lock().lost.is_empty().then_some(()));
    assert!(pool.ends().is_empty(), "what it came to is thrown away");
    pool.write_off(which(1), WorkOutcome::Lost);
    assert!(pool.ends().is_empty() && pool.may_lose() == LOST_LIMIT, "it has ended, so nothing is written off");
    pool.push([short(3, false)]);
    assert_eq!((end(&pool).which.item, pool.shared.state.lock().threads), (3, 1));
}

#[test]
fn threads_that_hang_are_replaced_for_as_long_as_they_do() {
    let pool = Pool::new(1);
    let (release, hung) = long(1, false);
    pool.push([hung]);
    eventually("it runs", || pool.shared.state.lock().running.contains_key(&which(1)).then_some(()));
    pool.push([short(2, false)]);
    pool.set_spare(1);
    assert_eq!(end(&pool).which, which(2));
    pool.set_spare(0);
    drop(release);
    assert_eq!(end(&pool).which, which(1));
    eventually("one thread is left", || (pool.shared.state.lock().threads == 1).then_some(()));
    pool.push([short(3, false)]);
    assert_eq!(end(&pool).which, which(3));
}
