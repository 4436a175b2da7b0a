//! The request: the settings that a job runs with.

use leptos::prelude::*;

use crate::live::Live;
use crate::ui::parts::{format, may_act};
use headway_model::policy::OnInterrupt;
use headway_model::summary::Start;
use headway_model::{BuiltIn, JobKind, OnDone, Output, OutputPlace, Setting, StartJob};

/// The request, line by line, and the way to ask for the same again.
#[component]
pub(super) fn RequestDetails(request: StartJob) -> impl IntoView {
    let live = expect_context::<Live>();
    let recipe = |start: Start| start.recipes.into_iter().find(|recipe| recipe.name == request.recipe);
    let known = use_context::<Start>().and_then(recipe).map(|recipe| recipe.settings).unwrap_or_default();
    let rows = lines(&request, &known).into_iter().map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    view! {
        <details class="job-settings">
            <summary>"Settings"</summary>
            <dl>{rows.collect_view()}</dl>
            {may_act().then(|| match can_be_repeated(&request) {
                Ok(()) => {
                    // As a plan, so that a person sees the present files before anything runs.
                    let again = StartJob { approval: true, ..request.clone() };
                    view! { <p><button data-action="duplicate" on:click=move |_| _ = live.start(again.clone())>"Plan the same again"</button></p> }.into_any()
                }
                Err(why) => view! { <p class="ui-hint">{why}</p> }.into_any(),
            })}
        </details>
    }
    .into_any()
}

/// Whether this page can start the same over other files, or why not. A typed command is offered only if the server lets
/// pages type commands.
fn can_be_repeated(request: &StartJob) -> Result<(), &'static str> {
    let is_offered = |start: Start| start.recipes.iter().any(|recipe| recipe.name == request.recipe);
    match request.recipe.as_str() {
        JobKind::UNDO => Err("An undo puts back what one job did, once."),
        COMMAND if !use_context::<Start>().is_some_and(is_offered) => Err("This command was started in a terminal."),
        _ => Ok(()),
    }
}

/// The recipe of typed commands.
const COMMAND: &str = BuiltIn::Command.name();

/// Whether the job writes outputs. A typed command does so only if it names `{out}`.
fn has_output(request: &StartJob) -> bool {
    let is_typed = BuiltIn::of(&request.recipe) == Some(BuiltIn::Command);
    let run = request.settings.get("run").and_then(|value| value.as_str());
    !is_typed || run.is_some_and(|run| run.contains("{out}"))
}

/// The lines, with the labels that the settings have where a job is started. A recipe that is no longer offered has none.
fn lines(request: &StartJob, known: &[Setting]) -> Vec<(String, String)> {
    let label = |name: &String| {
        let setting = known.iter().find(|setting| setting.name == *name);
        setting.map_or_else(|| format::capital(name), |setting| setting.label.clone())
    };
    let mut lines = vec![("Library".into(), request.library.clone()), ("Recipe".into(), request.recipe.clone())];
    lines.extend(request.settings.iter().map(|(name, value)| (label(name), format::value(value))));
    let output = request.output.as_ref().filter(|_| has_output(request));
    lines.extend(output.map(|output| ("Output".into(), output_text(output))));
    let policy = &request.policy;
    lines.extend(policy.tries.map(|tries| ("Attempts per file".into(), tries.to_string())));
    lines.extend(policy.timeout.map(|timeout| ("Stop a file that takes longer than".into(), timeout.to_string())));
    lines.extend(policy.halt.map(|halt| ("Stop the job after".into(), halt.to_string())));
    lines.extend(policy.on_interrupt.map(|then| {
        let then = match then {
            OnInterrupt::Retry => "run those files again",
            OnInterrupt::Ask => "ask me",
        };
        ("If the server stops in the middle".into(), then.into())
    }));
    lines.extend(policy.on_done.map(|then| {
        let then = match then {
            OnDone::Skip => "skip them",
            OnDone::SkipMoved => "skip them, even if they were moved",
            OnDone::Again => "process again",
        };
        ("Files already done".into(), then.into())
    }));
    lines
}

fn output_text(output: &Output) -> String {
    let place = match &output.place {
        OutputPlace::Beside { name } => format!("beside the original, as {name}"),
        OutputPlace::Folder { path, name: None } => format!("in {}", path.shown()),
        OutputPlace::Folder { path, name: Some(name) } => format!("in {}, as {name}", path.shown()),
        OutputPlace::Replace => "in the original's place; the original goes into the trash".into(),
    };
    match output.smaller {
        None => place,
        Some(0) => format!("{place}, if it is smaller"),
        Some(percent) => format!("{place}, if it is smaller by {percent} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::request::Query;

    #[test]
    fn a_typed_command_is_labelled_as_where_it_is_typed_and_has_an_output_only_if_it_names_one() {
        let typed = |run: &str| StartJob {
            settings: [("run".to_owned(), run.into())].into_iter().collect(),
            output: Some(Output::to(OutputPlace::Beside { name: "{/.}.out".into() })),
            ..StartJob::new("files", BuiltIn::Command.name(), Query::Paths(Vec::new()))
        };
        let names = |run: &str, known: &[Setting]| {
            lines(&typed(run), known).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let known = [Setting::text("run", "Command to run")];
        assert_eq!(names("wc {}", &known), ["Library", "Recipe", "Command to run"]);
        assert_eq!(names("cp {} {out}", &[]), ["Library", "Recipe", "Run", "Output"]);
    }
}
