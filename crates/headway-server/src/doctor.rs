//! Checks a data folder for consistency: no event missing, every digest right, every row as its events make it.
//!
//! The log is read once from its beginning, with the folds of live jobs in memory.

mod places;
mod strays;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use places::{Places, look_at_places};
pub(crate) use strays::{Stray, strays};

use headway_model::event::{Recorded, UnknownEvent};
use headway_model::fold::FoldError;
use headway_model::id::{JobId, Position, Seq};
use headway_model::{Digest, Fold, JobSummary, PlannedFile};
use headway_store::rows::{BadDetail, Batch, EventRow, Idle, ItemRow, ItemState, JobRow};
use headway_store::{EventPages, ItemPages, Store, StoreError, pruned};

const PAGE: u32 = 1_000;

/// The most findings that are listed.
const LISTED: usize = 50;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, for a person.
    pub what: String,
    /// What to do about it.
    pub remedy: Remedy,
}

/// How to repair a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Rebuild the rows.
    Rebuild,
    /// Start the server.
    Start,
    /// Restore a backup.
    Restore,
}

/// What was checked, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Events read.
    pub events: u64,
    /// Jobs that have their history.
    pub jobs: u64,
    /// Jobs whose history was removed.
    pub pruned: u64,
    /// Items checked.
    pub items: u64,
    /// What is wrong. If there is very much, only the first findings.
    pub findings: Vec<Finding>,
}

/// What is wrong with an event, said of it: "the event at 7 ...".
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] UnknownEvent),
    #[error("says that it is number {payload}, its row says {row}")]
    Number { payload: Seq, row: Seq },
    #[error("has a detail that does not match its payload")]
    Detail,
    #[error("does not fit: {0}")]
    Misfit(#[from] FoldError),
    #[error("breaks the chain: its digest does not match")]
    Chain,
    #[error("{0}")]
    Rows(#[from] BadDetail),
}

/// A job while its events are being read.
struct Audit {
    job: JobId,
    fold: Fold,
    /// What its item rows must be, in the order of items: hashes of the file and of the state.
    items: Vec<(Digest, Digest)>,
}

struct Doctor<'a> {
    store: &'a dyn Store,
    done: Diagnosis,
    live: BTreeMap<u64, Audit>,
    /// Jobs whose history was removed or is being removed, and the position of their `pruned` event.
    pruned: BTreeMap<u64, Position>,
    seen: BTreeSet<u64>,
    position: Position,
    digest: Option<Digest>,
}

impl Remedy {
    /// The advice, for a person.
    pub fn text(self) -> &'static str {
        match self {
            Remedy::Rebuild => "the log is whole: `headway rebuild` rebuilds these rows",
            Remedy::Start => "the next start of the server repairs this",
            Remedy::Restore => {
                "the log itself is damaged: put a backup of the data folder in its place, and keep this one"
            }
        }
    }
}

/// Checks everything. `progress` is called with the position reached.
pub(crate) async fn examine(store: &dyn Store, mut progress: impl FnMut(Position)) -> Result<Diagnosis, StoreError> {
    let head = store.head().await?;
    let mut doctor = Doctor {
        store,
        done: Diagnosis::default(),
        live: BTreeMap::new(),
        pruned: pruned(store, head.position).await?,
        seen: BTreeSet::new(),
        position: 0,
        digest: None,
    };
    let mut pages = EventPages::all(store, head.position, PAGE);
    while let Some(page) = pages.next().await? {
        for row in &page {
            doctor.event(row).await?;
        }
        progress(pages.position());
    }
    if doctor.position != head.position || doctor.digest != head.digest {
        let what =
            format!("the head of the log is said to be at {}, its last event is at {}", head.position, doctor.position);
        doctor.find(Remedy::Restore, what);
    }
    for (job_no, audit) in std::mem::take(&mut doctor.live) {
        doctor.rows(job_no, audit).await?;
    }
    doctor.leases().await?;
    Ok(doctor.done)
}

impl Doctor<'_> {
    fn find(&mut self, remedy: Remedy, what: String) {
        if self.done.findings.len() < LISTED {
            self.done.findings.push(Finding { what, remedy });
        }
    }

    async fn event(&mut self, row: &EventRow) -> Result<(), StoreError> {
        // Positions go missing when a job's history is removed; its `pruned` event then follows further on.
        let gap = row.position != self.position + 1;
        if gap && self.pruned.values().all(|pruned| *pruned < row.position) {
            let what = format!("events between positions {} and {} are missing", self.position, row.position);
            self.find(Remedy::Restore, what);
        }
        (self.position, self.digest) = (row.position, Some(row.digest));
        self.done.events += 1;
        match self.pruned.get(&row.job_no) {
            Some(last) if *last != row.position => return Ok(()),
            Some(_) => return self.tombstone(row).await,
            None => {}
        }
        if self.seen.contains(&row.job_no) {
            self.find(
                Remedy::Restore,
                format!("the event at {} belongs to a job that had already ended", row.position),
            );
            return Ok(());
        }
        let audited = self.fold(row);
        match audited {
            Err(damage) => {
                self.find(Remedy::Restore, format!("the event at {} {damage}", row.position));
                self.seen.insert(row.job_no);
                self.live.remove(&row.job_no);
            }
            Ok(true) => {
                if let Some(audit) = self.live.remove(&row.job_no) {
                    self.seen.insert(row.job_no);
                    self.rows(row.job_no, audit).await?;
                }
            }
            Ok(false) => {}
        }
        Ok(())
    }

    /// Folds one event; whether its job has ended.
    fn fold(&mut self, row: &EventRow) -> Result<bool, Damage> {
        let recorded = Recorded::decode(&row.payload)?;
        if recorded.seq != row.seq {
            return Err(Damage::Number { payload: recorded.seq, row: row.seq });
        }
        if row.detail.as_ref().map(|detail| Digest::of(detail.as_bytes())) != recorded.event.detail() {
            return Err(Damage::Detail);
        }
        let audit = self.live.get_mut(&row.job_no);
        let idle = audit.as_ref().and_then(|audit| Idle::before(&audit.fold, &recorded.event));
        let audit = match audit {
            Some(audit) => {
                audit.fold.apply_recorded(&recorded, &row.payload)?;
                audit
            }
            None => {
                let fold = Fold::create_recorded(&recorded, &row.payload)?;
                self.done.jobs += 1;
                self.live.entry(row.job_no).or_insert(Audit { job: fold.id, fold, items: Vec::new() })
            }
        };
        if audit.fold.digest != row.digest {
            return Err(Damage::Chain);
        }
        let mut batch = Batch::default();
        batch.derive(row.job_no, idle.as_ref(), &audit.fold, &recorded, row.detail.as_deref())?;
        audit.items.extend(batch.planned.iter().map(|item| (of_file(&item.file), of_state(&item.state))));
        for (_, item, state) in batch.moved {
            if let Some((_, told)) = audit.items.get_mut(item as usize) {
                *told = of_state(&state);
            }
        }
        Ok(audit.fold.status.is_terminal())
    }

    /// Compares the rows of a job with its events.
    async fn rows(&mut self, job_no: u64, audit: Audit) -> Result<(), StoreError> {
        let Audit { job, fold, items } = audit;
        let row = self.store.job(job).await?;
        self.head(job, job_no, &fold, row.as_ref());
        let mut wrong = 0u64;
        let mut pages = ItemPages::new(self.store, job_no, PAGE);
        while let Some(rows) = pages.next().await? {
            self.done.items += rows.len() as u64;
            let is = |row: &ItemRow| items.get(row.item as usize) == Some(&(of_file(&row.file), of_state(&row.state)));
            wrong += rows.iter().filter(|row| !is(row)).count() as u64;
        }
        let count = pages.read_up_to();
        if wrong > 0 || count as usize != items.len() {
            let what = format!("job {job}: {wrong} of its {count} item rows do not match its {} events", fold.seq);
            self.find(Remedy::Rebuild, what);
        }
        Ok(())
    }

    fn head(&mut self, job: JobId, job_no: u64, fold: &Fold, row: Option<&JobRow>) {
        let over = fold.status.is_terminal().then(|| fold.hash());
        let is = |row: &JobRow| {
            row.job_no == job_no && row.summary == JobSummary::from(fold) && row.head == fold.head() && row.fold == over
        };
        if !row.is_some_and(is) {
            self.find(Remedy::Rebuild, format!("job {job}: its row does not match its {} events", fold.seq));
        }
    }

    async fn tombstone(&mut self, row: &EventRow) -> Result<(), StoreError> {
        self.done.pruned += 1;
        let left = Recorded::decode(&row.payload).ok().and_then(|recorded| Fold::tombstone(&recorded, &row.payload));
        let Some(left) = left.filter(|left| left.digest == row.digest && left.seq == row.seq) else {
            self.find(
                Remedy::Restore,
                format!("the event at {} says that a history was removed, but does not match the chain", row.position),
            );
            return Ok(());
        };
        let stored = self.store.job(left.id).await?;
        self.head(left.id, row.job_no, &left, stored.as_ref());
        Ok(())
    }

    /// Checks that exactly the running items have a lease.
    async fn leases(&mut self) -> Result<(), StoreError> {
        let leases: BTreeMap<_, _> =
            self.store.leases().await?.into_iter().map(|lease| ((lease.job_no, lease.item), lease.attempt)).collect();
        let mut running = BTreeMap::new();
        for row in self.store.jobs(headway_store::JobFilter::Live, u32::MAX).await? {
            for item in self.store.items(row.job_no, 0, u32::MAX, Some("running")).await? {
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

fn of_file(file: &PlannedFile) -> Digest {
    let PlannedFile { path, size, mtime_ns, rerun, becomes } = file;
    Digest::of(format!("{path} {size} {mtime_ns} {rerun:?} {becomes:?}").as_bytes())
}

fn of_state(state: &ItemState) -> Digest {
    let ItemState { status, attempt, message, result } = state;
    Digest::of(format!("{} {attempt} {message:?} {result:?}", status.byte()).as_bytes())
}
