//! `headway recipes`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::{Ended, Failure};
use super::session::Session;
use super::{offers, out};
use headway_model::StartJob;
use headway_model::setting::Kind;
use headway_model::summary::RecipeInfo;

/// List the recipes, with their settings.
///
/// Example:
///
///     headway recipes
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Recipes {
    /// A file that defines commands
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    config: Option<PathBuf>,

    /// Write one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn recipes(arguments: &Recipes) -> Ended {
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

/// Which values a setting takes.
fn values(kind: &Kind) -> String {
    match kind {
        Kind::Choice { choices } => choices.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(", "),
        Kind::Switch => "true or false".into(),
        Kind::Number { least, most, unit } => format!("{least} to {most} {unit}").trim_end().into(),
        Kind::Text { .. } | Kind::Template { .. } => "a text".into(),
        Kind::Path { .. } => "a path in the folder".into(),
    }
}

/// Gives each setting, which is a text on the command line, the type that the recipe wants. What cannot be read so stays a text: the
/// server says what is wrong with it.
pub(super) async fn typed(session: &Session, request: &mut StartJob) -> Result<(), Failure> {
    if request.settings.is_empty() {
        return Ok(());
    }
    let recipes: Vec<RecipeInfo> = session.client.get("/api/recipes").await?;
    let Some(recipe) = recipes.iter().find(|recipe| recipe.name == request.recipe) else { return Ok(()) };
    for setting in &recipe.settings {
        let Some(value) = request.settings.get_mut(&setting.name) else { continue };
        let read = value.as_str().and_then(|text| match setting.kind {
            Kind::Switch => text.parse::<bool>().ok().map(Value::from),
            Kind::Number { .. } => text.parse::<i64>().ok().map(Value::from),
            Kind::Choice { .. } | Kind::Text { .. } | Kind::Path { .. } | Kind::Template { .. } => None,
        });
        if let Some(read) = read {
            *value = read;
        }
    }
    Ok(())
}
