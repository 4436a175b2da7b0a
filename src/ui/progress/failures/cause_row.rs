//! One cause of failures, with a link to its files and a button that runs only them again.

use leptos::prelude::*;

use super::super::RetriedNow;
use super::super::newest::Newest;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{format, may_act};
use headway_model::StartJob;
use headway_model::causes::Cause;
use headway_model::request::ItemSelection;

/// One cause: how many files, which, where, and what can be done.
#[component]
pub(super) fn CauseRow(
    newest: Newest,
    cause: Memo<Option<Cause>>,
    /// Whether the job is over: only then do its files run again in another job.
    is_over: Memo<bool>,
    /// Whether looking at its files is the next step.
    is_next: Signal<bool>,
) -> impl IntoView {
    let (live, can_act) = (expect_context::<Live>(), may_act());
    let job = newest.job;
    let of = move |tell: fn(&Cause) -> String| cause.with(|cause| cause.as_ref().map(tell).unwrap_or_default());
    let number = |cause: &Cause| format::count(cause.items.len() as u64);
    // Those that no later job has done.
    let still = Memo::new(move |_| {
        let done = newest.with(|view| view.done_since.clone()).unwrap_or_default();
        let items = cause.with(|cause| cause.as_ref().map(|cause| cause.items.clone())).unwrap_or_default();
        items.into_iter().filter(|item| done.binary_search(item).is_err()).collect::<Vec<_>>()
    });
    let place = |cause: &Cause| match cause.items.len() {
        1 => cause.first.shown().to_string(),
        _ => format!("first {}, last {}", cause.first.shown(), cause.last.shown()),
    };
    let retried = Memo::new(move |_| still.with(|still| newest.retried_in(still, true)));
    let retry = move |_| {
        let again = |request: &StartJob| request.again(job, ItemSelection::These(still.get_untracked()));
        let again = newest.with_untracked(|view| view.request.as_ref().map(again)).flatten();
        again.into_iter().for_each(|request| _ = live.start(request));
    };
    // At the moment of the job that is shown.
    let there = move || {
        let at = live.past_of(job).map(|moment| format!("&at={}", moment.seq())).unwrap_or_default();
        to(&format!("/jobs/{job}?status=failed&cause={}{at}#job-files", of(|cause| cause.key.clone())))
    };
    view! {
        <li class="attention-cause">
            <b class="attention-number">{move || of(number)}</b>
            <p class="attention-text">
                <span class="attention-why">{move || of(why)}</span>
                <bdi dir="ltr" class="attention-place">{move || of(place)}</bdi>
                <span class="attention-example">{move || cause.with(|cause| cause.as_ref().and_then(example))}</span>
            </p>
            <span class="attention-ways">
                // The files are on the job's page, which no dialog must cover.
                <a class="ui-button" class:ui-primary=move || is_next.get() href=there on:click=move |_| live.put_away()>"Show " {move || of(number)}</a>
                {move || retried.get().map(|retry| view! { <RetriedNow retry /> })}
                <Show when=move || can_act && is_over.get() && retried.with(Option::is_none) && still.with(|still| !still.is_empty())>
                    <button data-action="retry-cause" on:click=retry>{move || format!("Retry {}", format::count(still.with(Vec::len) as u64))}</button>
                </Show>
            </span>
        </li>
    }
    .into_any()
}

/// Why: of one file its whole message, and of several what their messages have in common.
fn why(cause: &Cause) -> String {
    if is_one(cause) { cause.example.clone() } else { cause.text.clone() }
}

/// One whole message as an example, if files have several that differ.
fn example(cause: &Cause) -> Option<String> {
    (!is_one(cause) && cause.text != cause.example).then(|| format!("e.g. {}", cause.example))
}

/// Whether only one file failed for this.
fn is_one(cause: &Cause) -> bool {
    cause.first == cause.last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_its_whole_message_and_several_have_an_example() {
        let path = |name: &str| name.parse().expect("a path");
        let one = Cause {
            key: String::new(),
            text: "size # B".to_owned(),
            items: vec![3],
            first: path("a"),
            last: path("a"),
            example: "size 7 B".to_owned(),
            of_file: true,
        };
        assert_eq!((why(&one).as_str(), example(&one)), ("size 7 B", None));
        let two = Cause { items: vec![3, 4], last: path("b"), ..one };
        assert_eq!((why(&two).as_str(), example(&two).as_deref()), ("size # B", Some("e.g. size 7 B")));
    }
}
