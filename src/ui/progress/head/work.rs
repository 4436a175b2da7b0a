//! How long a job might still take, and how much it reads, judging by bytes as well as by the number of files.

use std::time::Duration;

use leptos::prelude::*;

use super::Summary;
use crate::api;
use crate::live::Live;
use crate::ui::parts::format::{about, counted, size};
use headway_model::load::Load;
use headway_model::message::RunningItem;
use headway_model::{BuiltIn, JobId, JobStatus, JobSummary, Millis};

/// How often the bytes of a running job are fetched again: the server reads every file of the job for them.
fn read_interval(files: u32) -> Duration {
    if files <= 20_000 { Duration::from_secs(1) } else { Duration::from_secs(3) }
}

/// How long a job works before the page says that the remaining time is unknown.
const EARLY: Millis = 10_000;

/// What the time left rests on.
const ESTIMATE: &str = "As fast as so far, judged once by the number of files and once by their bytes: from the shorter of these times \
                        to the longer.";

/// The line below the counts.
#[component]
pub(super) fn Work(summary: Summary, job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let read = RwSignal::new(None::<Load>);
    follow(job, summary, read);
    let heard = live.job(job);
    let at_work = move || {
        let worked = summary.with(|summary| summary.as_ref().and_then(|summary| summary.worked))?;
        // Without news it stands still, as the bytes do.
        Some(worked.until(live.known.get()))
    };
    let status = move || summary.with(|summary| summary.as_ref().map(|summary| summary.status));
    let done = move || summary.with(|summary| summary.as_ref().map(|summary| u64::from(summary.counters.ran())));
    // The amount done, and the time at work when it last changed.
    let basis = Memo::new(move |before: Option<&Option<(Load, Millis)>>| {
        let before = before.copied().flatten();
        // The bytes are those of the present, so a past moment shows none.
        let read = read.get().filter(|_| live.past_of(job).is_none())?;
        let running = heard.with(|heard| heard.as_ref().map(|heard| heard.running.clone())).unwrap_or_default();
        let load = match done() == Some(read.done.files) {
            true => read.with_parts(running.iter().filter_map(RunningItem::part)),
            // A file that has ended since is missing both in the bytes read and among the running files.
            false => before.map(|(load, _)| load).filter(|load| load.done.bytes > read.done.bytes).unwrap_or(read),
        };
        let since = before.filter(|(known, _)| *known == load).map(|(_, since)| since);
        Some((load, since.unwrap_or_else(|| untrack(at_work).unwrap_or_default())))
    });
    let left = Memo::new(move |_| {
        let is_told = status() == Some(JobStatus::Processing) && live.silent.with(Option::is_none);
        left_text(basis.get().filter(|_| is_told)?, at_work()?)
    });
    let reads_all = move || {
        let recipe = |summary: &JobSummary| BuiltIn::of(&summary.recipe).is_some_and(BuiltIn::reads_all);
        summary.with(|summary| summary.as_ref().is_some_and(recipe))
    };
    let bytes = move || {
        let read_for = reads_all().then(|| at_work().unwrap_or_default());
        bytes_text(&basis.get()?.0, read_for, status().is_some_and(JobStatus::is_terminal))
    };
    view! {
        <div class="head-work">
            // The time left comes and goes, so it comes last: the bytes keep their place.
            <span class="head-work-basis">{bytes}</span>
            " "
            <span class="head-work-left">{move || left.get()}</span>
            <details class="head-work-how" data-none=move || left.with(Option::is_none).then_some("true")>
                <summary>"How estimated?"</summary>
                <p>{ESTIMATE}</p>
            </details>
        </div>
    }
    .into_any()
}

/// How long the rest takes, if this much was done `since` that time at work. While nothing more is done, less is left; once
/// more time has passed than was expected, nothing is known about the rest.
fn left_text((load, since): (Load, Millis), at_work: Millis) -> Option<String> {
    if load.open.files == 0 {
        return None;
    }
    let passed = at_work.saturating_sub(since);
    match load.left(since).filter(|estimate| estimate.high > passed) {
        Some(estimate) => Some(format!("{} left", about(estimate.low.saturating_sub(passed), estimate.high - passed))),
        None if at_work >= EARLY => Some("No estimate of the time left".into()),
        None => None,
    }
}

/// Bytes of processed files so far, of these and those to come, and per second; apart from them, those that were not processed, so that
/// nothing seems to be left once all is done. `read_for` is the time at work if the job reads all of its files; `None` if it
/// is not known what is read of them, as with a program.
fn bytes_text(load: &Load, read_for: Option<Millis>, is_over: bool) -> Option<String> {
    // The bytes are read more rarely than the number of files: none beside many files would contradict it.
    if load.done.bytes == 0 {
        return None;
    }
    let done = load.processed(read_for.is_some());
    let speed = read_for.filter(|ms| *ms >= 500 && done > 0).map(|ms| {
        let second = u64::try_from(u128::from(done) * 1_000 / u128::from(ms)).unwrap_or(u64::MAX);
        format!("{}/s", size(second))
    });
    let wrote = match (load.written, load.saved) {
        (0, _) => String::new(),
        (written, 0) => format!(" · {} written", size(written)),
        (written, saved) => {
            let word = if saved > 0 { "saved" } else { "more than before" };
            format!(" · {} written, {} {word}", size(written), size(saved.unsigned_abs()))
        }
    };
    let unchanged = match load.unchanged {
        0 => String::new(),
        _ => format!(" · {} unchanged", counted(load.unchanged, "file", "files")),
    };
    let did = if read_for.is_some() { "read" } else { "of input done" };
    let apart = match load.not_processed(read_for.is_some()) {
        0 => String::new(),
        bytes => format!(" · {} failed or left out", size(bytes)),
    };
    // What is open at the end will not be done.
    let part = match load.open.bytes {
        open if open == 0 || is_over => String::new(),
        open => format!(" of {}", size(done.saturating_add(open))),
    };
    let speed = speed.map(|speed| format!("{}{speed}", if is_over { " at " } else { " · " })).unwrap_or_default();
    Some(format!("{}{part} {did}{speed}{apart}{wrote}{unchanged}", size(done)))
}

/// Fetches the byte counts when the page is opened, while files are being done, and at each change of status. If that
/// fails, the old counts stay, and it is tried again.
fn follow(job: JobId, summary: Summary, read: RwSignal<Option<Load>>) {
    let now = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| (summary.status, summary.counters.done())))
    });
    let interval = move || {
        summary.with_untracked(|summary| read_interval(summary.as_ref().map_or(0, |summary| summary.counters.total)))
    };
    let (busy, seen, calls) = (RwSignal::new(false), StoredValue::new(None), StoredValue::new(0_u32));
    Effect::new(move |_| {
        let (now, is_busy) = (now.get(), busy.get());
        let Some((status, _)) = now else { return };
        // At the end of the job, fetch at once, so that the line counts everything.
        if seen.get_value() == now || (is_busy && !status.is_terminal()) {
            return;
        }
        seen.set_value(now);
        busy.set(true);
        calls.update_value(|calls| *calls += 1);
        let (call, interval) = (calls.get_value(), interval());
        leptos::task::spawn_local(async move {
            let load = api::load(job).await;
            // Answers can arrive in any order.
            if calls.try_get_value() == Some(call) {
                match load {
                    Ok(load) => _ = read.try_set(Some(load)),
                    Err(error) if error.may_pass() => _ = seen.try_set_value(None),
                    Err(_) => {}
                }
            }
            set_timeout(move || _ = busy.try_set(false), interval);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::load::{FilePart, FileTotals};

    #[test]
    fn the_time_left_never_grows_while_a_large_file_is_under_way() {
        let part = |files, bytes| FileTotals { files, bytes };
        let load = Load { done: part(5, 5_000_000), open: part(1, 500_000_000), ..Load::default() };
        let said = |at_work| left_text((load, 10_000), at_work).unwrap_or_default();
        assert_eq!([said(10_000), said(130_000)], ["2 s–17 min left", "less than 15 min left"].map(str::to_owned));
        assert_eq!(said(1_100_000), "No estimate of the time left");
        let half = load.with_parts([FilePart { thousandths: 500, bytes: 250_000_000 }]);
        assert_eq!(left_text((half, 500_000), 500_000).as_deref(), Some("45 s–9 min left"));
        let done = Load { open: part(0, 0), ..load };
        assert_eq!(left_text((done, 10_000), 20_000), None);
    }

    #[test]
    fn bytes_are_shown_for_the_whole_job_and_at_the_end_with_the_speed() {
        let load = Load {
            done: FileTotals { files: 3, bytes: 21_000_000_000 },
            open: FileTotals { files: 3, bytes: 27_000_000_000 },
            ..Load::default()
        };
        assert_eq!(bytes_text(&load, Some(228_000), false).as_deref(), Some("21 GB of 48 GB read · 92 MB/s"));
        assert_eq!(bytes_text(&load, Some(0), false).as_deref(), Some("21 GB of 48 GB read"));
        assert_eq!(
            bytes_text(&Load { open: FileTotals::default(), ..load }, Some(96_774), true).as_deref(),
            Some("21 GB read at 217 MB/s")
        );
        assert_eq!(bytes_text(&Load { done: FileTotals::default(), ..load }, Some(9_000), false), None);
        let smaller = Load { written: 14_700_000_000, saved: 6_300_000_000, open: FileTotals::default(), ..load };
        assert_eq!(bytes_text(&smaller, Some(0), true).as_deref(), Some("21 GB read · 15 GB written, 6.3 GB saved"));
        assert_eq!(
            bytes_text(&Load { saved: -5, ..smaller }, Some(0), true).as_deref(),
            Some("21 GB read · 15 GB written, 5 B more than before")
        );
    }

    #[test]
    fn only_bytes_of_processed_files_are_done() {
        let done = FileTotals { files: 4, bytes: 4_000 };
        let load = Load { done, rejected: 1_000, unprocessed: 1_000, ..Load::default() };
        assert_eq!(bytes_text(&load, None, true).as_deref(), Some("2.0 kB of input done · 2.0 kB failed or left out"));
        assert_eq!(bytes_text(&load, Some(0), true).as_deref(), Some("3.0 kB read · 1.0 kB failed or left out"));
        let half = Load { open: FileTotals { files: 1, bytes: 500 }, ..load };
        let said = "2.0 kB of 2.5 kB of input done · 2.0 kB failed or left out";
        assert_eq!(
            bytes_text(&half, None, false).as_deref(),
            Some(said),
            "what failed is no part of what is to be done"
        );
        let same = Load { unchanged: 83, rejected: 0, unprocessed: 0, ..load };
        assert_eq!(bytes_text(&same, None, true).as_deref(), Some("4.0 kB of input done · 83 files unchanged"));
        let none = Load { rejected: 4_000, unprocessed: 0, ..load };
        assert_eq!(bytes_text(&none, None, false).as_deref(), Some("0 B of input done · 4.0 kB failed or left out"));
    }

    #[test]
    fn what_a_program_reads_of_its_files_is_not_claimed() {
        let load = Load { done: FileTotals { files: 2, bytes: 2_600 }, ..Load::default() };
        assert_eq!(bytes_text(&load, None, true).as_deref(), Some("2.6 kB of input done"));
        let open = Load { open: FileTotals { files: 1, bytes: 400 }, ..load };
        assert_eq!(bytes_text(&open, None, false).as_deref(), Some("2.6 kB of 3.0 kB of input done"));
        let reads = |name: &str| BuiltIn::of(name).is_some_and(BuiltIn::reads_all);
        assert_eq!([reads("checksum"), reads("command"), reads("flac"), reads("rename")], [true, false, false, false]);
    }
}
