//! A fold as canonical bytes: the content of a snapshot, and the input of its hash.

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::digest::Digest;
use super::done::Reruns;
use super::event::{HaltBy, HaltWhen};
use super::fold::Fold;
use super::id::{JobId, Millis, Seq};
use super::item::ItemStatus;
use super::serde_defaults::is_default;
use super::status::JobStatus;
use super::worked::Worked;
use crate::read::FromJson;

/// A fold on the wire. Its items are run-length encoded; its counters are omitted, because they follow from the items.
///
/// The canonical bytes of a fold are this struct without `worked`, as JSON without white space, with the fields in this
/// order and runs as long as possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Snapshot {
    job: JobId,
    seq: Seq,
    digest: Digest,
    recipe: String,
    title: String,
    request: Digest,
    parent: Option<JobId>,
    #[serde(flatten)]
    status: JobStatus,
    approval: bool,
    plan_ended: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    reruns: Reruns,
    halt: Option<(HaltBy, HaltWhen)>,
    priority: i32,
    concurrency: u32,
    message: Option<String>,
    created: Millis,
    began: Option<Millis>,
    ended: Option<Millis>,
    /// Added later, so it is not part of the hash: versions with and without it must agree on the hash.
    #[serde(default, skip_serializing_if = "is_default")]
    worked: Option<Worked>,
    pruned: bool,
    /// Item bytes as runs of (byte, length).
    items: Vec<(u8, u32)>,
    /// Items with their last attempt.
    attempts: Vec<(u32, u32)>,
}

/// The snapshot holds an item status that no version wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot has an item status that this version does not know")]
pub struct UnknownItemStatus;

impl Fold {
    /// This fold in its wire form.
    pub fn snapshot(&self) -> Snapshot {
        let last = |(item, byte): (u32, &u8)| (*byte, self.attempts.get(item).unwrap_or(0));
        self.head().with_items((0..).zip(&self.items).map(last))
    }

    /// This fold without its items, as a job's row stores it.
    pub fn head(&self) -> Snapshot {
        Snapshot {
            job: self.id,
            seq: self.seq,
            digest: self.digest,
            recipe: self.recipe.clone(),
            title: self.title.clone(),
            request: self.request,
            parent: self.parent,
            status: self.status,
            approval: self.approval,
            plan_ended: self.plan_ended,
            reruns: self.reruns,
            halt: self.halt,
            priority: self.priority,
            concurrency: self.concurrency,
            message: self.message.clone(),
            created: self.created,
            began: self.began,
            ended: self.ended,
            worked: self.worked,
            pruned: self.pruned,
            items: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// The hash of the canonical bytes: two folds with the same hash are the same job at the same `seq`.
    pub fn hash(&self) -> Digest {
        let hashed = Snapshot { worked: None, ..self.snapshot() };
        Digest::of(serde_json::to_string(&hashed).expect("every key is a text, so it is JSON").as_bytes())
    }
}

impl Snapshot {
    /// The job.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// The hash of the request the job was started with.
    pub fn request(&self) -> Digest {
        self.request
    }

    /// The job that it retries or undoes.
    pub fn parent(&self) -> Option<JobId> {
        self.parent
    }

    /// Higher priorities run first.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// How many items run at once, at most; 0 lets the server decide.
    pub fn concurrency(&self) -> u32 {
        self.concurrency
    }

    /// This head with its items, each given as its byte and its last attempt.
    pub fn with_items(mut self, items: impl IntoIterator<Item = (u8, u32)>) -> Self {
        self.items.clear();
        self.attempts.clear();
        for (index, (byte, attempt)) in (0u32..).zip(items) {
            match self.items.last_mut() {
                Some((last, length)) if *last == byte => *length += 1,
                _ => self.items.push((byte, 1)),
            }
            let open = ItemStatus::from_byte(byte).is_some_and(ItemStatus::is_open);
            if attempt > 1 || (attempt == 1 && open) {
                self.attempts.push((index, attempt));
            }
        }
        self
    }

    /// The fold that it was made from.
    pub fn fold(self) -> Result<Fold, UnknownItemStatus> {
        let (mut counters, mut placing) = (Counters::default(), 0);
        let mut items = Vec::new();
        for (byte, length) in &self.items {
            let status = ItemStatus::from_byte(*byte).ok_or(UnknownItemStatus)?;
            (0..*length).for_each(|_| counters.add(status));
            placing += if status == ItemStatus::Placing { *length } else { 0 };
            items.resize(items.len() + *length as usize, *byte);
        }
        Ok(Fold {
            id: self.job,
            seq: self.seq,
            digest: self.digest,
            recipe: self.recipe,
            title: self.title,
            request: self.request,
            parent: self.parent,
            status: self.status,
            approval: self.approval,
            plan_ended: self.plan_ended,
            reruns: self.reruns,
            halt: self.halt,
            priority: self.priority,
            concurrency: self.concurrency,
            message: self.message,
            created: self.created,
            began: self.began,
            ended: self.ended,
            worked: self.worked,
            pruned: self.pruned,
            counters,
            placing,
            items,
            attempts: self.attempts.into_iter().collect(),
        })
    }
}
