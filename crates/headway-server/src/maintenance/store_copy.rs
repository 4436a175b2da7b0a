//! Moves the log of a data folder into a database, or back.

use std::path::Path;
use std::sync::Arc;

use crate::config::StoreAddress;
use crate::error::StartError;
use crate::log_place::not_known;
use headway_files::DataFolder;
use headway_model::Position;
use headway_postgres::PostgresStore;
use headway_store::{CopiedLog, SqliteStore, Store, StoreError};

/// Two stores. Nobody else writes to either of them meanwhile.
pub struct StoreCopy {
    from: Arc<dyn Store>,
    to: Arc<dyn Store>,
    head: Position,
    folder: DataFolder,
    address: StoreAddress,
    is_into_folder: bool,
}

impl StoreCopy {
    /// Opens the log of a data folder, and the database into which it is copied.
    ///
    /// # Errors
    /// If one of them cannot be opened, a server uses it, or the data folder's log is not there.
    pub async fn into_database(data: &Path, address: &StoreAddress) -> Result<Self, StartError> {
        let folder = DataFolder::open(data, &[])?;
        if !folder.has_log().map_err(|error| not_known(&folder, &error))? {
            return Err(StartError(format!("there is no log in the data folder {}", folder.root().display())));
        }
        is_of(&folder, address)?;
        let from: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.log()).await?);
        let to: Arc<dyn Store> = Arc::new(PostgresStore::open(address.with_password()).await?);
        StoreCopy::new(from, to, folder, address, false).await
    }

    /// Opens the log in a database, and the data folder into which it is copied. Until the copy is complete, the data
    /// folder notes that its log is in the database.
    ///
    /// # Errors
    /// If one of them cannot be opened, a server uses it, or the data folder has another log.
    pub async fn into_folder(address: &StoreAddress, data: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::open(data, &[])?;
        let is_known = is_of(&folder, address)?;
        let from: Arc<dyn Store> = Arc::new(PostgresStore::open(address.with_password()).await?);
        let to: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.log()).await?);
        let here = to.head().await?;
        if !is_known && here.position > 0 && from.digest_at(here.position).await? != here.digest {
            let root = folder.root().display();
            return Err(StartError(format!("the data folder {root} has another log than the database")));
        }
        folder.remember_log_elsewhere(&address.place()).map_err(|error| not_known(&folder, &error))?;
        StoreCopy::new(from, to, folder, address, true).await
    }

    async fn new(
        from: Arc<dyn Store>,
        to: Arc<dyn Store>,
        folder: DataFolder,
        address: &StoreAddress,
        is_into_folder: bool,
    ) -> Result<Self, StartError> {
        let head = from.head().await?.position;
        Ok(StoreCopy { from, to, head, folder, address: address.clone(), is_into_folder })
    }

    /// The last position of the log that is copied.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Copies the log. One that was stopped goes on. `progress` is called with the position reached.
    ///
    /// # Errors
    /// If a store fails, or if the other one has another log.
    pub async fn copy(&self, progress: impl FnMut(Position)) -> Result<CopiedLog, StoreError> {
        headway_store::copy(&*self.from, &*self.to, progress).await
    }

    /// Compares both logs byte by byte, and then notes in the data folder where its log is. Returns how many events are
    /// the same. `progress` is called with the position reached.
    ///
    /// # Errors
    /// If the logs differ, or cannot be read, or the data folder cannot be written.
    pub async fn complete(&self, progress: impl FnMut(Position)) -> Result<u64, StartError> {
        let compared = headway_store::compare(&*self.from, &*self.to, progress).await;
        let events = compared.map_err(|error| StartError(error.message))?;
        let noted = match self.is_into_folder {
            true => self.folder.forget_log_elsewhere(),
            false => self.folder.remember_log_elsewhere(&self.address.place()),
        };
        noted.map_err(|error| not_known(&self.folder, &error))?;
        Ok(events)
    }
}

/// Refuses another database than the one that the data folder knows. Returns whether it knows one.
fn is_of(folder: &DataFolder, address: &StoreAddress) -> Result<bool, StartError> {
    let known = folder.log_elsewhere().map_err(|error| not_known(folder, &error))?;
    match known {
        Some(other) if other != address.place() => Err(StartError(format!(
            "the log of the data folder {} is in the database {other}, and not in {}",
            folder.root().display(),
            address.place()
        ))),
        known => Ok(known.is_some()),
    }
}
