//! A log that version 1 wrote must load forever.

use std::collections::{BTreeMap, BTreeSet};

use headway_model::event::{HaltBy, HaltWhen, JobEvent as E, Outcome, Recorded};
use headway_model::{Digest, DiskEffect, EndReason, FailReason, Fold, JobId, Move, PauseReason, SkipReason};
use serde::{Deserialize, Serialize};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/events_v1.jsonl");

/// One line: an event as stored, and what the reader must have after it.
#[derive(Serialize, Deserialize)]
struct Line {
    position: u64,
    job: JobId,
    payload: String,
    digest: Digest,
    fold: Digest,
    status: String,
}

#[test]
fn the_log_of_version_1_loads_for_ever() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PATH, write()).expect("a writable checkout");
    }
    let mut folds: BTreeMap<JobId, Fold> = BTreeMap::new();
    let (mut names, mut endings) = (BTreeSet::new(), BTreeSet::new());
    for (number, text) in std::fs::read_to_string(PATH).expect("the log").lines().enumerate() {
        let line: Line = serde_json::from_str(text).expect("a line");
        assert_eq!(line.position, number as u64 + 1);
        let recorded = Recorded::decode(&line.payload).expect("a known event");
        names.insert(recorded.event.name());
        assert_eq!(recorded.encode(), line.payload, "this version would write it differently");
        match folds.get_mut(&line.job) {
            Some(fold) => {
                drop(fold.apply(&line.payload).unwrap_or_else(|error| panic!("line {}: {error}", number + 1)))
            }
            None => drop(folds.insert(line.job, Fold::create(&line.payload).expect("created"))),
        }
        let fold = &folds[&line.job];
        assert_eq!(
            (fold.digest, fold.hash(), fold.status.label()),
            (line.digest, line.fold, line.status.as_str()),
            "line {}",
            number + 1
        );
        if fold.status.is_terminal() {
            endings.insert(fold.status.text());
        }
        let wire = serde_json::to_string(&fold.snapshot()).expect("JSON");
        let back: headway_model::snapshot::Snapshot = serde_json::from_str(&wire).expect("a snapshot");
        assert_eq!(&back.fold().expect("known statuses"), fold);
    }
    assert_eq!(names.len(), 26, "{names:?}");
    let expected = [
        "cancelled",
        "completed",
        "completed with errors",
        "failed: could not be prepared",
        "failed: every file failed",
        "failed: halted after failures",
        "failed: the last step failed",
    ];
    assert_eq!(endings.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

fn planned(first: u32, count: u32) -> E {
    E::Planned { first, count, skips: Vec::new(), detail: Digest([2; 16]) }
}

fn started(item: u32, attempt: u32) -> E {
    E::Started { item, attempt }
}

fn done(item: u32, attempt: u32, effect: DiskEffect) -> E {
    E::Succeeded { item, attempt, effect, detail: Some(Digest([3; 16])) }
}

fn failed(item: u32, attempt: u32) -> E {
    E::Failed { item, attempt, reason: FailReason::Read, message: "Permission denied".into(), detail: None }
}

fn attempt_failed(item: u32, attempt: u32) -> E {
    let retry_at = 1_764_000_060_000;
    E::AttemptFailed { item, attempt, retry_at, reason: FailReason::Timeout, message: "took 31 s".into() }
}

fn placing(item: u32, attempt: u32) -> E {
    E::Placing {
        item,
        attempt,
        temp: "a/.headway-JOB-0-1".into(),
        target: "a/b.txt".into(),
        trash: Some("trash/0".into()),
        old: Some(Digest([4; 16])),
        new: Digest([5; 16]),
    }
}

fn changing(item: u32, attempt: u32) -> E {
    let path = |text: &str| text.parse().expect("a path");
    let (size, mtime_ns) = (1_234, 1_764_000_000_000_000_000);
    let one = Move { from: path("a/b.jpg"), to: path("a/c.jpg"), size, mtime_ns, hash: None, inode: None };
    let other = Move { from: path("a/b.xmp"), to: path("d/c.xmp"), hash: Some(Digest([7; 16])), ..one.clone() };
    E::Changing { item, attempt, moves: vec![one, other], folders: Vec::new() }
}

fn ended(outcome: Outcome) -> E {
    E::Ended { outcome }
}

fn end(reason: EndReason, message: &str) -> E {
    ended(Outcome::Failed { reason, message: message.into() })
}

fn begun(count: u32) -> Vec<E> {
    vec![planned(0, count), E::PlanEnded { total: count, reruns: Default::default() }, E::Began {}]
}

/// A job to which almost everything happens, and which completes.
fn eventful() -> Vec<E> {
    vec![
        planned(0, 2),
        E::Planned { first: 2, count: 3, skips: vec![(3, 1, SkipReason::Symlink)], detail: Digest([6; 16]) },
        E::PlanEnded { total: 5, reruns: Default::default() },
        E::Approved {},
        E::Changed { priority: Some(2), concurrency: Some(4) },
        E::Began {},
        started(0, 1),
        placing(0, 1),
        done(0, 1, DiskEffect::Changed),
        started(1, 1),
        attempt_failed(1, 1),
        started(1, 2),
        E::Returned { item: 1, attempt: 2 },
        E::Paused { reason: PauseReason::DiskFull },
        E::Resumed {},
        E::Began {},
        started(1, 3),
        E::Recovered { item: 1, attempt: 3, alive: None },
        E::Requeued { item: 1 },
        started(1, 4),
        done(1, 4, DiskEffect::Created),
        started(2, 1),
        E::Skipped { item: 2, attempt: 1, reason: SkipReason::Changed },
        started(4, 1),
        done(4, 1, DiskEffect::Unchanged),
        E::Finishing {},
        ended(Outcome::Completed),
    ]
}

/// The events of each job after the first, and whether its plan waits for approval: every event at least once, and a job
/// of each ending.
fn jobs() -> Vec<(bool, Vec<E>)> {
    vec![
        (true, eventful()),
        (
            false,
            [
                begun(2),
                vec![
                    started(0, 1),
                    E::Recovered { item: 0, attempt: 1, alive: None },
                    E::Dropped { item: 0 },
                    started(1, 1),
                    done(1, 1, DiskEffect::Read),
                ],
                vec![E::Finishing {}, ended(Outcome::CompletedWithErrors)],
            ]
            .concat(),
        ),
        (false, [begun(1), vec![started(0, 1), failed(0, 1), E::Finishing {}, end(EndReason::AllFailed, "")]].concat()),
        (false, vec![end(EndReason::Plan, "the folder \"x\" cannot be listed")]),
        (
            false,
            [
                begun(1),
                vec![
                    started(0, 1),
                    done(0, 1, DiskEffect::Read),
                    E::Finishing {},
                    end(EndReason::Finish, "no space left"),
                ],
            ]
            .concat(),
        ),
        (
            false,
            [
                begun(3),
                vec![started(0, 1), started(1, 1), failed(0, 1), E::Halted { by: HaltBy::Fail, when: HaltWhen::Now }],
                vec![E::Stopped { item: 1, attempt: 1 }, end(EndReason::Halt, "")],
            ]
            .concat(),
        ),
        (
            false,
            [begun(3), vec![started(0, 1), E::CancelRequested {}, E::Stopped { item: 0, attempt: 1 }, E::Cancelled {}]]
                .concat(),
        ),
        (false, vec![E::Paused { reason: PauseReason::Stuck }, E::Resumed {}, E::CancelRequested {}, E::Cancelled {}]),
        (
            false,
            [
                begun(1),
                vec![started(0, 1), changing(0, 1), done(0, 1, DiskEffect::Changed)],
                vec![E::Finishing {}, ended(Outcome::Completed)],
            ]
            .concat(),
        ),
    ]
}

fn write() -> String {
    let mut lines = String::new();
    let mut position = 0;
    for (number, (approval, events)) in jobs().into_iter().enumerate() {
        let id = JobId::mint(1_764_000_000_000 + number as u64, [number as u8 + 1; 10]);
        let created = E::Created {
            id,
            recipe: "checksum".into(),
            title: format!("Checksum of \"photos/ü\" {number}"),
            request: Digest([1; 16]),
            approval,
            priority: 0,
            concurrency: 0,
            parent: None,
            work: None,
        };
        let mut fold: Option<Fold> = None;
        let mut events: Vec<_> = std::iter::once(created).chain(events).collect();
        let mut index = 0;
        while let Some(event) = events.get(index).cloned() {
            index += 1;
            position += 1;
            let recorded = Recorded { seq: index as u64, at: 1_764_000_000_000 + position * 7, event };
            let payload = recorded.encode();
            match &mut fold {
                Some(fold) => fold.apply_recorded(&recorded, &payload).expect("a legal event"),
                None => fold = Some(Fold::create_recorded(&recorded, &payload).expect("created")),
            }
            let Some(fold) = &fold else { unreachable!("made above") };
            let line = Line {
                position,
                job: id,
                payload,
                digest: fold.digest,
                fold: fold.hash(),
                status: fold.status.label().into(),
            };
            lines.push_str(&serde_json::to_string(&line).expect("JSON"));
            lines.push('\n');
            // One of them is pruned as well.
            if number == 6 && index == events.len() && !fold.pruned {
                events.push(E::Pruned {
                    id,
                    request: fold.request,
                    ended_as: fold.status.label().into(),
                    reason: None,
                    created: fold.created,
                    ended: fold.ended.unwrap_or_default(),
                    previous: fold.digest,
                });
            }
        }
    }
    lines
}
