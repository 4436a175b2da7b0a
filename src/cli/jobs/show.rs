//! `headway show`: one job, its files, or the output of its programs.

mod one;

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use clap::Args;
use serde_json::json;

use super::ROWS_PER_CALL;
use crate::cli::failure::{CommandFailure, CommandResult, NO};
use crate::cli::follow::plain;
use crate::cli::items::items_of;
use crate::cli::out::{self, counted, time};
use crate::cli::reported::absent;
use crate::cli::session::{ServerArguments, Session};
use headway_model::item::StatusFilter;
use headway_model::summary::NumberedItem;
use headway_model::{ItemView, JobId, RelPath};
use one::one;

/// Show a job, its files, or the output of its programs.
///
/// Name the job by its id, by six or more of the first or last characters of its id, each also after @ as in @3f2a9c, or by @1
/// for the newest, @2 for the one before: the same in every command. With --failed or --status, the paths of those files are
/// listed, one per line, or ended by NUL with -0.
/// Files are numbered from 1, in the order of the plan: in JSON as `number`, beside `item`, the index of the API, which
/// counts from 0.
///
/// Examples:
///
/// ```sh
/// headway show @1
/// headway show @1 --failed -0 | xargs -0 ls -l
/// headway show @1 --attempts 1
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct ShowCommand {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    /// List the files that the exit code of run counts: they failed, were missed, or are missing according to a manifest
    #[arg(long, conflicts_with = "status")]
    failed: bool,

    /// List the files with this status: succeeded, skipped (left_out or missed), failed, cancelled, waiting, running or interrupted
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,

    /// Show the output of the attempts at a file, named by its path or by its number from 1
    #[arg(long, value_name = "FILE", conflicts_with_all = ["failed", "status"])]
    attempts: Option<OsString>,

    /// End paths with NUL
    #[arg(short = '0', long)]
    null: bool,

    /// Write JSON: the job, or one item per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    which: ServerArguments,
}

pub(in crate::cli) async fn show(arguments: ShowCommand) -> CommandResult {
    let session = arguments.which.ask().await?;
    let ended = async {
        let job = session.job(&arguments.job).await?;
        let status = if arguments.failed { Some(StatusFilter::Errors.name()) } else { arguments.status.as_deref() };
        match (status, &arguments.attempts) {
            (Some(status), _) => files(&session, job, status, &arguments).await,
            (None, Some(file)) => {
                let view = session.client.job(job).await?;
                let items = items_of(&session, job, &view, std::slice::from_ref(file)).await?;
                attempts(&session, job, items.first().copied().unwrap_or_default()).await
            }
            (None, None) => one(&session, job, arguments.json).await,
        }
    };
    let ended = ended.await;
    session.close().await;
    ended
}

async fn files(session: &Session, job: JobId, status: &str, arguments: &ShowCommand) -> CommandResult {
    let view = session.client.job(job).await?;
    // If the location of the library is known, the paths are whole.
    let library = view.request.as_ref().map(|request| request.library.clone());
    let by_path = library.filter(|library| library.starts_with('/'));
    let root = view.folder.clone().or(by_path);
    let whole = |path: &RelPath| whole(root.as_deref(), path);
    // A file that a manifest names and that is missing need not be an item of the job. If it is one, the report has
    // more details.
    let absent = match arguments.failed {
        false => Vec::new(),
        true => absent(&session.client, &view).await.ok_or_else(|| {
            CommandFailure::new(NO, "the report of the job, which names missing files, cannot be read")
        })?,
    };
    let reported: HashMap<_, _> = absent.iter().map(|(path, why)| (path.clone(), why.clone())).collect();
    let (mut after, mut listed) = (None, HashSet::new());
    loop {
        let page = session.client.items(job, after, ROWS_PER_CALL, Some(status)).await?;
        let mut text = Vec::new();
        for item in page.items {
            if arguments.json {
                text.extend(json!(NumberedItem::from(&item)).to_string().into_bytes());
                text.push(b'\n');
            } else {
                let why = reported.get(&item.path).cloned().or_else(|| why(&item));
                line(&mut text, &whole(&item.path), why, arguments.null);
            }
            listed.insert(item.path);
        }
        out::bytes(&text)?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut text = Vec::new();
    for (path, why) in absent.into_iter().filter(|(path, _)| !listed.contains(path)) {
        if arguments.json {
            text.extend(format!("{}\n", json!({ "path": path, "message": why })).into_bytes());
        } else {
            line(&mut text, &whole(&path), Some(why), arguments.null);
        }
    }
    out::bytes(&text)?;
    Ok(0)
}

/// The whole path of a file, if its library's folder is known.
fn whole(root: Option<&str>, path: &RelPath) -> Vec<u8> {
    let path = OsStr::from_bytes(&path.to_bytes()).to_owned();
    let whole = root.map_or_else(|| path.clone().into(), |root| Path::new(root).join(&path));
    whole.into_os_string().into_vec()
}

/// Adds a line for a file; or its path alone, ended by NUL.
fn line(text: &mut Vec<u8>, path: &[u8], why: Option<String>, ends_with_nul: bool) {
    text.extend_from_slice(path);
    if ends_with_nul {
        return text.push(0);
    }
    text.extend(why.map(|why| format!("\t{why}")).unwrap_or_default().into_bytes());
    text.push(b'\n');
}

fn why(item: &ItemView) -> Option<String> {
    item.message.as_ref().or(item.reason.as_ref()).map(|why| plain(why))
}

async fn attempts(session: &Session, job: JobId, item: u32) -> CommandResult {
    let attempts = session.client.attempts(job, item).await?;
    if attempts.is_empty() {
        return Err(CommandFailure::new(NO, "no output of its attempts is kept"));
    }
    for attempt in attempts {
        let exit = attempt.exit.map_or_else(|| "no exit code".into(), |exit| format!("exit {exit}"));
        out::line(&format!("attempt {}: {exit}, {}", attempt.attempt, time(attempt.ms)))?;
        out::line(&format!("$ {}", plain(&attempt.argv.join(" "))))?;
        for kept in [&attempt.stdout, &attempt.stderr] {
            let cut = match kept.cut {
                0 => String::new(),
                bytes => format!("\n[{} not kept]\n", counted(bytes, "byte is", "bytes are")),
            };
            out::bytes(format!("{}{cut}{}", kept.head, kept.tail).as_bytes())?;
        }
    }
    Ok(0)
}
