//! The server's end of the link: starts the guard when it is first needed, and another one if it dies.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::Mutex;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

use super::wire::{LARGEST, NotStarted, Order, Reply, Spawn, receive, send};
use super::{ATTEMPT, end_attempts};
use crate::descriptors;
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
    /// The guard died, and the program with it; how far it got is unknown. None of its processes is left.
    Lost,
}

/// A handle to the guard, which starts one whenever it is needed. Cheap to share.
pub struct Guard {
    program: PathBuf,
    link: Mutex<Option<Arc<GuardLink>>>,
}

/// A running program.
pub struct RunningProgram {
    link: Arc<GuardLink>,
    id: u64,
    replies: Receiver<Reply>,
}

struct GuardLink {
    socket: OwnedFd,
    next: AtomicU64,
    /// `None` once the guard is dead.
    waiting: Mutex<Option<HashMap<u64, Waiting>>>,
}

struct Waiting {
    attempt: String,
    tell: Sender<Reply>,
}

/// Tells a program to stop.
#[derive(Debug)]
struct ProgramStop {
    link: std::sync::Weak<GuardLink>,
    id: u64,
    grace_ms: u64,
}

impl Guard {
    /// A guard that is `program`, started with the argument `guard`.
    pub fn new(program: PathBuf) -> Self {
        Guard { program, link: Mutex::default() }
    }

    /// Starts a program and returns it with its standard output and error, each of which must be read to the end.
    pub fn run(&self, task: ProgramTask) -> io::Result<(RunningProgram, OwnedFd, OwnedFd)> {
        let link = self.link()?;
        let (stdout, its_stdout) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, its_stderr) = pipe_with(PipeFlags::CLOEXEC)?;
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
            None => return Err(io::Error::other("the guard has just died")),
        }
        let sent = send(&link.socket, &Order::Spawn(spawn).encode(), &[its_stdout.as_fd(), its_stderr.as_fd()]);
        if let Err(error) = sent {
            if let Some(waiting) = link.waiting.lock().as_mut() {
                waiting.remove(&id);
            }
            return Err(error);
        }
        Ok((RunningProgram { link, id, replies }, stdout, stderr))
    }

    fn link(&self) -> io::Result<Arc<GuardLink>> {
        let mut slot = self.link.lock();
        if let Some(link) = slot.as_ref().filter(|link| link.waiting.lock().is_some()) {
            return Ok(Arc::clone(link));
        }
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // In its own process group, so that signals from a terminal reach only the server.
        let child = Command::new(&self.program)
            .arg("guard")
            .args(descriptors::at_start().map(|limit| limit.to_string()))
            .stdin(theirs)
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .inspect_err(|error| tracing::error!(%error, "the guard cannot be started"))?;
        let link =
            Arc::new(GuardLink { socket: ours, next: AtomicU64::new(1), waiting: Mutex::new(Some(HashMap::new())) });
        let listener = Arc::clone(&link);
        std::thread::Builder::new().name("guard".into()).spawn(move || listen(&listener, child))?;
        *slot = Some(Arc::clone(&link));
        Ok(link)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(link) = self.link.lock().take() {
            rustix::net::shutdown(&link.socket, rustix::net::Shutdown::Both).ok();
        }
    }
}

impl GuardLink {}

/// Delivers the guard's replies until it dies; then makes sure that no process of its attempts is left.
fn listen(link: &GuardLink, mut child: std::process::Child) {
    let mut buffer = vec![0; LARGEST];
    loop {
        let reply = match receive(&link.socket, &mut buffer, RecvFlags::empty()) {
            Ok(([], _)) | Err(_) => break,
            Ok((packet, _)) => Reply::decode(packet),
        };
        let mut waiting = link.waiting.lock();
        let Some(waiting) = waiting.as_mut() else { break };
        match reply {
            Some(reply @ (Reply::Failed { id, .. } | Reply::Ended { id, .. })) => {
                if let Some(waiting) = waiting.remove(&id) {
                    waiting.tell.send(reply).ok();
                }
            }
            None => tracing::error!("the guard sent an unknown message"),
        }
    }
    let left: Vec<_> = link.waiting.lock().take().into_iter().flatten().map(|(_, waiting)| waiting).collect();
    if !left.is_empty() {
        tracing::error!(attempts = left.len(), "the guard died; ending the processes it guarded");
        child.kill().ok();
        while !end_attempts(|attempt| left.iter().any(|waiting| waiting.attempt == attempt)) {
            tracing::error!("cannot end the processes of attempts; their items stay blocked until they are gone");
        }
    }
    child.wait().ok();
    // Only now do the waiting runs learn of it: their channels close.
    drop(left);
}

impl RunningProgram {
    /// A signal that tells it to stop.
    pub fn stop_signal(&self, grace_ms: u64) -> Box<dyn StopSignal> {
        Box::new(ProgramStop { link: Arc::downgrade(&self.link), id: self.id, grace_ms })
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

impl StopSignal for ProgramStop {
    fn send(&self) {
        let Some(link) = self.link.upgrade() else { return };
        // If the guard is gone, the program has ended already.
        send(&link.socket, &Order::Kill { id: self.id, grace_ms: self.grace_ms }.encode(), &[]).ok();
    }
}

impl std::fmt::Debug for GuardLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}
