//! Where the log of a data folder is: in a file of the folder, or in a database. A data folder has one log.

use std::io;
use std::sync::Arc;

use crate::config::StoreAddress;
use crate::error::StartError;
use headway_files::{DataFolder, io_text};
use headway_postgres::PostgresStore;
use headway_store::{SqliteStore, Store};

/// What a log is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogUse {
    /// For a server: rows are made again if they cannot be read, and a database that was away is waited for.
    Serving,
    /// For a person, who is told of everything.
    Maintenance,
}

/// Opens the log of a data folder: in the database with this address, or in the folder if there is none.
///
/// # Errors
/// If it cannot be opened, or if the data folder has another log.
pub(crate) async fn open_log(
    folder: &DataFolder,
    address: Option<&StoreAddress>,
    used: LogUse,
) -> Result<Arc<dyn Store>, StartError> {
    let known = folder.log_elsewhere().map_err(|error| not_known(folder, &error))?;
    match (address.filter(|address| !address.is_empty()), known) {
        (None, None) => in_folder(folder, used).await,
        (Some(address), known) => in_database(folder, address, known.as_deref(), used).await,
        (None, Some(place)) => Err(StartError(format!(
            "the log of the data folder {} is in the database {place}: name it with --store or HEADWAY_STORE, or bring the \
             log back with headway copy-store",
            folder.root().display()
        ))),
    }
}

async fn in_folder(folder: &DataFolder, used: LogUse) -> Result<Arc<dyn Store>, StartError> {
    let store = SqliteStore::open(&folder.log()).await?;
    Ok(match used {
        LogUse::Serving => Arc::new(store.mending()),
        LogUse::Maintenance => Arc::new(store),
    })
}

async fn in_database(
    folder: &DataFolder,
    address: &StoreAddress,
    known: Option<&str>,
    used: LogUse,
) -> Result<Arc<dyn Store>, StartError> {
    let place = address.place();
    if let Some(known) = known.filter(|known| *known != place) {
        return Err(StartError(format!(
            "the log of the data folder {} is in the database {known}, and not in {place}. If this is the same database under \
             another address, remove the file log.elsewhere from the data folder",
            folder.root().display()
        )));
    }
    let store = PostgresStore::open(address.with_password()).await?;
    if known.is_none() {
        has_log_of(&store, folder).await?;
        folder.remember_log_elsewhere(&place).map_err(|error| not_known(folder, &error))?;
    }
    Ok(match used {
        LogUse::Serving => Arc::new(store.mending().reconnecting()),
        LogUse::Maintenance => Arc::new(store),
    })
}

/// Refuses a database without the log of this folder, which would be a second log of the same files.
async fn has_log_of(store: &PostgresStore, folder: &DataFolder) -> Result<(), StartError> {
    if !folder.has_log().map_err(|error| not_known(folder, &error))? {
        return Ok(());
    }
    let here = SqliteStore::open(&folder.log()).await?.head().await?;
    if here.position == 0 || store.digest_at(here.position).await? == here.digest {
        return Ok(());
    }
    let root = folder.root().display();
    Err(StartError(format!(
        "the data folder {root} has a log of its own, up to event {}, and the database does not have it: copy it first, with \
         headway copy-store {root} ADDRESS, or choose another data folder with --data",
        here.position
    )))
}

/// The place of the log cannot be read or written in the data folder.
pub(crate) fn not_known(folder: &DataFolder, error: &io::Error) -> StartError {
    StartError(format!(
        "where the log of the data folder {} is cannot be determined or noted: {}",
        folder.root().display(),
        io_text(error)
    ))
}
