//! What a store of tables keeps of a job and of an item: one reading and one writing of it, for any database.

use std::collections::BTreeMap;

use super::{Batch, DoneContent, EventRow, ItemState, JobRow};
use headway_model::id::{JobId, Position, Seq};
use headway_model::item::ItemStatus;
use headway_model::{Digest, Fold, JobSummary, RelPath};

/// The columns of a job's row. Those that rows are found by repeat facts of the summary.
#[derive(Debug, Clone)]
pub struct JobColumns {
    /// As in [`JobRow`].
    pub job_no: u64,
    /// The job.
    pub id: JobId,
    /// As in [`JobRow`].
    pub created_position: Position,
    /// As in [`JobRow`].
    pub last_position: Position,
    /// As in [`JobRow`].
    pub library: String,
    /// As in [`JobRow`].
    pub work: Option<Digest>,
    /// As in [`JobRow`].
    pub fold: Option<Digest>,
    /// The fold without its items, as JSON.
    pub head: String,
    /// The summary, as JSON.
    pub summary: String,
    /// The label of the status.
    pub status: String,
    /// The number of the last event.
    pub seq: Seq,
    /// The digest up to the last event.
    pub digest: Digest,
    /// Whether the job is over.
    pub is_terminal: bool,
    /// The recipe.
    pub recipe: String,
    /// Whether all of the job's history is gone.
    pub is_trimmed: bool,
}

impl JobColumns {
    /// The row.
    ///
    /// # Errors
    /// With the reason, if the row holds what this program does not write.
    pub fn row(self) -> Result<JobRow, String> {
        let summary: JobSummary = serde_json::from_str(&self.summary).map_err(|error| error.to_string())?;
        if summary.job != self.id {
            return Err(format!("it is the row of {}, and its summary says {}", self.id, summary.job));
        }
        if let Some(column) = self.differs_from(&summary) {
            return Err(format!("its column {column} is not what its summary says"));
        }
        Ok(JobRow {
            job_no: self.job_no,
            created_position: self.created_position,
            last_position: self.last_position,
            library: self.library,
            work: self.work,
            head: serde_json::from_str(&self.head).map_err(|error| error.to_string())?,
            fold: self.fold,
            summary,
        })
    }

    /// The first column that differs from the summary.
    fn differs_from(&self, summary: &JobSummary) -> Option<&'static str> {
        if self.status != summary.status.label() {
            return Some("status");
        }
        if self.seq != summary.seq || self.digest != summary.digest {
            return Some("seq");
        }
        if self.is_terminal != summary.status.is_terminal() {
            return Some("terminal");
        }
        // A removal takes the recipe out of the summary at its beginning, and out of the column at its end.
        if !summary.pruned && self.recipe != summary.recipe {
            return Some("recipe");
        }
        (self.is_trimmed && !summary.pruned).then_some("pruned")
    }
}

impl JobRow {
    /// The fold without its items, and the summary, as a row holds them.
    pub fn texts(&self) -> (String, String) {
        let head = serde_json::to_string(&self.head).expect("every key is a text, so it is JSON");
        (head, serde_json::to_string(&self.summary).expect("every key is a text, so it is JSON"))
    }

    /// The whole fold, from the codes and last attempts of the items in order. A pruned job has no items, even if some
    /// of their rows remain.
    ///
    /// # Errors
    /// With the reason, if the items are not those of the row.
    pub fn fold_of(&self, items: Vec<(u8, u32)>) -> Result<Fold, String> {
        let fold = self.head.clone().with_items(items).fold().map_err(|error| error.to_string())?;
        match self.summary.pruned || JobSummary::from(&fold) == self.summary {
            true => Ok(fold),
            false => Err("its items and its summary contradict each other".to_owned()),
        }
    }
}

impl Batch {
    /// The last state of each item that moves, by job and item.
    pub fn last_moves(&self) -> BTreeMap<(u64, u32), &ItemState> {
        self.moved.iter().map(|(job_no, item, state)| ((*job_no, *item), state)).collect()
    }
}

impl EventRow {
    /// The id of the job that a payload names: only a first event and a last one do.
    pub fn id_in(payload: &str) -> Option<JobId> {
        serde_json::from_str::<serde_json::Value>(payload).ok()?.get("id")?.as_str()?.parse().ok()
    }
}

impl DoneContent {
    /// The contents that the result of an item names: what was read, and what was made of the file in its place.
    pub fn of_result(job: JobId, path: &RelPath, size: u64, result: &str) -> Vec<DoneContent> {
        let Ok(result) = serde_json::from_str::<serde_json::Value>(result) else { return Vec::new() };
        let hash = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse().ok());
        let content = |size, hash| DoneContent { job, path: path.clone(), size, hash };
        let mut contents: Vec<_> = hash(&result["input"]).map(|hash| content(size, hash)).into_iter().collect();
        let output = &result["output"];
        if output["path"].as_str() == Some(path.as_str()) {
            let made = output["size"].as_u64().zip(hash(&output["hash"]));
            contents.extend(made.map(|(size, hash)| content(size, hash)));
        }
        contents
    }
}

/// The codes of the statuses of items that were processed.
pub fn done_codes() -> Vec<u8> {
    (0..=u8::MAX).filter(|code| ItemStatus::from_byte(*code).is_some_and(ItemStatus::is_done)).collect()
}
