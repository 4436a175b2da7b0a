//! `headway verify`.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::out;
use super::text::shown;
use headway_model::export::ExportVerifier;
use headway_server::named_file;

/// Prove that a job's log adds up to its report.
///
/// FILE is a job's log, as downloaded from its page or from `GET /api/v1/jobs/{id}/log`. Nothing else is needed: no server
/// and no data folder. Fails if an event was changed, removed or inserted.
///
/// Example:
///
/// ```sh
/// headway verify job.jsonl
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct VerifyCommand {
    /// A job's log; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Longer than any line of a log.
const MAX_LINE_BYTES: u64 = 1 << 24;

pub(super) fn verify(arguments: &VerifyCommand) -> anyhow::Result<()> {
    let shown = arguments.file.display();
    let mut reader: Box<dyn BufRead> = if arguments.file.as_os_str() == "-" {
        Box::new(stdin().lock())
    } else {
        Box::new(BufReader::new(
            named_file::open_once(&arguments.file).with_context(|| format!("cannot read {shown}"))?,
        ))
    };
    let mut proof = ExportVerifier::default();
    for number in 0_u64.. {
        let Some(line) = next_line(&mut reader).with_context(|| format!("cannot read {shown}"))? else { break };
        if let Err(error) = proof.line(&line) {
            // Every line of a log is an object.
            let is_other = number == 0 && !line.trim_start().starts_with('{');
            let other = if is_other { compares(&arguments.file) } else { String::new() };
            bail!("{shown} proves nothing: {error}{other}");
        }
    }
    let report = match proof.end() {
        Ok(report) => report.report,
        Err(error) => bail!("{shown} proves nothing: {error}"),
    };
    let counters = report.counters;
    out::line(&format!("job {}: {}", report.job, report.title))?;
    out::line(&format!(
        "{} after {}: {} succeeded, {} skipped, {} failed, {} cancelled of {}",
        report.status.text(),
        out::counted(report.seq, "event", "events"),
        counters.succeeded,
        counters.skipped,
        counters.failed,
        counters.cancelled,
        counters.total
    ))?;
    out::line(&format!(
        "proved: all events are present, unchanged and in order, and add up to this report (digest {})",
        report.digest
    ))?;
    Ok(())
}

/// The next line, without its end; `None` at the end. No line of a log is as long as the limit, so another file, or a
/// device that never ends, is refused instead of read into memory.
fn next_line(reader: &mut dyn BufRead) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    reader.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    let text = match line.split_last() {
        None => return Ok(None),
        Some((b'\n', text)) => text,
        Some(_) if line.len() as u64 == MAX_LINE_BYTES => {
            let why = format!("a line has {MAX_LINE_BYTES} bytes or more, so it is not a job's log");
            return Err(Error::new(ErrorKind::InvalidData, why));
        }
        Some(_) => &line,
    };
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    String::from_utf8(text.to_vec()).map(Some).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

/// The command that compares files with a list of checksums, which a person might have meant.
fn compares(file: &Path) -> String {
    let name = file.file_name().filter(|name| *name != "-").unwrap_or(OsStr::new("SHA256SUMS"));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut setting = std::ffi::OsString::from("manifest=");
    setting.push(name);
    format!(
        ". If it is a list of checksums, compare files with it by: headway run verify {} --set {}",
        shown(folder.as_os_str()),
        shown(&setting)
    )
}
