//! A program that a guard runs: what it needs to start, how it ends, and how it is told to stop.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::ATTEMPT;
use super::link::{GuardLink, LinkHold, Waiting};
use super::wire::{LARGEST, NotStarted, Order, Reply, Spawn, send};
use crate::stop_signal::StopSignal;

/// A program to run.
#[derive(Debug, Clone)]
pub struct ProgramTask {
    /// Its attempt: `JOB-ITEM-ATTEMPT`.
    pub attempt: String,
    /// The program's path and its arguments.
    pub argv: Vec<Vec<u8>>,
    /// Its whole environment except the attempt, as `NAME=VALUE`.
    pub environment: Vec<Vec<u8>>,
    /// Its working directory.
    pub directory: PathBuf,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this exit code, or 128 + N if signal N ended it, as in shells.
    Code(i32),
    /// It could not be started, for this reason.
    NotStarted(NotStarted),
    /// The guard died or was stopped, and the program ended with it; how far it got is unknown. None of its processes is left.
    Lost,
}

/// Why the guard did not take a program. It has not begun.
#[derive(Debug)]
pub enum NotTaken {
    /// Its words and environment are too long, for this reason.
    TooLong(String),
    /// The system does not give what a guard or a program needs, or one guard after the other dies.
    NoGuard(io::Error),
}

impl From<io::Error> for NotTaken {
    fn from(error: io::Error) -> Self {
        NotTaken::NoGuard(error)
    }
}

/// A running program.
pub struct RunningProgram {
    hold: LinkHold,
    id: u64,
    replies: Receiver<Reply>,
}

/// Tells a program to stop.
#[derive(Debug)]
struct ProgramStop {
    link: std::sync::Weak<GuardLink>,
    id: u64,
    grace_ms: u64,
}

/// Gives a program to the guard at the other end of this link.
pub(super) fn run_by(hold: LinkHold, task: ProgramTask) -> Result<(RunningProgram, OwnedFd, OwnedFd), NotTaken> {
    let link = hold.link();
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from);
    let ((stdout, its_stdout), (stderr, its_stderr)) = (pipe()?, pipe()?);
    let id = link.next.fetch_add(1, Ordering::Relaxed);
    let mut environment = task.environment;
    environment.push(format!("{ATTEMPT}={}", task.attempt).into_bytes());
    let (tell, replies) = channel();
    let spawn = Spawn {
        id,
        attempt: task.attempt.clone().into_bytes(),
        directory: std::os::unix::ffi::OsStringExt::into_vec(task.directory.into_os_string()),
        argv: task.argv,
        environment,
    };
    match &mut *link.waiting.lock() {
        Some(waiting) => drop(waiting.insert(id, Waiting { attempt: task.attempt, tell })),
        None => return Err(gone()),
    }
    let sent = send(&link.socket, &Order::Spawn(spawn).encode(), &[its_stdout.as_fd(), its_stderr.as_fd()]);
    if let Err(error) = sent {
        if let Some(waiting) = link.waiting.lock().as_mut() {
            waiting.remove(&id);
        }
        return Err(match Errno::from_io_error(&error) {
            Some(Errno::TOOBIG) => NotTaken::TooLong(format!("the command line is longer than {LARGEST} bytes")),
            // The packet was not taken in: a guard gets a packet whole or not at all.
            Some(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => gone(),
            _ => error.into(),
        });
    }
    Ok((RunningProgram { hold, id, replies }, stdout, stderr))
}

/// Whether the guard has died.
pub(super) fn is_gone(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::PIPE)
}

/// The guard has died.
fn gone() -> NotTaken {
    NotTaken::NoGuard(Errno::PIPE.into())
}

impl RunningProgram {
    /// A signal that tells it to stop.
    pub fn stop_signal(&self, grace_ms: u64) -> Box<dyn StopSignal> {
        Box::new(ProgramStop { link: Arc::downgrade(self.hold.link()), id: self.id, grace_ms })
    }

    /// Waits for its end. Read its output to the end first.
    pub fn wait(&self) -> End {
        match self.replies.recv() {
            Ok(Reply::Failed { error, .. }) => End::NotStarted(error),
            Ok(Reply::Ended { code, .. }) => End::Code(code),
            Err(_) => End::Lost,
        }
    }
}

/// The time that a program has to end by itself if its stop is forced, in milliseconds.
const FORCED_GRACE_MS: u64 = 200;

impl ProgramStop {
    fn send_within(&self, grace_ms: u64) {
        let Some(link) = self.link.upgrade() else { return };
        // If the guard is gone, the program has ended already.
        send(&link.socket, &Order::Kill { id: self.id, grace_ms }.encode(), &[]).ok();
    }
}

impl StopSignal for ProgramStop {
    fn send(&self) {
        self.send_within(self.grace_ms);
    }

    fn force(&self) {
        self.send_within(self.grace_ms.min(FORCED_GRACE_MS));
    }
}
