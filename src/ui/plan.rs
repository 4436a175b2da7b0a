//! A plan that waits for a person: what will run, what is skipped and why, how much it is, and what the first files
//! become. The plan has touched no file yet, but some can be tried first in a job of their own.

mod texts;

use leptos::prelude::*;

use super::parts::format::{count, outcome};
use super::parts::{SkippedFor, may_act, skip_reasons, words};
use super::progress::{Newest, Steer, Summary, number};
use crate::api;
use crate::base::to;
use crate::live::Live;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::item_filter::ItemFilter;
use headway_model::load::Load;
use headway_model::summary::ItemView;
use headway_model::{ItemStatus, JobId, JobStatus, JobSummary, Query, Sample, SkipReason, StartJob};
use texts::{left_out, never_done, room, sentence, tried};

/// How many files a sample has, if it is the first ones.
const SAMPLE: u32 = 10;

/// How many files are shown as examples.
const EXAMPLES: u32 = 3;

/// The plan, shown as long as it waits for approval.
#[component]
pub(super) fn Plan(summary: Summary, steer: Steer) -> impl IntoView {
    let is_plan = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status == JobStatus::Planned))
    });
    view! {
        <Show when=move || is_plan.get()>
            <Planned summary steer />
        </Show>
    }
    .into_any()
}

/// How much work the job is, and the first files that are going to be processed, once they are read.
type Examples = RwSignal<Option<(Load, Vec<ItemView>)>>;

/// Reads them.
fn examples(job: JobId) -> Examples {
    let read = RwSignal::new(None);
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            // If the examples cannot be read, they are left out; the numbers above do not depend on them.
            let waiting = ItemFilter { status: Some(ItemLabel::Waiting.into()), ..ItemFilter::default() };
            let (load, items) = (api::load(job).await, api::items(job, None, EXAMPLES, waiting).await);
            if let (Ok(load), Ok(items)) = (load, items) {
                read.try_set(Some((load, items.items)));
            }
        });
    });
    read
}

/// What the job would run for the first files, once they are read; nothing if it runs no command.
fn command_lines(steer: Steer, summary: Summary, read: Examples) -> RwSignal<Vec<String>> {
    let commands = RwSignal::new(Vec::<String>::new());
    let request = move || steer.newest.with(|view| view.request.clone()).flatten();
    Effect::new(move |_| {
        let (Some(request), Some((_, items))) = (request(), read.get()) else { return };
        let files: Vec<_> = items.into_iter().map(|item| (item.item + 1, item.path)).collect();
        let total = summary.with_untracked(|summary| summary.as_ref().map_or(0, |summary| summary.counters.total));
        leptos::task::spawn_local(async move {
            commands.try_set(api::command_lines(request, files, total).await.unwrap_or_default());
        });
    });
    commands
}

/// A file that is going to be processed, with its new name or that of its output, if it has one, and what is done to it besides.
fn example(item: &ItemView) -> impl IntoView + use<> {
    let to = item.becomes.as_ref().or(item.output.as_ref()).map(|to| to.shown());
    let to = to.map(|to| view! { " → " <bdi dir="ltr">{to}</bdi> });
    let will = item.will.as_ref().map(|will| format!(" · {will}"));
    view! { <li><bdi dir="ltr">{item.path.shown()}</bdi> {to} {will}</li> }
}

#[component]
fn Planned(summary: Summary, steer: Steer) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = steer.newest.job;
    let request = move || steer.newest.with(|view| view.request.clone()).flatten();
    let read = examples(job);
    let commands = command_lines(steer, summary, read);
    let of = move |tell: fn(&JobSummary) -> String| summary.with(|summary| summary.as_ref().map(tell));
    let waiting = move || summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.waiting));
    let bytes = move || read.with(|read| read.as_ref().map(|(load, _)| load.open.bytes));
    let renames = move || read.with(|read| read.iter().flat_map(|(_, items)| items).any(|item| item.becomes.is_some()));
    let all = move || summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counters.files()));
    let done = move || steer.newest.with(|view| view.done_since.len()).unwrap_or_default();
    let left = move || waiting().saturating_sub(u32::try_from(done()).unwrap_or(u32::MAX));
    let what = move || {
        let others = done() > 0;
        sentence((left(), all()), bytes().filter(|_| !others), request().as_ref(), (renames(), others))
    };
    let heard = live.job(job);
    // A number that the plan found, if it found any, and for each reason a part of it.
    let found = move |of: StatusFilter, word: &'static str, counted: fn(ItemStatus) -> bool| {
        let number = Memo::new(move |_| {
            summary.with(|summary| summary.as_ref().map_or(0, |summary| number(&summary.counters, of)))
        });
        let reasons = Memo::new(move |_| {
            let _ = heard.get();
            live.with_fold(job, |fold| skip_reasons(fold, counted)).unwrap_or_default()
        });
        view! {
            <li hidden=move || number.get() == 0>
                {door(job, of, None, move || count(number.get().into()), word)} " "
                <span class="plan-why">{move || doors(job, of, reasons.get())}</span>
            </li>
        }
    };
    let first = move || read.with(|read| read.iter().flat_map(|(_, items)| items).map(example).collect_view());
    // The command lines below name their files.
    let has_first = move || read.with(|read| read.as_ref().is_some_and(|(_, items)| !items.is_empty()));
    let names_first = move || has_first() && !steer.newest.with(|view| view.runs_programs).unwrap_or_default();
    view! {
        <section class="plan" aria-label="The plan">
            <TriedFirst newest=steer.newest />
            <p class="plan-what">{what}</p>
            <p class="ui-hint">{move || read.with(|read| read.as_ref().and_then(|(load, _)| Some(room(load.free?, load.open.bytes))))}</p>
            <ul>
                <li>
                    {door(job, ItemLabel::Waiting.into(), None, move || count(waiting().into()), "run")} " "
                    <TryFirst steer left=Signal::derive(left) />
                    <span class="plan-why">{move || of(|summary| never_done(summary.counters.waiting, summary.reruns))}</span>
                </li>
                {found(StatusFilter::LeftOut, words::of(StatusFilter::LeftOut), |status| status.is_listed_by(StatusFilter::LeftOut))}
                {found(StatusFilter::Missed, "will be missed", ItemStatus::is_missed)}
            </ul>
            <div hidden=move || !names_first()>
                <p class="ui-hint">{move || if has_first() && waiting() > EXAMPLES { "The first files:" } else { "Files:" }}</p>
                <ul class="plan-becomes">{first}</ul>
            </div>
            <div class="plan-commands" hidden=move || commands.with(Vec::is_empty)>
                <p class="ui-hint">"Runs, for the first files:"</p>
                <pre>{move || commands.with(|lines| lines.join("\n"))}</pre>
            </div>
        </section>
    }
    .into_any()
}

/// The buttons that try some files of the plan first, in a job of their own. The plan goes on to wait.
#[component]
fn TryFirst(
    steer: Steer,
    /// How many files are to run.
    left: Signal<u32>,
) -> impl IntoView {
    let (live, can_act, newest) = (expect_context::<Live>(), may_act(), steer.newest);
    let request = move || newest.with(|view| view.request.clone()).flatten();
    // The items of another job are its own matter: a retry or an undo of some of them would not belong to this plan.
    let is_own = move || request().is_some_and(|request| !matches!(request.query, Query::Items(_)));
    let can_try = move || can_act && left.get() > SAMPLE && is_own();
    let try_some = move |sample: Sample| {
        if let Some(request) = newest.with_untracked(|view| view.request.clone()).flatten() {
            let parent = Some(newest.job);
            live.start(StartJob { sample: Some(sample), approval: false, title: None, parent, ..request });
        }
    };
    view! {
        <Show when=can_try>
            <button class="plan-try" data-action="sample" title="Runs the first files in a job of their own; this plan stays" on:click=move |_| try_some(Sample::Files(SAMPLE))>{format!("Try {SAMPLE} first")}</button>
            " "
            <button class="plan-try" data-action="sample-percent" title="Runs one file in a hundred, spread over the plan, in a job of their own; this plan stays" on:click=move |_| try_some(Sample::Percent(1))>"Try 1 %"</button>
        </Show>
    }
    .into_any()
}

/// The jobs in which files of the plan were tried first, and what running it does with those files.
#[component]
fn TriedFirst(newest: Newest) -> impl IntoView {
    let live = expect_context::<Live>();
    let trials = Memo::new(move |_| newest.with(|view| view.tried.clone()).unwrap_or_default());
    let line = move |trial: JobSummary| {
        let (told, came) = (tried(&trial), outcome(&trial.counters));
        let there = to(&format!("/jobs/{}", trial.job));
        // That job has its own page, which no dialog must cover.
        view! { <p class="plan-tried">{told} <a href=there on:click=move |_| live.put_away()>{trial.title}</a> ": " {came}</p> }
    };
    let done = move || newest.with(|view| left_out(view.done_since.len())).flatten();
    view! {
        {move || trials.get().into_iter().map(line).collect_view()}
        <p class="ui-hint">{done}</p>
    }
    .into_any()
}

/// A number that links to its files: those with a status, or only for one reason.
fn door(
    job: JobId,
    of: StatusFilter,
    reason: Option<SkipReason>,
    number: impl Fn() -> String + Send + Sync + 'static,
    word: &'static str,
) -> AnyView {
    let live = expect_context::<Live>();
    let cause = reason.map(|reason| format!("&cause={}", reason.key())).unwrap_or_default();
    // At the moment of the job that is shown.
    let at = move || live.past_of(job).map(|moment| format!("&at={}", moment.seq())).unwrap_or_default();
    let there = move || to(&format!("/jobs/{job}?status={of}{cause}{}#job-files", at()));
    // The files are on the job's page, which no dialog must cover.
    view! { <a href=there on:click=move |_| live.put_away()><b>{number}</b> " " {word}</a> }.into_any()
}

/// A link for each reason for which files do not run.
fn doors(job: JobId, of: StatusFilter, reasons: Vec<SkippedFor>) -> impl IntoView {
    let part = |(number, why, text): SkippedFor| door(job, of, Some(why), move || count(number.into()), text);
    reasons.into_iter().map(part).collect_view()
}
