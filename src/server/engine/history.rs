//! What a job's log says beyond its fold: what it put into place, which attempts did not count, when items are due again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::schedule::Past;
use crate::model::event::{JobEvent, Recorded};
use crate::model::event_kind::EventKind::{self, AttemptFailed, Placing, Recovered, Requeued, Returned, Succeeded};
use crate::model::item::ItemStatus;
use crate::model::{Fold, JobId, Output, Place, RelPath};
use crate::server::files::{Library, Placement, Verdict, io_text};
use crate::server::recipes::output_of;
use crate::server::store::Store;

/// Events read at a time.
const PAGE: u32 = 2_000;

/// Calls `visit` with each of a job's events of these kinds, in order.
async fn each(
    store: &dyn Store,
    job_no: u64,
    kinds: &[EventKind],
    mut visit: impl FnMut(JobEvent),
) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let head = store.head().await.map_err(|error| text(&error))?.position;
    let mut after = 0;
    loop {
        let rows = store.events(&[job_no], after, head, PAGE).await.map_err(|error| text(&error))?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.position;
        for row in
            rows.iter().filter(|row| EventKind::of_payload(&row.payload).is_some_and(|kind| kinds.contains(&kind)))
        {
            visit(Recorded::decode(&row.payload).map_err(|error| text(&error))?.event);
        }
    }
}

/// What a job put into place and left there, in the order of its items.
pub(super) async fn placed(store: &dyn Store, job: JobId) -> Result<Vec<Placement>, String> {
    let row = store.job(job).await.map_err(|error| error.to_string())?;
    let row = row.ok_or_else(|| format!("job {job} is not in the log"))?;
    let (mut open, mut placed) = (BTreeMap::new(), BTreeMap::new());
    each(store, row.job_no, &[Placing, Succeeded], |event| match &event {
        JobEvent::Placing { item, .. } => drop(Placement::of(&event).map(|placement| open.insert(*item, placement))),
        JobEvent::Succeeded { item, .. } => {
            if let Some(placement) = open.remove(item) {
                placed.insert(*item, placement);
            }
        }
        _ => {}
    })
    .await?;
    Ok(placed.into_values().collect())
}

/// What the last process left of a live job: looks at the disk, brings open placements to an end, and removes temporary files
/// of attempts that were under way. No process of that job may be alive any more.
pub(super) async fn past(
    store: &dyn Store,
    library: Option<Arc<Library>>,
    job_no: u64,
    fold: &Fold,
    output: Option<&Output>,
) -> Result<Past, String> {
    let mut past = Past::default();
    if !fold.items().any(|(item, status)| status.is_open() && fold.last_attempt(item) > 0) {
        return Ok(past);
    }
    let mut open = BTreeMap::new();
    each(store, job_no, &[Placing, Returned, Recovered, AttemptFailed, Requeued], |event| match &event {
        JobEvent::Placing { item, .. } => drop(Placement::of(&event).map(|placement| open.insert(*item, placement))),
        JobEvent::Returned { item, .. } | JobEvent::Recovered { item, .. } => {
            *past.free.entry(*item).or_default() += 1;
        }
        JobEvent::AttemptFailed { item, retry_at, .. } => drop(past.retry_at.insert(*item, *retry_at)),
        JobEvent::Requeued { item } => drop(past.retry_at.remove(item)),
        _ => {}
    })
    .await?;
    let (mut running, mut placing) = (Vec::new(), Vec::new());
    for (item, status) in fold.items() {
        match status {
            ItemStatus::Running => running.push(item),
            ItemStatus::Placing => placing.push((item, open.remove(&item))),
            _ => {}
        }
    }
    let mut left = Vec::new();
    for item in running {
        let rows = store.items(job_no, item, 1, None).await.map_err(|error| error.to_string())?;
        left.extend(rows.into_iter().map(|row| (item, temp_folder(&row.file.path, output))));
    }
    let job = fold.id;
    let looked = tokio::task::spawn_blocking(move || {
        let Some(library) = library else {
            let gone =
                || (Verdict::Conflict("this server no longer has the library; nothing was looked at".into()), None);
            return placing.into_iter().map(|(item, _)| (item, gone())).collect();
        };
        for (item, folder) in left {
            if let Err(error) = library.clear_temps(&folder, job, item) {
                tracing::warn!(%folder, %error, "temporary files cannot be removed");
            }
        }
        placing.into_iter().map(|(item, placement)| (item, judged(&library, placement))).collect::<BTreeMap<_, _>>()
    });
    past.placed = looked.await.map_err(|error| error.to_string())?;
    Ok(past)
}

/// How far a placement came, and what there is to tell of it, as JSON.
fn judged(library: &Library, placement: Option<Placement>) -> (Verdict, Option<String>) {
    let Some(placement) = placement else { return (Verdict::Conflict("its log cannot be read".into()), None) };
    let verdict = library.judge(&placement).unwrap_or_else(|error| Verdict::Conflict(io_text(&error)));
    let output = || Value::from(output_of(library, &placement.target, Some(placement.new))).to_string();
    let told = matches!(verdict, Verdict::Done(_)).then(output);
    (verdict, told)
}

/// Where the temporary file of an item is.
fn temp_folder(path: &RelPath, output: Option<&Output>) -> RelPath {
    let beside = path.parent().unwrap_or_default();
    match output.map(|output| &output.place) {
        Some(Place::Folder { path: folder, .. }) if beside.is_root() => folder.clone(),
        Some(Place::Folder { path: folder, .. }) => folder.join_all(&beside.to_bytes()).unwrap_or(beside),
        _ => beside,
    }
}
