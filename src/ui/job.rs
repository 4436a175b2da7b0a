//! One job: its progress, and its items by window. The page has the same layout in every state of the job, whenever it
//! was opened.

mod ansi;
mod attempts;
mod change;
mod drawer;
mod history;
mod items;
mod kept_originals;
mod map;
mod output;
mod request;
mod retried;
mod retry;
mod share;
mod slow;

use leptos::context::Provider;
use leptos::prelude::*;

use change::ChangeForm;
use history::Rewind;
use items::{First, Items, ShownItems, Texts};
use kept_originals::Kept;
use map::Map;
use request::RequestDetails;
use share::Share;
use slow::Slow;

use super::load::load;
use super::nav::{Nav, Title};
use super::parts::{Controls, ErrorPage, LocalTime, format};
use super::plan::Plan;
use super::progress::{
    Attention, Head, Newest, ReadCauses, Steer, Summary, is_over, keeps_places, latest_summary, title,
};
use crate::api;
use crate::base::to;
use crate::live::Live;
use headway_model::item::ItemLabel;
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId, JobSummary, Millis, Reruns, StartJob};

/// The page of the job in the address.
#[component]
pub(super) fn JobPage() -> impl IntoView {
    let id = expect_context::<Nav>().job();
    // Every resource is made here, because a suspended part is built at different times in the browser and on the
    // server.
    let view = load(move || id.get(), read);
    let items = ShownItems::read(id);
    // The past is shown on this page only, and in no dialog.
    let live = expect_context::<Live>().with_own_past();
    view! {
        <Provider value=live>
            <Transition fallback=|| view! { <p class="ui-loading">"Reading the job…"</p> }>
                {move || Suspend::new(async move {
                    let first = items.first().await;
                    match view.await {
                        Ok((view, causes)) => view! { <JobDetails view causes items first /> }.into_any(),
                        Err(error) => view! { <Controls><ErrorPage error again=move |()| view.refetch() /></Controls> }.into_any(),
                    }
                })}
            </Transition>
        </Provider>
    }
}

/// Reads a job, and why files of it failed: nothing on the page moves when the causes come.
async fn read(id: String) -> Result<(JobView, ReadCauses), ApiError> {
    let malformed = |_| ApiError::NotFound { message: "There is no such job.".into() };
    let view = api::job(id.parse::<JobId>().map_err(malformed)?).await?;
    let causes = match view.summary.counters.failed {
        0 => None,
        _ => Some(api::causes(view.summary.job).await),
    };
    Ok((view, causes))
}

#[component]
fn JobDetails(view: JobView, causes: ReadCauses, items: ShownItems, first: First) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = view.summary.job;
    let summary = latest_summary(job, Some(view.summary.clone()));
    Effect::new({
        let over = view.summary.status.is_terminal();
        move |_| if over { live.revisit(job) } else { live.follow(job) }
    });
    let runs_programs = view.runs_programs;
    let request = StoredValue::new(view.request.clone());
    let (created, seq) = (view.summary.created, view.summary.seq);
    let first_title = title(&view.summary);
    let newest = Newest::new(job, Some(view));
    newest.follow(summary);
    let steer = Steer::new(newest);
    let attention = Attention::new(job, summary, causes);
    let (texts, pointed) = (Texts::new(job), RwSignal::new(None));
    let slow_address = items.address;
    let map = Map::new(job, items.address, texts, pointed);
    let in_log = RwSignal::new(Vec::new());
    outdate_texts(newest, summary, texts);
    let rewind = Rewind::new(job, seq, items.address, texts, in_log);
    let named = Signal::derive(move || in_log.with(|in_log| pointed.get().into_iter().chain(in_log.clone()).collect()));
    let keeps = keeps_places(summary);
    let titled = |summary: &Option<JobSummary>| summary.as_ref().map(title);
    let above = view! {
        <section class="job-panel" data-job=job.to_string() data-held=move || keeps.get().then_some("true")>
            <Head summary steer attention is_page=true />
        </section>
        <Plan summary steer />
        <Slow job summary address=slow_address />
        {map.view(summary)}
        {rewind.view()}
        <More job summary steer request=request.get_value() created />
    };
    view! {
        <Title text=move || summary.try_with(titled).flatten().unwrap_or_else(|| first_title.clone()) />
        {rewind.banner()}
        <Controls>{above}</Controls>
        <Items job shown=items first request runs_programs summary attention newest texts named />
    }
}

/// Has the texts read again that other jobs, or the end of this one, have changed: those of files that were run again mention it, and
/// those of a job that is over can have what its report says.
fn outdate_texts(newest: Newest, summary: Summary, texts: Texts) {
    let retries = Memo::new(move |_| {
        newest.with(|view| view.retries.iter().map(|retry| (retry.job, retry.seq)).collect::<Vec<_>>())
    });
    let is_over = is_over(summary);
    Effect::new(move |before: Option<()>| {
        // A memo that has never been read tracks nothing.
        let _ = (retries.get(), is_over.get());
        if before.is_some() {
            texts.outdate();
        }
    });
}

/// What stands below the map: why files run again, what is kept of them, how the job runs, and what was asked for.
#[component]
fn More(
    job: JobId,
    summary: Summary,
    steer: Steer,
    request: Option<StartJob>,
    /// When the job was created.
    created: Millis,
) -> impl IntoView {
    view! {
        <section class="job-more" aria-label="More about this job">
            <p class="job-reruns">{move || summary.with(|summary| summary.as_ref().and_then(|summary| reruns(summary.reruns)))}</p>
            // The form for a live job and the line about the trash of one that is over have the same place.
            <div class="job-now">
                <Kept summary steer />
                <ChangeForm summary steer />
            </div>
            {request.map(|request| view! { <RequestDetails request /> })}
            <Share />
            // The time comes last: the browser writes it in another way than the server, and nothing moves with it.
            <p class="ui-hint">
                <code>{job.to_string()}</code> " · "
                <a class="job-log" href=to(&format!("/api/jobs/{job}/log")) download rel="external">"Download the event log"</a> " · "
                <span class="job-created">"Created " <LocalTime at=created /></span>
            </p>
        </section>
    }
    .into_any()
}

/// Whether any file of a live job can come to have this status at any moment: its word keeps its place then.
fn can_come(label: ItemLabel) -> bool {
    matches!(label, ItemLabel::Succeeded | ItemLabel::Failed | ItemLabel::Running | ItemLabel::Waiting)
}

/// How many files are processed again, and why.
fn reruns(Reruns { changed, settings }: Reruns) -> Option<String> {
    let part = |number: u32, why: &str| (number > 0).then(|| format!("{} {why}", format::count(number.into())));
    let parts = [part(settings, "with other settings"), part(changed, "changed since")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Done before, and done again: {}.", parts.join(", ")))
}
