//! `headway export`.

use clap::Args;

use super::failure::Ended;
use super::run::write_to;
use super::session::Which;

/// Write a job's log, its attempts, or a file that it made.
///
/// The log is a report and every event; `headway verify` proves that they add up. A job log is what GNU parallel writes with --joblog:
/// its --resume, --resume-failed and --retry-failed go on from there.
///
/// Example:
///
///     headway export @1 --log -o job.jsonl
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    /// The whole log; this is the default
    #[arg(long, conflicts_with_all = ["output", "joblog"])]
    log: bool,

    /// The attempts that ended, as GNU parallel lists them
    #[arg(long, conflicts_with = "output")]
    joblog: bool,

    /// A file that the job made, such as its manifest
    #[arg(long, value_name = "NAME")]
    output: Option<String>,

    /// Where to write
    #[arg(short = 'o', long, value_name = "FILE", default_value = "-")]
    to: String,

    #[command(flatten)]
    which: Which,
}

pub(super) async fn export(arguments: Export) -> Ended {
    let session = arguments.which.ask().await?;
    let ended = async {
        let job = session.job(&arguments.job).await?;
        let path = match &arguments.output {
            Some(name) => format!("/api/jobs/{job}/outputs/{name}"),
            None if arguments.joblog => format!("/api/jobs/{job}/joblog"),
            None => format!("/api/jobs/{job}/log"),
        };
        write_to(&session, &path, &arguments.to).await
    };
    let ended = ended.await;
    session.close().await;
    ended.map(|()| 0)
}
