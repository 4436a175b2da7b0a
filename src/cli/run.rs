//! `headway run`.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use serde_json::Value;

use super::failure::{Ended, Failure};
use super::follow::{Following, Json, NOT_BEGUN, Until, follow, tail};
use super::import::Done;
use super::out::{self, say};
use super::said::Said;
use super::selection::{Names, Selection, Within, select};
use super::session::{Session, Which};
use super::show::Progress;
use super::{plan, recipes, times};
use headway_model::event::{TITLE_LIMIT, cut};
use headway_model::policy::{Halt, OnInterrupt, Timeout};
use headway_model::{Action, JobId, OnDone, Output, Place, Policy, RelPath, StartJob};

/// The recipe of a command that is typed.
const COMMAND: &str = "command";

/// What comes before names on a command's line, as in GNU parallel, and what comes before a file with names.
const NAMES: &str = ":::";
const NAMES_OF: &str = "::::";

/// Run a recipe over files, and follow it to its end.
///
/// The files are named on the command line, or on standard input: one a line, or ended by NUL with -0. A folder stands for all that is
/// below it. If `headway serve` has the data folder, it does the work and this follows it; otherwise the work is done here. Run again, it
/// leaves out what was done.
///
/// The exit code is the number of files that failed or could not be looked at, up to 100; 101 stands for more. 102: the job failed as a
/// whole. 103: it was cancelled. 104: it waits for you. 130: you interrupted it. 255: it was not begun.
///
/// Examples:
///
///     headway run checksum Photos
///     find Photos -name '*.txt' -print0 | headway run -0 -- gzip -k {}
///     headway run -j 8 --retries 3 --timeout 30s -- wc -c {} ::: Photos/a.txt Photos/b.txt
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Command {
    #[command(flatten)]
    run: Run,

    /// When it is over, write its attempts as GNU parallel lists them
    #[arg(long, value_name = "FILE")]
    joblog: Option<String>,
}

/// What to run.
#[derive(Debug, Args)]
pub(super) struct Run {
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
    which: Which,

    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    work: Work,

    #[command(flatten)]
    shown: Shown,

    /// Names to leave out.
    #[arg(skip)]
    done: Option<Done>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
struct Files {
    /// The folder that Headway works in, or the name of a library of the server [default: the folder that holds all files]
    #[arg(long = "in", value_name = "DIR|NAME")]
    library: Option<String>,

    /// In a folder, take only what matches; repeatable
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// In a folder, leave out what matches, as a line of a .gitignore; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Read names from a file; - is standard input
    #[arg(long, value_name = "FILE")]
    files_from: Option<OsString>,

    /// Names that are read end with NUL, not with a line feed
    #[arg(short = '0', long)]
    null: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Work")]
struct Work {
    /// A setting of the recipe; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,

    /// How many files are worked on at once; 0 leaves that to the server
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    jobs: u32,

    /// How many times a file is tried, the first included
    #[arg(long, visible_alias = "retries", value_name = "N")]
    tries: Option<u32>,

    /// The wait before the second try, such as 500ms or 2s; it doubles before each further one
    #[arg(long, value_name = "TIME", value_parser = times::duration)]
    backoff: Option<Duration>,

    /// How long a file may take: 30s, 5m, or 500% of the median
    #[arg(long, value_name = "TIME")]
    timeout: Option<Timeout>,

    /// When to give up: now or soon, a comma, then fail, success or done with =N or =N%
    #[arg(long, value_name = "WHEN")]
    halt: Option<Halt>,

    /// Files that were done before: skip, skip_moved or again
    #[arg(long, value_name = "WHAT", value_parser = word::<OnDone>)]
    on_done: Option<OnDone>,

    /// Files that were being worked on when the machine or the server died: retry or ask
    #[arg(long, value_name = "WHAT", value_parser = word::<OnInterrupt>)]
    on_interrupt: Option<OnInterrupt>,

    /// The output takes the place of the file, which goes into the job's trash
    #[arg(long, conflicts_with_all = ["beside", "into"])]
    replace: bool,

    /// The output goes beside the file, under a name such as {/.}.webp
    #[arg(long, value_name = "NAME", conflicts_with = "into")]
    beside: Option<String>,

    /// The output goes below another folder
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,

    /// Keep an output only if it is smaller than the file by this many percent
    #[arg(long, value_name = "PERCENT")]
    smaller: Option<u8>,

    /// Show what would be done, and ask before it is done
    #[arg(long, conflicts_with = "detach")]
    ask: bool,

    /// Show what would be done, and do nothing; the plan stays in the list of jobs, as cancelled
    #[arg(short = 'n', long, conflicts_with_all = ["ask", "detach"])]
    dry_run: bool,

    /// The job's id; repeated with the same id, a command finds the job that it began
    #[arg(long, value_name = "ID")]
    id: Option<JobId>,

    /// The job's title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Higher priorities run first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    priority: i32,

    /// Leave the job to `headway serve` and print its id
    #[arg(long)]
    detach: bool,

    /// Having nothing to do is a failure
    #[arg(long)]
    fail_if_empty: bool,
}

/// What is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Shown {
    /// Write one JSON object a line: each event of the log, then the end; or the end alone
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    pub(super) json: Option<Json>,

    /// Show no progress
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// How progress is shown
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(super) progress: Progress,

    /// Write what programs said in the order of the names
    #[arg(short, long)]
    pub(super) keep_order: bool,

    /// Begin each line that a program said with the name of its file
    #[arg(long)]
    pub(super) tag: bool,

    /// Write a file that the job made, such as its manifest, when it is over; FILE can be -
    #[arg(long, value_name = "NAME=FILE", value_parser = setting)]
    pub(super) output: Vec<(String, String)>,

    /// Where its attempts are written as GNU parallel lists them, when it is over.
    #[arg(skip)]
    joblog: Option<String>,
}

impl Shown {
    pub(super) fn following(&self, runs_programs: bool) -> Following {
        Following {
            json: self.json,
            quiet: self.quiet,
            progress: self.progress,
            said: (runs_programs && self.json.is_none()).then(|| Said::new(self.keep_order, self.tag)),
            until: Until::End,
            limit: None,
            owns: true,
            fail_if_empty: false,
        }
    }
}

pub(super) async fn command(arguments: Command) -> Ended {
    let Command { run: mut work, joblog } = arguments;
    work.shown.joblog = joblog;
    run(work).await
}

/// Runs it.
pub(super) async fn run(arguments: Run) -> Ended {
    let request = arguments.request().map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let workers = usize::try_from(arguments.work.jobs).ok();
    let mut session = arguments.which.begin(workers).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
    let ended = arguments.begun(&mut session, request).await;
    session.close().await;
    ended
}

impl Run {
    /// Leaves out the names that are done.
    pub(super) fn leave_out(&mut self, done: Done) {
        self.done = Some(done);
    }

    async fn begun(&self, session: &mut Session, mut request: StartJob) -> Ended {
        if self.work.detach && session.host.is_some() {
            let text = "nobody would work on the job: --detach needs a running headway serve";
            return Err(Failure::new(NOT_BEGUN, text));
        }
        let not_begun = |error| Failure::from(error).or_code(NOT_BEGUN);
        request.approval = self.work.ask || self.work.dry_run;
        recipes::typed(session, &mut request).await.map_err(|failure| failure.or_code(NOT_BEGUN))?;
        let cursor = session.client.cursor().await.map_err(not_begun)?;
        let job = self.work.id.unwrap_or_else(headway_client::mint);
        let follower = session.client.follow(Some(cursor), &[job]);
        if !request.approval {
            session.listen()?;
        }
        session.client.start(job, &request).await.map_err(not_begun)?;
        if self.work.detach {
            out::line(&job.to_string())?;
            return Ok(0);
        }
        if request.approval {
            let mut follower = follower;
            let collides = plan::show(session, &mut follower, job).await?;
            let go = self.work.ask && asked()?;
            if !go {
                session.client.cancel(job).await?;
                return Ok(u8::from(collides));
            }
            session.client.steer(job, Action::Approve).await?;
            return self.followed(session, follower, job, &request).await;
        }
        self.followed(session, follower, job, &request).await
    }

    async fn followed(
        &self,
        session: &mut Session,
        follower: headway_client::Follower,
        job: JobId,
        request: &StartJob,
    ) -> Ended {
        let mut how = self.shown.following(request.recipe == COMMAND);
        how.fail_if_empty = self.work.fail_if_empty;
        if !self.shown.quiet && how.progress != Progress::None && how.json.is_none() && !std::io::stderr().is_terminal()
        {
            say(&format!("job {}", tail(job)));
        }
        let code = follow(session, follower, job, how).await?;
        outputs(session, job, &self.shown).await?;
        Ok(code)
    }

    fn request(&self) -> Result<StartJob, Failure> {
        let usage = |text: &str| Failure::new(NOT_BEGUN, text);
        let (recipe, mut paths) = (self.recipe.clone(), self.paths.clone());
        let (program, named) = split(&self.program);
        let recipe = match (recipe, program.is_empty()) {
            (Some(recipe), true) => recipe,
            (Some(recipe), false) if recipe == COMMAND => recipe,
            (None, false) => COMMAND.to_owned(),
            (Some(_), false) => {
                return Err(usage("a program after -- is for the recipe command: headway run -- PROGRAM {}"));
            }
            (None, true) => return Err(usage("name a recipe, or a program after --; headway recipes lists recipes")),
        };
        let from = match (named, &self.files.files_from) {
            (Some(_), Some(_)) => return Err(usage("give either --files-from or ::: names")),
            (Some(Named::On(names)), None) => {
                paths.extend(names.iter().cloned());
                None
            }
            (Some(Named::In(file)), None) => Some(file.to_owned()),
            (None, Some(file)) => Some(file.clone()),
            (None, None) => None,
        };
        let dash = paths.iter().any(|path| path == "-");
        let mut names = Names::given(&paths.iter().filter(|path| *path != "-").cloned().collect::<Vec<_>>());
        let from = from.or_else(|| (dash || (paths.is_empty() && self.files.library.is_none())).then(|| "-".into()));
        if let Some(from) = from {
            names.0.extend(Names::read(&from, self.files.null)?.0);
        }
        if let Some(done) = &self.done {
            names = done.left(names)?;
        }
        if names.0.is_empty() && self.files.library.as_deref().is_some_and(|library| library.contains('/')) {
            names.0.extend(self.files.library.clone().map(String::into_bytes));
        }
        let within = Within {
            library: self.files.library.as_deref(),
            also: self.work.into.as_deref(),
            prefers_here: recipe == COMMAND,
            include: &self.files.include,
            exclude: &self.files.exclude,
        };
        let selection = select(&names, &within)?;
        let output = self.work.output(&selection)?;
        let mut request = StartJob::new(&selection.library, &recipe, selection.query);
        let settings = self.work.set.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
        request.settings.extend(settings);
        request.title.clone_from(&self.work.title);
        if !program.is_empty() {
            let words: Vec<&str> = program
                .iter()
                .map(|word| word.to_str().ok_or_else(|| usage("the program has an argument that is not text")))
                .collect::<Result<_, _>>()?;
            let words = words.iter().map(|word| quoted(word)).collect::<Result<Vec<_>, _>>();
            let text = words.map_err(|error| usage(&error.to_string()))?.join(" ");
            request.title.get_or_insert_with(|| cut(&text, TITLE_LIMIT));
            request.settings.insert("run".into(), text.into());
        }
        (request.concurrency, request.priority, request.output) = (self.work.jobs, self.work.priority, output);
        request.policy = Policy {
            tries: self.work.tries,
            backoff_ms: self.work.backoff.map(|backoff| backoff.as_millis() as u64),
            timeout: self.work.timeout,
            halt: self.work.halt,
            on_interrupt: self.work.on_interrupt,
            on_done: self.work.on_done,
        };
        Ok(request)
    }
}

impl Work {
    fn output(&self, selection: &Selection) -> Result<Option<Output>, Failure> {
        let place = match (&self.beside, &self.into) {
            (Some(name), _) => Place::Beside { name: name.clone() },
            (None, Some(folder)) => Place::Folder { path: below(folder, selection.root.as_deref())?, name: None },
            (None, None) if self.replace => Place::Replace,
            (None, None) if self.smaller.is_some() => {
                return Err(Failure::new(NOT_BEGUN, "--smaller goes with --replace, --beside or --into"));
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Output { smaller: self.smaller, ..Output::to(place) }))
    }
}

/// A folder that is named on the command line, below the library.
fn below(folder: &Path, root: Option<&Path>) -> Result<RelPath, Failure> {
    use std::os::unix::ffi::OsStrExt;
    let whole = match root {
        Some(_) => std::path::absolute(folder)?,
        None => folder.to_owned(),
    };
    let parts: PathBuf = whole.components().collect();
    let real = match (parts.parent(), parts.file_name()) {
        (Some(parent), Some(name)) if root.is_some() => {
            parent.canonicalize().map_or(parts.clone(), |parent| parent.join(name))
        }
        _ => parts,
    };
    let within = real.strip_prefix(root.unwrap_or(Path::new(""))).map_err(|_| {
        Failure::new(NOT_BEGUN, format!("{} is not in the folder of the files; name one with --in", folder.display()))
    })?;
    let path = RelPath::from_bytes(within.as_os_str().as_bytes());
    path.map_err(|error| Failure::new(NOT_BEGUN, format!("{}: {error}", folder.display())))
}

/// Names that stand behind a program.
enum Named<'a> {
    On(&'a [OsString]),
    In(&'a OsString),
}

fn split(program: &[OsString]) -> (&[OsString], Option<Named<'_>>) {
    let Some(at) = program.iter().position(|word| word == NAMES || word == NAMES_OF) else { return (program, None) };
    let (program, names) = (&program[..at], &program[at..]);
    match names {
        [mark, file] if mark == NAMES_OF => (program, Some(Named::In(file))),
        _ => (program, Some(Named::On(&names[1..]))),
    }
}

/// A word of a command, as the recipe reads it. Tokens need no quotation marks.
fn quoted(word: &str) -> Result<std::borrow::Cow<'_, str>, shlex::QuoteError> {
    let plain = |char: char| char.is_alphanumeric() || "-_./:=@%+,{}#".contains(char);
    let is_plain = !word.is_empty() && !word.starts_with('#') && word.chars().all(plain);
    if is_plain { Ok(word.into()) } else { shlex::try_quote(word) }
}

/// Asks whether to go on; no without a terminal.
fn asked() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(std::io::stderr(), "go on? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Writes what is wanted of a job that is over.
pub(super) async fn outputs(session: &Session, job: JobId, shown: &Shown) -> Result<(), Failure> {
    for (name, file) in &shown.output {
        write_to(session, &format!("/api/jobs/{job}/outputs/{name}"), file).await?;
    }
    if let Some(file) = &shown.joblog {
        write_to(session, &format!("/api/jobs/{job}/joblog"), file).await?;
    }
    Ok(())
}

/// Writes the bytes of an answer to a file, or to standard output for `-`.
pub(super) async fn write_to(session: &Session, path: &str, file: &str) -> Result<(), Failure> {
    let mut parts = std::pin::pin!(session.client.bytes(path).await?);
    let mut into = match file {
        "-" => None,
        file => Some(std::fs::File::create(file)?),
    };
    while let Some(part) = parts.next().await {
        match &mut into {
            Some(file) => file.write_all(&part?)?,
            None => out::bytes(&part?)?,
        }
    }
    Ok(())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A word of the protocol.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}
