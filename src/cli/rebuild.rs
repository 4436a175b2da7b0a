//! `headway rebuild`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::default_data;
use super::out;
use super::progress::ProgressLine;
use headway_server::config::StoreAddress;
use headway_server::maintenance::Maintenance;

/// Rebuild the job and item tables from the event log.
///
/// Only reads the log itself. Stop the server first: the data folder is locked while it runs.
///
/// Example:
///
/// ```sh
/// headway rebuild
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RebuildCommand {
    /// The data folder
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    data: PathBuf,

    /// The database with the log, if it is not in the data folder
    #[arg(long, value_name = "ADDRESS", env = "HEADWAY_STORE", hide_env_values = true)]
    store: Option<StoreAddress>,
}

pub(super) async fn rebuild(arguments: RebuildCommand) -> anyhow::Result<()> {
    let data = Maintenance::open(&arguments.data, &[], arguments.store.as_ref()).await?;
    let progress = ProgressLine::up_to(data.head());
    let done = data.rebuild(|position| progress.report(position)).await?;
    drop(progress);
    let jobs = out::counted(done.jobs, "job", "jobs");
    out::line(&format!("rebuilt {jobs} from {}", out::counted(done.events, "event", "events")))?;
    for aside in &done.aside {
        out::line(&format!("WRONG: {aside}"))?;
    }
    if !done.aside.is_empty() {
        bail!(
            "jobs whose log cannot be read: {}; `headway doctor` names the events, and a backup has them whole",
            done.aside.len()
        );
    }
    Ok(())
}
