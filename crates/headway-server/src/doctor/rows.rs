//! The rows that are derived from events: of jobs, of items and of leases.

use std::collections::BTreeMap;

use super::{Audit, Doctor, ROWS_PER_READ, Remedy};
use headway_model::id::{JobId, Seq};
use headway_model::item::ItemLabel;
use headway_model::text::counted;
use headway_model::{Digest, Fold, JobSummary, PlannedFile};
use headway_store::rows::{ItemRow, ItemState, JobRow};
use headway_store::{ItemPages, OverPages, StoreError};

impl Doctor<'_> {
    /// Compares the rows of a job with its events.
    pub(super) async fn rows(&mut self, job_no: u64, audit: Audit) -> Result<(), StoreError> {
        let job = audit.job;
        if self.aside.contains(&job_no) {
            self.find(Remedy::Rebuild, format!("job {job} is set aside, though its log can be read"));
            return Ok(());
        }
        let compared = self.compare(job_no, audit).await;
        self.or_damaged(compared)
    }

    /// Rows that cannot be read are a finding; any other error is passed on.
    pub(super) fn or_damaged(&mut self, checked: Result<(), StoreError>) -> Result<(), StoreError> {
        match checked {
            Err(error) if error.is_damaged_row() => {
                self.find(Remedy::Rebuild, error.message);
                Ok(())
            }
            checked => checked,
        }
    }

    async fn compare(&mut self, job_no: u64, audit: Audit) -> Result<(), StoreError> {
        let Audit { job, fold, key, last, items } = audit;
        let row = self.store.job(job).await?;
        self.head(job, fold.seq, row == Some(key.row(&fold, last)));
        let (mut wrong, mut count) = (0u64, 0u64);
        let mut pages = ItemPages::new(self.store, job_no, ROWS_PER_READ);
        while let Some(rows) = pages.next().await? {
            count += rows.len() as u64;
            let is = |row: &ItemRow| items.get(row.item as usize) == Some(&(of_file(&row.file), of_state(&row.state)));
            wrong += rows.iter().filter(|row| !is(row)).count() as u64;
        }
        self.done.items += count;
        if wrong > 0 || count as usize != items.len() {
            let rows = counted(count, ',', "item row", "item rows");
            let events = counted(fold.seq, ',', "event", "events");
            let what = format!("job {job}: {wrong} of its {rows} do not match its {events}");
            self.find(Remedy::Rebuild, what);
        }
        Ok(())
    }

    /// Reports that the row of a job does not follow from its events.
    pub(super) fn head(&mut self, job: JobId, seq: Seq, is: bool) {
        if !is {
            self.find(
                Remedy::Rebuild,
                format!("job {job}: its row does not match its {}", counted(seq, ',', "event", "events")),
            );
        }
    }

    /// Names the jobs whose rows are there while all their events are gone.
    pub(super) async fn without_events(&mut self) -> Result<(), StoreError> {
        let mut pages = OverPages::new(self.store, ROWS_PER_READ);
        while let Some(rows) = pages.next().await? {
            self.named_without_events(&rows);
        }
        let live = self.store.jobs(headway_store::JobFilter::Live, u32::MAX).await?;
        self.named_without_events(&live);
        Ok(())
    }

    fn named_without_events(&mut self, rows: &[JobRow]) {
        for row in rows {
            if !self.with_events.contains(&row.job_no) {
                let events = counted(row.summary.seq, ',', "event is", "events are");
                let what = format!("job {}: all of its {events} missing", row.summary.job);
                self.find(Remedy::Restore, what);
            }
        }
    }

    /// Checks that exactly the running items have a lease.
    pub(super) async fn leases(&mut self) -> Result<(), StoreError> {
        let leases: BTreeMap<_, _> =
            self.store.leases().await?.into_iter().map(|lease| ((lease.job_no, lease.item), lease.attempt)).collect();
        let mut running = BTreeMap::new();
        for row in self.store.jobs(headway_store::JobFilter::Live, u32::MAX).await? {
            for item in self.store.items(row.job_no, 0, u32::MAX, Some(ItemLabel::Running)).await? {
                running.insert((row.job_no, item.item), item.state.attempt);
            }
        }
        if leases != running {
            let what = format!("{} leases are held for {} running items", leases.len(), running.len());
            self.find(Remedy::Start, what);
        }
        Ok(())
    }
}

/// Whether a row has what is left of a job whose history was removed.
pub(super) fn is_of(left: &Fold, job_no: u64, row: &JobRow) -> bool {
    let over = left.status.is_terminal().then(|| left.hash());
    row.job_no == job_no && row.summary == JobSummary::from(left) && row.head == left.head() && row.fold == over
}

pub(super) fn of_file(file: &PlannedFile) -> Digest {
    let PlannedFile { path, size, mtime_ns, rerun, becomes } = file;
    Digest::of(format!("{path} {size} {mtime_ns} {rerun:?} {becomes:?}").as_bytes())
}

pub(super) fn of_state(state: &ItemState) -> Digest {
    let ItemState { status, attempt, message, result } = state;
    Digest::of(format!("{} {attempt} {message:?} {result:?}", status.byte()).as_bytes())
}
