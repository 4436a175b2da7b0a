//! Files that take much longer than the others of their job, or show no progress: which, for how long, and what is
//! known about the reason.

use leptos::prelude::*;

use super::items::ItemsAddress;
use crate::live::Live;
use crate::ui::parts::format::{counted, duration, seconds};
use crate::ui::progress::Summary;
use headway_model::message::RunningItem;
use headway_model::{JobId, JobSummary, Millis};

/// Minimum time until a file counts as slow.
const MIN_DURATION_MS: Millis = 20_000;

/// A file is slow if it takes this many times the average.
const TIMES: u64 = 5;

/// A file without progress for this long is silent.
const SILENCE: Millis = 10_000;

/// Fewer finished files than this give no average.
const BASIS: u32 = 3;

/// A line for each such file; nothing if there is none.
#[component]
pub(super) fn Slow(job: JobId, summary: Summary, address: Memo<ItemsAddress>) -> impl IntoView {
    let live = expect_context::<Live>();
    let state = live.job(job);
    let slow = Memo::new(move |_| {
        // Without news from the server, the file might be done by now.
        if live.silent.with(Option::is_some) {
            return Vec::new();
        }
        let known = live.known.get();
        let average = summary.with(|summary| summary.as_ref().and_then(|summary| average(summary, known)));
        let running = state.with(|state| state.as_ref().map(|state| state.running.clone()).unwrap_or_default());
        let line =
            |item: RunningItem| why(&item, known, average).map(|why| (item.item, item.path.shown().to_string(), why));
        running.into_iter().filter_map(line).collect::<Vec<_>>()
    });
    let heading = move || {
        let number = slow.with(Vec::len);
        format!("{} slow or silent", counted(number as u64, "file is", "files are"))
    };
    let row = move |(item, path, _): (u32, String, String)| {
        let said = move || {
            slow.with(|slow| {
                slow.iter().find(|(other, ..)| *other == item).map(|(.., why)| why.clone()).unwrap_or_default()
            })
        };
        let there = move || address.with(|address| address.opening(job, item));
        view! {
            <li class="attention-cause">
                <p class="attention-text">
                    <bdi dir="ltr" class="attention-why">{path}</bdi>
                    <span class="attention-place">{said}</span>
                </p>
                <span class="attention-ways"><a class="ui-button" href=there data-noscroll="">"Show"</a></span>
            </li>
        }
    };
    view! {
        <Show when=move || slow.with(|slow| !slow.is_empty())>
            <section class="attention" data-about="slow" aria-label="Files that are slow or silent">
                <h2>{heading}</h2>
                <ul>
                    <For each=move || slow.get() key=|(item, ..)| *item children=row />
                </ul>
            </section>
        </Show>
    }
    .into_any()
}

/// How long a file of this job takes on average, judging by those that are done.
fn average(summary: &JobSummary, known: Millis) -> Option<Millis> {
    let worked = summary.worked?;
    let at_work = worked.until(known);
    let done = summary.counters.ran();
    let at_once = u64::from(summary.counters.running.max(1));
    (done >= BASIS).then(|| at_work.saturating_mul(at_once) / u64::from(done))
}

/// The text about a running file; empty if it is neither slow nor silent.
fn why(item: &RunningItem, known: Millis, average: Option<Millis>) -> Option<String> {
    if item.since == 0 {
        return None;
    }
    let ran = known.saturating_sub(item.since);
    let silent = item.sign.map(|sign| known.saturating_sub(sign)).filter(|silent| *silent >= SILENCE);
    let slow = average.filter(|average| ran >= MIN_DURATION_MS && ran > average.saturating_mul(TIMES));
    let mean = |average: Millis| if average < 1_000 { "under 1 s".to_owned() } else { seconds(average) };
    let waits = item.waits_for.filter(|_| ran >= SILENCE);
    let parts = [
        slow.map(|average| {
            format!("It runs for {} so far; a file of this job takes {} on average.", duration(ran), mean(average))
        }),
        waits.map(|_| "It waits for another job to let go of the file.".to_owned()),
        silent.filter(|_| waits.is_none()).map(|silent| format!("No sign of life for {}.", duration(silent))),
    ];
    let said: Vec<_> = parts.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::job_id;

    fn item(since: Millis, sign: Option<Millis>) -> RunningItem {
        let path = "a".parse().expect("a path");
        RunningItem { item: 0, attempt: 1, path, done: 0, total: 0, percent: None, waits_for: None, since, sign }
    }

    #[test]
    fn a_file_is_slow_beside_the_others_and_silent_by_itself() {
        let now = 1_000_000;
        assert_eq!(why(&item(now - 19_000, None), now, Some(100)), None, "too short to be called slow");
        assert_eq!(why(&item(now - 240_000, None), now, None), None, "nothing to compare it with");
        assert_eq!(why(&item(now - 240_000, None), now, Some(60_000)), None, "as slow as the others");
        assert_eq!(
            why(&item(now - 240_000, Some(now - 2_000)), now, Some(20_000)).as_deref(),
            Some("It runs for 4 min 0 s so far; a file of this job takes 20 s on average.")
        );
        assert_eq!(
            why(&item(now - 12_000, Some(now - 12_000)), now, None).as_deref(),
            Some("No sign of life for 12 s.")
        );
        let waits = RunningItem { waits_for: Some(job_id(2)), ..item(now - 12_000, Some(now - 12_000)) };
        assert_eq!(why(&waits, now, None).as_deref(), Some("It waits for another job to let go of the file."));
        assert_eq!(why(&item(0, None), now, Some(1)), None, "an older server does not say when it began");
    }
}
