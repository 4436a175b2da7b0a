//! How many files of a job run at a time, and which job goes first: the values in force, and a way to change them.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::live::Live;
use crate::ui::parts::may_act;
use crate::ui::progress::{Steer, Summary, is_over};
use headway_model::{Action, Fold};

/// The form. Shown as long as the job is not over.
#[component]
pub(super) fn Pace(summary: Summary, steer: Steer) -> impl IntoView {
    let is_over = is_over(summary);
    let can_act = may_act();
    view! {
        <Show when=move || can_act && !is_over.get()>
            <Form steer />
        </Show>
    }
    .into_any()
}

#[component]
fn Form(steer: Steer) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = steer.newest.job;
    let state = live.job(job);
    let (at_once, priority) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    // From the job itself.
    let in_force = Memo::new(move |_| {
        let _ = state.get();
        live.with_fold(job, |fold: &Fold| (fold.concurrency, fold.priority))
    });
    let at_a_time = move || match in_force.get() {
        Some((number, _)) if number > 0 => number.to_string(),
        _ => String::new(),
    };
    let first = move || in_force.get().map(|(_, priority)| priority.to_string()).unwrap_or_default();
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        let text = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value()).unwrap_or_default();
        // An empty field stands for its default; if the present value is unknown, nothing changes.
        let concurrency = text(at_once).trim().parse().ok().or(in_force.with_untracked(|known| known.map(|_| 0)));
        let priority = text(priority).trim().parse().ok().or(in_force.with_untracked(|known| known.map(|_| 0)));
        steer.act(Action::Change { priority, concurrency });
    };
    let is_busy = move || steer.under_way.with(Option::is_some).then_some("true");
    let said = move || match steer.done.get() {
        Some("change") => "Saved.",
        _ => "",
    };
    view! {
        <form class="job-pace" on:submit=change on:input=move |_| steer.done.set(None)>
            <label>
                "Files at a time "
                <input type="number" min="0" max="1024" class="ui-field" node_ref=at_once autocomplete="off" placeholder="the server decides" prop:value=at_a_time name="concurrency" />
            </label>
            <label>
                "Priority "
                <input type="number" min="-1000" max="1000" class="ui-field" node_ref=priority autocomplete="off" placeholder="0" prop:value=first name="priority" />
            </label>
            <button data-action="change" aria-disabled=is_busy>"Save"</button>
            <span class="job-pace-saved" role="status">{said}</span>
        </form>
    }
    .into_any()
}
