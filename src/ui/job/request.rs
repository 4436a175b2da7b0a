//! The request: the settings that a job runs with.

use leptos::prelude::*;
use serde_json::Value;

use crate::api;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::condition_words::{condition_words, day};
use crate::ui::parts::policy_words::{done_words, halt_words, timeout_words};
use crate::ui::parts::{format, may_act};
use headway_model::policy::OnInterrupt;
use headway_model::setting::SettingKind;
use headway_model::summary::Start;
use headway_model::{BuiltIn, JobId, JobKind, Output, OutputPlace, Setting, StartJob};

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
                <dd>{match value {
                    SettingValue::Text(text) => text.into_any(),
                    SettingValue::Job(job) => view! { <NamedJob job /> }.into_any(),
                }}</dd>
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
                    let conditions = request.conditions.uncounted();
                    let again = StartJob { approval: true, conditions, ..request.clone() };
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

/// What a setting was set to.
#[derive(Debug, PartialEq, Eq)]
enum SettingValue {
    /// In words.
    Text(String),
    /// An earlier job.
    Job(JobId),
}

impl SettingValue {
    /// The value in the words of the field in which it is entered; `setting` describes it, if that is known.
    fn of(setting: Option<&Setting>, value: &Value) -> Self {
        let kind = setting.map(|setting| &setting.kind);
        let named = value.as_str().and_then(|text| match kind {
            Some(SettingKind::Job { .. }) => text.trim_start_matches('@').parse().ok(),
            _ => text.strip_prefix('@')?.parse().ok(),
        });
        if let Some(job) = named {
            return SettingValue::Job(job);
        }
        let text = format::value(value);
        SettingValue::Text(match (kind, value) {
            (_, Value::Bool(true)) => "on".to_owned(),
            (_, Value::Bool(false)) => "off".to_owned(),
            (Some(SettingKind::Choice { choices }), _) => {
                let label = choices.iter().find(|(word, _)| *word == text).map(|(_, label)| label.clone());
                label.unwrap_or(text)
            }
            (Some(SettingKind::Number { unit, .. }), _) if !unit.is_empty() => format!("{text} {unit}"),
            _ => text,
        })
    }
}

/// A link to the job that a setting names, with the job's title once that is known.
#[component]
fn NamedJob(job: JobId) -> impl IntoView {
    let title = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            if let Ok(view) = api::job(job).await {
                title.try_set(Some(view.summary.title));
            }
        });
    });
    view! { <a href=to(&format!("/jobs/{job}"))>{move || title.get().unwrap_or_else(|| "an earlier job".to_owned())}</a> }
}

/// The lines, with the labels and words that the settings have where a job is started. A recipe that is no longer offered has no
/// labels.
fn lines(request: &StartJob, known: &[Setting]) -> Vec<(String, SettingValue)> {
    let setting = |name: &String| known.iter().find(|setting| setting.name == *name);
    let label = |name: &String| setting(name).map_or_else(|| format::capital(name), |setting| setting.label.clone());
    let text = |name: &str, text: String| (name.to_owned(), SettingValue::Text(text));
    let mut lines = vec![text("Library", request.library.clone()), text("Recipe", request.recipe.clone())];
    lines.extend(request.settings.iter().map(|(name, value)| (label(name), SettingValue::of(setting(name), value))));
    let conditions = condition_words(&request.conditions, false);
    lines.extend((!conditions.is_empty()).then(|| text("Which files", conditions.join(", "))));
    lines.extend(request.conditions.counted_from.map(|from| text("Ages count from", day(from, false))));
    let output = request.output.as_ref().filter(|_| has_output(request));
    lines.extend(output.map(|output| text("Output", output_text(output))));
    let policy = &request.policy;
    lines.extend(policy.tries.map(|tries| text("Attempts per file", tries.to_string())));
    lines.extend(policy.timeout.map(|timeout| text("If a file takes long", timeout_words(timeout))));
    lines.extend(policy.halt.map(|halt| text("If files fail", halt_words(halt))));
    lines.extend(policy.on_interrupt.map(|then| {
        let then = match then {
            OnInterrupt::Retry => "run those files again",
            OnInterrupt::Ask => "ask me",
        };
        text("If the server stops in the middle", then.into())
    }));
    lines.extend(policy.on_done.map(|then| text("If a file was done before", done_words(then).into())));
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
    use headway_model::{OnDone, Policy};

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

    #[test]
    fn values_have_the_words_of_their_fields() {
        let shown = |setting: Option<&Setting>, value: Value| match SettingValue::of(setting, &value) {
            SettingValue::Text(text) => text,
            SettingValue::Job(job) => format!("job {job}"),
        };
        let action = Setting::choice("action", "Do", &[("strip", "remove all of it")]);
        assert_eq!(shown(Some(&action), "strip".into()), "remove all of it");
        assert_eq!(shown(Some(&action), "of an earlier version".into()), "of an earlier version");
        assert_eq!(shown(Some(&Setting::number("level", "Level", 9, 1..=22, "%")), 5.into()), "5 %");
        assert_eq!(shown(None, false.into()), "off");
        let job = JobId::mint(1, [1; 10]);
        assert_eq!(shown(None, format!("@{job}").into()), format!("job {job}"));
        let policy = Policy { halt: "soon,fail=3".parse().ok(), on_done: Some(OnDone::Again), ..Policy::default() };
        let request = StartJob { policy, ..StartJob::new("files", "checksum", Query::Paths(Vec::new())) };
        let last: Vec<_> = lines(&request, &[]).into_iter().skip(2).map(|(_, value)| value).collect();
        let words = ["stop the job after 3 failures", "process it again"];
        assert_eq!(last, words.map(|word| SettingValue::Text(word.into())));
    }
}
