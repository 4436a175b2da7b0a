//! The row beside the head that says who writes the log.

use crate::session::SqlSession;
use crate::values::{unsigned, value};
use headway_model::id::Millis;
use headway_store::Stored;

/// A process that wants to write a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterName {
    /// The name of its host.
    pub host: String,
    /// The number of the process on that host.
    pub process: u32,
    /// The id of its data folder, which only one process can use at a time.
    pub folder: String,
}

impl WriterName {
    /// A process without a data folder.
    pub(crate) fn without_folder() -> Self {
        WriterName { host: String::new(), process: std::process::id(), folder: String::new() }
    }
}

/// The process that writes a log, or that was the last one to do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHolder {
    /// Which process it is.
    pub name: WriterName,
    /// Since when it writes, by the clock of the database.
    pub since: Millis,
    /// Whether it said that nothing of it acts any more.
    pub has_ended: bool,
}

/// Who writes the log, or was the last one; `None` if that was never noted.
pub(crate) async fn holder(session: &SqlSession) -> Stored<Option<LogHolder>> {
    const IS_THERE: &str = "SELECT to_regclass('headway.holder') IS NOT NULL";
    const ROW: &str =
        "SELECT host, process, folder, (extract(epoch FROM since) * 1000)::bigint, has_ended FROM headway.holder";
    if session.plain(IS_THERE).await?.first().is_none_or(|answer| answer != "t") {
        return Ok(None);
    }
    let Some(row) = session.row(ROW, &[]).await? else { return Ok(None) };
    let name = WriterName { host: value(&row, 0)?, process: unsigned(&row, 1)?, folder: value(&row, 2)? };
    Ok(Some(LogHolder { name, since: unsigned(&row, 3)?, has_ended: value(&row, 4)? }))
}
