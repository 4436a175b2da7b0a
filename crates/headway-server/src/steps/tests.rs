use super::*;
use headway_model::testing::job_id;
use std::time::Duration;

/// How long a test waits for what happens at once.
const SOON: Duration = Duration::from_secs(60);

/// A life of the server that ends in a crash with these steps under way.
fn crash(data: &Path, steps: &[(JobId, Step)]) {
    let life = Steps::open(data);
    steps.iter().for_each(|(job, step)| leave(life.begin(*job, *step, || true)));
}

/// Leaves a step under way, as a dead process does.
fn leave(step: UnderWay) {
    Box::leak(Box::new(step));
}

fn stuck(data: &Path, job: JobId) -> Option<Step> {
    Steps::open(data).stuck(job)
}

#[test]
fn a_job_is_stuck_after_two_crashes_in_a_row_at_one_step_and_no_other_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, poison, other) = (folder.path(), job_id(1), job_id(2));
    crash(data, &[(poison, Step::List(0)), (other, Step::List(0))]);
    crash(data, &[(poison, Step::List(0))]);
    let life = Steps::open(data);
    assert_eq!((life.stuck(poison), life.stuck(other)), (Some(Step::List(0)), None));
    assert!(life.why(poison).is_some_and(|why| why.contains("listed the files")));
    drop(life);
    assert_eq!(stuck(data, poison), Some(Step::List(0)), "until somebody resumes it");
}

#[test]
fn a_job_that_got_further_between_two_crashes_is_not_stuck() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    crash(data, &[(job, Step::List(0))]);
    crash(data, &[(job, Step::List(1_000))]);
    assert_eq!(stuck(data, job), None, "it had listed some");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    crash(data, &[(job, Step::Finish)]);
    {
        let life = Steps::open(data);
        drop(life.begin(job, Step::Finish, || true));
        leave(life.begin(job, Step::Finish, || true));
    }
    assert_eq!(stuck(data, job), None, "the step had ended once");
}

#[test]
fn crashes_at_two_steps_by_turns_count_against_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    crash(data, &[(job, Step::Place(0))]);
    {
        let life = Steps::open(data);
        drop(life.begin(job, Step::List(0), || true));
        leave(life.begin(job, Step::TakeUp, || true));
    }
    {
        let life = Steps::open(data);
        drop(life.begin(job, Step::TakeUp, || true));
        leave(life.begin(job, Step::Place(1), || true));
    }
    assert_eq!(stuck(data, job), Some(Step::PlaceAny), "no placing passed in between");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    crash(data, &[(job, Step::Finish)]);
    crash(data, &[]);
    Steps::open(data).close();
    crash(data, &[(job, Step::Finish)]);
    assert_eq!(stuck(data, job), Some(Step::Finish), "it has not passed");
}

#[test]
fn a_job_whose_every_item_is_to_blame_is_stuck_though_each_crash_meets_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    for item in 0..3 {
        crash(data, &[(job, Step::Work(item)), (job, Step::Work(item + 10))]);
    }
    assert_eq!(stuck(data, job), Some(Step::WorkAny));
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    for item in 0..5 {
        let life = Steps::open(data);
        drop(life.begin(job, Step::Work(100 + item), || true));
        leave(life.begin(job, Step::Work(item), || true));
    }
    assert_eq!(stuck(data, job), None, "some items went well each time");
}

#[test]
fn a_clean_end_is_not_counted_as_a_crash_and_a_resumed_job_has_one_more_try() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    for _ in 0..3 {
        let life = Steps::open(data);
        leave(life.begin(job, Step::Place(7), || true));
        life.close();
        leave(life.begin(job, Step::Place(8), || true));
    }
    assert_eq!(stuck(data, job), None);
    for boot in ["one", "two", "three", "four"] {
        leave(Steps::open_in(data, boot).begin(job, Step::Place(7), || true));
    }
    assert_eq!(Steps::open_in(data, "five").stuck(job), None, "the machine stopped");
    crash(data, &[(job, Step::Place(7))]);
    crash(data, &[(job, Step::Place(7))]);
    let life = Steps::open(data);
    life.forgive(job);
    assert_eq!((life.stuck(job), life.why(job)), (None, None));
    leave(life.begin(job, Step::Place(7), || true));
    drop(life);
    assert_eq!(stuck(data, job), Some(Step::Place(7)), "one more crash, and it is stuck again");
}

#[test]
fn suspects_have_their_turn_one_after_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, one, other) = (folder.path(), job_id(1), job_id(2));
    crash(data, &[(one, Step::List(0)), (other, Step::List(0)), (one, Step::Work(0))]);
    let life = Steps::open(data);
    let first = life.begin(one, Step::List(0), || false);
    let (tell, told) = std::sync::mpsc::channel();
    let second = {
        let life = life.clone();
        std::thread::spawn(move || {
            let asked = std::cell::Cell::new(false);
            let step = life.begin(other, Step::List(0), || {
                if !asked.replace(true) {
                    tell.send(()).expect("somebody listens");
                }
                false
            });
            drop(step);
        })
    };
    told.recv().expect("it waits");
    assert!(!second.is_finished());
    // A step of the same job waits for nobody if it is not suspected, or has more than one chance left.
    drop(life.begin(one, Step::Work(0), || false));
    drop(first);
    second.join().expect("it has its turn");
}

#[test]
fn a_job_is_not_stuck_because_of_a_crash_beside_the_step_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, healthy, first, second) = (folder.path(), job_id(1), job_id(2), job_id(3));
    crash(data, &[(first, Step::List(0)), (healthy, Step::List(0))]);
    // The healthy one has its turn, and a second poisoned one begins beside it.
    crash(data, &[(healthy, Step::List(0)), (second, Step::List(0))]);
    assert_eq!(stuck(data, healthy), None);
    // From now on each of the three has its turn, alone.
    crash(data, &[(second, Step::List(0))]);
    crash(data, &[(first, Step::List(0))]);
    let life = Steps::open(data);
    assert_eq!([healthy, first, second].map(|job| life.stuck(job).is_some()), [false, true, true]);
    drop(life);
    // A long step beside which others crash every time is blamed in the end: no crash is repeated forever.
    let folder = tempfile::tempdir().expect("a folder");
    let (data, other) = (folder.path(), job_id(9));
    for _ in 0..3 {
        crash(data, &[(first, Step::List(0)), (other, Step::Work(0))]);
    }
    assert_eq!(stuck(data, first), Some(Step::List(0)));
}

#[test]
fn a_suspected_step_is_alone_and_others_wait_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, suspect, other) = (folder.path(), job_id(1), job_id(2));
    crash(data, &[(suspect, Step::List(0))]);
    let life = Steps::open(data);
    let mut under_way = life.begin(other, Step::Work(4), || false);
    let beginning = {
        let life = life.clone();
        std::thread::spawn(move || life.begin(suspect, Step::List(0), || false))
    };
    let asked = std::cell::Cell::new(0);
    let wait = || {
        asked.set(asked.get() + 1);
        asked.get() > 2
    };
    let started = Instant::now();
    while life.shared.notes.turns() == 0 {
        assert!(started.elapsed() < SOON, "the suspect has no turn");
        std::thread::sleep(turn::LOOK);
    }
    // The suspect waits for what is under way, also if that goes on to the next step of its item; another item waits.
    under_way.pass();
    let under_way = under_way.go_on(Step::Place(4), || panic!("nobody asks it to wait"));
    drop(life.begin(other, Step::Work(5), wait));
    assert_eq!(asked.get(), 3, "it waits until it is no longer wanted");
    assert!(!beginning.is_finished());
    drop(under_way);
    let suspected = beginning.join().expect("it begins");
    let alone = || std::fs::read_to_string(data.join("steps")).expect("the file").contains("list 0 alone");
    assert!(alone());
    asked.set(0);
    let joined = life.begin(other, Step::Work(6), wait);
    assert!(asked.get() == 3 && !alone(), "now there are two");
    drop((joined, suspected));
    // The note of an item that is over stays for a while, but not as that of the only step under way.
    drop(life);
    for _ in 0..2 {
        crash(data, &[(other, Step::Work(7))]);
    }
    drop(Steps::open(data).begin(other, Step::Work(7), || false));
    let noted = std::fs::read_to_string(data.join("steps")).expect("the file");
    assert!(!noted.contains(&format!("{other} work")), "{noted}");
}

#[test]
fn a_placing_waits_for_no_suspect_though_its_work_has_long_passed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, suspect, other) = (folder.path(), job_id(1), job_id(2));
    crash(data, &[(suspect, Step::List(0))]);
    let life = Steps::open(data);
    let mut work = life.begin(other, Step::Run(4), || false);
    life.shared.notes.backdate(Duration::from_secs(10));
    life.pass_long();
    work.pass();
    let suspected = life.begin(suspect, Step::List(0), || false);
    let placing = work.go_on(Step::Place(4), || panic!("nobody asks it to wait"));
    let noted = std::fs::read_to_string(data.join("steps")).expect("the file");
    assert!(noted.contains("place 4") && !noted.contains(notes::ALONE), "{noted}");
    drop((placing, suspected));
    // The work and the placing of one attempt can both be suspects. They do not wait for each other.
    let (folder, job) = (tempfile::tempdir().expect("a folder"), other);
    let data = folder.path();
    crash(data, &[(job, Step::Place(4)), (job, Step::Work(4))]);
    crash(data, &[(job, Step::Work(4))]);
    let life = Steps::open(data);
    let work = life.begin(job, Step::Work(4), || false);
    assert!(work.turn.is_some());
    let placing = work.go_on(Step::Place(4), || panic!("its turn is free"));
    assert!(placing.turn.is_some());
}

#[test]
fn a_long_step_that_loses_its_turn_is_not_blamed_alone_for_the_crash_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, library, culprit) = (folder.path(), Subject::library("films"), job_id(2));
    leave(Steps::open(data).begin(library, Step::Scan, || true));
    let alone = || std::fs::read_to_string(data.join("steps")).expect("the file").contains(notes::ALONE);
    {
        let life = Steps::open(data);
        let scan = life.begin(library, Step::Scan, || false);
        assert!(alone());
        life.shared.notes.backdate(Duration::from_secs(61));
        life.pass_long();
        assert!(!alone() && !life.shared.notes.set_alone(scan.slot.expect("a note"), true) && !alone());
        leave(scan);
        leave(life.begin(culprit, Step::List(0), || panic!("nobody asks it to wait")));
    }
    let life = Steps::open(data);
    assert!(!life.is_stuck_at(library, Step::Scan), "it was not the only one");
    let suspects = std::fs::read_to_string(data.join("suspects")).expect("the file");
    assert!(suspects.contains(&culprit.to_string()), "{suspects}");
}

#[test]
fn a_job_whose_items_crash_the_server_takes_its_turn_with_the_next_item() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    crash(data, &[(job, Step::Place(0))]);
    let life = Steps::open(data);
    let first = life.begin(job, Step::Place(1), || false);
    let waited = std::cell::Cell::new(false);
    let second = life.begin(job, Step::Place(2), || waited.replace(true));
    assert!(waited.get() && second.turn.is_none());
    drop((first, second));
    waited.set(false);
    drop(life.begin(job, Step::Place(3), || waited.replace(true)));
    assert!(!waited.get(), "one has passed, so none is to blame any more");
}

#[test]
fn crashes_that_cannot_be_read_count_again_once_they_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    let (file, aside) = (data.join("suspects"), data.join("aside"));
    crash(data, &[(job, Step::List(0))]);
    crash(data, &[(job, Step::List(0))]);
    assert_eq!(stuck(data, job), Some(Step::List(0)));
    std::fs::rename(&file, &aside).expect("a rename");
    std::os::unix::fs::symlink("elsewhere", &file).expect("a link in its place");
    crash(data, &[(job, Step::Finish)]);
    assert_eq!(stuck(data, job), None, "what cannot be read does not count");
    Steps::forgive_all(data);
    assert!(file.is_symlink(), "and nothing takes its place");
    std::fs::rename(&aside, &file).expect("a rename");
    assert_eq!(stuck(data, job), Some(Step::List(0)));
}

#[test]
fn the_server_starts_with_garbage_in_the_state_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    let rubbish: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for name in ["steps", "suspects"] {
        std::fs::write(data.join(name), &rubbish).expect("a file");
    }
    crash(data, &[(job, Step::Finish)]);
    crash(data, &[(job, Step::Finish)]);
    assert_eq!(stuck(data, job), Some(Step::Finish), "from then on they are right again");
    for name in ["steps", "suspects"] {
        std::fs::remove_file(data.join(name)).and_then(|()| std::fs::create_dir(data.join(name))).expect("a folder");
    }
    crash(data, &[(job, Step::Finish)]);
    crash(data, &[(job, Step::Finish)]);
    assert_eq!(stuck(data, job), None, "where nothing can be noted, no crash counts");
}

#[test]
fn what_has_been_at_work_for_long_is_not_to_blame() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    for _ in 0..5 {
        let life = Steps::open(data);
        let step = life.begin(job, Step::Run(0), || true);
        life.shared.notes.backdate(Duration::from_secs(3_600));
        life.pass_long();
        leave(step);
    }
    assert_eq!(stuck(data, job), None);
    for _ in 0..2 {
        let life = Steps::open(data);
        let step = life.begin(job, Step::List(0), || true);
        life.shared.notes.backdate(Duration::from_secs(3_600));
        life.pass_long();
        leave(step);
    }
    assert_eq!(stuck(data, job), Some(Step::List(0)), "a listing counts however long it takes");
}

#[test]
fn an_item_that_is_over_is_left_in_the_file_until_the_next_look_and_no_longer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    let noted = || std::fs::read_to_string(data.join("steps")).expect("the file").contains(&job.to_string());
    let life = Steps::open(data);
    drop(life.begin(job, Step::Work(7), || true));
    assert!(noted(), "a second write for each item is saved");
    life.pass_long();
    assert!(!noted(), "an idle server blames nobody");
    drop(life.begin(job, Step::Place(7), || true));
    assert!(!noted(), "only what is many and short waits");
}

#[test]
fn a_crash_beside_an_item_that_is_over_counts_for_it_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, job) = (folder.path(), job_id(1));
    for item in 0..4 {
        let life = Steps::open(data);
        assert_eq!(life.stuck(job), None, "each life worked on another item to its end");
        drop(life.begin(job, Step::Work(item), || true));
    }
    assert_eq!(stuck(data, job), None);
}

#[test]
fn a_suspect_that_waits_for_others_does_not_last_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, suspect, other) = (folder.path(), job_id(1), job_id(2));
    crash(data, &[(suspect, Step::Run(0))]);
    crash(data, &[(suspect, Step::Run(0))]);
    let life = Steps::open(data);
    let other = life.begin(other, Step::Work(4), || false);
    let beginning = {
        let life = life.clone();
        std::thread::spawn(move || life.begin(suspect, Step::Run(0), || false))
    };
    let started = Instant::now();
    while life.shared.notes.turns() == 0 {
        assert!(started.elapsed() < SOON, "the suspect has no turn");
        std::thread::sleep(turn::LOOK);
    }
    // The suspect waits for longer than a program is suspected.
    life.shared.notes.backdate(Duration::from_secs(10));
    life.pass_long();
    drop(other);
    leave(beginning.join().expect("it begins"));
    life.pass_long();
    assert_eq!(stuck(data, suspect), Some(Step::Run(0)), "its wait is no time at work");
}

#[test]
fn jobs_that_crash_the_server_where_nothing_is_noted_are_stuck_after_six_crashes_without_getting_further() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, one, other, third) = (folder.path(), job_id(1), job_id(2), job_id(3));
    for crash in 0..6 {
        let life = Steps::open(data);
        assert_eq!([one, other, third].map(|job| life.stuck(job)), [None; 3], "crash {crash}");
        for job in [one, other, third] {
            leave(life.at_work(job));
        }
        // A step of one of them passes in each life, and another is under way.
        drop(life.begin(one, Step::List(0), || panic!("a job at work is no step to wait for")));
        leave(life.begin(other, Step::Work(crash), || true));
        life.got_further(third);
        drop(life.begin(other, Step::Work(100), || true));
    }
    let life = Steps::open(data);
    assert_eq!([one, other, third].map(|job| life.stuck(job).is_some()), [true, true, false]);
    let why = life.why(one).expect("a reason");
    assert!(why.contains("six times in a row while it had this job at work"), "{why}");
    life.forgive(one);
    leave(life.at_work(one));
    drop(life);
    let life = Steps::open(data);
    assert_eq!(life.stuck(one), Some(Step::AtWork), "one more crash, and it is stuck again");
    life.forgive(one);
    leave(life.at_work(one));
    life.shared.notes.backdate(Duration::from_secs(61));
    life.pass_long();
    drop(life);
    assert_eq!(stuck(data, one), None, "a server that lived for a minute is up");
}
