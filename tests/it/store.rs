//! The contract of stores, tested for every store by one suite.

use std::collections::BTreeSet;
use std::sync::Arc;

use headway_model::event::{JobEvent, Outcome, Recorded};
use headway_model::groups::GroupBy;
use headway_model::item::ItemLabel;
use headway_model::library::Pattern;
use headway_model::testing::created_with;
use headway_model::{Digest, DiskEffect, Fold, JobId, PlannedFile, RelPath, SkipReason, StartJob};
use headway_server::testing::{Append, AppendError, Writer, WriterEffect};
use headway_store::rows::{Batch, JobKey, JobRow, OutcomeRow};
use headway_store::{EventPages, Head, ItemPages, JobFilter, MemoryStore, OverPages, SqliteStore, Store, rebuild};

use crate::helper::{mint, request};

/// Runs a check on an empty store of each kind.
macro_rules! for_every_store {
    ($($name:ident),* $(,)?) => {
        mod sqlite { $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let store = super::SqliteStore::open(&folder.path().join("log.sqlite")).await.expect("a new log");
            super::$name(std::sync::Arc::new(store)).await;
        })* }
        mod memory { $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            super::$name(std::sync::Arc::new(super::MemoryStore::new())).await;
        })* }
    };
}

for_every_store!(
    a_batch_is_visible_whole_or_not_at_all,
    a_reader_that_has_read_a_position_never_sees_an_earlier_one_appear,
    every_way_of_reading_tells_the_same,
    items_are_found_by_status_by_name_and_by_group,
    an_outcome_is_told_at_the_name_that_its_file_has,
    pages_tell_everything_once_and_in_order,
    the_jobs_that_undo_another_are_found,
    the_head_goes_on_after_a_reopening,
    rebuilt_rows_are_the_same,
    a_job_whose_history_is_removed_is_rebuilt_from_its_last_event_alone,
    no_position_is_given_twice,
    a_lease_is_there_while_its_item_runs_and_no_longer,
);

/// Records events through the writer, as the live path does, in one batch.
pub(crate) struct Recorder {
    writer: Writer,
    store: Arc<dyn Store>,
}

impl Recorder {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let head = Head { next_job_no: 1, ..Head::default() };
        Recorder { writer: Writer::new(head, Vec::new()), store }
    }

    pub(crate) async fn record(&mut self, job: JobId, events: Vec<(JobEvent, Option<String>)>) {
        for (event, detail) in events {
            self.writer.append(Append { ticket: 0, job, event, detail, at: 1_764_000_000_000, over: None });
        }
        let batch = self.writer.batch().expect("something to write");
        self.store.commit(batch).await.expect("a good disk");
        for told in self.writer.committed(true) {
            if let WriterEffect::Answer(_, append, answer) = told {
                answer.unwrap_or_else(|error| panic!("{}: {error}", append.event.name()));
            }
        }
    }
}

pub(crate) fn created(id: JobId) -> (JobEvent, Option<String>) {
    let request: StartJob = serde_json::from_value(request("checksum")).expect("a request");
    let body = serde_json::to_string(&request).expect("JSON");
    let event = created_with(id, "checksum", Digest::of(body.as_bytes()));
    (event, Some(body))
}

fn planned(first: u32, count: u32) -> (JobEvent, Option<String>) {
    let file = |number| PlannedFile {
        path: format!("f{number:04}").parse().expect("a path"),
        size: 7,
        mtime_ns: -3,
        rerun: None,
        becomes: (number % 2 == 1).then(|| format!("g{number:04}").parse().expect("a path")),
    };
    let files: Vec<_> = (first..first + count).map(file).collect();
    let detail = serde_json::to_string(&files).expect("JSON");
    let skips = vec![(first + count - 1, 1, SkipReason::Symlink)];
    (JobEvent::Planned { first, count, skips, detail: Digest::of(detail.as_bytes()) }, Some(detail))
}

fn plain(event: JobEvent) -> (JobEvent, Option<String>) {
    (event, None)
}

fn succeeded(item: u32) -> (JobEvent, Option<String>) {
    let result = r#"{"sha256":"00"}"#.to_owned();
    let detail = Some(Digest::of(result.as_bytes()));
    (JobEvent::Succeeded { item, attempt: 1, effect: DiskEffect::Read, detail }, Some(result))
}

/// A whole small job: three items: one is skipped, and one was interrupted once.
fn whole_job(id: JobId) -> Vec<(JobEvent, Option<String>)> {
    vec![
        created(id),
        planned(0, 3),
        plain(JobEvent::PlanEnded { total: 3, reruns: Default::default() }),
        plain(JobEvent::Began {}),
        plain(JobEvent::Started { item: 0, attempt: 1 }),
        succeeded(0),
        plain(JobEvent::Started { item: 1, attempt: 1 }),
        plain(JobEvent::Recovered { item: 1, attempt: 1 }),
        plain(JobEvent::Requeued { item: 1 }),
        plain(JobEvent::Started { item: 1, attempt: 2 }),
        plain(JobEvent::Failed {
            item: 1,
            attempt: 2,
            reason: headway_model::FailReason::Read,
            message: "gone bad".into(),
        }),
        plain(JobEvent::Finishing {}),
        plain(JobEvent::Ended { outcome: Outcome::CompletedWithErrors }),
    ]
}

async fn a_batch_is_visible_whole_or_not_at_all(store: Arc<dyn Store>) {
    let id = mint();
    let mut recorder = Recorder::new(Arc::clone(&store));
    let reader = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                let head = store.head().await.expect("a head").position;
                let events = store.events(&[], 0, u64::MAX >> 1, 1_000).await.expect("events");
                assert!(events.len() as u64 >= head, "the head was ahead of the events");
                assert!(events.len().is_multiple_of(13), "a part of a batch was visible: {}", events.len());
                if events.len() == 5 * 13 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    recorder.record(id, whole_job(id)).await;
    for _ in 0..4 {
        let id = mint();
        recorder.record(id, whole_job(id)).await;
    }
    reader.await.expect("a reader without complaint");
}

async fn a_reader_that_has_read_a_position_never_sees_an_earlier_one_appear(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    let total = 40 * 13;
    let reader = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let (mut after, mut seen) = (0, 0);
            while seen < total {
                for row in store.events(&[], after, u64::MAX >> 1, 7).await.expect("events") {
                    assert_eq!(row.position, after + 1, "a position was missed");
                    after = row.position;
                    seen += 1;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    for _ in 0..40 {
        let id = mint();
        recorder.record(id, whole_job(id)).await;
    }
    reader.await.expect("a reader without complaint");
}

async fn every_way_of_reading_tells_the_same(store: Arc<dyn Store>) {
    let (_, one, row) = two_jobs(&store).await;
    let other = store.jobs(JobFilter::Live, 10).await.expect("jobs")[0].summary.job;
    assert_eq!((row.created_position, row.last_position, row.library.as_str()), (1, 13, "files"));
    let events = store.events(&[row.job_no], 0, 100, 100).await.expect("events");
    let mut fold = Fold::create(&events[0].payload).expect("created");
    for event in &events[1..] {
        fold.apply(&event.payload).expect("a good log");
        assert_eq!(event.digest, fold.digest);
    }
    let (head, folds) = store.folds(&[one, other, mint()]).await.expect("folds");
    assert_eq!((head, folds.len()), (15, 2));
    assert_eq!(folds[0], fold);
    assert_eq!(row.fold, Some(fold.hash()));
    assert_eq!(row.summary.digest, fold.digest);

    let both = store.events(&[row.job_no, row.job_no + 1], 12, 14, 100).await.expect("events");
    assert_eq!(both.iter().map(|row| (row.position, row.job)).collect::<Vec<_>>(), [(13, one), (14, other)]);
    assert_eq!(store.events(&[row.job_no + 1], 0, 100, 1).await.expect("events").len(), 1);
    assert_eq!(store.digest_at(13).await.expect("a digest"), Some(fold.digest));
    assert_eq!(store.digest_at(99).await.expect("a digest"), None);
    assert_eq!(store.event_before(row.job_no, 99).await.expect("an event"), Some((13, fold.digest)));
    assert_eq!(store.event_before(row.job_no + 1, 13).await.expect("an event"), None);
    let ninth = events[8].clone();
    assert_eq!(store.event_at(row.job_no, 9).await.expect("an event"), Some((ninth.position, ninth.digest)));
    for seq in [0, 14] {
        assert_eq!(store.event_at(row.job_no, seq).await.expect("no event"), None);
    }
    assert!(store.request(row.job_no).await.expect("a request").is_some_and(|text| text.contains("checksum")));

    let jobs = async |filter| {
        let rows = store.jobs(filter, 10).await.expect("jobs");
        rows.into_iter().map(|row| row.summary.job).collect::<Vec<_>>()
    };
    assert_eq!(jobs(JobFilter::Live).await, [other]);
    assert_eq!(jobs(JobFilter::ChangedAfter(13)).await, [other]);
    assert_eq!(jobs(JobFilter::Before(None)).await, [other, one]);
    assert_eq!(jobs(JobFilter::Before(Some(other))).await, [one]);
}

/// Records a job that has ended and one that is planned: the first one, its row, and the recorder for more.
async fn two_jobs(store: &Arc<dyn Store>) -> (Recorder, JobId, JobRow) {
    let (one, other) = (mint(), mint());
    let mut recorder = Recorder::new(Arc::clone(store));
    recorder.record(one, whole_job(one)).await;
    recorder.record(other, vec![created(other), planned(0, 2)]).await;
    let row = store.job(one).await.expect("a read").expect("the job");
    (recorder, one, row)
}

async fn items_are_found_by_status_by_name_and_by_group(store: Arc<dyn Store>) {
    let (_, _, row) = two_jobs(&store).await;
    let items = store.items(row.job_no, 0, 10, None).await.expect("items");
    let words: Vec<_> = items.iter().map(|item| (item.state.status.label().name(), item.state.attempt)).collect();
    assert_eq!(words, [("succeeded", 1), ("failed", 2), ("skipped", 0)]);
    assert_eq!(items[0].state.result.as_deref(), Some(r#"{"sha256":"00"}"#));
    assert_eq!(items[1].state.message.as_deref(), Some("gone bad"));
    assert_eq!((items[2].file.size, items[2].file.mtime_ns), (7, -3));
    let failed = store.items(row.job_no, 0, 10, Some(ItemLabel::Failed)).await.expect("items");
    assert_eq!(failed.iter().map(|item| item.item).collect::<Vec<_>>(), [1]);
    assert!(store.items(row.job_no, 2, 10, Some(ItemLabel::Failed)).await.expect("items").is_empty());

    let these = store.items_at(row.job_no, &[2, 9, 0]).await.expect("items");
    assert_eq!(these, [items[0].clone(), items[2].clone()]);

    let named = async |text| {
        let pattern = Pattern::new(text).expect("a pattern");
        store.named(row.job_no, &pattern).await.expect("names").items
    };
    assert_eq!(named("F000").await, [0, 1, 2]);
    assert_eq!(named("01").await, [1]);
    assert_eq!(named("f*2").await, [2]);
    assert!(named("*1x").await.is_empty());
    let groups = store.groups(row.job_no, GroupBy::Size).await.expect("groups");
    assert_eq!((groups.names.len(), groups.of.as_str()), (1, "aaa"));
}

async fn an_outcome_is_told_at_the_name_that_its_file_has(store: Arc<dyn Store>) {
    let (mut recorder, one, row) = two_jobs(&store).await;
    let items = store.items(row.job_no, 0, 10, None).await.expect("items");
    let paths: Vec<_> = items.iter().map(|item| item.file.path.clone()).collect();
    let told = async |paths: &[RelPath], before: u64| {
        let rows = store.outcomes("files", paths, before, &[]).await.expect("outcomes");
        let from = |row: &OutcomeRow| row.moved_from.as_ref().map(ToString::to_string).unwrap_or_default();
        let words = rows.iter().map(|row| format!("{} {}{}", row.path, row.status.label(), from(row)));
        words.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let all = ["f0000 succeeded", "f0001 failed", "f0001 skipped", "f0002 skipped"];
    assert_eq!(told(&paths, u64::MAX).await, all);
    assert_eq!(told(&paths, row.job_no + 1).await, ["f0000 succeeded", "f0001 failed", "f0002 skipped"]);
    assert!(store.outcomes("elsewhere", &paths, u64::MAX, &[]).await.expect("outcomes").is_empty());

    // A job that renamed a file is told at the new name.
    let renames = mint();
    let result = r#"{"moved":"g0001"}"#.to_owned();
    let detail = Some(Digest::of(result.as_bytes()));
    let moved = JobEvent::Succeeded { item: 1, attempt: 1, effect: DiskEffect::Changed, detail };
    let begin = [created(renames), planned(0, 6), plain(JobEvent::PlanEnded { total: 6, reruns: Default::default() })];
    recorder.record(renames, begin.into()).await;
    let run = [plain(JobEvent::Began {}), plain(JobEvent::Started { item: 1, attempt: 1 }), (moved, Some(result))];
    recorder.record(renames, run.into()).await;
    assert_eq!(told(&paths, u64::MAX).await, all);
    let path = |text: &str| [text.parse::<RelPath>().expect("a path")];
    assert_eq!(told(&path("g0001"), u64::MAX).await, ["g0001 succeededf0001"]);

    // Also at a name that the plan did not say; and an item that failed gave no name.
    let result = r#"{"moved":"h0003"}"#.to_owned();
    let detail = Some(Digest::of(result.as_bytes()));
    let moved = JobEvent::Succeeded { item: 3, attempt: 1, effect: DiskEffect::Changed, detail };
    recorder.record(renames, [plain(JobEvent::Started { item: 3, attempt: 1 }), (moved, Some(result))].into()).await;
    assert_eq!(told(&path("h0003"), u64::MAX).await, ["h0003 succeededf0003"]);
    assert!(told(&path("g0003"), u64::MAX).await.is_empty(), "the name of the plan is not the file's");
    assert_eq!(told(&paths, u64::MAX).await, all);

    // Jobs that are left out hide nothing.
    let f0001 = path("f0001");
    let without = async |but: &[u64]| store.outcomes("files", &f0001, u64::MAX, but).await.expect("outcomes").len();
    assert_eq!((without(&[]).await, without(&[row.job_no]).await), (2, 1));
    let f0000 = path("f0000");
    let done = async |but: &[u64]| {
        let rows = store.done("files", "checksum", &f0000, but).await.expect("rows");
        rows.iter().map(|done| done.job).collect::<Vec<_>>()
    };
    assert_eq!((done(&[]).await, done(&[row.job_no]).await), (vec![one], vec![]));
}

async fn pages_tell_everything_once_and_in_order(store: Arc<dyn Store>) {
    let jobs = [mint(), mint(), mint()];
    let mut recorder = Recorder::new(Arc::clone(&store));
    for job in jobs {
        recorder.record(job, whole_job(job)).await;
    }
    let whole = store.events(&[], 0, 100, 100).await.expect("events");
    for limit in [1, 2, 5, 13, 100] {
        let (mut pages, mut told) = (EventPages::all(&*store, 37, limit), Vec::new());
        while let Some(page) = pages.next().await.expect("a page") {
            assert!(page.len() <= limit as usize);
            told.extend(page);
        }
        assert_eq!((told.as_slice(), pages.position()), (&whole[..37], 37));
        let (mut pages, mut told) = (EventPages::of_job(&*store, 2, 100, limit).after(20), Vec::new());
        while let Some(page) = pages.next().await.expect("a page") {
            told.extend(page);
        }
        assert_eq!(told, whole[20..26]);

        let (mut items, mut told) = (ItemPages::new(&*store, 2, limit), Vec::new());
        while let Some(page) = items.next().await.expect("a page") {
            told.extend(page.into_iter().map(|row| row.item));
        }
        assert_eq!((told, items.read_up_to()), (vec![0, 1, 2], 3));
        let mut failed = ItemPages::new(&*store, 2, limit).with_status(Some(ItemLabel::Failed));
        assert_eq!(failed.next().await.expect("a page").expect("one item").len(), 1);
        assert!(failed.next().await.expect("a page").is_none());

        let (mut over, mut told) = (OverPages::new(&*store, limit), Vec::new());
        while let Some(page) = over.next().await.expect("a page") {
            told.extend(page.into_iter().map(|row| row.summary.job));
        }
        assert_eq!(told, jobs);
    }
}

async fn the_jobs_that_undo_another_are_found(store: Arc<dyn Store>) {
    let (one, other, undo, again) = (mint(), mint(), mint(), mint());
    let mut recorder = Recorder::new(Arc::clone(&store));
    let undoing = |id, of| match created(id) {
        (JobEvent::Created { title, request, work, .. }, detail) => {
            let (recipe, parent) = ("undo".into(), Some(of));
            let created = JobEvent::Created {
                id,
                recipe,
                title,
                request,
                approval: false,
                priority: 0,
                concurrency: 0,
                parent,
                work,
            };
            (created, detail)
        }
        (event, _) => panic!("not a first event: {}", event.name()),
    };
    recorder.record(one, whole_job(one)).await;
    recorder.record(other, vec![created(other)]).await;
    recorder.record(undo, vec![undoing(undo, one)]).await;
    recorder.record(again, vec![undoing(again, one)]).await;
    let undoing = async |job| {
        let rows = store.jobs(JobFilter::Undoing(job), 10).await.expect("jobs");
        rows.into_iter().map(|row| row.summary.job).collect::<Vec<_>>()
    };
    assert_eq!(undoing(one).await, [again, undo]);
    assert_eq!((undoing(other).await, undoing(undo).await), (vec![], vec![]));
    let retrying = store.jobs(JobFilter::Retrying(one), 10).await.expect("jobs");
    assert!(retrying.is_empty(), "an undo is no retry");
    let row = store.job(one).await.expect("a read").expect("the job");
    let items = store.items(row.job_no, 0, 2, None).await.expect("items");
    let paths: Vec<_> = items.iter().map(|item| item.file.path.clone()).collect();
    let found = store.items_for(&[row.job_no], &paths[..1]).await.expect("items");
    assert_eq!(found.iter().map(|item| &item.file.path).collect::<Vec<_>>(), [&paths[0]]);
    assert!(store.items_for(&[], &paths).await.expect("items").is_empty());
}

async fn the_head_goes_on_after_a_reopening(store: Arc<dyn Store>) {
    let id = mint();
    Recorder::new(Arc::clone(&store)).record(id, vec![created(id), planned(0, 2)]).await;
    let head = store.head().await.expect("a head");
    assert_eq!((head.position, head.next_job_no), (2, 2));
    let row = store.job(id).await.expect("a read").expect("the job");
    assert_eq!(head.digest, Some(row.summary.digest));

    let (_, folds) = store.folds(&[id]).await.expect("folds");
    let key = JobKey { job_no: row.job_no, created_position: 1, library: "files".into(), work: None };
    let mut recorder = Recorder { writer: Writer::new(head, vec![(key, folds[0].clone())]), store: Arc::clone(&store) };
    recorder.record(id, vec![plain(JobEvent::PlanEnded { total: 2, reruns: Default::default() })]).await;
    let events = store.events(&[row.job_no], 0, 100, 100).await.expect("events");
    assert_eq!(events.iter().map(|row| (row.position, row.seq)).collect::<Vec<_>>(), [(1, 1), (2, 2), (3, 3)]);
}

async fn rebuilt_rows_are_the_same(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    let mut ids = Vec::new();
    for round in 0..6 {
        let id = mint();
        let mut events = whole_job(id);
        match round {
            // A job with each kind of end, and some live jobs.
            1 => events.truncate(5),
            2 => {
                events.truncate(3);
                events.extend([plain(JobEvent::CancelRequested {}), plain(JobEvent::Cancelled {})]);
            }
            3 => events.truncate(2),
            _ => {}
        }
        recorder.record(id, events).await;
        ids.push(id);
    }
    let all = async || {
        let jobs = store.jobs(JobFilter::Before(None), 100).await.expect("jobs");
        let mut items = Vec::new();
        for job in &jobs {
            items.extend(store.items(job.job_no, 0, 100, None).await.expect("items"));
        }
        (jobs, items, store.folds(&ids).await.expect("folds"), store.head().await.expect("a head"))
    };
    let before = all().await;
    let done = rebuild(store.as_ref(), |_| {}).await.expect("a good log");
    assert_eq!(done.jobs, 6);
    assert_eq!(all().await, before);
}

async fn a_job_whose_history_is_removed_is_rebuilt_from_its_last_event_alone(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    let (old, other) = (mint(), mint());
    recorder.record(old, whole_job(old)).await;
    recorder.record(other, whole_job(other)).await;
    let row = store.job(old).await.expect("a read").expect("the job");
    let (_, folds) = store.folds(&[old]).await.expect("folds");
    let prune = |fold: &Fold| {
        let event = fold.prune().expect("it is over");
        let key = JobKey { job_no: row.job_no, created_position: row.created_position, ..JobKey::default() };
        let over = Some(Box::new((key, fold.clone())));
        Append { ticket: 0, job: old, event, detail: None, at: 1_764_000_000_000, over }
    };
    recorder.writer.append(prune(&folds[0]));
    // A writer that read the job before that and records the same event is refused.
    recorder.writer.append(prune(&folds[0]));
    let batch = recorder.writer.batch().expect("something to write");
    assert_eq!(batch.events.len(), 1);
    store.commit(batch).await.expect("a good disk");
    recorder.writer.committed(true);
    recorder.writer.append(prune(&folds[0]));
    assert!(recorder.writer.batch().is_none());

    let all = async || {
        let over = store.jobs(JobFilter::Over(0), 10).await.expect("jobs");
        let shown = store.jobs(JobFilter::Before(None), 10).await.expect("jobs");
        assert_eq!(shown.iter().map(|row| row.summary.job).collect::<Vec<_>>(), [other], "lists do not show it");
        (
            store.job(old).await.expect("a read").expect("the job"),
            over.len(),
            store.folds(&[other]).await.expect("folds"),
        )
    };
    let (left, over, _) = all().await;
    let (_, folds) = store.folds(&[old]).await.expect("folds");
    assert_eq!(Some(folds[0].hash()), left.fold, "though its items are still there");
    assert_eq!((left.summary.pruned, left.summary.counters.total, over), (true, 0, 2));
    let position = left.last_position;
    // During the removal, and after it, the rows can be rebuilt.
    let bytes = store.bytes().await.expect("bytes");
    assert!(store.trim(row.job_no, position, 3).await.expect("a removal"));
    rebuild(store.as_ref(), |_| {}).await.expect("a log");
    let (again, ..) = all().await;
    assert_eq!((again.head, again.fold, again.summary), (left.head, left.fold, left.summary));
    while store.trim(row.job_no, position, 3).await.expect("a removal") {}
    let trimmed = all().await;
    assert_eq!((trimmed.0.created_position, trimmed.1), (position, 1), "nothing is left to be removed");
    assert!(store.bytes().await.expect("bytes") <= bytes);
    assert_eq!(store.events(&[row.job_no], 0, 1_000, 100).await.expect("events").len(), 1);
    assert!(store.items(row.job_no, 0, 10, None).await.expect("items").is_empty());
    assert_eq!(store.events(&[], 0, 1_000, 100).await.expect("events")[0].position, row.last_position + 1);
    rebuild(store.as_ref(), |_| {}).await.expect("a log");
    assert_eq!((all().await.0, all().await.2), (trimmed.0, trimmed.2));
}

async fn a_lease_is_there_while_its_item_runs_and_no_longer(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    recorder.writer = recorder.writer.named("here");
    let id = mint();
    let started = |item| plain(JobEvent::Started { item, attempt: 1 });
    let begin = [created(id), planned(0, 4), plain(JobEvent::PlanEnded { total: 4, reruns: Default::default() })];
    recorder.record(id, begin.into()).await;
    recorder.record(id, vec![plain(JobEvent::Began {}), started(0), started(1)]).await;
    let held = async || {
        let leases = store.leases().await.expect("leases");
        leases.iter().map(|lease| (lease.item, lease.attempt, lease.worker.clone(), lease.until)).collect::<Vec<_>>()
    };
    let until = 1_764_000_000_000 + headway_store::rows::LEASE;
    assert_eq!(held().await, [(0, 1, "here".to_owned(), until), (1, 1, "here".to_owned(), until)]);
    store.renew("elsewhere", until + 1).await.expect("nothing to do");
    store.renew("here", until + 5).await.expect("a renewal");
    rebuild(store.as_ref(), |_| {}).await.expect("a log");
    assert_eq!(held().await.iter().map(|lease| lease.3).collect::<Vec<_>>(), [until + 5; 2], "rows do not make leases");
    let returned = plain(JobEvent::Returned { item: 0, attempt: 1 });
    // A lease that is taken and returned in one commit never exists.
    let end = [
        returned,
        plain(JobEvent::Recovered { item: 1, attempt: 1 }),
        started(2),
        plain(JobEvent::Skipped { item: 2, attempt: 1, reason: SkipReason::Changed }),
    ];
    recorder.record(id, end.into()).await;
    assert!(held().await.is_empty());
    let attempt = |attempt| plain(JobEvent::Started { item: 0, attempt });
    recorder.record(id, vec![attempt(2)]).await;
    assert_eq!(held().await[0].1, 2, "the attempt is the fencing token");
    // If a lease is returned, taken and returned again in one commit, the earlier lease is gone too.
    let again = [
        plain(JobEvent::Returned { item: 0, attempt: 2 }),
        attempt(3),
        plain(JobEvent::Skipped { item: 0, attempt: 3, reason: SkipReason::Changed }),
    ];
    recorder.record(id, again.into()).await;
    assert!(held().await.is_empty());
}

async fn no_position_is_given_twice(store: Arc<dyn Store>) {
    let id = mint();
    Recorder::new(Arc::clone(&store)).record(id, vec![created(id)]).await;
    // A second writer that does not know of the first.
    let (event, detail) = created(mint());
    let JobEvent::Created { id: other, .. } = event else { unreachable!("it is created") };
    let mut late = Writer::new(Head { next_job_no: 2, ..Head::default() }, Vec::new());
    late.append(Append { ticket: 0, job: other, event, detail, at: 1, over: None });
    let batch: Batch = late.batch().expect("something to write");
    assert!(store.commit(batch).await.is_err());
    assert_eq!(store.head().await.expect("a head").position, 1);
    assert!(matches!(late.committed(false).as_slice(), [WriterEffect::Answer(_, _, Err(AppendError::Dead))]));
    assert_eq!(store.events(&[], 0, 100, 10).await.expect("events").len(), 1);
    assert!(Recorded::decode(&store.events(&[], 0, 100, 10).await.expect("events")[0].payload).is_ok());
}

#[tokio::test]
async fn the_tables_of_an_earlier_log_are_brought_up_to_date_and_those_of_a_later_one_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("log.sqlite");
    let log = rusqlite::Connection::open(&path).expect("a new file");
    for version in ["0001_log", "0002_done", "0003_prune", "0004_leases"] {
        let statements = std::fs::read_to_string(format!(
            "{}/crates/headway-store/migrations/{version}.sql",
            env!("CARGO_MANIFEST_DIR")
        ));
        log.execute_batch(&statements.expect("a migration")).expect("the tables of that time");
    }
    // With the counts of that version.
    log.execute_batch(
        "CREATE TABLE _sqlx_migrations (version); INSERT INTO _sqlx_migrations VALUES (1), (2), (3), (4)",
    )
    .expect("a table");
    drop(SqliteStore::open(&path).await.expect("a log that is brought up to date"));
    let version = |log: &rusqlite::Connection| log.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let now = version(&log).expect("a version");
    assert!(now > 4, "{now}");
    let left: i64 = log
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(left, 0);
    drop(SqliteStore::open(&path).await.expect("and again, which changes nothing"));
    assert_eq!(version(&log).expect("a version"), now);
    log.pragma_update(None, "user_version", 99).expect("a later version");
    let refused = SqliteStore::open(&path).await.err().expect("a refusal").to_string();
    assert!(refused.contains("version 99") && refused.contains("later"), "{refused}");
}
