//! What needs attention: why files failed, by cause, with links to those files and buttons that run only them again.

mod cause_row;

use leptos::prelude::*;

use super::Steer;
use super::attention::Attention;
use super::head::{ActionPlace, Actions, files_address, was_undone};
use super::summary::{Summary, is_over, keeps_places};
use crate::live::Live;
use crate::ui::parts::{ErrorView, format};
use cause_row::CauseRow;
use headway_model::JobSummary;
use headway_model::causes::Causes;
use headway_model::item::ItemLabel;

/// How many causes are shown on the page of a live job, whose section has one height.
const SHOWN: usize = 2;

/// The causes, most frequent first. On the page of a live job the section has its place from the beginning, shows the first causes in the
/// order in which they came, and has a button for the others, so that nothing moves when a file fails.
#[component]
pub(super) fn Failures(
    attention: Attention,
    summary: Summary,
    /// Performs the retry of a live job; its newest answer has the job's request.
    steer: Steer,
    /// Whether the page is hydrated: until then it shows what the server rendered.
    mounted: RwSignal<bool>,
    /// Whether this is the job's own page.
    is_page: bool,
) -> impl IntoView {
    let (live, newest) = (expect_context::<Live>(), steer.newest);
    let is_over = is_over(summary);
    let (keeps, causes) = (keeps_places(summary), attention.causes(mounted));
    let is_live = Memo::new(move |_| is_page && keeps.get());
    let is_open = RwSignal::new(false);
    let is_none = Memo::new(move |_| attention.failed() == 0);
    let keys = ordered_keys(causes, is_live);
    let shown = move || {
        let most = if is_live.get() && !is_open.get() { SHOWN } else { usize::MAX };
        keys.with(|keys| keys.iter().take(most).cloned().collect::<Vec<_>>())
    };
    let others = Memo::new(move |_| if is_live.get() { keys.with(Vec::len).saturating_sub(SHOWN) } else { 0 });
    let is_shown = move || !is_none.get() || is_live.get();
    // Of a job that is over there is nothing to say then. Only its place stays.
    let is_off = move || is_none.get() && is_over.get();
    // A second look at the same bytes finds the same: the next step is to look at what failed.
    let is_look = move || {
        attention.is_to_be_seen() || summary.with(|summary| summary.as_ref().is_some_and(JobSummary::only_tests))
    };
    // Several causes are equal, so none of them is the next step.
    let is_next = Signal::derive(move || is_over.get() && is_look() && keys.with(Vec::len) == 1 && !was_undone(newest));
    let row = move |key: String| {
        let cause = Memo::new(move |_| {
            causes
                .with(|causes| causes.iter().flat_map(|causes| &causes.causes).find(|cause| cause.key == key).cloned())
        });
        view! { <CauseRow newest cause is_over is_next /> }
    };
    let failed = move || {
        let at = live.past_of(newest.job).map(|moment| moment.seq());
        (!is_none.get()).then(|| files_address(newest.job, Some(ItemLabel::Failed.into()), at))
    };
    let retry = is_page.then(|| view! { <Actions summary steer place=ActionPlace::Failures /> }.into_any());
    view! {
        <section
            class="attention"
            aria-label="What needs attention"
            data-live=move || is_live.get().then_some("true")
            data-none=move || is_none.get().then_some("true")
            data-off=move || is_off().then_some("true")
            data-open=move || is_open.get().then_some("true")
            hidden=move || !is_shown()
        >
            <div class="attention-head">
                <h2><a href=failed on:click=move |_| live.put_away()>{move || heading(attention, causes)}</a></h2>
                {retry}
            </div>
            <p class="ui-hint" hidden=move || !is_none.get()>"Files that fail are listed here, by reason."</p>
            <ul>
                <For each=shown key=|key| key.clone() children=row />
            </ul>
            <OtherCauses others is_open />
            <p class="ui-hint attention-more">{move || more(causes)}</p>
            {move || attention.wrong().map(|error| view! { <ErrorView error again=move |()| attention.read_again() /> })}
        </section>
    }
    .into_any()
}

/// The button for the causes that there is no room for on the page of a live job.
#[component]
fn OtherCauses(others: Memo<usize>, is_open: RwSignal<bool>) -> impl IntoView {
    let text = move || match is_open.get() {
        true => "Show fewer".to_owned(),
        false => format::counted(others.get() as u64, "more reason", "more reasons"),
    };
    let expanded = move || if is_open.get() { "true" } else { "false" };
    let toggle = move |_| is_open.update(|is_open| *is_open = !*is_open);
    view! {
        <Show when=move || { others.get() > 0 }>
            <button class="ui-quiet attention-others" aria-expanded=expanded on:click=toggle>{text}</button>
        </Show>
    }
    .into_any()
}

/// The keys of the causes. On the page of a live job each keeps its place, and new ones come last.
fn ordered_keys(causes: Memo<Option<Causes>>, is_live: Memo<bool>) -> Memo<Vec<String>> {
    Memo::new(move |before: Option<&Vec<String>>| {
        let keys = |causes: &Causes| causes.causes.iter().map(|cause| cause.key.clone()).collect::<Vec<_>>();
        let now = causes.with(|causes| causes.as_ref().map(keys).unwrap_or_default());
        if is_live.get() { in_order_of(before.map(Vec::as_slice).unwrap_or_default(), now) } else { now }
    })
}

/// These keys, first those of `before` in their order.
fn in_order_of(before: &[String], now: Vec<String>) -> Vec<String> {
    let kept: Vec<_> = before.iter().filter(|key| now.contains(key)).cloned().collect();
    let new: Vec<_> = now.into_iter().filter(|key| !kept.contains(key)).collect();
    [kept, new].concat()
}

/// How many files failed, and for how many reasons.
fn heading(attention: Attention, causes: Memo<Option<Causes>>) -> String {
    let failed = attention.failed();
    if failed == 0 {
        return "No failed files".to_owned();
    }
    let number = format::counted(failed, "file", "files");
    // While more files fail, the causes of the newest are still to be read.
    let reasons = |known: &Causes| (known.sorted() == failed).then_some(known.causes.len());
    match causes.with(|causes| causes.as_ref().and_then(reasons)) {
        None => format!("{number} failed"),
        Some(1) => format!("{number} failed for one reason"),
        Some(reasons) => format!("{number} failed for {reasons} reasons"),
    }
}

/// How many files failed for causes that are not listed.
fn more(causes: Memo<Option<Causes>>) -> Option<String> {
    let more = causes.with(|causes| causes.as_ref().map_or(0, |causes| causes.more));
    (more > 0).then(|| {
        format!(
            "The reasons for {} are only in the list of files.",
            format::counted(more, "more failure", "more failures")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::in_order_of;

    #[test]
    fn causes_keep_their_places_while_more_files_fail_and_new_ones_come_last() {
        let keys = |names: &str| names.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(in_order_of(&[], keys("b a")), keys("b a"));
        assert_eq!(in_order_of(&keys("b a"), keys("a c b")), keys("b a c"));
        assert_eq!(in_order_of(&keys("b a"), keys("a")), keys("a"));
    }
}
