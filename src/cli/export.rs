//! `headway export`.

use clap::Args;

use super::failure::CommandResult;
use super::session::ServerArguments;
use super::shown::write_to;

/// Write a job's log, its attempts, its report, or a file that it made.
///
/// The log is a report and every event; `headway verify` proves that they add up. A job log is what GNU parallel
/// writes with --joblog: parallel's --resume, --resume-failed and --retry-failed can continue
/// from it, unless the command has {out}: only Headway can place that output, so call headway retry for such a job.
///
/// Example:
///
/// ```sh
/// headway export @1 --log -o job.jsonl
/// headway export @1 --report csv -o report.csv
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ExportCommand {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,

    /// The whole log; this is the default
    #[arg(long, conflicts_with_all = ["output", "joblog"])]
    log: bool,

    /// The attempts that ended, as GNU parallel lists them
    #[arg(long, conflicts_with = "output")]
    joblog: bool,

    /// The result for each file, as CSV or as JSON lines
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with_all = ["log", "joblog", "output"])]
    report: Option<ReportChoice>,

    /// What the job did to the files, in numbers
    #[arg(long, conflicts_with_all = ["log", "joblog", "output", "report"])]
    totals: bool,

    /// A file that the job made, such as its manifest
    #[arg(long, value_name = "NAME")]
    output: Option<String>,

    /// Where to write
    #[arg(short = 'o', long, value_name = "FILE", default_value = "-")]
    to: String,

    #[command(flatten)]
    which: ServerArguments,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReportChoice {
    /// For spreadsheets
    Csv,
    /// For programs
    Jsonl,
}

impl ReportChoice {
    fn extension(self) -> &'static str {
        match self {
            ReportChoice::Csv => "csv",
            ReportChoice::Jsonl => "jsonl",
        }
    }
}

pub(super) async fn export(arguments: ExportCommand) -> CommandResult {
    let session = arguments.which.ask().await?;
    let ended = async {
        let job = session.job(&arguments.job).await?;
        let path = match (&arguments.output, arguments.report) {
            (None, None) if arguments.totals => format!("/api/v1/jobs/{job}/totals"),
            (None, Some(format)) => format!("/api/v1/jobs/{job}/report.{}", format.extension()),
            (Some(name), _) => format!("/api/v1/jobs/{job}/outputs/{name}"),
            (None, None) if arguments.joblog => format!("/api/v1/jobs/{job}/joblog"),
            (None, None) => format!("/api/v1/jobs/{job}/log"),
        };
        write_to(&session, &path, &arguments.to).await
    };
    let ended = ended.await;
    session.close().await;
    ended.map(|()| 0)
}
