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
pub(super) fn ChangeForm(summary: Summary, steer: Steer) -> impl IntoView {
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
    let (at_once, first) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    // From the job itself, each on its own: a change of one leaves alone what is typed for the other.
    let in_force = move |tell: fn(&Fold) -> String| {
        Memo::new(move |_| {
            let _ = state.get();
            live.with_fold(job, tell).unwrap_or_default()
        })
    };
    let concurrency = in_force(|fold| match fold.concurrency {
        0 => String::new(),
        number => number.to_string(),
    });
    let priority = in_force(|fold| fold.priority.to_string());
    // As long as the job is unknown, so is its priority, and there is nothing to save.
    let is_known = move || !priority.with(String::is_empty);
    // An empty field stands for 0.
    let entered = move |field: NodeRef<html::Input>| {
        let text = field.get_untracked().map(|input| input.value()).unwrap_or_default();
        if text.is_empty() { Some(0) } else { text.parse::<i32>().ok() }
    };
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        let concurrency = entered(at_once).and_then(|number| u32::try_from(number).ok());
        steer.act(Action::Change { priority: entered(first), concurrency });
    };
    let is_busy = move || steer.under_way.with(Option::is_some).then_some("true");
    let said = move || match steer.done.get() {
        Some("change") => "Saved.",
        _ => "",
    };
    view! {
        <form class="job-change" on:submit=change on:input=move |_| steer.done.set(None)>
            <NumberField label="Files at a time " name="concurrency" min="0" max="1024" empty="auto" in_force=concurrency field=at_once />
            <NumberField label="Priority " name="priority" min="-1000" max="1000" empty="0" in_force=priority field=first />
            <button data-action="change" aria-disabled=is_busy disabled=move || !is_known()>"Save"</button>
            <span class="job-change-saved" role="status">{said}</span>
        </form>
    }
    .into_any()
}

/// The field of one number.
#[component]
fn NumberField(
    label: &'static str,
    name: &'static str,
    min: &'static str,
    max: &'static str,
    /// What an empty field stands for.
    empty: &'static str,
    /// The number in force, as a text; empty if it is the default.
    in_force: Memo<String>,
    field: NodeRef<html::Input>,
) -> impl IntoView {
    view! {
        <label>
            {label}
            <input type="number" min=min max=max class="ui-field" node_ref=field autocomplete="off" placeholder=empty prop:value=move || in_force.get() name=name />
        </label>
    }
}
