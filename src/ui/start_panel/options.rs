//! What happens when files fail: each option is a sentence with the current choice in it, which opens to the choices.

use leptos::prelude::*;

use super::JobOptions;
use super::policies::KEPT;

/// A choice: its value and its label.
type Choice = (&'static str, &'static str);

/// The four sentences.
#[component]
pub(super) fn Options(chosen: JobOptions) -> impl IntoView {
    let (policies, by_default) = (chosen.policies, chosen.by_default);
    let number = move |name, label, value: RwSignal<String>, when: Option<(RwSignal<String>, &'static str)>| {
        view! { <Number chosen name label value when /> }
    };
    let done = [
        ("", "As this recipe does"),
        ("skip", "Skip it"),
        ("skip_moved", "Skip it, even if it was moved (reads every file)"),
        ("again", "Process it again"),
    ];
    let fails = [
        ("", "Go on with the others"),
        ("count", "Stop the job after a number of failures"),
        ("percent", "Stop the job after a percentage of failures"),
    ];
    let long =
        [("", "Wait"), ("after", "Stop it after a time"), ("median", "Stop it after a multiple of the typical time")];
    let interrupted = [("", "As this recipe does"), ("retry", "Run those files again"), ("ask", "Ask me")];
    view! {
        <Sentence text=move || policies.done_before(&by_default.get())>{radios("on_done", policies.on_done, &done)}</Sentence>
        <Sentence text=move || policies.fails()>
            {number("tries", "Attempts per file", policies.tries, None)}
            {radios("halt", policies.halt, &fails)}
            {kept("halt", policies.halt, Signal::derive(move || policies.kept_halt()))}
            {number("halt_at", "Failures", policies.halt_at, Some((policies.halt, "count percent")))}
        </Sentence>
        <Sentence text=move || policies.takes_long()>
            {radios("timeout", policies.timeout, &long)}
            {kept("timeout", policies.timeout, Signal::derive(move || policies.kept_timeout()))}
            {number("timeout_after", "Time", policies.after, Some((policies.timeout, "after")))}
            <label hidden=move || policies.timeout.with(|timeout| timeout != "after")>
                "Unit "
                <select name="timeout_unit" autocomplete="off" prop:value=move || policies.unit.get() on:change=move |event| policies.unit.set(event_target_value(&event))>
                    <option value="s">"seconds"</option>
                    <option value="m">"minutes"</option>
                    <option value="h">"hours"</option>
                </select>
            </label>
            {number("timeout_times", "Times the typical time", policies.times, Some((policies.timeout, "median")))}
        </Sentence>
        <Sentence text=move || policies.interrupted(&by_default.get())>
            {radios("on_interrupt", policies.on_interrupt, &interrupted)}
        </Sentence>
    }
    .into_any()
}

/// A sentence that opens to its choices.
#[component]
fn Sentence(#[prop(into)] text: Signal<String>, children: Children) -> impl IntoView {
    view! {
        <details class="start-policy">
            <summary>{text}</summary>
            <div role="group" aria-label=text>{children()}</div>
        </details>
    }
    .into_any()
}

fn radios(name: &'static str, chosen: RwSignal<String>, choices: &[Choice]) -> AnyView {
    let labelled = |(value, text): &Choice| {
        let (value, text) = (*value, *text);
        view! { <label>{radio(name, chosen, value)} " " {text}</label> }
    };
    choices.iter().map(labelled).collect_view().into_any()
}

/// The choice for what a preset says and no field can express. It is there only with such a preset.
fn kept(name: &'static str, chosen: RwSignal<String>, text: Signal<Option<String>>) -> AnyView {
    view! {
        <label hidden=move || text.with(Option::is_none)>
            {radio(name, chosen, KEPT)} " As in the preset: " {move || text.get()}
        </label>
    }
    .into_any()
}

fn radio(name: &'static str, chosen: RwSignal<String>, value: &'static str) -> AnyView {
    let change = move |event| {
        if event_target_checked(&event) {
            chosen.set(event_target_value(&event));
        }
    };
    let is_chosen = move || chosen.with(|chosen| chosen == value);
    view! { <input type="radio" name=name value=value autocomplete="off" prop:checked=is_chosen on:change=change /> }
        .into_any()
}

/// A number field. If it depends on another choice, it is hidden without that choice.
#[component]
fn Number(
    chosen: JobOptions,
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    /// The choice on which it depends, and the value with which it counts.
    when: Option<(RwSignal<String>, &'static str)>,
) -> impl IntoView {
    let is_hidden = move || {
        when.is_some_and(|(choice, values)| choice.with(|choice| !values.split(' ').any(|value| value == choice)))
    };
    let wrong = move || chosen.wrong_at(name);
    let note = format!("wrong-{name}");
    view! {
        <label hidden=is_hidden>
            {label} " "
            <input
                type="number"
                class="ui-field"
                min="1"
                step="1"
                name=name
                autocomplete="off"
                prop:value=move || value.get()
                aria-invalid=move || wrong().map(|_| "true")
                aria-describedby=note.clone()
                on:change=move |event| value.set(event_target_value(&event))
            />
        </label>
        <p class="ui-error" id=note role="alert" hidden=is_hidden>{wrong}</p>
    }
    .into_any()
}
