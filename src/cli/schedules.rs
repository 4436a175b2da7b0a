//! `headway schedules`.

mod last_jobs;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use headway_schedules::watch::{FolderWatch, WatchProgress};
use headway_schedules::{PresetSchedule, ScheduleProgress, watch};

use super::failure::{CommandFailure, CommandResult, NO};
use super::{config_file, default_data, out};
use headway_server::config::StoreAddress;
use headway_server::now;
use last_jobs::LastJobs;

/// List the schedules and watched folders of headway.toml: the next time, the last job and its status, and what was missed or went wrong
///
/// Example:
///
/// ```sh
/// headway schedules
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SchedulesCommand {
    /// A file with schedules (docs/schedules.md) and watched folders (docs/watched-folders.md)
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    config: Option<PathBuf>,

    /// The data folder of the server
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    data: PathBuf,

    /// The database with the log, if it is not in the data folder; for a server in this process
    #[arg(long, value_name = "ADDRESS", env = "HEADWAY_STORE", hide_env_values = true)]
    store: Option<StoreAddress>,
}

/// What starts jobs without a person, by the file of settings.
#[derive(Default)]
pub(super) struct ConfiguredStarters {
    pub(super) schedules: Vec<PresetSchedule>,
    pub(super) watches: Vec<FolderWatch>,
}

/// What was stored about a schedule or a watched folder: nothing before a server has run it.
type StoredProgress<T> = io::Result<Option<T>>;

/// Runs the command.
pub(super) async fn schedules(arguments: &SchedulesCommand) -> CommandResult {
    let SchedulesCommand { config, data, store } = arguments;
    let ConfiguredStarters { schedules, watches } = configured(config.as_deref())?;
    let others: Vec<_> = ScheduleProgress::names(data)?
        .into_iter()
        .filter(|name| schedules.iter().all(|schedule| schedule.name != *name))
        .collect();
    if schedules.is_empty() && others.is_empty() && watches.is_empty() {
        out::line(
            "No schedule or watched folder is configured; docs/schedules.md and docs/watched-folders.md say how.",
        )?;
    }
    let scheduled: Vec<_> = schedules.iter().map(|schedule| ScheduleProgress::read(data, &schedule.name)).collect();
    let watched: Vec<_> = watches.iter().map(|watch| WatchProgress::read(data, &watch.name)).collect();
    // What cannot be read has no last job here, and its line says why.
    let of_schedules = scheduled.iter().filter_map(|stored| stored.as_ref().ok()?.as_ref()?.last);
    let of_watches = watched.iter().filter_map(|stored| stored.as_ref().ok()?.as_ref()?.last);
    let started = of_schedules.chain(of_watches).map(|last| last.job).collect();
    let last_jobs = LastJobs::ask(started, data, store.clone(), config.clone()).await;
    for (schedule, stored) in schedules.iter().zip(scheduled) {
        out::line(&listed(schedule, stored, &last_jobs))?;
    }
    for name in others {
        out::line(&format!("{name}: not in this file of settings; name the server's with --config"))?;
    }
    for (watch, stored) in watches.iter().zip(watched) {
        out::line(&listed_watch(watch, stored, &last_jobs))?;
    }
    Ok(0)
}

/// The schedules and watched folders of the file of settings.
pub(super) fn configured(config: Option<&Path>) -> Result<ConfiguredStarters, CommandFailure> {
    let Some(place) = config_file(config)? else { return Ok(ConfiguredStarters::default()) };
    let schedules = headway_schedules::read(&place).map_err(|why| CommandFailure::new(NO, why))?;
    let watches = watch::read(&place).map_err(|why| CommandFailure::new(NO, why))?;
    Ok(ConfiguredStarters { schedules, watches })
}

/// A line about a watched folder.
fn listed_watch(watched: &FolderWatch, stored: StoredProgress<WatchProgress>, last_jobs: &LastJobs) -> String {
    let FolderWatch { name, preset, .. } = watched;
    let mut parts = vec![format!("{name}: preset {preset} on new files")];
    match stored {
        Err(error) => parts.push(format!("which files were processed cannot be read: {error}")),
        Ok(None) => parts.push("no server has watched it yet".into()),
        Ok(Some(progress)) => {
            let WatchProgress { library, folder, begun, last, problem, .. } = progress;
            parts.extend(begun.then(|| format!("in {library}/{}", folder.shown())));
            parts.extend(last.map(|last| format!("last {}", last_jobs.shown(last.job))));
            parts.extend(problem);
        }
    }
    parts.join("; ")
}

/// A line about a schedule.
fn listed(schedule: &PresetSchedule, stored: StoredProgress<ScheduleProgress>, last_jobs: &LastJobs) -> String {
    let PresetSchedule { name, preset, times, .. } = schedule;
    let written = |at| times.written(at);
    let next = times.after(now()).map_or_else(|| "no next time".to_owned(), |next| format!("next {}", written(next)));
    let mut parts = vec![format!("{name}: preset {preset}, {}; {next}", times.words())];
    match stored {
        Err(error) => parts.push(format!("how far it is cannot be read: {error}")),
        Ok(None) => parts.push("no server has run it yet".into()),
        Ok(Some(progress)) => {
            let last = progress.last.map(|last| (written(last.time), last_jobs.shown(last.job)));
            parts.extend(last.map(|(time, job)| format!("last {time}, {job}")));
            parts.extend((progress.missed > 0).then(|| format!("{} missed", progress.missed)));
            parts.extend((progress.skipped > 0).then(|| format!("{} skipped", progress.skipped)));
            parts.extend(progress.failed.map(|failed| format!("no job at {}: {}", written(failed.time), failed.why)));
        }
    }
    parts.join("; ")
}
