//! Checks that outputs and originals are where the log says.

use std::collections::BTreeMap;
use std::fmt;

use super::{Finding, Remedy};
use headway_files::{Library, Placement};
use headway_model::RelPath;
use headway_model::event::{JobEvent, Recorded};
use headway_model::event_kind::EventKind;
use headway_store::rows::EventRow;
use headway_store::{JobFilter, Store, StoreError};

const PAGE: u32 = 2_000;

/// Counts the outputs and originals of a library's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// Outputs that are where they were placed, unchanged.
    pub outputs: u64,
    /// Outputs that were changed, moved or undone since. That is allowed.
    pub changed: u64,
    /// Originals in a trash, unchanged.
    pub originals: u64,
    /// Originals that are no longer in a trash, because it was emptied.
    pub emptied: u64,
    /// Files that could not be read, so that nothing is known about them.
    pub unseen: u64,
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Places { outputs, changed, originals, emptied, unseen } = self;
        write!(
            f,
            "{outputs} outputs are as they were put into place, {changed} were changed since; \
             {originals} originals are in a trash, {emptied} no longer"
        )?;
        if *unseen > 0 {
            write!(f, "; {unseen} files could not be read")?;
        }
        Ok(())
    }
}

/// Checks by hash every placement of terminal jobs. The one finding is an original in a trash that has changed.
pub(crate) async fn placements(store: &dyn Store, library: &Library) -> Result<(Places, Vec<Finding>), StoreError> {
    let (mut places, mut findings, mut after) = (Places::default(), Vec::new(), 0);
    let head = store.head().await?.position;
    loop {
        let jobs = store.jobs(JobFilter::Over(after), 200).await?;
        let Some(last) = jobs.last() else { return Ok((places, findings)) };
        after = last.job_no;
        for job in jobs.iter().filter(|job| job.library == library.name && !job.summary.pruned) {
            let (mut open, mut from) = (BTreeMap::new(), 0);
            loop {
                let page = store.events(&[job.job_no], from, head, PAGE).await?;
                let Some(last) = page.last() else { break };
                from = last.position;
                for row in page.iter().filter(|row| is_placement(row)) {
                    let Ok(recorded) = Recorded::decode(&row.payload) else { continue };
                    match &recorded.event {
                        JobEvent::Placing { item, attempt, .. } => {
                            Placement::of(&recorded.event)
                                .into_iter()
                                .for_each(|placement| drop(open.insert(*item, (*attempt, placement))));
                        }
                        JobEvent::Succeeded { item, attempt, .. } => {
                            let placement = open.remove(item);
                            if let Some((_, placement)) = placement.filter(|(placing, _)| placing == attempt) {
                                findings.extend(places.look(library, &placement));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Whether the event is part of a placement.
fn is_placement(row: &EventRow) -> bool {
    matches!(EventKind::of_payload(&row.payload), Some(EventKind::Placing | EventKind::Succeeded))
}

impl Places {
    fn look(&mut self, library: &Library, placement: &Placement) -> Option<Finding> {
        match library.content(&placement.target) {
            Ok(found) if found == Some(placement.new) => self.outputs += 1,
            Ok(_) => self.changed += 1,
            Err(error) => self.unseen(&placement.target, &error),
        }
        let trash = placement.trash.as_ref()?;
        match library.content(trash) {
            Err(error) => self.unseen(trash, &error),
            Ok(None) => self.emptied += 1,
            Ok(found) if found == placement.old => self.originals += 1,
            Ok(Some(_)) => {
                let what = format!(
                    "{}: this file in the trash is not the original of {}",
                    trash.shown(),
                    placement.target.shown()
                );
                return Some(Finding { what, remedy: Remedy::Restore });
            }
        }
        None
    }

    fn unseen(&mut self, path: &RelPath, error: &std::io::Error) {
        self.unseen += 1;
        tracing::warn!(path = path.shown(), %error, "a file cannot be read");
    }
}
