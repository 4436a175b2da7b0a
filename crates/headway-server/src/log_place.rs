//! Where the log of a data folder is: in a file of the folder, or in a database. A data folder has one log.

use std::io;
use std::sync::Arc;

use crate::config::{Standby, StoreAddress};
use crate::error::StartError;
use headway_files::{DataFolder, io_text};
use headway_postgres::{PostgresStore, WriterName};
use headway_store::{SqliteStore, Store};

/// What a log is opened for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LogUse<'a> {
    /// For a server: rows are made again if they cannot be read, and a database that was away is waited for. One that
    /// stands by waits first until no other server works.
    Serving(Option<&'a Standby>),
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
    used: LogUse<'_>,
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

async fn in_folder(folder: &DataFolder, used: LogUse<'_>) -> Result<Arc<dyn Store>, StartError> {
    let store = SqliteStore::open(&folder.log()).await?;
    Ok(match used {
        LogUse::Serving(_) => Arc::new(store.mending()),
        LogUse::Maintenance => Arc::new(store),
    })
}

async fn in_database(
    folder: &DataFolder,
    address: &StoreAddress,
    known: Option<&str>,
    used: LogUse<'_>,
) -> Result<Arc<dyn Store>, StartError> {
    let place = address.place();
    if let Some(known) = known.filter(|known| *known != place) {
        return Err(StartError(format!(
            "the log of the data folder {} is in the database {known}, and not in {place}. If this is the same database under \
             another address, remove the file log.elsewhere from the data folder",
            folder.root().display()
        )));
    }
    let (url, name) = (address.with_password(), writer_name(folder).map_err(|error| not_known(folder, &error))?);
    let store = match used {
        LogUse::Serving(Some(standby)) => PostgresStore::stand_by(url, &name, |state| standby.tell(state)).await?,
        LogUse::Serving(None) | LogUse::Maintenance => PostgresStore::open_as(url, &name).await?,
    };
    if known.is_none() {
        if !has_log_of(&store, folder).await? && store.head().await?.position > 0 {
            may_join(folder, &place, used)?;
        }
        folder.remember_log_elsewhere(&place).map_err(|error| not_known(folder, &error))?;
    }
    Ok(match used {
        LogUse::Serving(_) => Arc::new(store.mending().reconnecting()),
        LogUse::Maintenance => Arc::new(store),
    })
}

/// How this process is called in the database.
fn writer_name(folder: &DataFolder) -> io::Result<WriterName> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Ok(WriterName { host, process: std::process::id(), folder: folder.id(&uuid::Uuid::new_v4().to_string())? })
}

/// A log that was made with another data folder is joined only by a server that stands by: somebody has said so. This
/// folder lacks what the other one knows, and notes that.
fn may_join(folder: &DataFolder, place: &str, used: LogUse<'_>) -> Result<(), StartError> {
    if let LogUse::Serving(Some(_)) = used {
        return folder.note_joined(place).map_err(|error| not_known(folder, &error));
    }
    Err(StartError(format!(
        "the log in {place} was made with another data folder than {}, which lacks what the other one knows: name the other \
         one with --data, or start headway serve with --standby, so that this one takes over from it (docs/scale.md says \
         what goes on then)",
        folder.root().display()
    )))
}

/// Whether the database has the log of this folder. One without it is refused, because it would be a second log of the
/// same files.
async fn has_log_of(store: &PostgresStore, folder: &DataFolder) -> Result<bool, StartError> {
    if !folder.has_log().map_err(|error| not_known(folder, &error))? {
        return Ok(false);
    }
    let here = SqliteStore::open(&folder.log()).await?.head().await?;
    if here.position == 0 || store.digest_at(here.position).await? == here.digest {
        return Ok(here.position > 0);
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
