//! Whether another job has left the file of an item half changed after the job of this item was created. The plan cannot know of it
//! if it waited for an approval, or if the other job ran at the same time. Size and time of the file can be as planned.

use super::past::Past;
use super::plan::Unfinished;
use super::{ActiveJob, Context};
use headway_model::{RelPath, SkipReason};
use headway_recipes::Unable;

/// Why the file is skipped, if it is. Touches nothing. As long as no other job has failed items since, this asks the log only for
/// the first of the job's files. Call it while the file is held. Blocking.
pub(super) fn half_changed_since(
    context: &Context,
    active: &ActiveJob,
    path: &RelPath,
) -> Result<Option<SkipReason>, Unable> {
    // An undo itself puts such files in order.
    if active.only_reads() || active.undoes().is_some() {
        return Ok(None);
    }
    let Some(others) = context.handle.block_on(active.failed_since(context))? else { return Ok(None) };
    let past = Past::under(context, active, others.names);
    match Unfinished::of(context, active, &past) {
        Some(unfinished) => unfinished.only(others.numbers).skip_of(path),
        None => Ok(None),
    }
}
