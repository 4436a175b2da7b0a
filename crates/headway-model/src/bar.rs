//! A job's bar, divided into one part for each status of a file. Together the parts stand for the files that the job works
//! on, as the number beside the bar does; or for all its items, if there is no work. And the numbers of a job, with their words.

use crate::counters::Counters;
use crate::item::{ItemLabel, StatusFilter};
use crate::text::{counted, grouped};

/// The length of the bar.
pub const WHOLE: u32 = 1_000;

/// The minimum length of a part that has any file.
const MIN_LENGTH: u32 = 4;

/// The parts from left to right: the results, then what is still to come, then what the job skips.
pub const PARTS: [ItemLabel; 7] = [
    ItemLabel::Succeeded,
    ItemLabel::Failed,
    ItemLabel::Interrupted,
    ItemLabel::Cancelled,
    ItemLabel::Running,
    ItemLabel::Waiting,
    ItemLabel::Skipped,
];

/// The numbers of a job, which add up to its total, in the order in which people read them: failures come right after successes.
/// The legend of a map has it from the style sheet.
pub const READ: [StatusFilter; 8] = [
    StatusFilter::Label(ItemLabel::Succeeded),
    StatusFilter::Label(ItemLabel::Failed),
    StatusFilter::Missed,
    StatusFilter::LeftOut,
    StatusFilter::Label(ItemLabel::Cancelled),
    StatusFilter::Label(ItemLabel::Running),
    StatusFilter::Label(ItemLabel::Waiting),
    StatusFilter::Label(ItemLabel::Interrupted),
];

/// The beginning and the length of a part.
pub type BarSegment = (u32, u32);

/// The number of items that a list with this filter has: its link leads to as many rows.
pub fn number(counters: &Counters, of: impl Into<StatusFilter>) -> u32 {
    match of.into() {
        StatusFilter::Label(ItemLabel::Succeeded) => counters.succeeded,
        StatusFilter::Label(ItemLabel::Failed) => counters.failed,
        StatusFilter::Label(ItemLabel::Interrupted) => counters.interrupted,
        StatusFilter::Label(ItemLabel::Cancelled) => counters.cancelled,
        StatusFilter::Label(ItemLabel::Running) => counters.running,
        StatusFilter::Label(ItemLabel::Waiting) => counters.waiting,
        StatusFilter::Label(ItemLabel::Skipped) => counters.skipped,
        StatusFilter::Errors => counters.failed + counters.missed,
        StatusFilter::LeftOut => counters.left_out(),
        StatusFilter::Missed => counters.missed,
    }
}

/// The word beside a number, such as "22 failed".
pub fn word(of: impl Into<StatusFilter>) -> &'static str {
    match of.into() {
        StatusFilter::Label(ItemLabel::Succeeded) => "done",
        StatusFilter::Label(ItemLabel::Skipped) | StatusFilter::LeftOut => "left out",
        StatusFilter::Label(ItemLabel::Cancelled) => "not run",
        StatusFilter::Errors => "failed or missed",
        of => of.name(),
    }
}

/// What became of the items of a job, on one line, such as "2 of 5 files done, 1 failed, 2 left out", with this mark between groups of three
/// digits. Of a job that is over the numbers add up to the first total.
pub fn outcome_text(counters: &Counters, mark: char) -> String {
    let files = match counters.files() == counters.total {
        true => counted(counters.total.into(), mark, "file", "files"),
        false => counted(counters.total.into(), mark, "entry", "entries"),
    };
    let others = READ[1..5].iter().map(|of| (number(counters, *of), word(*of))).filter(|(number, _)| *number > 0);
    let others: String = others.map(|(number, word)| format!(", {} {word}", grouped(number.into(), mark))).collect();
    format!("{} of {files} done{others}", grouped(counters.succeeded.into(), mark))
}

/// The number of items in each of [`PARTS`] as the bar draws them. An item that the plan left out is no work.
fn drawn(counters: &Counters) -> [u32; 7] {
    let mut numbers = PARTS.map(|part| number(counters, part));
    if counters.work().1 > 0 {
        numbers[6] = counters.skipped.saturating_sub(counters.left_out_in_plan());
    }
    numbers
}

/// The parts of the bar. A part with any file is visible, and together the parts fill the bar. All are empty if there
/// are no items.
pub fn segments(counters: &Counters) -> [BarSegment; 7] {
    let numbers = drawn(counters).map(u64::from);
    let files: u64 = numbers.iter().sum();
    if files == 0 {
        return [(0, 0); 7];
    }
    let share = |number: u64| u32::try_from(number * u64::from(WHOLE) / files).unwrap_or(WHOLE);
    let mut lengths = numbers.map(|number| if number == 0 { 0 } else { share(number).max(MIN_LENGTH) });
    // The longest part absorbs the differences from rounding and minimum lengths.
    let sum: u32 = lengths.iter().sum();
    if let Some(longest) = lengths.iter_mut().max() {
        *longest = (*longest + WHOLE).saturating_sub(sum);
    }
    let mut at = 0;
    lengths.map(|length| {
        at += length;
        (at - length, length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_are_the_whole_and_each_file_is_seen(
            parts in proptest::array::uniform7(prop_oneof![Just(0_u32), 1_u32..5, 1_u32..1_000_000]), links in 0_u32..9,
            misses in any::<bool>()
        ) {
            let [succeeded, failed, interrupted, cancelled, running, waiting, skipped] = parts;
            let total = parts.iter().sum::<u32>() + links;
            let counters = Counters {
                total, succeeded, failed, interrupted, cancelled, running, waiting,
                skipped: skipped + links, skipped_in_plan: skipped + links, links,
                missed: if misses { skipped } else { 0 }, missed_in_plan: if misses { skipped } else { 0 }, ..Counters::default()
            };
            prop_assert_eq!(READ.map(|of| number(&counters, of)).iter().sum::<u32>(), counters.total);
            let bar = segments(&counters);
            let mut end = 0;
            let drawn = drawn(&counters);
            for ((from, length), number) in bar.into_iter().zip(drawn) {
                prop_assert_eq!(from, end);
                prop_assert_eq!(length > 0, number > 0);
                end = from + length;
            }
            prop_assert_eq!(end, if counters.total == 0 { 0 } else { WHOLE });
        }
    }

    #[test]
    fn what_became_of_the_items_adds_up_to_their_total() {
        assert_eq!(outcome_text(&Counters { total: 1, succeeded: 1, ..Counters::default() }, ','), "1 of 1 file done");
        let some = Counters {
            total: 1_007,
            succeeded: 1_000,
            failed: 1,
            skipped: 4,
            missed: 1,
            cancelled: 2,
            ..Counters::default()
        };
        let said = "1,000 of 1,007 files done, 1 failed, 1 missed, 3 left out, 2 not run";
        assert_eq!(outcome_text(&some, ','), said);
        let links =
            Counters { total: 2, succeeded: 1, skipped: 1, skipped_in_plan: 1, links: 1, ..Counters::default() };
        assert_eq!(outcome_text(&links, ','), "1 of 2 entries done, 1 left out");
    }

    #[test]
    fn a_job_that_has_done_its_work_has_a_full_bar_and_what_was_missed_is_seen() {
        let job = Counters { total: 101, succeeded: 36, skipped: 65, skipped_in_plan: 65, ..Counters::default() };
        assert_eq!((segments(&job)[0], job.percent()), ((0, WHOLE), Some(100)));
        let missing = Counters { missed: 65, missed_in_plan: 65, ..job };
        assert_eq!((missing.work(), missing.percent()), ((36, 101), Some(35)));
        let missed = segments(&missing);
        assert!(missed[0].1 < WHOLE / 2 && missed[6].1 > WHOLE / 2, "{missed:?}");
        let nothing = Counters { total: 3, skipped: 3, skipped_in_plan: 3, ..Counters::default() };
        assert_eq!((segments(&nothing)[6], nothing.percent()), ((0, WHOLE), None));
    }
}
