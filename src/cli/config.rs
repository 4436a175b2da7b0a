//! `headway config`, and the settings of `headway serve` from `headway.toml`.

mod file;
mod settings;

use clap::Args;

use super::failure::CommandResult;
use super::serve::ServeCommand;
use super::{offers, out, schedules};
pub(super) use file::{ServeFile, place};
use headway_schedules::PresetSchedule;
use headway_schedules::watch::FolderWatch;
pub(super) use settings::{ServeSetting, settings};

/// Show the settings that `headway serve` would have, and where each comes from.
///
/// A flag takes precedence over a variable, a variable over the file, and the file over a default. The file is the one
/// that --config names, or else headway.toml in the user's settings (~/.config/headway), or else
/// /etc/headway/headway.toml; files are never merged. The output has the format of this file.
///
/// Example:
///
/// ```sh
/// headway config --jobs 2
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ConfigCommand {
    #[command(flatten)]
    serve: ServeCommand,
}

/// Prints the settings; fails where the file's commands, schedules or watched folders are wrong.
pub(super) fn config(arguments: &ConfigCommand, settings: &[ServeSetting]) -> CommandResult {
    offers(arguments.serve.config.as_deref())?;
    let starters = schedules::configured(arguments.serve.config.as_deref())?;
    out::line("[serve]")?;
    let lines: Vec<_> = settings.iter().map(|setting| (setting.line(), setting.source.to_string())).collect();
    let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or_default();
    for (line, source) in lines {
        out::line(&format!("{line:width$}  # {source}"))?;
    }
    let schedules = starters.schedules.iter().map(PresetSchedule::section);
    for section in schedules.chain(starters.watches.iter().map(FolderWatch::section)) {
        out::line("")?;
        section.iter().try_for_each(|line| out::line(line))?;
    }
    Ok(0)
}
