//! Files that take much longer than finished files of about their size, or show no progress: which, for how long, and what is
//! known about the reason. They have a place on the page of a live job, so that nothing moves when a file becomes slow.

use leptos::prelude::*;

use super::items::ItemsAddress;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format::{count, counted, duration, seconds};
use crate::ui::progress::{Summary, is_over, keeps_places};
use headway_model::message::RunningItem;
use headway_model::{JobId, Millis};

/// Minimum time until a file counts as slow.
const MIN_DURATION_MS: Millis = 20_000;

/// A file is slow if it takes this many times the average of similar files.
const TIMES: u64 = 5;

/// A file without progress for this long is silent.
const SILENCE: Millis = 10_000;

/// How many of these files are shown. Behind them is a link to all that run.
const SHOWN: usize = 1;

/// A file that is slow or silent: its index, its path, and the text about it.
type SlowFile = (u32, String, String);

/// The first of them, and how many more there are.
#[component]
pub(super) fn Slow(job: JobId, summary: Summary, address: Memo<ItemsAddress>) -> impl IntoView {
    let live = expect_context::<Live>();
    let (keeps, is_over) = (keeps_places(summary), is_over(summary));
    let slow = slow_files(live, job);
    // Without news, in a job that is over and in the past there is nothing to say of running files.
    let is_off = move || is_over.get() || live.silent.with(Option::is_some) || live.past_of(job).is_some();
    let is_none = Memo::new(move |_| slow.with(Vec::is_empty));
    let row = move |(item, path, _): SlowFile| {
        let said = move || {
            slow.with(|slow| {
                slow.iter().find(|(other, ..)| *other == item).map(|(.., why)| why.clone()).unwrap_or_default()
            })
        };
        let there = move || address.with(|address| address.opening(job, item));
        view! {
            <li class="attention-cause">
                <p class="attention-text">
                    <bdi dir="ltr" class="attention-why" title=path.clone()>{path.clone()}</bdi>
                    <span class="attention-place" title=said>{said}</span>
                </p>
                <span class="attention-ways"><a class="ui-button" href=there data-noscroll="">"Show"</a></span>
            </li>
        }
    };
    let more = move || match slow.with(Vec::len).saturating_sub(SHOWN) {
        0 => None,
        more => Some(format!("{} more", count(more as u64))),
    };
    view! {
        <section
            class="attention"
            data-about="slow"
            data-live=move || keeps.get().then_some("true")
            data-none=move || is_none.get().then_some("true")
            data-off=move || is_off().then_some("true")
            hidden=move || is_none.get() && !keeps.get()
            aria-label="Files that are slow or silent"
        >
            <h2>{move || heading(slow.with(Vec::len))}</h2>
            <ul>
                <For each=move || slow.with(|slow| slow.iter().take(SHOWN).cloned().collect::<Vec<_>>()) key=|(item, ..)| *item children=row />
            </ul>
            <a class="attention-more" href=to(&format!("/jobs/{job}?status=running#job-files"))>{more}</a>
        </section>
    }
    .into_any()
}

fn heading(number: usize) -> String {
    match number {
        0 => "No file is slow or silent".to_owned(),
        number => format!("{} slow or silent", counted(number as u64, "file is", "files are")),
    }
}

/// The files that are slow or silent now; none without news from the server, as they might be done by now.
fn slow_files(live: Live, job: JobId) -> Memo<Vec<SlowFile>> {
    let state = live.job(job);
    Memo::new(move |_| {
        if live.silent.with(Option::is_some) {
            return Vec::new();
        }
        let known = live.known.get();
        let running = state.with(|state| state.as_ref().map(|state| state.running.clone()).unwrap_or_default());
        let slow = |item: RunningItem| why(&item, known).map(|why| (item.item, item.path.shown().to_string(), why));
        running.into_iter().filter_map(slow).collect()
    })
}

/// The text about a running file; `None` if it is neither slow nor silent.
fn why(item: &RunningItem, known: Millis) -> Option<String> {
    if item.since == 0 {
        return None;
    }
    let ran = known.saturating_sub(item.since);
    let silent = item.sign.map(|sign| known.saturating_sub(sign)).filter(|silent| *silent >= SILENCE);
    let is_slow = |average: Millis| ran >= MIN_DURATION_MS && ran > average.saturating_mul(TIMES);
    let slow = item.similar.filter(|similar| is_slow(similar.ms));
    let mean = |average: Millis| if average < 1_000 { "under 1 s".to_owned() } else { seconds(average) };
    let waits = item.waits_for.filter(|_| ran >= SILENCE);
    let parts = [
        slow.map(|similar| {
            let files = counted(similar.files, "finished file", "finished files");
            format!("Runs for {}; {files} of about its size took {} on average.", duration(ran), mean(similar.ms))
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
    use headway_model::message::SimilarFiles;
    use headway_model::testing::job_id;

    fn item(since: Millis, sign: Option<Millis>, similar: Option<Millis>) -> RunningItem {
        let path = "a".parse().expect("a path");
        let similar = similar.map(|ms| SimilarFiles { files: 12, ms });
        RunningItem {
            item: 0,
            attempt: 1,
            path,
            done: 0,
            total: 0,
            percent: None,
            waits_for: None,
            since,
            sign,
            similar,
        }
    }

    #[test]
    fn a_file_is_slow_beside_finished_files_of_its_size_and_silent_by_itself() {
        let now = 1_000_000;
        assert_eq!(why(&item(now - 19_000, None, Some(100)), now), None, "too short to be called slow");
        assert_eq!(why(&item(now - 240_000, None, None), now), None, "nothing to compare it with");
        assert_eq!(why(&item(now - 240_000, None, Some(60_000)), now), None, "as slow as the others");
        assert_eq!(
            why(&item(now - 240_000, Some(now - 2_000), Some(20_000)), now).as_deref(),
            Some("Runs for 4 min 0 s; 12 finished files of about its size took 20 s on average.")
        );
        assert_eq!(
            why(&item(now - 12_000, Some(now - 12_000), None), now).as_deref(),
            Some("No sign of life for 12 s.")
        );
        let waits = RunningItem { waits_for: Some(job_id(2)), ..item(now - 12_000, Some(now - 12_000), None) };
        assert_eq!(why(&waits, now).as_deref(), Some("It waits for another job to let go of the file."));
        assert_eq!(why(&item(0, None, Some(1)), now), None, "an older server does not say when it began");
    }

    #[test]
    fn the_number_of_slow_files_is_said_also_if_it_is_none() {
        assert_eq!(
            [0, 1, 2].map(heading),
            ["No file is slow or silent", "1 file is slow or silent", "2 files are slow or silent"]
        );
    }
}
