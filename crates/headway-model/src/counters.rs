//! How many items have each status. The counts add up to the total at every `seq`.

use serde::{Deserialize, Serialize};

use super::item::{ItemStatus, SkipReason};
use super::serde_defaults::is_default;
use crate::read::FromJson;

/// Items by status; `total` is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counters {
    /// All items planned so far.
    pub total: u32,
    /// Not tried yet, or waiting for a retry.
    pub waiting: u32,
    /// Held by a worker, including those whose output is being placed.
    pub running: u32,
    /// Their worker died.
    pub interrupted: u32,
    /// Done.
    pub succeeded: u32,
    /// Nothing to do, as the plan or an attempt found.
    pub skipped: u32,
    /// The skipped items that the plan skipped: they never ran.
    pub skipped_in_plan: u32,
    /// Of the skipped, those that were asked for and could not be processed: see [`ItemStatus::is_missed`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed: u32,
    /// Of the missed, those that the plan found: they never ran.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed_in_plan: u32,
    /// Their last attempt failed.
    pub failed: u32,
    /// Ended by a cancel or a halt.
    pub cancelled: u32,
    /// The items that the plan skipped as symbolic links; they do not count as files.
    #[serde(default, skip_serializing_if = "is_default")]
    pub links: u32,
    /// The items that the plan skipped as neither file nor link: named folders, devices, sockets, pipes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub others: u32,
}

impl Counters {
    /// Counts one more item, which has this status.
    pub fn add(&mut self, status: ItemStatus) {
        self.total += 1;
        *self.slot(status) += 1;
        self.missed += u32::from(status.is_missed());
        if let ItemStatus::Skipped { planned: true, reason } = status {
            self.skipped_in_plan += 1;
            self.missed_in_plan += u32::from(status.is_missed());
            // Counted only as the plan found it: a file that becomes a link later was a file when it was asked for.
            self.links += u32::from(reason == SkipReason::Symlink);
            self.others += u32::from(reason == SkipReason::NotAFile);
        }
    }

    /// Moves one item from one status to another.
    pub fn shift(&mut self, from: ItemStatus, to: ItemStatus) {
        *self.slot(from) -= 1;
        *self.slot(to) += 1;
        self.missed -= u32::from(from.is_missed());
        self.missed += u32::from(to.is_missed());
    }

    /// Settled items, however they ended.
    pub fn settled(&self) -> u32 {
        self.succeeded + self.skipped + self.failed + self.cancelled
    }

    /// Items that were handled: settled, but not by a cancel or a halt.
    pub fn done(&self) -> u32 {
        self.succeeded + self.skipped + self.failed
    }

    /// The regular files among the items, which pages call *files*. With `links` and `others` they add up to the total.
    pub fn files(&self) -> u32 {
        self.total - self.links - self.others
    }

    /// The files among the items that are [done](Counters::done).
    pub fn files_done(&self) -> u32 {
        self.done() - self.links - self.others
    }

    /// The items that run or ran: all but those that the plan skipped.
    pub fn to_run(&self) -> u32 {
        self.total.saturating_sub(self.skipped_in_plan)
    }

    /// The [done](Counters::done) among [them](Counters::to_run).
    pub fn ran(&self) -> u32 {
        self.done().saturating_sub(self.skipped_in_plan)
    }

    /// The items that were skipped and that nobody misses: those that every page, report and command calls *left out*. What
    /// was missed is counted beside them.
    pub fn left_out(&self) -> u32 {
        self.skipped.saturating_sub(self.missed)
    }

    /// Of the items that were left out, those that the plan left out.
    pub fn left_out_in_plan(&self) -> u32 {
        self.skipped_in_plan.saturating_sub(self.missed_in_plan)
    }

    /// How many of the items that are the job's work are done, and how many there are. Items that the plan left out are not
    /// its work, so a job that has not begun has done nothing. What was missed is work that is not done.
    pub fn work(&self) -> (u32, u32) {
        let missed = self.missed.saturating_sub(self.missed_in_plan);
        (self.ran().saturating_sub(missed), self.total.saturating_sub(self.left_out_in_plan()))
    }

    /// How much of the [work](Counters::work) is done, in whole percent; `None` if there is none.
    pub fn percent(&self) -> Option<u32> {
        let (done, all) = self.work();
        let percent = (u64::from(done) * 100).checked_div(u64::from(all))?;
        u32::try_from(percent).ok()
    }

    /// Items that the job still waits for.
    pub fn open(&self) -> u32 {
        self.waiting + self.running + self.interrupted
    }

    /// Whether at least one item failed, and every item that ran did.
    pub fn all_failed(&self) -> bool {
        self.failed > 0 && self.succeeded == 0 && self.skipped == self.skipped_in_plan
    }

    /// Whether a file that was asked for was not processed, so that the job did not do everything it was asked to do.
    pub fn has_errors(&self) -> bool {
        self.failed > 0 || self.missed > 0
    }

    /// Whether the parts add up to the total.
    pub fn add_up(&self) -> bool {
        self.total == self.open() + self.settled()
    }

    fn slot(&mut self, status: ItemStatus) -> &mut u32 {
        match status {
            ItemStatus::Waiting => &mut self.waiting,
            ItemStatus::Running | ItemStatus::Placing => &mut self.running,
            ItemStatus::Interrupted => &mut self.interrupted,
            ItemStatus::Succeeded(_) => &mut self.succeeded,
            ItemStatus::Skipped { .. } => &mut self.skipped,
            ItemStatus::Failed(_) => &mut self.failed,
            ItemStatus::Cancelled => &mut self.cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::JobEvent;
    use crate::testing::{created, job_id, record};
    use crate::{Digest, JobSummary};

    fn planned(count: u32, skips: Vec<(u32, u32, SkipReason)>) -> JobSummary {
        let planned = JobEvent::Planned { first: 0, count, skips, detail: Digest([2; 16]) };
        let (_, fold) =
            record(&[created(job_id(1)), planned, JobEvent::PlanEnded { total: count, reruns: Default::default() }]);
        let back = fold.snapshot().fold().expect("known statuses");
        assert_eq!(back.counters, fold.counters, "counters follow from the items");
        JobSummary::from(&fold)
    }

    #[test]
    fn links_are_not_counted_as_files_and_a_queued_job_is_at_zero() {
        let counters = planned(83, vec![(7, 1, SkipReason::Symlink)]).counters;
        assert_eq!((counters.total, counters.files(), counters.files_done()), (83, 82, 0));
        assert_eq!((counters.percent(), counters.links, counters.others), (Some(0), 1, 0));
        let skips = vec![(0, 10, SkipReason::Symlink), (10, 1, SkipReason::NotAFile), (11, 5, SkipReason::Done)];
        let counters = planned(16, skips).counters;
        assert_eq!((counters.files(), counters.files_done(), counters.percent()), (5, 5, None));
        assert_eq!((counters.links, counters.others, counters.missed), (10, 1, 0));
        let skips = vec![(0, 2, SkipReason::Missing), (2, 1, SkipReason::Collision), (3, 1, SkipReason::NotSmaller)];
        let missed = planned(4, skips).counters;
        assert_eq!((missed.missed, missed.missed_in_plan, missed.left_out(), missed.left_out_in_plan()), (3, 3, 1, 1));
        assert_eq!((missed.to_run(), missed.work()), (0, (0, 3)), "what is missed is work that is not done");
        assert!(counters.add_up());
    }

    #[test]
    fn a_file_that_became_a_link_is_still_a_file_of_the_job() {
        let mut counters = Counters::default();
        counters.add(ItemStatus::Running);
        counters.shift(ItemStatus::Running, ItemStatus::Skipped { reason: SkipReason::Symlink, planned: false });
        assert_eq!((counters.files(), counters.links, counters.percent()), (1, 0, Some(0)));
        assert_eq!((counters.skipped, counters.missed, counters.ran()), (1, 1, 1), "it was asked for");
        assert_eq!(counters.left_out(), 0);
        counters.add(ItemStatus::Skipped { reason: SkipReason::NotSmaller, planned: false });
        assert_eq!((counters.left_out(), counters.left_out_in_plan()), (1, 0), "an attempt left it out");
    }

    #[test]
    fn old_summaries_without_the_new_counters_can_be_read() {
        let text = serde_json::to_string(&planned(1, Vec::new()).counters).expect("JSON");
        assert!(!text.contains("links"), "{text}");
        assert_eq!(serde_json::from_str::<Counters>(&text).expect("JSON").links, 0);
    }
}
