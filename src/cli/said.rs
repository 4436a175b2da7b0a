//! What the attempts of a command said, on standard output and standard error: whole, and one file after the other.

use std::collections::BTreeSet;

use super::failure::CommandFailure;
use super::out;
use headway_client::Client;
use headway_model::attempt::{AttemptLog, Kept};
use headway_model::{Fold, ItemStatus, JobId, RelPath};

/// Passes on what attempts said.
pub(super) struct ProgramOutput {
    /// Whether in the order of the names.
    keep_order: bool,
    /// Whether each line begins with the name.
    tag: bool,
    /// Items whose last attempt has ended and was not passed on.
    ended: BTreeSet<u32>,
    /// In order, all before this are passed on.
    next: u32,
    /// Items that are passed on, or ended before this began.
    passed: BTreeSet<u32>,
    /// Whether anything of the job was seen yet.
    begun: bool,
}

impl ProgramOutput {
    pub(super) fn new(keep_order: bool, tag: bool) -> Self {
        ProgramOutput { keep_order, tag, ended: BTreeSet::new(), next: 0, passed: BTreeSet::new(), begun: false }
    }

    /// An item's last attempt has ended.
    pub(super) fn ended(&mut self, item: u32) {
        self.begun = true;
        self.ended.insert(item);
    }

    /// A snapshot came in place of events: what it shows as ended has ended meanwhile, unless it is the first.
    pub(super) fn catch_up(&mut self, fold: &Fold) {
        let worked = |status: &ItemStatus| {
            matches!(
                status,
                ItemStatus::Succeeded(_) | ItemStatus::Failed(_) | ItemStatus::Skipped { planned: false, .. }
            )
        };
        let into = if self.begun { &mut self.ended } else { &mut self.passed };
        into.extend(fold.items().filter(|(_, status)| worked(status)).map(|(item, _)| item));
        self.begun = true;
        self.ended.retain(|item| !self.passed.contains(item));
    }

    /// The next item whose attempts are to be passed on.
    pub(super) fn due(&mut self, fold: &Fold) -> Option<u32> {
        if !self.keep_order {
            let item = self.ended.pop_first()?;
            self.passed.insert(item);
            return Some(item);
        }
        let open = |status| {
            matches!(status, ItemStatus::Waiting | ItemStatus::Running | ItemStatus::Placing | ItemStatus::Interrupted)
        };
        while fold.item(self.next).is_some_and(|status| !open(status)) {
            let item = self.next;
            self.next += 1;
            if self.ended.remove(&item) {
                self.passed.insert(item);
                return Some(item);
            }
        }
        None
    }

    /// What an item's attempts said, ready to be written: for standard output, and for standard error.
    pub(super) async fn read(
        &self,
        client: &Client,
        job: JobId,
        item: u32,
    ) -> Result<(String, String), CommandFailure> {
        let attempts = client.attempts(job, item).await?;
        let Some(last) = attempts.last() else { return Ok(Default::default()) };
        let name = if self.tag { path(client, job, item).await?.map(|path| path.shown()) } else { None };
        let lines = |text: String| match &name {
            Some(name) => text.lines().map(|line| format!("{name}\t{line}\n")).collect(),
            None => text,
        };
        let AttemptLog { stdout, stderr, .. } = last;
        Ok((lines(whole(stdout)), lines(whole(stderr))))
    }
}

/// The path of an item.
pub(super) async fn path(client: &Client, job: JobId, item: u32) -> Result<Option<RelPath>, CommandFailure> {
    let page = client.items(job, item.checked_sub(1), 1, None).await?;
    Ok(page.items.into_iter().find(|found| found.item == item).map(|found| found.path))
}

fn whole(kept: &Kept) -> String {
    if kept.cut == 0 {
        return format!("{}{}", kept.head, kept.tail);
    }
    format!("{}\n[headway: {} bytes are not kept]\n{}", kept.head, out::count(kept.cut), kept.tail)
}
