//! `headway import`: continues where GNU parallel stopped.

use std::path::PathBuf;

use clap::Args;

use super::done_rows::DoneRows;
use super::failure::{CommandFailure, CommandResult, NOT_BEGUN};
use super::out::say;
use super::run::{RunArguments, run};
use headway_server::named_file;

/// Run a recipe over a list of names, without the names that are done according to a job log of GNU parallel.
///
/// The number of a row is the number of a name in the list. A name is done if its row has exit code 0 and signal 0,
/// and its file exists and has not changed since then. The commands in the rows are not read. The exit code is that of
/// `headway run`.
///
/// Example:
///
/// ```sh
/// headway import --joblog parallel.log --files-from names.txt checksum
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ImportCommand {
    /// The file that GNU parallel wrote with --joblog
    #[arg(long, value_name = "FILE", required = true)]
    joblog: PathBuf,

    #[command(flatten)]
    run: RunArguments,
}

pub(super) async fn import(arguments: ImportCommand) -> CommandResult {
    let ImportCommand { joblog, run: mut work } = arguments;
    let text = named_file::read_once(&joblog);
    let text =
        text.map_err(|error| CommandFailure::new(NOT_BEGUN, format!("cannot read {}: {error}", joblog.display())))?;
    let (done, torn) =
        DoneRows::read(&text).map_err(|why| CommandFailure::new(NOT_BEGUN, format!("{}: {why}", joblog.display())))?;
    if torn {
        say(&format!("headway: the last line of {} is incomplete and is ignored", joblog.display()));
    }
    work.leave_out(done);
    run(work).await
}
