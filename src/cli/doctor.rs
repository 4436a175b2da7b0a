//! `headway doctor`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use super::out;
use super::progress::ProgressLine;
use super::session::{data_option, is_data_folder};
use super::text::tail;
use super::{default_data, library};
use headway_model::{JobStatus, JobSummary, PauseReason};
use headway_server::maintenance::{Finding, Maintenance, is_held};

/// Check a data folder for damage.
///
/// Checks that every event is in its place, that every digest is right, and that every row matches the events. For the
/// given folders, also checks that outputs and originals are where the log says, and lists temporary files that no live
/// job owns. Lists the work that the server has given up because it crashed at it again and again, and the jobs that are
/// not over, each with the command that goes on with it. Changes nothing, unless --remove or --try-again says so. Stop
/// the server first: the data folder is locked while it runs. Fails if anything is wrong.
///
/// Example:
///
/// ```sh
/// headway doctor
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct DoctorCommand {
    /// Folders that Headway serves, each as DIR or NAME=DIR
    #[arg(value_name = "DIR")]
    libraries: Vec<String>,

    /// Remove the temporary files in the given folders that no live job owns and that cannot be an original
    #[arg(long)]
    remove: bool,

    /// Let the next start of the server try again the work that it gave up because it crashed at it again and again
    #[arg(long)]
    try_again: bool,

    /// The data folder
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    data: PathBuf,
}

pub(super) async fn doctor(arguments: DoctorCommand) -> anyhow::Result<()> {
    if !is_data_folder(&arguments.data)? {
        bail!("{} is not a Headway data folder; pass the right one with --data", arguments.data.display());
    }
    let named = arguments.libraries.iter().map(|text| library(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let data = match Maintenance::open(&arguments.data, &named).await {
        Err(error) if is_held(&arguments.data)? => {
            bail!(
                "{error}. The log changes while a server uses it, so the doctor waits for the server's end. Stop the server (Ctrl-C where it \
                 runs, systemctl stop headway, or docker stop), then call this command again. While it runs, one job can be proved: \
                 headway export @1 --log -o job.jsonl && headway verify job.jsonl"
            );
        }
        opened => opened?,
    };
    if arguments.try_again {
        data.try_again();
    }
    let progress = ProgressLine::up_to(data.head());
    let done = data.inspect(|position| progress.report(position)).await?;
    drop(progress);
    out::line(&inspected([done.events, done.jobs, done.items, done.pruned]))?;
    let (mut findings, mut is_whole) = (done.findings, true);
    let open = data.open_work().await?;
    findings.extend(open.stuck);
    findings.extend(data.presets());
    let options = data_option(&arguments.data);
    for job in &open.waiting {
        out::line(&not_over(job, &options))?;
    }
    for (name, path) in &named {
        is_whole &= inspect_library(&data, (name, path), arguments.remove, &mut findings).await?;
    }
    report(&findings, is_whole)
}

/// Inspects a library, and removes temporary files in it if that is wanted. Returns whether all of it could be seen.
async fn inspect_library(
    data: &Maintenance,
    (name, path): (&str, &Path),
    remove: bool,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<bool> {
    let (places, wrong) = data.placements(name, path).await?;
    out::line(&format!("{name}: {places}"))?;
    findings.extend(wrong);
    let left = data.left_names(name, path, remove).await?;
    findings.extend(left.findings);
    if !left.names.is_empty() {
        out::line(&format!("{name}: names of Headway's own that no live job owns: {}", left.names.len()))?;
    }
    for name in &left.names {
        out::line(&format!("  {name}"))?;
    }
    for folder in &left.unread {
        out::line(&format!("{name}: {} cannot be read, so what lies in it is not known", folder.shown()))?;
    }
    Ok(places.unseen == 0 && left.unread.is_empty())
}

/// Prints what is wrong, and what to do about it. Fails if anything is wrong.
fn report(findings: &[Finding], is_whole: bool) -> anyhow::Result<()> {
    for finding in findings {
        out::line(&format!("WRONG: {}", finding.what))?;
    }
    let mut remedies: Vec<_> = findings.iter().map(|finding| finding.remedy).collect();
    remedies.sort_unstable();
    remedies.dedup();
    for remedy in &remedies {
        out::line(&format!("-> {}", remedy.text()))?;
    }
    if findings.is_empty() {
        out::line(if is_whole { "no problems found" } else { "no problems found in what could be read" })?;
        return Ok(());
    }
    bail!("problems found: {}", findings.len())
}

/// What was checked: events, jobs, items, and jobs whose history was removed.
fn inspected([events, jobs, items, pruned]: [u64; 4]) -> String {
    let [events, jobs, items, pruned] = [
        out::counted(events, "event", "events"),
        out::counted(jobs, "job", "jobs"),
        out::counted(items, "item", "items"),
        if pruned == 0 { String::new() } else { out::counted(pruned, "more job", "more jobs") },
    ];
    let removed = if pruned.is_empty() { pruned } else { format!("; the history of {pruned} was removed") };
    format!("{events} of {jobs}, {items}{removed}")
}

/// What a job that is not over is at or waits for, and the command that goes on with it.
fn not_over(job: &JobSummary, options: &str) -> String {
    let name = tail(job.job);
    let command = |word: &str| format!("headway {word} {name}{options}");
    let how = match job.status {
        JobStatus::Planned => format!("{} approves its plan and does the work", command("approve")),
        JobStatus::Paused { reason: PauseReason::User } => format!("{} goes on with it", command("resume")),
        JobStatus::Paused { reason: PauseReason::Interrupted } => {
            format!(
                "{} runs the interrupted files again, {} goes on without them",
                command("resume"),
                command("leave-out")
            )
        }
        JobStatus::Cancelling => format!("{} ends it, as does the next headway serve", command("cancel")),
        _ => format!("{} goes on with it, as does the next headway serve", command("resume")),
    };
    format!("job {name}, {:?}, is {}, and no server works on it: {how}", job.title, job.status_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Counters;
    use headway_model::testing::{job_id, summary};

    #[test]
    fn what_was_checked_is_counted_and_zeros_are_left_out() {
        assert_eq!(inspected([1_204, 1, 2, 0]), "1,204 events of 1 job, 2 items");
        assert_eq!(inspected([9, 2, 1, 1]), "9 events of 2 jobs, 1 item; the history of 1 more job was removed");
    }

    #[test]
    fn each_job_that_is_not_over_says_what_it_waits_for_and_the_command_that_goes_on_with_it() {
        let name = tail(job_id(1));
        for (status, expected) in [
            (JobStatus::Planned, "is planned, and no server works on it: headway approve NAME --data D approves"),
            (JobStatus::Processing, "is processing, and no server works on it: headway resume NAME --data D goes on"),
            (JobStatus::Cancelling, "is cancelling, and no server works on it: headway cancel NAME --data D ends it"),
            (
                JobStatus::Paused { reason: PauseReason::DiskFull },
                "the disk is full, and no server works on it: headway resume NAME --data D goes on with it, as does",
            ),
            (
                JobStatus::Paused { reason: PauseReason::Interrupted },
                "headway resume NAME --data D runs the interrupted files again, headway leave-out NAME --data D goes",
            ),
            (JobStatus::Paused { reason: PauseReason::User }, "headway resume NAME --data D goes on with it"),
        ] {
            let said = not_over(&summary(status, Counters::default()), " --data D");
            assert!(said.starts_with(&format!("job {name}, ")), "{said}");
            assert!(said.contains(&expected.replace("NAME", &name)), "{said}");
        }
    }
}
