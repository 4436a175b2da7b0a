//! How long a job might still take, and how much it reads, judging by bytes as well as by the number of files.

use std::time::Duration;

use leptos::prelude::*;

use super::Summary;
use crate::api;
use crate::live::Live;
use crate::ui::parts::format::{about, size};
use headway_model::load::Load;
use headway_model::{JobId, JobStatus, Millis};

/// How often the bytes of a running job are fetched again.
const READ_INTERVAL: Duration = Duration::from_secs(3);

/// The line below the counts.
#[component]
pub(super) fn Work(summary: Summary, job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let read = RwSignal::new(None::<Load>);
    follow(job, summary, read);
    // The bytes are those of the present, so a past moment shows none.
    let load = move || read.get().filter(|_| live.past_of(job).is_none());
    let at_work = move || {
        let worked = summary.with(|summary| summary.as_ref().and_then(|summary| summary.worked))?;
        // In silence it stands still, as the bytes do.
        Some(worked.until(live.known.get()))
    };
    let status = move || summary.with(|summary| summary.as_ref().map(|summary| summary.status));
    let left = move || {
        let is_told = status() == Some(JobStatus::Processing) && live.silent.with(Option::is_none);
        let estimate = load().filter(|_| is_told)?.left(at_work()?)?;
        Some(format!("{} left", about(estimate.low, estimate.high)))
    };
    let basis = move || bytes_text(&load()?, at_work(), status().is_some_and(JobStatus::is_terminal));
    view! {
        <p class="head-work">
            <span class="head-work-left" title="As fast as so far: by the number of files and by their bytes, whichever is less and whichever is more">
                {left}
            </span>
            " "
            <span class="head-work-basis">{basis}</span>
        </p>
    }
    .into_any()
}

/// Bytes so far, in total, and per second.
fn bytes_text(load: &Load, at_work: Option<Millis>, is_over: bool) -> Option<String> {
    // The bytes are read more rarely than the number of files: none beside many files would contradict it.
    if load.done.bytes == 0 {
        return None;
    }
    let speed = at_work.filter(|ms| *ms >= 500 && load.done.bytes > 0).map(|ms| {
        let second = u64::try_from(u128::from(load.done.bytes) * 1_000 / u128::from(ms)).unwrap_or(u64::MAX);
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
    let read = match (is_over, speed) {
        (true, Some(speed)) => format!("{} read at {speed}", size(load.done.bytes)),
        (true, None) => format!("{} read", size(load.done.bytes)),
        (false, Some(speed)) => format!("{} of {} read · {speed}", size(load.done.bytes), size(load.bytes())),
        (false, None) => format!("{} of {} read", size(load.done.bytes), size(load.bytes())),
    };
    Some(read + &wrote)
}

/// Fetches the byte counts when the page is opened, while files are being done, and at each change of status. If that
/// fails, the old counts stay, and it is tried again.
fn follow(job: JobId, summary: Summary, read: RwSignal<Option<Load>>) {
    let now = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| (summary.status, summary.counters.done())))
    });
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
        let call = calls.get_value();
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
            set_timeout(move || _ = busy.try_set(false), READ_INTERVAL);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::load::FileTotals;

    #[test]
    fn bytes_are_said_of_all_and_at_the_end_with_their_speed() {
        let load = Load {
            done: FileTotals { files: 3, bytes: 21_000_000_000 },
            open: FileTotals { files: 3, bytes: 27_000_000_000 },
            ..Load::default()
        };
        assert_eq!(bytes_text(&load, Some(228_000), false).as_deref(), Some("21 GB of 48 GB read · 92 MB/s"));
        assert_eq!(bytes_text(&load, None, false).as_deref(), Some("21 GB of 48 GB read"));
        assert_eq!(
            bytes_text(&Load { open: FileTotals::default(), ..load }, Some(96_774), true).as_deref(),
            Some("21 GB read at 217 MB/s")
        );
        assert_eq!(bytes_text(&Load { done: FileTotals::default(), ..load }, Some(9_000), false), None);
        let smaller = Load { written: 14_700_000_000, saved: 6_300_000_000, ..load };
        assert_eq!(bytes_text(&smaller, None, true).as_deref(), Some("21 GB read · 15 GB written, 6.3 GB saved"));
        assert_eq!(
            bytes_text(&Load { saved: -5, ..smaller }, None, true).as_deref(),
            Some("21 GB read · 15 GB written, 5 B more than before")
        );
    }
}
