//! `headway schedules`.

use std::path::{Path, PathBuf};

use clap::Args;
use headway_schedules::{PresetSchedule, ScheduleProgress};

use super::failure::{CommandFailure, CommandResult, NO};
use super::{config_file, default_data, out};
use headway_server::now;

/// List the schedules of headway.toml, which start presets at set times: the next time, the last job, and what was missed
///
/// Example:
///
/// ```sh
/// headway schedules
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SchedulesCommand {
    /// A file with schedules (docs/schedules.md)
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    config: Option<PathBuf>,

    /// The data folder of the server
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    data: PathBuf,
}

/// Runs the command.
pub(super) fn schedules(arguments: &SchedulesCommand) -> CommandResult {
    let schedules = configured(arguments.config.as_deref())?;
    let others: Vec<_> = ScheduleProgress::names(&arguments.data)?
        .into_iter()
        .filter(|name| schedules.iter().all(|schedule| schedule.name != *name))
        .collect();
    if schedules.is_empty() && others.is_empty() {
        out::line("No schedule is configured; docs/schedules.md says how.")?;
    }
    schedules.iter().try_for_each(|schedule| out::line(&listed(schedule, &arguments.data)))?;
    for name in others {
        out::line(&format!("{name}: not in this file of settings; name the server's with --config"))?;
    }
    Ok(0)
}

/// The schedules of the file of settings.
pub(super) fn configured(config: Option<&Path>) -> Result<Vec<PresetSchedule>, CommandFailure> {
    let place = config_file(config)?;
    let schedules = place.as_deref().map(headway_schedules::read).transpose();
    Ok(schedules.map_err(|why| CommandFailure::new(NO, why))?.unwrap_or_default())
}

/// A line about a schedule.
fn listed(schedule: &PresetSchedule, data: &Path) -> String {
    let PresetSchedule { name, preset, times, .. } = schedule;
    let written = |at| times.written(at);
    let next = times.after(now()).map_or_else(|| "no next time".to_owned(), |next| format!("next {}", written(next)));
    let mut parts = vec![format!("{name}: preset {preset}, {}; {next}", times.words())];
    match ScheduleProgress::read(data, name) {
        Err(error) => parts.push(format!("how far it is cannot be read: {error}")),
        Ok(None) => parts.push("no server has run it yet".into()),
        Ok(Some(progress)) => {
            parts.extend(progress.last.map(|last| format!("last {}, job {}", written(last.time), last.job)));
            parts.extend((progress.missed > 0).then(|| format!("{} missed", progress.missed)));
            parts.extend((progress.skipped > 0).then(|| format!("{} skipped", progress.skipped)));
            parts.extend(progress.failed.map(|failed| format!("no job at {}: {}", written(failed.time), failed.why)));
        }
    }
    parts.join("; ")
}
