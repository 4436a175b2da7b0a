//! What was last seen of the libraries, in a SQLite file of its own: a cache of the disk and of the log, so it is not in
//! the log's file, waits for no disk, and is rebuilt if it cannot be read.

mod read;
mod write;

use std::path::Path;

use super::sqlite::{Readers, Writer, writer};
use super::{StoreError, Stored};
use headway_model::id::{JobId, Millis, Position};
use headway_model::item::ItemStatus;
use headway_model::library::{FolderPage, FolderView};
use headway_model::{Digest, RelPath, SeenPart};

/// The number of `schema.sql`; a file of another one is rebuilt.
const VERSION: i64 = 2;

/// The index of every library's files.
pub struct FileIndex {
    writer: Writer,
    readers: Readers,
}

/// How a file ended in a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOutcome {
    /// Name of the library.
    pub library: String,
    /// The file.
    pub path: RelPath,
    /// The store's number for the job: of two outcomes that of the later job holds.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
    /// How.
    pub status: ItemStatus,
    /// The word for it, if the job put back what another one did: the file is then as if neither had been.
    pub undone: Option<&'static str>,
}

impl FileIndex {
    /// Opens the file, or rebuilds it if it is not there, not readable or of another version.
    pub fn open(path: &Path) -> Stored<Self> {
        match FileIndex::connect(path) {
            Ok(index) => Ok(index),
            Err(error) => {
                tracing::warn!(%error, "the index of files is rebuilt");
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
        Ok(FileIndex { writer: Writer::new(connection), readers: Readers::new(path) })
    }

    /// Takes in what was seen, in one transaction; rows that have not changed are not written.
    pub async fn see(&self, library: &str, parts: Vec<SeenPart>) -> Stored<()> {
        let library = library.to_owned();
        self.writer.elsewhere(move |writer| write::see(writer, &library, &parts)).await
    }

    /// Forgets what lay in folders that are gone; notes when the whole library was read, if it was.
    pub async fn settle(&self, library: &str, whole: Option<Millis>) -> Stored<()> {
        let library = library.to_owned();
        self.writer.elsewhere(move |writer| write::settle(writer, &library, whole)).await
    }

    /// Takes in how files ended, up to a position of the log.
    pub async fn end(&self, outcomes: Vec<SeenOutcome>, up_to: Position) -> Stored<()> {
        self.writer.elsewhere(move |writer| write::end(writer, &outcomes, up_to)).await
    }

    /// Outcomes are those of the log up to here.
    pub async fn position(&self) -> Stored<Position> {
        self.readers.read(|reader| read::position(reader)).await
    }

    /// A window, without what is under way.
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

/// The number of a folder: the first 8 bytes of BLAKE3 over library, a zero byte and path, so that none has to be asked for.
fn folder_no(library: &str, path: &RelPath) -> i64 {
    let digest = Digest::of(format!("{library}\0{path}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.0[..8]);
    i64::from_be_bytes(first)
}
