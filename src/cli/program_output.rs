//! Writes the output of a command's attempts to standard output and standard error: complete, and one file after the
//! other.

use std::collections::BTreeSet;

use super::failure::CommandFailure;
use super::out;
use headway_client::Client;
use headway_model::attempt::{AttemptLog, CHANGED_MEANWHILE, Kept};
use headway_model::summary::ItemView;
use headway_model::{Fold, ItemStatus, JobId, RelPath};

/// Passes on the output of attempts.
pub(super) struct ProgramOutput {
    /// Whether to keep the order of the names.
    keep_order: bool,
    /// Whether each line begins with the file's name.
    tag: bool,
    /// Items whose last attempt has ended and has not been passed on.
    ended: BTreeSet<u32>,
    /// If the order is kept: all items before this one have been passed on.
    next: u32,
    /// Items that have been passed on, or that ended before this command began.
    passed: BTreeSet<u32>,
    /// Whether anything of the job has been seen yet.
    begun: bool,
}

impl ProgramOutput {
    pub(super) fn new(keep_order: bool, tag: bool) -> Self {
        ProgramOutput { keep_order, tag, ended: BTreeSet::new(), next: 0, passed: BTreeSet::new(), begun: false }
    }

    /// Notes that an item's last attempt has ended.
    pub(super) fn ended(&mut self, item: u32) {
        self.begun = true;
        self.ended.insert(item);
    }

    /// Takes in a snapshot that came instead of events. Items that it shows as ended have ended in the meantime,
    /// unless it is the first snapshot.
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

    /// The output of an item's attempts, ready to be written: for standard output, and for standard error.
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
async fn path(client: &Client, job: JobId, item: u32) -> Result<Option<RelPath>, CommandFailure> {
    Ok(view(client, job, item).await?.map(|found| found.path))
}

/// An item as the server shows it.
pub(super) async fn view(client: &Client, job: JobId, item: u32) -> Result<Option<ItemView>, CommandFailure> {
    let page = client.items(job, item.checked_sub(1), 1, None).await?;
    Ok(page.items.into_iter().find(|found| found.item == item))
}

/// The message of a program's failure without the line that it quotes of the program's output, if it says nothing else.
pub(super) fn without_quote(message: &str) -> &str {
    let is_end = |text: &str| {
        let code = text.strip_prefix("exit code ").or_else(|| text.strip_prefix("ended by signal "));
        code.is_some_and(|code| code.parse::<i32>().is_ok())
    };
    match message.split_once(": ") {
        Some((end, quote)) if is_end(end) && !quote.contains(CHANGED_MEANWHILE) => end,
        _ => message,
    }
}

fn whole(kept: &Kept) -> String {
    if kept.cut == 0 {
        return format!("{}{}", kept.head, kept.tail);
    }
    format!("{}\n[headway: {} not kept]\n{}", kept.head, out::counted(kept.cut, "byte is", "bytes are"), kept.tail)
}

#[cfg(test)]
mod tests {
    use super::{CHANGED_MEANWHILE, without_quote};

    #[test]
    fn only_the_line_of_the_output_is_left_out() {
        let changed = ["exit code 1", "exit code 1: a"].map(|said| format!("{said}{CHANGED_MEANWHILE}x"));
        for (message, expected) in [
            ("exit code 1: broken: x", "exit code 1"),
            ("ended by signal 9: dead", "ended by signal 9"),
            ("exit code 2", "exit code 2"),
            ("cannot be started: no such file", "cannot be started: no such file"),
            (changed[0].as_str(), changed[0].as_str()),
            (changed[1].as_str(), changed[1].as_str()),
        ] {
            assert_eq!(without_quote(message), expected);
        }
    }
}
