//! What is done again after the connection of the writer broke, and how often.

use std::time::Instant;

use tokio::sync::Mutex;

use super::transaction::{BatchPositions, NotCommitted, Writing, head_after};
use super::way_back::WayBack;
use crate::lock;
use headway_store::rows::Batch;
use headway_store::{StoreError, Stored};

/// How often the connection can break in the middle of one transaction before it is to blame.
pub(super) const LOSSES: u32 = 20;

/// Writes a batch until it is in the log, or cannot get there. A commit without an answer is looked up: the head tells
/// whether it is there.
pub(super) async fn committed(
    mut writing: Writing,
    batch: &Batch,
    positions: BatchPositions,
    way_back: Option<&WayBack>,
) -> Stored<Writing> {
    let mut losses = 0;
    loop {
        let failure = match writing.commit(batch, positions).await {
            Ok(()) => break,
            Err(failure) => failure,
        };
        let Some(way_back) = way_back else { return Err(failure.into_error()) };
        match failure {
            NotCommitted::Lost(error) => {
                losses += 1;
                if losses == LOSSES {
                    return Err(too_many_losses());
                }
                let back = way_back.follow(&writing, &error).await?;
                if !batch.events.is_empty() && back.head == head_after(batch) {
                    writing = back;
                    break;
                }
                writing = unchanged(&writing, back)?;
            }
            NotCommitted::TakenBack(error) if error.passes.is_some() => way_back.rest(&error).await,
            NotCommitted::TakenBack(error) | NotCommitted::Over(error) => return Err(error),
        }
    }
    if let Some(way_back) = way_back {
        way_back.absence.ends();
    }
    Ok(writing)
}

/// Connects again if the connection broke while nothing was written. If it did not, asks the database whether this is
/// still the last writer: an idle one knows it too.
pub(super) async fn look_after(slot: &Mutex<Option<Writing>>, way_back: &WayBack) {
    let mut slot = slot.lock().await;
    let Some(lost) = slot.take_if(|writing| writing.session.is_closed()) else {
        let Some(writing) = &*slot else { return };
        let asked = Instant::now();
        // Whoever is no longer the last one learns that from its next commit, with the reason.
        if let Ok(true) = way_back.noting(lock::is_last(&writing.session, writing.fence)).await {
            writing.proof.note(asked);
        }
        return;
    };
    let why = StoreError::new("the connection to PostgreSQL is closed");
    match way_back.follow(&lost, &why).await.and_then(|back| unchanged(&lost, back)) {
        Ok(back) => *slot = Some(back),
        Err(error) => tracing::error!(%error, "the log cannot be written by this process any more"),
    }
}

/// The new connection, if the log is as the old one left it.
pub(super) fn unchanged(lost: &Writing, back: Writing) -> Stored<Writing> {
    match back.head == lost.head {
        true => Ok(back),
        false => Err(StoreError::new(format!(
            "the database was away, and came back with another log: its head is {}, and this writer left it at {}",
            back.head.position, lost.head.position
        ))),
    }
}

pub(super) fn too_many_losses() -> StoreError {
    StoreError::new(format!("the connection to PostgreSQL broke {LOSSES} times while the same was written"))
}
