//! The filter line: the text to search for in names, how many files match, and what can be done with only those.

use leptos::prelude::*;

use super::address::ItemsAddress;
use super::list::ItemsList;
use crate::base::to;
use crate::live::Live;
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::format::{count, counted, entries};
use crate::ui::parts::{Controls, may_act, words};
use crate::ui::progress::{Attention, Newest, RetriedNow, Summary, is_over};
use crate::ui::search::{Search, hidden};
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::item_filter::ItemFilter;
use headway_model::request::ItemSelection;
use headway_model::{ItemStatus, JobId, SkipReason, StartJob};

/// The most items that one retry can name.
const RETRIED: u32 = 10_000;

/// The filter line. Without JavaScript it is a form.
#[component]
pub(super) fn Tools(
    job: JobId,
    address: Memo<ItemsAddress>,
    list: ItemsList,
    summary: Summary,
    request: StoredValue<Option<StartJob>>,
    attention: Attention,
    newest: Newest,
) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let part = move |tell: fn(&ItemFilter) -> Option<String>| {
        address.with(|address| tell(&address.filter)).unwrap_or_default()
    };
    let searched = Memo::new(move |_| part(|filter| filter.name.clone()));
    let go = Callback::new(move |(text, go): (String, Go)| {
        nav.go(&address.with_untracked(|address| address.with_name(job, text.trim())), go);
    });
    let cause = Memo::new(move |_| address.with(|address| address.filter.cause.clone()));
    let span = Memo::new(move |_| address.with(ItemsAddress::span));
    let files = move || {
        let last = summary.with(|summary| summary.as_ref().map_or(u32::MAX, |summary| summary.counters.total));
        span.get().map(|(first, to)| between(first, to, last))
    };
    let left_out = Memo::new(move |_| cause.with(|key| key.as_deref().and_then(SkipReason::of_key)));
    let only = move || match left_out.get() {
        Some(reason) => Some(reason.text().to_owned()),
        None => {
            cause.get().and_then(|key| attention.with_cause(&key, |cause| cause.map(|cause| cause.text.clone())))?
        }
    };
    let of = move || words::of(address.with(|address| address.filter.status.unwrap_or(StatusFilter::LeftOut)));
    let what = move || match left_out.get() {
        Some(_) => format!("Only what was {}: ", of()),
        None => "Only what failed with: ".to_owned(),
    };
    let all = move || match left_out.get() {
        Some(_) => format!("Show all that was {}", of()),
        None => "Show all that failed".to_owned(),
    };
    let is_filtered = move || address.with(|address| address.filter != Default::default());
    view! {
        // How many files match is known once the page follows the job; there is room for it before.
        <div class="items-tools" data-filtered=move || is_filtered().then_some("true")>
            <Search action=to(&format!("/jobs/{job}")) name="name" label="Files by name" placeholder="Name contains…, or *.jpg" searched go>
                {move || hidden("status", part(|filter| filter.status.map(|status| status.to_string())))}
                {move || hidden("first", part(|filter| filter.first.map(|item| item.to_string())))}
                {move || hidden("last", part(|filter| filter.last.map(|item| item.to_string())))}
                {move || hidden("cause", part(|filter| filter.cause.clone()))}
            </Search>
            <p class="items-matches" role="status">{move || matches(address, list, summary)}</p>
            <Controls>
                <RetryThese job address list summary request newest />
            </Controls>
        </div>
        <p class="items-only" hidden=move || span.with(Option::is_none)>
            {files} " "
            <a href=move || address.with(|address| address.with_span(job, None)) data-noscroll="">"Show the files before and after as well"</a>
        </p>
        <p class="items-cause" hidden=move || cause.with(Option::is_none)>
            {what} <b>{only}</b> " "
            <a href=move || address.with(|address| address.without_cause(job)) data-noscroll="">{all}</a>
        </p>
    }
    .into_any()
}

/// How many files match; nothing without a filter, because the head shows the total.
fn matches(address: Memo<ItemsAddress>, list: ItemsList, summary: Summary) -> Option<String> {
    let is_filtered = address.with(|address| address.filter != Default::default());
    let counters = summary.with(|summary| summary.as_ref().map(|summary| summary.counters))?;
    let some = list.with(|fold, status, these| fold.listed(status, these, 0, 0).total).filter(|_| is_filtered)?;
    let named = address.with(|address| address.filter.name.as_deref().and_then(|name| list.names.of(name)));
    let more = named.map(|named| named.more).filter(|more| *more > 0);
    let more = more.map(|more| format!("; {} more match", count(more.into()))).unwrap_or_default();
    let whole = match address.with(|address| address.filter.status) {
        Some(StatusFilter::Label(ItemLabel::Failed)) if list.is_narrowed() => {
            format!("{} failed", count(counters.failed.into()))
        }
        // An entry that is not a file, such as a link, is counted as a row.
        _ => format!("{} {}", count(counters.total.into()), entries(&counters)),
    };
    Some(format!("{} of {whole}{more}", count(some.into())))
}

/// The range of files that the list is limited to, counted from 1 as people count.
fn between(first: u32, to: u32, last: u32) -> String {
    let number = |item: u32| count(u64::from(item) + 1);
    match to {
        to if to == first => format!("Only file {} of the job.", number(first)),
        to => format!("Only files {} to {} of the job.", number(first), number(to.min(last.saturating_sub(1)))),
    }
}

/// Whether a filter lists only files that failed, or were asked for and not processed.
fn lists_errors(filter: &ItemFilter) -> bool {
    let reason = filter.cause.as_deref().and_then(SkipReason::of_key);
    let are_missed = reason.is_some_and(|reason| ItemStatus::Skipped { reason, planned: true }.is_missed());
    let failed = StatusFilter::Label(ItemLabel::Failed);
    are_missed || filter.status.is_some_and(|of| [failed, StatusFilter::Errors, StatusFilter::Missed].contains(&of))
}

/// A button that runs the matching files again, if the job is over and all of them failed or were missed.
#[component]
fn RetryThese(
    job: JobId,
    address: Memo<ItemsAddress>,
    list: ItemsList,
    summary: Summary,
    request: StoredValue<Option<StartJob>>,
    newest: Newest,
) -> impl IntoView {
    if !may_act() {
        return ().into_any();
    }
    let live = expect_context::<Live>();
    let is_over = is_over(summary);
    // Without those that later jobs have done.
    let items = Memo::new(move |_| {
        let are_errors = address.with(|address| lists_errors(&address.filter));
        let listed = |limit| list.with(|fold, status, these| fold.listed(status, these, 0, limit));
        if !is_over.get() || !are_errors || !list.is_narrowed() || listed(0).is_none_or(|list| list.total > RETRIED) {
            return Vec::new();
        }
        let done = newest.with(|view| view.done_since.clone()).unwrap_or_default();
        let rows = listed(RETRIED as usize).map(|list| list.rows).unwrap_or_default();
        rows.into_iter().map(|row| row.item).filter(|item| done.binary_search(item).is_err()).collect::<Vec<_>>()
    });
    let number = move || items.with(Vec::len);
    let retried = Memo::new(move |_| items.with(|items| newest.retried_in(items, false)));
    let retry = move |_| {
        let which = ItemSelection::These(items.get_untracked());
        let again = request.with_value(|request| request.as_ref().map(|request| request.again(job, which)));
        again.into_iter().for_each(|request| _ = live.start(request));
    };
    view! {
        {move || retried.get().map(|retry| view! { <RetriedNow retry /> })}
        <Show when=move || { number() > 0 && retried.with(Option::is_none) }>
            <button data-action="retry-these" on:click=retry>
                {move || format!("Retry {}", counted(number() as u64, "file", "files"))}
            </button>
        </Show>
    }
    .into_any()
}
