//! `headway run`.

mod arguments;
mod made_manifests;
mod request;

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::Args;

use super::done_rows::DoneRows;
use super::failure::{CommandFailure, CommandResult, NOT_BEGUN};
use super::follow::{follow, plain};
use super::out::{self, confirm, say};
use super::session::{ServerArguments, Session};
use super::show::ProgressMode;
use super::shown::{OutputArguments, outputs};
use super::text::tail;
use super::{plan, recipes};
use arguments::{FileArguments, WorkArguments};
use headway_client::Follower;
use headway_model::{Action, BuiltIn, JobId, StartJob};

/// Run a recipe over files, and follow it to its end.
///
/// The files are named on the command line, or on standard input: one per line, or ended by NUL with -0. A folder
/// stands for all files below it. If `headway serve` has the data folder, it does the work, and this command follows
/// it. Otherwise this command does the work. When the same command is run again, it skips the files that are done.
///
/// The exit code is the number of files that failed or could not be processed, up to 100; 101 stands for more. A pipe,
/// device or symbolic link to a file that you name counts, one in a folder does not. `headway show JOB --failed` lists
/// them. If nothing matches --include, or --exclude leaves out every file, it is 102; if there is no file at all, it is
/// 0, or 102 with --fail-if-empty; for a plan (-n) it is 0. 102: the job failed as a whole. 103: it was cancelled. 104:
/// it waits for you. 130: you interrupted it; 143 and 129: TERM and HUP did. 141: nobody reads
/// its output any more. 255: it did not start, or cannot be followed.
///
/// A program that ends with exit code 3 says that its file needed nothing: the file is skipped, which is not a failure.
/// 75 asks for another try. Any other code than 0 is a failure.
///
/// If the machine or the server dies, files that were being processed run again when you resume the job. For programs
/// the job waits for you instead (see --on-interrupt).
///
/// Examples:
///
/// ```sh
/// headway run checksum Photos
/// find Photos -name '*.txt' -print0 | headway run -0 -- gzip -k {}
/// headway run Photos -- wc -c {}
/// headway run -j 8 --retries 3 -- wc -c {} ::: Photos/a.txt Photos/b.txt
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RunCommand {
    #[command(flatten)]
    run: RunArguments,

    /// When the job is over, write its attempts in the format of GNU parallel's --joblog
    #[arg(long, value_name = "FILE")]
    joblog: Option<String>,
}

/// Show what a run would do to each file, and do nothing: `headway run --dry-run`.
///
/// A line for each file has the verdict (run, skipped, or fails: a folder that cannot be listed), the reason, the path,
/// and the file's new name or the name of its output; in a terminal the reason is the last. Files are looked at by
/// their names and first bytes: whether one is damaged is known only once the job runs. The exit code is 1 if names
/// collide, 102 if the files cannot be listed, 104 if only you can let the listing go on, and 255 if it did not start.
///
/// Example:
///
/// ```sh
/// headway plan compress Photos
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct PlanCommand {
    #[command(flatten)]
    run: RunArguments,
}

/// What to run.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The recipe; `command` if a program follows --
    #[arg(value_name = "RECIPE")]
    recipe: Option<String>,

    /// Files and folders; - reads their names from standard input
    #[arg(value_name = "PATH")]
    paths: Vec<OsString>,

    /// A program and its arguments: {} is the file, {out} where its output goes (docs/commands.md); then ::: and names, or :::: and a
    /// file with names
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<OsString>,

    #[command(flatten)]
    which: ServerArguments,

    #[command(flatten)]
    files: FileArguments,

    #[command(flatten)]
    work: WorkArguments,

    #[command(flatten)]
    shown: OutputArguments,

    /// Names to leave out.
    #[arg(skip)]
    done: Option<DoneRows>,
}

pub(super) async fn command(arguments: RunCommand) -> CommandResult {
    let RunCommand { run: mut work, joblog } = arguments;
    work.shown.joblog = joblog;
    run(work).await
}

pub(super) async fn plan(arguments: PlanCommand) -> CommandResult {
    let PlanCommand { run: mut work } = arguments;
    work.work.dry_run = true;
    run(work).await
}

/// Runs it.
pub(super) async fn run(arguments: RunArguments) -> CommandResult {
    if arguments.work.ask && !std::io::stdin().is_terminal() {
        let text = "--ask asks at a terminal, and standard input is none; look at the plan with --dry-run, then run without --ask";
        return Err(CommandFailure::new(NOT_BEGUN, text));
    }
    let request = arguments.request().map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let workers = usize::try_from(arguments.work.jobs).ok();
    let mut session = arguments.which.begin(workers).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = arguments.begun(&mut session, request).await;
    session.close().await;
    ended
}

impl RunArguments {
    /// Leaves out the names that are done.
    pub(super) fn leave_out(&mut self, done: DoneRows) {
        self.done = Some(done);
    }

    async fn begun(&self, session: &mut Session, mut request: StartJob) -> CommandResult {
        if self.work.detach && session.host.is_some() {
            let text = "nobody would work on the job: --detach needs a running headway serve";
            return Err(CommandFailure::new(NOT_BEGUN, text));
        }
        let not_begun = |error| CommandFailure::from(error).or_code(NOT_BEGUN);
        request.approval = self.work.ask || self.work.dry_run;
        recipes::typed(session, &mut request).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
        made_manifests::resolve(session, &mut request).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
        let cursor = session.call(async |client| client.cursor().await).await.map_err(not_begun)?;
        let job = self.work.id.unwrap_or_else(headway_client::mint);
        let follower = session.client.follow(Some(cursor), &[job]);
        // A person who is asked can end the command at once; a plan alone is cancelled first.
        if !self.work.ask {
            session.listen()?;
        }
        let started = session.call(async |client| client.start(job, &request).await).await;
        let view = started.map_err(|error| {
            // Inspected only now, because the current folder might not be searchable.
            let meant = match request::exists(&request.recipe) {
                Ok(is_file) => self.meant(&request.recipe, is_file),
                Err(_) => None,
            };
            let meant = meant.or_else(|| made_manifests::hint(session, &request));
            let failure = not_begun(error);
            let text = meant.map(|meant| format!("{}\nheadway: {meant}", failure.text.as_deref().unwrap_or_default()));
            CommandFailure { text: text.or(failure.text), ..failure }
        })?;
        if self.work.detach {
            out::line(&job.to_string())?;
            return Ok(0);
        }
        // An empty plan is reported once, at the end.
        let finds_files = view.summary.listing || view.summary.counters.total > 0;
        if let Some(note) = view.note.filter(|_| !self.shown.quiet && finds_files) {
            say(&format!("headway: {}", plain(&note)));
        }
        let mut follower = follower;
        if request.approval {
            match self.decided(session, &mut follower, job).await {
                Ok(None) => _ = session.client.steer(job, Action::Approve).await?,
                other => {
                    let settled = plan::cancel_and_wait(session, &mut follower, job).await;
                    let code = other?.unwrap_or_default();
                    return settled.map(|()| code);
                }
            }
        }
        self.followed(session, follower, job, &request).await
    }

    /// Shows the plan of a job, and asks for approval if that was requested. Returns `None` if a person approved it,
    /// otherwise the exit code.
    async fn decided(
        &self,
        session: &mut Session,
        follower: &mut Follower,
        job: JobId,
    ) -> Result<Option<u8>, CommandFailure> {
        let mut signals = session.signals.take();
        let ended = async {
            match &mut signals {
                Some(signals) => signals.next().await,
                None => std::future::pending().await,
            }
        };
        let shown = tokio::select! {
            code = ended => return Ok(Some(code)),
            shown = plan::show(session, follower, job) => shown?,
        };
        let (collides, counts) = match shown {
            plan::ShownPlan::Whole { collides, counts } => (collides, counts),
            plan::ShownPlan::Without(code) => return Ok(Some(code)),
        };
        if !self.shown.quiet {
            say(&format!("headway: {counts}"));
            say("headway: a plan looks at names and first bytes; whether a file is damaged is known once the job runs");
        }
        let go = self.work.ask && confirm("go on?")?;
        Ok(if go { None } else { Some(u8::from(collides)) })
    }

    async fn followed(
        &self,
        session: &mut Session,
        follower: Follower,
        job: JobId,
        request: &StartJob,
    ) -> CommandResult {
        let mut how = self.shown.following(request.recipe == BuiltIn::Command.name());
        how.fail_if_empty = self.work.fail_if_empty;
        // A plan that needs approval is followed only once this command has given it.
        how.action = request.approval.then_some(Action::Approve);
        if !self.shown.quiet
            && how.progress != ProgressMode::None
            && how.json.is_none()
            && !std::io::stderr().is_terminal()
        {
            say(&format!("job {}", tail(job)));
        }
        let end = follow(session, follower, job, how).await?;
        if end.is_over {
            outputs(session, job, &self.shown).await?;
            self.report_next(session, job, request).await?;
        }
        Ok(end.code)
    }
}
