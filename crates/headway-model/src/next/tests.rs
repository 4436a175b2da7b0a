use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::event::Outcome;
use crate::event::{HaltWhen, Recorded};
use crate::item::DiskEffect;
use crate::status::EndReason;
use crate::testing::{cases, created, every_event, job_id, planned, random_events, record};

/// Jobs in every status, with item 0 in every status that the job's allows.
fn samples() -> Vec<(&'static str, Fold)> {
    let start = vec![created(job_id(1))];
    let with = |base: &[JobEvent], more: &[JobEvent]| [base, more].concat();
    let started = JobEvent::Started { item: 0, attempt: 1 };
    let done = |item| {
        [
            JobEvent::Started { item, attempt: 1 },
            JobEvent::Succeeded { item, attempt: 1, effect: DiskEffect::Read, detail: None },
        ]
    };
    let failed = |item| {
        [
            JobEvent::Started { item, attempt: 1 },
            JobEvent::Failed { item, attempt: 1, reason: FailReason::Read, message: "why".into(), detail: None },
        ]
    };
    let placing = every_event(&record(&start).1).into_iter().find(|event| event.name() == "placing").expect("one");
    let recovered = JobEvent::Recovered { item: 0, attempt: 1, alive: None };
    let pause = JobEvent::Paused { reason: PauseReason::DiskFull };
    let halt = |by| JobEvent::Halted { by, when: HaltWhen::Soon };
    let end = |outcome| JobEvent::Ended { outcome };
    let plan_ended = JobEvent::PlanEnded { total: 2, reruns: Default::default() };

    let planning = with(&start, &[planned(0, 2)]);
    let queued = with(&planning, std::slice::from_ref(&plan_ended));
    let processing = with(&queued, &[JobEvent::Began {}]);
    let running = with(&processing, std::slice::from_ref(&started));
    let both_done = with(&processing, &[done(0), done(1)].concat());
    let one_failed = with(&processing, &[failed(0), done(1)].concat());
    let all_failed = with(&processing, &[failed(0), failed(1)].concat());
    let finishing = |base: &[JobEvent]| with(base, &[JobEvent::Finishing {}]);
    let halted = with(&processing, &[done(1).to_vec(), vec![started.clone(), halt(HaltBy::Fail)]].concat());
    [
        ("created", start.clone()),
        ("planning", planning.clone()),
        ("planned", vec![wants_approval(), planned(0, 2), plan_ended]),
        ("queued", queued.clone()),
        ("queued, item running", with(&running, &[pause.clone(), JobEvent::Resumed {}])),
        ("processing", processing.clone()),
        ("processing, item running", running.clone()),
        ("processing, item placing", with(&running, std::slice::from_ref(&placing))),
        ("processing, item interrupted", with(&running, std::slice::from_ref(&recovered))),
        ("processing, item failed", with(&processing, &failed(0))),
        ("processing, all settled", both_done.clone()),
        ("processing, halted, item running", halted.clone()),
        ("processing, halted, all settled", with(&halted, &[JobEvent::Stopped { item: 0, attempt: 1 }])),
        ("processing, enough done", with(&processing, &[done(0).to_vec(), vec![halt(HaltBy::Success)]].concat())),
        ("paused in planning", with(&planning, std::slice::from_ref(&pause))),
        ("paused, item running", with(&running, std::slice::from_ref(&pause))),
        ("paused by user", with(&queued, &[JobEvent::Paused { reason: PauseReason::User }])),
        ("cancelling", with(&processing, &[JobEvent::CancelRequested {}])),
        ("cancelling, item running", with(&running, &[JobEvent::CancelRequested {}])),
        ("cancelling, item placing", with(&running, &[placing, JobEvent::CancelRequested {}])),
        ("finishing", finishing(&both_done)),
        ("finishing, one failed", finishing(&one_failed)),
        ("finishing, all failed", finishing(&all_failed)),
        ("completed", with(&finishing(&both_done), &[end(Outcome::Completed)])),
        ("completed with errors", with(&finishing(&one_failed), &[end(Outcome::CompletedWithErrors)])),
        ("failed", with(&start, &[end(Outcome::Failed { reason: EndReason::Plan, message: String::new() })])),
        ("cancelled", with(&processing, &[JobEvent::CancelRequested {}, JobEvent::Cancelled {}])),
    ]
    .into_iter()
    .map(|(name, events)| (name, record(&events).1))
    .collect()
}

/// The first event of a job whose plan waits for approval.
fn wants_approval() -> JobEvent {
    let mut event = created(job_id(1));
    if let JobEvent::Created { approval, .. } = &mut event {
        *approval = true;
    }
    event
}

fn outcome(fold: &Fold, event: &JobEvent) -> String {
    match next(Some(fold), event) {
        Err(refusal) => format!("refused: {refusal}"),
        Ok(Next { status, change: FoldChange::Item { to, .. } }) => format!("{}, item {}", status.text(), to.label()),
        Ok(Next { status, change: FoldChange::CancelIdle }) => format!("{}, idle items cancelled", status.text()),
        Ok(Next { status, .. }) => status.text(),
    }
}

/// Checks every pair of a job and an event, including refusals, against the table that was reviewed line by line.
/// `UPDATE_TABLE=1` rewrites the table for another review.
#[test]
fn every_pair_of_job_and_event_gives_the_result_in_the_table() {
    let mut table = String::new();
    for (name, fold) in samples() {
        writeln!(table, "## {name}").expect("a string");
        for event in every_event(&fold) {
            let variant = serde_json::to_value(&event).expect("an event");
            let variant = ["reason", "by", "status", "skips"]
                .iter()
                .find_map(|key| variant.get(key))
                .map_or(String::new(), |value| format!(" {value}"));
            writeln!(table, "{}{variant} -> {}", event.name(), outcome(&fold, &event)).expect("a string");
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/next_table.txt");
    if std::env::var_os("UPDATE_TABLE").is_some() {
        std::fs::write(path, &table).expect("a writable checkout");
    }
    assert_eq!(std::fs::read_to_string(path).expect("the table"), table);
}

#[test]
fn nothing_but_created_happens_to_a_job_that_does_not_exist() {
    let (_, fold) = record(&[created(job_id(1))]);
    for event in every_event(&fold) {
        let accepted = next(None, &event).is_ok();
        assert_eq!(accepted, event.name() == "created", "{}", event.name());
    }
}

#[test]
fn nothing_at_all_happens_to_a_pruned_job() {
    let (_, fold) = samples().pop().expect("samples");
    let pruned = every_event(&fold).into_iter().find(|event| event.name() == "pruned").expect("one");
    let mut gone = fold.clone();
    let recorded = Recorded { seq: fold.seq + 1, at: 0, event: pruned };
    gone.apply_recorded(&recorded, &recorded.encode()).expect("a terminal job can be pruned");
    assert!(every_event(&gone).iter().all(|event| next(Some(&gone), event) == Err(Refusal::Over(Some("pruned")))));
}

#[test]
fn a_stale_attempt_is_refused() {
    let (_, fold) = samples().into_iter().find(|(name, _)| *name == "processing, item running").expect("a sample");
    for attempt in [0, 2, u32::MAX] {
        let late = JobEvent::Succeeded { item: 0, attempt, effect: DiskEffect::Read, detail: None };
        assert_eq!(next(Some(&fold), &late), Err(Refusal::Attempt { given: attempt, present: 1 }));
    }
    let beyond = JobEvent::Started { item: 2, attempt: 1 };
    assert_eq!(next(Some(&fold), &beyond), Err(Refusal::NoItem(2)));
}

#[test]
fn a_planned_range_must_follow_the_last_and_its_skips_must_lie_in_it() {
    let (_, fold) = record(&[created(job_id(1)), planned(0, 5)]);
    let range = |first, count, skips: &[(u32, u32)]| JobEvent::Planned {
        first,
        count,
        skips: skips.iter().map(|(start, length)| (*start, *length, SkipReason::Symlink)).collect(),
        detail: crate::Digest([0; 16]),
    };
    assert!(next(Some(&fold), &range(5, 1_000, &[(5, 1), (6, 2), (1_004, 1)])).is_ok());
    for wrong in [
        range(4, 2, &[]),
        range(6, 2, &[]),
        range(5, 0, &[]),
        range(5, 1_001, &[]),
        range(5, 3, &[(4, 1)]),
        range(5, 3, &[(7, 2)]),
        range(5, 3, &[(6, 1), (6, 1)]),
        range(5, 3, &[(6, 0)]),
        range(5, 3, &[(6, u32::MAX)]),
        JobEvent::PlanEnded { total: 4, reruns: Default::default() },
    ] {
        assert_eq!(next(Some(&fold), &wrong), Err(Refusal::Range), "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_accepted_sequence_replays_to_the_same_job_and_adds_up_at_every_event(seed: u64, most in 2usize..120) {
        let (payloads, live) = record(&random_events(seed, most));
        let mut replayed = Fold::create(&payloads[0]).expect("created");
        for payload in &payloads[1..] {
            replayed.apply(payload).expect("accepted once");
            prop_assert!(replayed.counters.add_up());
            let mut counted = crate::Counters::default();
            replayed.items().for_each(|(_, status)| counted.add(status));
            prop_assert_eq!(counted, replayed.counters);
        }
        prop_assert_eq!(replayed.hash(), live.hash());
        prop_assert_eq!(replayed, live);
    }

    #[test]
    fn a_snapshot_at_any_event_plus_the_rest_is_the_fold_of_all(seed: u64, most in 2usize..120, cut: prop::sample::Index) {
        let (payloads, whole) = record(&random_events(seed, most));
        let at = cut.index(payloads.len()) + 1;
        let mut fold = Fold::create(&payloads[0]).expect("created");
        payloads[1..at].iter().for_each(|payload| drop(fold.apply(payload).expect("accepted once")));
        let wire = serde_json::to_string(&fold.snapshot()).expect("a snapshot");
        let snapshot: crate::snapshot::Snapshot = serde_json::from_str(&wire).expect("the same");
        let mut resumed = snapshot.fold().expect("known statuses");
        prop_assert_eq!(&resumed, &fold);
        payloads[at..].iter().for_each(|payload| drop(resumed.apply(payload).expect("accepted once")));
        prop_assert_eq!(resumed.digest, whole.digest);
        prop_assert_eq!(resumed.hash(), whole.hash());
    }

    #[test]
    fn a_terminal_status_is_final(seed: u64) {
        let events = random_events(seed, 200);
        let mut over = None;
        let (payloads, _) = record(&events);
        let mut fold = Fold::create(&payloads[0]).expect("created");
        for payload in &payloads[1..] {
            fold.apply(payload).expect("accepted once");
            if let Some(status) = over {
                prop_assert_eq!(fold.status, status);
            }
            over = over.or(fold.status.is_terminal().then_some(fold.status));
        }
    }
}
