//! Leases, which say who runs an item.

use std::sync::Arc;

use headway_model::{JobEvent, SkipReason};

use super::recorder::{Recorder, created, new_job, plain, planned};
use crate::{Store, rebuild};

/// A lease begins and ends with the attempt of its item.
pub async fn a_lease_is_there_while_its_item_runs_and_no_longer(store: Arc<dyn Store>) {
    let mut recorder = Recorder::new(Arc::clone(&store));
    recorder.writer = recorder.writer.named("here");
    let id = new_job();
    let started = |item| plain(JobEvent::Started { item, attempt: 1 });
    let begin = [created(id), planned(0, 4), plain(JobEvent::PlanEnded { total: 4, reruns: Default::default() })];
    recorder.record(id, begin.into()).await;
    recorder.record(id, vec![plain(JobEvent::Began {}), started(0), started(1)]).await;
    let held = async || {
        let leases = store.leases().await.expect("leases");
        leases.iter().map(|lease| (lease.item, lease.attempt, lease.worker.clone(), lease.until)).collect::<Vec<_>>()
    };
    let until = 1_764_000_000_000 + crate::rows::LEASE;
    assert_eq!(held().await, [(0, 1, "here".to_owned(), until), (1, 1, "here".to_owned(), until)]);
    store.renew("elsewhere", until + 1).await.expect("nothing to do");
    store.renew("here", until + 5).await.expect("a renewal");
    rebuild(store.as_ref(), |_| {}).await.expect("a log");
    assert_eq!(held().await.iter().map(|lease| lease.3).collect::<Vec<_>>(), [until + 5; 2], "rows do not make leases");
    let returned = plain(JobEvent::Returned { item: 0, attempt: 1 });
    // A lease that is taken and returned in one commit never exists.
    let end = [
        returned,
        plain(JobEvent::Recovered { item: 1, attempt: 1, alive: None }),
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
