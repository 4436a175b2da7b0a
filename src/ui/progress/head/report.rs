//! The totals of a report. A number of a verification leads to exactly those files, where it counts files of the job.

use leptos::prelude::*;

use super::{Attention, Summary};
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{SkippedFor, skip_reasons, with_sizes};
use crate::ui::progress::Newest;
use headway_model::causes::{Cause, Causes};
use headway_model::{BuiltIn, FailReason, Fold, ItemStatus, JobSummary, SkipReason};

/// The verdicts of files that failed: the messages of their causes begin with them.
const FAILING: [&str; 4] = ["changed", "bit rot", "unreadable", "not checked"];

/// The verdicts of files that were skipped, with the reason and the status of those.
const SKIPPED: [(&str, SkipReason, &str); 2] =
    [("missing", SkipReason::Missing, "missed"), ("new", SkipReason::Unlisted, "left_out")];

/// A verdict, how many files of the job have it, and the filter that lists them.
type VerdictDoor = (&'static str, u64, String);

/// A line for each total.
#[component]
pub(super) fn ReportLines(
    summary: Summary,
    newest: Newest,
    attention: Attention,
    /// Whether the page is hydrated: until then it shows what the server rendered.
    mounted: RwSignal<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = newest.job;
    let (heard, causes) = (live.job(job), attention.causes(mounted));
    let doors = Memo::new(move |_| {
        // Why files were skipped is in the fold, which a page has once it follows the job.
        let _ = heard.get();
        let reasons = |fold: &Fold| skip_reasons(fold, |status| matches!(status, ItemStatus::Skipped { .. }));
        let skipped = live.with_fold(job, reasons).unwrap_or_default();
        summary.with(|summary| {
            let doors = |summary| causes.with(|causes| doors(summary, causes.as_ref(), &skipped));
            summary.as_ref().map(doors).unwrap_or_default()
        })
    });
    // At the moment of the job that is shown.
    let at = move || live.past_of(job).map(|moment| format!("&at={}", moment.seq())).unwrap_or_default();
    let part = move |(text, filter): (&str, Option<&str>)| match filter {
        Some(filter) => {
            let there = to(&format!("/jobs/{job}?{filter}{}#job-files", at()));
            // The files are on the job's page, which no dialog must cover.
            view! { <a href=there on:click=move |_| live.put_away()>{text.to_owned()}</a> }.into_any()
        }
        None => with_sizes(text).into_any(),
    };
    move || {
        let doors = doors.get();
        let line = |line: &String| {
            let parts = parts(line, &doors).into_iter().map(part).collect_view();
            view! { <p class="head-message">{parts}</p> }
        };
        newest.with(|view| view.report.iter().map(line).collect_view())
    }
}

/// The doors of a verification. A verdict has none if its files are not exactly those of one filter.
fn doors(summary: &JobSummary, causes: Option<&Causes>, skipped: &[SkippedFor]) -> Vec<VerdictDoor> {
    if BuiltIn::of(&summary.recipe) != Some(BuiltIn::Verify) {
        return Vec::new();
    }
    let mut doors = vec![("ok", u64::from(summary.counters.succeeded), "status=succeeded".to_owned())];
    for (verdict, reason, status) in SKIPPED {
        let number = skipped.iter().find(|(_, of, _)| *of == reason).map_or(0, |(number, ..)| *number);
        doors.push((verdict, number.into(), format!("status={status}&cause={}", reason.key())));
    }
    for verdict in FAILING {
        let of: Vec<_> =
            causes.iter().flat_map(|causes| &causes.causes).filter(|cause| has_verdict(cause, verdict)).collect();
        let number = of.iter().map(|cause| cause.items.len() as u64).sum::<u64>();
        match of[..] {
            [cause] => doors.push((verdict, number, format!("status=failed&cause={}", cause.key))),
            // Several causes are listed together only if no file failed with another verdict.
            _ if number == u64::from(summary.counters.failed) => {
                doors.push((verdict, number, "status=failed".to_owned()))
            }
            _ => {}
        }
    }
    doors
}

/// Whether the files that failed for this have this verdict.
fn has_verdict(cause: &Cause, verdict: &str) -> bool {
    let first = cause.text.split(':').next().unwrap_or_default();
    first == verdict || (verdict == "unreadable" && first == FailReason::Read.text())
}

/// The parts of a line in their order: texts, and verdicts with their numbers, which have the filter of their files.
fn parts<'a>(line: &'a str, doors: &'a [VerdictDoor]) -> Vec<(&'a str, Option<&'a str>)> {
    if doors.is_empty() {
        return vec![(line, None)];
    }
    let mut parts = Vec::new();
    for piece in line.split_inclusive(", ") {
        let end = piece.strip_suffix(", ").unwrap_or(piece).len();
        let begin = piece[..end].rfind(": ").map_or(0, |at| at + 2);
        let filter = filter_of(&piece[begin..end], doors);
        parts.extend([(&piece[..begin], None), (&piece[begin..end], filter), (&piece[end..], None)]);
    }
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

/// The filter of the files of a verdict with its number, such as `changed 2`; `None` if there is none, or no file.
fn filter_of<'a>(told: &str, doors: &'a [VerdictDoor]) -> Option<&'a str> {
    let (verdict, number) = told.rsplit_once(' ')?;
    let number = number.parse::<u64>().ok().filter(|number| *number > 0)?;
    let door = doors.iter().find(|(of, files, _)| *of == verdict && *files == number);
    door.map(|(.., filter)| filter.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::summary;
    use headway_model::{Counters, JobStatus};

    fn cause(text: &str, key: &str, items: Vec<u32>) -> Cause {
        let path = || "a".parse().expect("a path");
        let (text, key) = (text.to_owned(), key.to_owned());
        Cause { key, example: text.clone(), text, items, first: path(), last: path(), of_file: true }
    }

    #[test]
    fn each_number_of_a_verification_leads_to_its_files_and_to_no_others() {
        let counters = Counters { total: 9, succeeded: 2, failed: 3, ..Counters::default() };
        let job = JobSummary { recipe: "verify".into(), ..summary(JobStatus::CompletedWithErrors, counters) };
        let some = [cause("changed: since", "aa", vec![1, 2]), cause("could not be read: denied", "bb", vec![3])];
        let causes = Causes { causes: some.into(), more: 0 };
        let skipped = [(1, SkipReason::Unlisted, "new")];
        let doors = doors(&job, Some(&causes), &skipped);
        let line = "SUMS: 7 lines: ok 2, changed 2, bit rot 0, missing 1, unreadable 1, not checked 1";
        let parts = parts(line, &doors);
        assert_eq!(parts.iter().map(|(text, _)| *text).collect::<String>(), line);
        let found: Vec<_> = parts.iter().filter_map(|(text, filter)| Some((*text, (*filter)?))).collect();
        let expected = [
            ("ok 2", "status=succeeded"),
            ("changed 2", "status=failed&cause=aa"),
            ("unreadable 1", "status=failed&cause=bb"),
        ];
        assert_eq!(found, expected, "of what is missing, the job has no file");
        assert_eq!(filter_of("new 1", &doors), Some("status=left_out&cause=left16"));
        assert_eq!(filter_of("ok 3", &doors), None, "lines, of which a file can have several");
    }

    #[test]
    fn several_causes_of_one_verdict_are_listed_together_if_nothing_else_failed() {
        let counters = Counters { total: 3, failed: 3, ..Counters::default() };
        let job = JobSummary { recipe: "verify".into(), ..summary(JobStatus::CompletedWithErrors, counters) };
        let two = |last: &str| Causes {
            causes: vec![cause("changed: a", "aa", vec![0, 1]), cause(last, "bb", vec![2])],
            more: 0,
        };
        let of = |causes: &Causes, told: &str| filter_of(told, &doors(&job, Some(causes), &[])).map(str::to_owned);
        assert_eq!(of(&two("changed: b"), "changed 3").as_deref(), Some("status=failed"));
        assert_eq!(of(&two("bit rot: b"), "changed 2").as_deref(), Some("status=failed&cause=aa"));
        let other = JobSummary { recipe: "checksum".into(), ..job.clone() };
        assert!(doors(&other, Some(&two("changed: b")), &[]).is_empty());
        assert_eq!(parts("1, 2", &[]), [("1, 2", None)]);
    }
}
