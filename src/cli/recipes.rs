//! `headway recipes`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::{CommandFailure, CommandResult};
use super::session::Session;
use super::{offers, out};
use headway_model::StartJob;
use headway_model::setting::SettingKind;
use headway_model::summary::RecipeInfo;

/// List the recipes, with their settings.
///
/// Example:
///
/// ```sh
/// headway recipes
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RecipesCommand {
    /// A file that defines commands
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    config: Option<PathBuf>,

    /// Write one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(super) fn recipes(arguments: &RecipesCommand) -> CommandResult {
    let (recipes, _) = offers(arguments.config.as_deref())?;
    for info in recipes.iter().map(|recipe| recipe.info()).filter(|info| !info.hidden) {
        if arguments.json {
            out::line(&json!(info).to_string())?;
            continue;
        }
        out::line(&format!("{}: {}", info.name, info.summary))?;
        for setting in &info.settings {
            let default = setting.default.as_ref().map(|default| format!(" [default: {default}]")).unwrap_or_default();
            out::line(&format!("    --set {}=  {}: {}{default}", setting.name, setting.label, values(&setting.kind)))?;
        }
    }
    Ok(0)
}

/// The values that a setting accepts.
fn values(kind: &SettingKind) -> String {
    match kind {
        SettingKind::Choice { choices } => choices.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(", "),
        SettingKind::Switch => "true or false".into(),
        SettingKind::Number { least, most, unit } => format!("{least} to {most} {unit}").trim_end().into(),
        SettingKind::Text { .. } | SettingKind::Template { .. } => "a text".into(),
        SettingKind::Path { .. } => "a path in the folder".into(),
        SettingKind::Job { made_by } => format!("a job of {made_by}, such as @1 for the newest job"),
    }
}

/// Converts each setting, a text on the command line, to the type that the recipe wants. A text that cannot be
/// converted stays a text, and the server reports what is wrong with it.
pub(super) async fn typed(session: &mut Session, request: &mut StartJob) -> Result<(), CommandFailure> {
    if request.settings.is_empty() {
        return Ok(());
    }
    let recipes: Vec<RecipeInfo> = session.call(async |client| client.get("/api/v1/recipes").await).await?;
    let Some(recipe) = recipes.iter().find(|recipe| recipe.name == request.recipe) else { return Ok(()) };
    for setting in &recipe.settings {
        let Some(value) = request.settings.get_mut(&setting.name) else { continue };
        let read = value.as_str().and_then(|text| match setting.kind {
            SettingKind::Switch => text.parse::<bool>().ok().map(Value::from),
            SettingKind::Number { .. } => text.parse::<i64>().ok().map(Value::from),
            SettingKind::Choice { .. }
            | SettingKind::Text { .. }
            | SettingKind::Path { .. }
            | SettingKind::Job { .. }
            | SettingKind::Template { .. } => None,
        });
        if let Some(read) = read {
            *value = read;
        }
    }
    Ok(())
}
