//! The index of the libraries' files, as last seen, in a SQLite file of its own. It is a cache of the disk and the log,
//! so it is kept out of the log's file, never waits for durability, and is rebuilt if it cannot be read.

mod read;
mod write;

use std::collections::BTreeSet;
use std::path::Path;

use super::sqlite::{ReadConnections, WriteConnection, writer};
use super::{StoreError, Stored};
use headway_model::id::{JobId, Millis, Position};
use headway_model::item::ItemStatus;
use headway_model::library::{FolderPage, FolderView};
use headway_model::{Digest, RelPath, SeenPart};

/// The version of `schema.sql`; a file with any other version is rebuilt.
const VERSION: i64 = 8;

/// The index of every library's files.
pub struct FileIndex {
    writer: WriteConnection,
    readers: ReadConnections,
}

/// Folders, each with the name of its library.
pub type LibraryFolders = BTreeSet<(String, RelPath)>;

/// The outcome of a file in a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOutcome {
    /// Name of the library.
    pub library: String,
    /// The file.
    pub path: RelPath,
    /// The store's number for the job: of two outcomes, the later job's counts.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
    /// The name that the job took from the file, if it gave it another one.
    pub moved_from: Option<RelPath>,
    /// What the job [tried](headway_model::tried): a failure is shown until the same succeeds with the file.
    pub tried: String,
    /// The status it ended with.
    pub status: ItemStatus,
    /// How the job ended for the file, in words, if it undid what another one did to it: the file then counts as if neither job had run.
    pub undone: Option<&'static str>,
}

impl FileIndex {
    /// Opens the file, or rebuilds it if it is missing, unreadable or of another version.
    pub fn open(path: &Path) -> Stored<Self> {
        match FileIndex::connect(path) {
            Ok(index) => Ok(index),
            Err(error) => {
                tracing::warn!(%error, "rebuilding the file index");
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(suffix);
                    std::fs::remove_file(name).ok();
                }
                FileIndex::connect(path)
            }
        }
    }

    fn connect(path: &Path) -> Stored<Self> {
        let mut connection = writer(path, "NORMAL")?;
        write::prepare(&mut connection)?;
        Ok(FileIndex { writer: WriteConnection::new(connection), readers: ReadConnections::new(path) })
    }

    /// Records what a scan found, in one transaction; unchanged rows are not written.
    pub async fn see(&self, library: &str, parts: Vec<SeenPart>) -> Stored<()> {
        let library = library.to_owned();
        self.writer.elsewhere(move |writer| write::see(writer, &library, &parts)).await
    }

    /// Forgets the entries of folders that are gone, and records when the whole library was read, if it was.
    pub async fn finish_scan(&self, library: &str, whole: Option<Millis>) -> Stored<()> {
        let library = library.to_owned();
        self.writer.elsewhere(move |writer| write::finish_scan(writer, &library, whole)).await
    }

    /// Sets the libraries for which outcomes are recorded. If they were others until now, all outcomes are removed, and
    /// the log is read again.
    pub async fn follow_for(&self, libraries: &str) -> Stored<()> {
        let libraries = libraries.to_owned();
        self.writer.elsewhere(move |writer| write::follow_for(writer, &libraries)).await
    }

    /// Records outcomes of files, up to a position in the log. Returns the folders of those files that jobs had in hand
    /// and that no scan has seen yet.
    pub async fn end(&self, outcomes: Vec<SeenOutcome>, up_to: Position) -> Stored<LibraryFolders> {
        self.writer.elsewhere(move |writer| write::end(writer, &outcomes, up_to)).await
    }

    /// The position in the log up to which outcomes are recorded.
    pub async fn position(&self) -> Stored<Position> {
        self.readers.read(|reader| read::position(reader)).await
    }

    /// A window, without the progress of scans.
    pub async fn page(&self, view: &FolderView) -> Stored<FolderPage> {
        let view = view.clone();
        self.readers.read(move |reader| read::page(reader, &view)).await
    }

    /// When the disk was last read for a view.
    pub async fn seen(&self, view: &FolderView) -> Stored<Option<Millis>> {
        let view = view.clone();
        self.readers.read(move |reader| read::seen(reader, &view)).await
    }
}

/// The number of a folder: the first 8 bytes of the BLAKE3 hash of library, a zero byte and path, so that no query is
/// needed to find it.
fn folder_no(library: &str, path: &RelPath) -> i64 {
    let digest = Digest::of(format!("{library}\0{path}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.0[..8]);
    i64::from_be_bytes(first)
}
