//! Runs a command for the items of one job.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;

use super::argv::{argv, starters};
use super::capture::{Captures, read};
use super::complaint::complaint;
use super::scratch::Scratch;
use super::start_failures::{GUARD_KILLED, unguarded, unstarted};
use super::{CommandConfig, environment, output_of, program};
use crate::{Attempt, Binding, EmptyOutput, Failure, LiveOutput, Success, Unable, Work};
use headway_files::template::{Template, Token, Values};
use headway_files::{DataFolder, private};
use headway_files::{Found, Library, OpenFile, Staged, Workshop, might_be_in};
use headway_guard::{End, Guard, ProgramTask};
use headway_model::attempt::{AttemptLog, CHANGED_MEANWHILE};
use headway_model::{DiskEffect, FailReason, Output, RelPath, SkipReason};

/// A command with the settings of one job.
pub(super) struct CommandWork {
    config: CommandConfig,
    argv: Vec<Template>,
    verify: Vec<Template>,
    /// Words before the program, such as those of `nice`.
    before: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    writes_output: bool,
    /// Items and their programs during which the guard died, and that have not run to their end since. They are gone with the
    /// server, so after each restart a guilty command ends a guard twice again before it fails.
    lost: Mutex<BTreeSet<(u32, Program)>>,
    library: Arc<Library>,
    guard: Arc<Guard>,
    data: Arc<DataFolder>,
}

/// Which of the programs of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    /// The command.
    Command,
    /// What checks its output.
    Check,
}

impl CommandWork {
    pub(super) fn new(config: &CommandConfig, job: &Binding<'_>) -> Result<Self, Unable> {
        let all = environment(&config.environment);
        let path = all.get("PATH").cloned().unwrap_or_default();
        let mut argv = argv(config, &job.request.settings);
        argv[0] = Template::text(&program(&config.run[0], &path)?.to_string_lossy());
        let mut verify: Vec<_> = config.verify.iter().map(|word| Template::new(word)).collect();
        if let Some(first) = config.verify.first() {
            verify[0] = Template::text(&program(first, &path)?.to_string_lossy());
        }
        let mut before = Vec::new();
        for words in starters(config) {
            before.push(program(&words[0], &path)?.as_os_str().as_bytes().to_vec());
            before.extend(words.into_iter().skip(1).map(String::into_bytes));
        }
        if let Some(directory) = &config.directory {
            let found = Found::of(directory.metadata()).known();
            let looking = |error| {
                headway_files::unable(&format!("looking at the command's directory {}", directory.display()), &error)
            };
            if !found.map_err(looking)?.is_some_and(|found| found.is_dir()) {
                return Err(format!("the command's directory {} is not there", directory.display()).into());
            }
        }
        Ok(CommandWork {
            writes_output: output_of(&config.run, None).is_some(),
            lost: Mutex::default(),
            config: config.clone(),
            argv,
            verify,
            before,
            environment: all.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect(),
            library: Arc::clone(job.library),
            guard: Arc::clone(job.guard),
            data: Arc::clone(job.data),
        })
    }

    /// Runs a program of an attempt to its end; returns its exit code and output.
    fn execute(&self, program: Program, attempt: &Attempt, out: &Path) -> Result<AttemptLog, Failure> {
        let words = match program {
            Program::Command => &self.argv,
            Program::Check => &self.verify,
        };
        let relative = attempt.path.to_bytes();
        // In the library's root a file has a relative path; in any other working directory an absolute one.
        let (directory, input) = match &self.config.directory {
            None => (self.library.path.clone(), relative),
            Some(directory) => {
                (directory.clone(), self.library.absolute(&attempt.path).as_os_str().as_bytes().to_vec())
            }
        };
        let tmp = self.scratch(words, attempt)?;
        let values = Values {
            input: &input,
            number: attempt.item + 1,
            total: attempt.items,
            slot: attempt.slot,
            out: out.as_os_str().as_bytes(),
            tmp: tmp.as_ref().map_or(b"", |folder| folder.0.as_os_str().as_bytes()),
        };
        let mut argv = self.before.clone();
        argv.extend(words.iter().map(|word| word.argument(&values)));
        let shown: Vec<String> = argv.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        let name = attempt.name();
        let task = ProgramTask { attempt: name, argv, environment: self.environment.clone(), directory };
        // A program can kill the guard, and programs that run beside it are not to blame.
        let is_suspect = self.lost.lock().contains(&(attempt.item, program));
        let begun = if is_suspect { self.guard.run_alone(task) } else { self.guard.run(task) };
        let (run, stdout, stderr) = begun.map_err(unguarded)?;
        attempt.hand_over();
        attempt.on_stop(Some(run.stop_signal(u64::from(self.config.grace) * 1_000)));
        let captures = Captures::new(self.config.output_limit as usize * 1_024);
        let output = OutputSoFar { attempt: attempt.number, argv: shown.clone(), captures: captures.clone() };
        attempt.on_look(Some(Box::new(output)));
        read(stdout, stderr, &captures, attempt);
        let end = run.wait();
        attempt.on_look(None);
        let (stdout, stderr) = captures.kept();
        attempt.on_stop(None);
        let ms = u64::try_from(attempt.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &end {
            End::Lost => self.lost.lock().insert((attempt.item, program)),
            End::Code(_) | End::NotStarted(_) => self.lost.lock().remove(&(attempt.item, program)),
        };
        match end {
            End::Code(code) => Ok(AttemptLog {
                attempt: attempt.number,
                argv: shown,
                exit: Some(code),
                ms,
                stdout,
                stderr,
                running: false,
            }),
            // It has not run, so the job can run it once the library is there again.
            End::NotStarted(_) if let Err(reason) = self.library.reach() => Err(Failure::Environment(reason)),
            End::NotStarted(why) => Err(unstarted(&shown, &why.into())),
            End::Lost if is_suspect => Err(Failure::Failed(FailReason::Command, GUARD_KILLED.to_owned())),
            End::Lost => Err(Failure::Lost),
        }
    }

    /// What an exit code that does not mean success says about the file.
    fn failure(&self, code: i32, log: &AttemptLog, is_changed: bool) -> Failure {
        let exit = &self.config.exit;
        if exit.skipped.contains(&code) {
            return Failure::Skipped(SkipReason::Command);
        }
        let mut why = complaint(code, &log.stderr, &log.stdout);
        if is_changed {
            why = format!("{why}{CHANGED_MEANWHILE}a command with {{out}} must only read {{}}");
        }
        if exit.retry.contains(&code) { Failure::Retry(why) } else { Failure::Failed(FailReason::Command, why) }
    }

    /// Stores the output of an attempt, if it ran.
    fn keep(&self, attempt: &Attempt, log: &Result<AttemptLog, Failure>) {
        if let Ok(log) = log {
            self.data.keep_attempt(attempt.job, attempt.item, log);
        }
    }

    /// The attempt's own folder, if the command uses one; removed when dropped.
    fn scratch(&self, words: &[Template], attempt: &Attempt) -> Result<Option<Scratch>, Failure> {
        if !words.iter().any(|word| word.tokens().any(|token| token == Token::Tmp)) {
            return Ok(None);
        }
        let name = attempt.name();
        let folder = self.data.scratch().join(name);
        private::make_folder(&folder).map_err(|error| Failure::of(FailReason::Write, "making its folder", &error))?;
        Ok(Some(Scratch(folder)))
    }
}

/// The output so far of a running program.
#[derive(Debug)]
struct OutputSoFar {
    attempt: u32,
    argv: Vec<String>,
    captures: Captures,
}

impl LiveOutput for OutputSoFar {
    fn so_far(&self) -> AttemptLog {
        let (stdout, stderr) = self.captures.kept();
        let argv = self.argv.clone();
        AttemptLog { attempt: self.attempt, argv, exit: None, ms: 0, stdout, stderr, running: true }
    }
}

impl Work for CommandWork {
    fn output(&self, _: &RelPath, default: Option<&Output>) -> Option<Output> {
        default.filter(|_| self.writes_output).cloned()
    }

    fn writes(&self) -> bool {
        !self.config.repeatable && !self.writes_output
    }

    fn empty_output(&self) -> EmptyOutput {
        if self.config.empty_output { EmptyOutput::Result } else { EmptyOutput::Failure }
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let making = |error| Failure::of(FailReason::Write, "making the output's folder", &error);
        let workshop = attempt.output.as_ref().map(|staged| self.library.workshop(staged));
        let mut workshop = workshop.transpose().map_err(making)?;
        let out = workshop.as_ref().map(Workshop::output).unwrap_or_default();
        let log = self.execute(Program::Command, attempt, &out);
        let given_back = workshop.as_mut().map(|workshop| workshop.give_back(input, &attempt.path)).transpose();
        let given_back = match given_back {
            Ok(given_back) => given_back.flatten(),
            Err(error) => {
                self.keep(attempt, &log);
                let might_be = workshop.map(|workshop| might_be_in(workshop.path(), &attempt.path));
                let doing = format!("putting the file back that it moved ({})", might_be.unwrap_or_default());
                return Err(Failure::of(FailReason::Write, &doing, &error));
            }
        };
        let looking = |error| Failure::of(FailReason::Read, "looking at the file after it", &error);
        // A command that writes an output is only to read its file.
        let is_changed = workshop.is_some() && !input.has_same_content().map_err(looking)?;
        if let Some(name) = given_back.as_ref().filter(|_| is_changed) {
            // However it ended: the file is not what it was.
            self.keep(attempt, &log);
            return Err(moved(&format!(
                ", and changed it: at {}, it no longer has the size and time that it had",
                name.shown()
            )));
        }
        let log = log?;
        let code = log.exit.unwrap_or(-1);
        let exit = &self.config.exit;
        let went_well = exit.ok.contains(&code);
        if !went_well || !log.is_silent() {
            self.data.keep_attempt(attempt.job, attempt.item, &log);
        }
        if attempt.is_stopped() && !went_well {
            return Err(Failure::Stopped);
        }
        if let Some(name) = given_back {
            return Err(moved(&format!(", which is now at {}", name.shown())));
        }
        if went_well {
            let unchanged = input.is_unchanged().map_err(looking)?;
            if let Some(workshop) = workshop {
                let moving = |error| Failure::of(FailReason::Write, "taking the output", &error);
                workshop.hand_over().map_err(moving)?;
            }
            let effect = if unchanged { DiskEffect::Read } else { DiskEffect::Changed };
            return Ok(Success { effect, result: json!({ "exit": code, "ms": log.ms }) });
        }
        Err(self.failure(code, &log, is_changed))
    }

    fn check(&self, output: &Staged, attempt: &Attempt) -> Result<(), Failure> {
        if self.verify.is_empty() {
            return Ok(());
        }
        let log = self.execute(Program::Check, attempt, &output.path)?;
        match log.exit {
            Some(0) => Ok(()),
            _ if attempt.is_stopped() => Err(Failure::Stopped),
            code => {
                self.data.keep_attempt(attempt.job, attempt.item, &log);
                let why = complaint(code.unwrap_or(-1), &log.stderr, &log.stdout);
                Err(Failure::Failed(FailReason::Verify, why))
            }
        }
    }
}

/// The failure of a command that moved or removed its file. `what` says where the file is now.
fn moved(what: &str) -> Failure {
    let text = format!("the command moved or removed the file{what}; a command reads {{}} and writes {{out}}");
    Failure::Failed(FailReason::Command, text)
}
