//! `headway copy-store`.

use std::path::Path;

use anyhow::bail;
use clap::Args;

use super::failure::{CommandFailure, NO_SERVER, USAGE};
use super::out;
use super::progress::ProgressLine;
use super::session::is_data_folder;
use headway_server::config::StoreAddress;
use headway_server::maintenance::StoreCopy;

/// Copy the event log of a data folder into a PostgreSQL database, or back.
///
/// One of FROM and TO is a data folder, the other one the address of a database. Stop the server first. Events keep their
/// positions and their bytes, so that every cursor stays valid. If the copy is stopped, the same command goes on with it.
/// At its end, both logs are compared byte by byte. From then on the log of the data folder is where it was copied to: the
/// server needs --store, or no longer. The original stays as it is.
///
/// Everybody on the machine can see the arguments of a process. So name a file with the password, as in
/// postgres://user@host/database?passfile=FILE, or in PGPASSFILE (docs/scale.md).
///
/// Examples:
///
/// ```sh
/// headway copy-store ~/.local/state/headway postgres://headway@db/headway
/// headway copy-store postgres://headway@db/headway ~/.local/state/headway
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct CopyStoreCommand {
    /// The data folder, or the address of the database, in which the log is
    #[arg(value_name = "FROM")]
    from: StoreAddress,

    /// The address of the database, or the data folder, into which the log is copied
    #[arg(value_name = "TO")]
    to: StoreAddress,
}

pub(super) async fn copy_store(arguments: CopyStoreCommand) -> anyhow::Result<()> {
    let CopyStoreCommand { from, to } = arguments;
    let copy = match (folder(&from), folder(&to)) {
        (Some(data), None) => {
            if !is_data_folder(data)? {
                let text = format!("{} is not a Headway data folder", data.display());
                return Err(CommandFailure::new(NO_SERVER, text).into());
            }
            StoreCopy::into_database(data, &to).await?
        }
        (None, Some(data)) => StoreCopy::into_folder(&from, data).await?,
        (Some(_), Some(_)) | (None, None) => {
            let text = "one of FROM and TO must be a data folder, the other one an address such as postgres://user@host/database";
            return Err(CommandFailure::new(USAGE, text).into());
        }
    };
    let progress = ProgressLine::up_to(copy.head());
    let done = copy.copy(|position| progress.report(position)).await?;
    drop(progress);
    let events = |number: u64| out::counted(number, "event", "events");
    out::line(&format!("{} copied, {} were there", events(done.copied), out::count(done.kept)))?;
    let progress = ProgressLine::up_to(copy.head());
    let same = copy.complete(|position| progress.report(position)).await?;
    drop(progress);
    out::line(&format!("both logs are the same, byte by byte: {}", events(same)))?;
    for aside in &done.aside {
        out::line(&format!("WRONG: {aside}"))?;
    }
    if !done.aside.is_empty() {
        bail!("jobs whose log cannot be read, in the original too: {}", done.aside.len());
    }
    Ok(())
}

/// The data folder, unless it is the address of a database.
fn folder(place: &StoreAddress) -> Option<&Path> {
    let text = place.with_password();
    (!text.contains("://")).then(|| Path::new(text))
}
