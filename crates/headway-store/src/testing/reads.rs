//! What is read is what was written, in every way of reading.

use std::sync::Arc;

use headway_model::Fold;
use headway_model::event::JobEvent;
use headway_model::groups::GroupBy;
use headway_model::item::ItemLabel;
use headway_model::library::Pattern;

use super::recorder::{Recorder, created, new_job, two_jobs, whole_job};
use crate::{EventPages, ItemPages, JobFilter, OverPages, Store};

/// Events, rows, folds and digests agree with each other.
pub async fn every_way_of_reading_agrees(store: Arc<dyn Store>) {
    let (_, one, row) = two_jobs(&store).await;
    let other = store.jobs(JobFilter::Live, 10).await.expect("jobs")[0].summary.job;
    assert_eq!((row.created_position, row.last_position, row.library.as_str()), (1, 13, "files"));
    let events = store.events(&[row.job_no], 0, 100, 100).await.expect("events");
    let mut fold = Fold::create(&events[0].payload).expect("created");
    for event in &events[1..] {
        fold.apply(&event.payload).expect("a good log");
        assert_eq!(event.digest, fold.digest);
    }
    let (head, folds) = store.folds(&[one, other, new_job()]).await.expect("folds");
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

/// An item is found in each of the ways in which people look for it.
pub async fn items_are_found_by_status_by_name_and_by_group(store: Arc<dyn Store>) {
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

/// A reader of pages gets everything once, however large a page is.
pub async fn pages_return_everything_once_and_in_order(store: Arc<dyn Store>) {
    let jobs = [new_job(), new_job(), new_job()];
    let mut recorder = Recorder::new(Arc::clone(&store));
    for job in jobs {
        recorder.record(job, whole_job(job)).await;
    }
    let whole = store.events(&[], 0, 100, 100).await.expect("events");
    for limit in [1, 2, 5, 13, 100] {
        let (mut pages, mut read) = (EventPages::all(&*store, 37, limit), Vec::new());
        while let Some(page) = pages.next().await.expect("a page") {
            assert!(page.len() <= limit as usize);
            read.extend(page);
        }
        assert_eq!((read.as_slice(), pages.position()), (&whole[..37], 37));
        let (mut pages, mut read) = (EventPages::of_job(&*store, 2, 100, limit).after(20), Vec::new());
        while let Some(page) = pages.next().await.expect("a page") {
            read.extend(page);
        }
        assert_eq!(read, whole[20..26]);

        let (mut items, mut read) = (ItemPages::new(&*store, 2, limit), Vec::new());
        while let Some(page) = items.next().await.expect("a page") {
            read.extend(page.into_iter().map(|row| row.item));
        }
        assert_eq!((read, items.read_up_to()), (vec![0, 1, 2], 3));
        let mut failed = ItemPages::new(&*store, 2, limit).with_status(Some(ItemLabel::Failed));
        assert_eq!(failed.next().await.expect("a page").expect("one item").len(), 1);
        assert!(failed.next().await.expect("a page").is_none());

        let (mut over, mut read) = (OverPages::new(&*store, limit), Vec::new());
        while let Some(page) = over.next().await.expect("a page") {
            read.extend(page.into_iter().map(|row| row.summary.job));
        }
        assert_eq!(read, jobs);
    }
}

/// The jobs that repeat the work of a job for items of another one, such as a retry of its retry.
pub async fn the_jobs_that_repeat_the_work_of_another_are_found(store: Arc<dyn Store>) {
    let (one, retry, other, again, next) = (new_job(), new_job(), new_job(), new_job(), new_job());
    let mut recorder = Recorder::new(Arc::clone(&store));
    let repeating = |id, of, name: &str| {
        let (mut event, request) = created(id);
        if let JobEvent::Created { recipe, parent, .. } = &mut event {
            (*recipe, *parent) = (name.into(), Some(of));
        }
        (event, request)
    };
    recorder.record(one, whole_job(one)).await;
    recorder.record(retry, vec![repeating(retry, one, "checksum")]).await;
    recorder.record(other, vec![created(other)]).await;
    recorder.record(again, vec![repeating(again, retry, "checksum")]).await;
    recorder.record(next, vec![repeating(next, one, "health")]).await;
    let repeating = async |job| {
        let rows = store.jobs(JobFilter::Repeating(job), 10).await.expect("jobs");
        rows.into_iter().map(|row| row.summary.job).collect::<Vec<_>>()
    };
    assert_eq!(repeating(one).await, [again, retry]);
    assert_eq!((repeating(retry).await, repeating(next).await), (vec![again], vec![]));
}

/// The jobs that undo a job are not those that retry it.
pub async fn the_jobs_that_undo_another_are_found(store: Arc<dyn Store>) {
    let (one, other, undo, again) = (new_job(), new_job(), new_job(), new_job());
    let mut recorder = Recorder::new(Arc::clone(&store));
    let undoing = |id, of| {
        let (mut event, request) = created(id);
        if let JobEvent::Created { recipe, parent, .. } = &mut event {
            (*recipe, *parent) = ("undo".into(), Some(of));
        }
        (event, request)
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
