//! `headway doctor`.

use std::cmp::Reverse;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::Args;

use super::failure::{CommandFailure, USAGE};
use super::out;
use super::progress::ProgressLine;
use super::session::{data_option, is_data_folder, store_option};
use super::text::tail;
use super::{default_data, library};
use headway_model::{JobStatus, JobSummary, PauseReason};
use headway_server::config::StoreAddress;
use headway_server::maintenance::{Finding, LeftNames, Maintenance, is_held};

/// Check a data folder for damage.
///
/// Checks that every event is in its place, that every digest is right, and that every row matches the events. In every
/// folder that the data folder knows, or only in the given ones, lists temporary files that no live job owns; for the
/// given ones also checks that outputs and originals are where the log says. Lists the work that the server has given up
/// because it crashed at it again and again, and the jobs that are not over, each with the command that goes on with it.
/// Changes nothing, unless --remove (with folders, or with --all) or --try-again says so. Stop the server first: the data
/// folder is locked while it runs. Fails if anything is wrong.
///
/// Example:
///
/// ```sh
/// headway doctor
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct DoctorCommand {
    /// Folders that Headway serves, each as DIR or NAME=DIR [default: all that the data folder knows]
    #[arg(value_name = "DIR")]
    libraries: Vec<String>,

    /// Remove the temporary files in these folders that no live job owns and that cannot be an original; takes DIR or --all
    #[arg(long)]
    remove: bool,

    /// Look into every folder that the data folder knows, as without DIR; with --remove it must be said
    #[arg(long, conflicts_with = "libraries")]
    all: bool,

    /// Let the next start of the server try again the work that it gave up because it crashed at it again and again
    #[arg(long)]
    try_again: bool,

    /// The data folder
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    data: PathBuf,

    /// The database with the log, if it is not in the data folder
    #[arg(long, value_name = "ADDRESS", env = "HEADWAY_STORE", hide_env_values = true)]
    store: Option<StoreAddress>,
}

/// Why `--remove` alone is refused.
const REMOVE_WHERE: &str = "--remove needs the folders in which it removes, each as DIR or NAME=DIR, or --all for every folder that the \
    data folder knows; without --remove, headway doctor lists what is left in all of them";

pub(super) async fn doctor(arguments: DoctorCommand) -> anyhow::Result<()> {
    if arguments.remove && arguments.libraries.is_empty() && !arguments.all {
        return Err(CommandFailure::new(USAGE, REMOVE_WHERE).into());
    }
    if !is_data_folder(&arguments.data)? {
        bail!("{} is not a Headway data folder; pass the right one with --data", arguments.data.display());
    }
    let named = arguments.libraries.iter().map(|text| library(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let data = match Maintenance::open(&arguments.data, &named, arguments.store.as_ref()).await {
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
    let (mut findings, mut seen) = (done.findings, SeenFolders::default());
    let open = data.open_work().await?;
    findings.extend(open.stuck);
    findings.extend(data.presets());
    let options = data_option(&arguments.data) + &store_option(arguments.store.as_ref());
    for job in &open.waiting {
        out::line(&not_over(job, &options))?;
    }
    inspect_folders(&data, &named, arguments.remove, &mut findings, &mut seen).await?;
    report(&findings, &seen)
}

/// Inspects the named libraries, or else all that the data folder knows, and removes temporary files in them if that is wanted.
async fn inspect_folders(
    data: &Maintenance,
    named: &[(String, PathBuf)],
    remove: bool,
    findings: &mut Vec<Finding>,
    seen: &mut SeenFolders,
) -> anyhow::Result<()> {
    for (name, path) in named {
        let (places, wrong) = data.placements(name, path).await?;
        out::line(&format!("{name}: {places}"))?;
        findings.extend(wrong);
        seen.are_unread |= places.unseen + places.elsewhere > 0;
    }
    let mut folders: Vec<_> = named.iter().map(|(name, path)| (name.clone(), Some(path.clone()))).collect();
    if named.is_empty() {
        folders = data.libraries()?;
    }
    // A folder inside another one comes first, and is left out of the other.
    folders.sort_by_key(|(_, path)| Reverse(path.as_ref().map_or(0, |path| path.components().count())));
    let mut apart = Vec::new();
    for (name, path) in folders {
        let left = match &path {
            Some(path) => {
                let progress = ProgressLine::through_folders(&name);
                let look =
                    data.left_names((name.as_str(), path.as_path()), remove, &apart, |count| progress.report(count));
                look.await.map_err(anyhow::Error::from)
            }
            None => Err(anyhow!("it is not known where its folder is; name it as NAME=DIR")),
        };
        match left {
            Ok(left) => {
                seen.tell(&name, &left)?;
                findings.extend(left.findings);
                apart.extend(path);
            }
            Err(error) if !named.is_empty() => return Err(error),
            Err(why) => {
                seen.are_unread = true;
                out::line(&format!("{name} was not looked into: {why}"))?;
            }
        }
    }
    Ok(())
}

/// Prints what is wrong, and what to do about it. Fails if anything is wrong.
fn report(findings: &[Finding], seen: &SeenFolders) -> anyhow::Result<()> {
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
        out::line(&seen.verdict())?;
        return Ok(());
    }
    bail!("problems found: {}", findings.len())
}

/// What was seen of the folders that were looked into.
#[derive(Default)]
struct SeenFolders {
    /// Whether some of it could not be read.
    are_unread: bool,
    /// How many names are left for a person to look at.
    kept: u64,
}

impl SeenFolders {
    /// Tells what is left in a library.
    fn tell(&mut self, name: &str, left: &LeftNames) -> Result<(), CommandFailure> {
        if !left.names.is_empty() {
            out::line(&format!("{name}: names of Headway's own that no live job owns: {}", left.names.len()))?;
        }
        for name in &left.names {
            out::line(&format!("  {name}"))?;
        }
        self.kept += left.kept;
        self.are_unread |= !left.unread.is_empty();
        for folder in &left.unread {
            out::line(&format!("{name}: {} cannot be read, so what lies in it is not known", folder.shown()))?;
        }
        Ok(())
    }

    /// The last line if nothing is wrong. What is not known is not called sound.
    fn verdict(&self) -> String {
        let read = if self.are_unread { " in what could be read" } else { "" };
        let names = out::counted(self.kept, "name", "names");
        let kept = if self.kept == 0 { String::new() } else { format!("; {names} left for you to look at") };
        format!("no problems found{read}{kept}")
    }
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
