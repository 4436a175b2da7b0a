//! The server's end: starts the guard when it is first needed, and another if it dies.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

use super::wire::{LARGEST, Order, Reply, Spawn, receive, send};
use super::{ATTEMPT, end_attempts};
use crate::descriptors;
use crate::stop_signal::StopSignal;

/// A program to be run.
#[derive(Debug, Clone)]
pub struct Task {
    /// The attempt it is of: `JOB-ITEM-ATTEMPT`.
    pub attempt: String,
    /// The program's path and its arguments.
    pub argv: Vec<Vec<u8>>,
    /// Its whole environment but for the attempt, as `NAME=VALUE`.
    pub environment: Vec<Vec<u8>>,
    /// Where it runs.
    pub directory: PathBuf,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this exit code; 128 and more is the signal that ended it, as shells say it.
    Code(i32),
    /// It could not be started, in words.
    NotStarted(String),
    /// The guard died, and the program with it; how far it came is not known. No process of it is left.
    Lost,
}

/// The guard, whenever one is needed. Cheap to share.
pub struct Guard {
    program: PathBuf,
    link: Mutex<Option<Arc<Link>>>,
}

/// A program under way.
pub struct Run {
    link: Arc<Link>,
    id: u64,
    replies: Receiver<Reply>,
}

struct Link {
    socket: OwnedFd,
    next: AtomicU64,
    /// `None` once the guard is dead.
    waiting: Mutex<Option<HashMap<u64, Waiting>>>,
}

struct Waiting {
    attempt: String,
    tell: Sender<Reply>,
}

/// By which a program is told to end.
#[derive(Debug)]
struct Stop {
    link: std::sync::Weak<Link>,
    id: u64,
    grace_ms: u64,
}

impl Guard {
    /// A guard that is this program, started with the argument `guard`.
    pub fn new(program: PathBuf) -> Self {
        Guard { program, link: Mutex::default() }
    }

    /// Starts a program. Its standard output and error come with it, each to be read to the end.
    pub fn run(&self, task: Task) -> io::Result<(Run, OwnedFd, OwnedFd)> {
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
        match &mut *link.waiting() {
            Some(waiting) => drop(waiting.insert(id, Waiting { attempt: task.attempt, tell })),
            None => return Err(io::Error::other("the guard has just died")),
        }
        let sent = send(&link.socket, &Order::Spawn(spawn).encode(), &[its_stdout.as_fd(), its_stderr.as_fd()]);
        if let Err(error) = sent {
            if let Some(waiting) = link.waiting().as_mut() {
                waiting.remove(&id);
            }
            return Err(error);
        }
        Ok((Run { link, id, replies }, stdout, stderr))
    }

    fn link(&self) -> io::Result<Arc<Link>> {
        let mut slot = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = slot.as_ref().filter(|link| link.waiting().is_some()) {
            return Ok(Arc::clone(link));
        }
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // A group of its own: what a terminal sends to the server is not for it.
        let child = Command::new(&self.program)
            .arg("guard")
            .args(descriptors::at_start().map(|limit| limit.to_string()))
            .stdin(theirs)
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| io::Error::other(format!("the guard cannot be started: {error}")))?;
        let link = Arc::new(Link { socket: ours, next: AtomicU64::new(1), waiting: Mutex::new(Some(HashMap::new())) });
        let listener = Arc::clone(&link);
        std::thread::Builder::new().name("guard".into()).spawn(move || listen(&listener, child))?;
        *slot = Some(Arc::clone(&link));
        Ok(link)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(link) = self.link.lock().unwrap_or_else(PoisonError::into_inner).take() {
            rustix::net::shutdown(&link.socket, rustix::net::Shutdown::Both).ok();
        }
    }
}

impl Link {
    fn waiting(&self) -> MutexGuard<'_, Option<HashMap<u64, Waiting>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes on what the guard says, until it is dead; then nothing of its attempts may be left.
fn listen(link: &Link, mut child: std::process::Child) {
    let mut buffer = vec![0; LARGEST];
    loop {
        let reply = match receive(&link.socket, &mut buffer, RecvFlags::empty()) {
            Ok(([], _)) | Err(_) => break,
            Ok((packet, _)) => Reply::decode(packet),
        };
        let mut waiting = link.waiting();
        let Some(waiting) = waiting.as_mut() else { break };
        match reply {
            Some(reply @ (Reply::Failed { id, .. } | Reply::Ended { id, .. })) => {
                if let Some(waiting) = waiting.remove(&id) {
                    waiting.tell.send(reply).ok();
                }
            }
            None => tracing::error!("the guard said something that is not understood"),
        }
    }
    let left: Vec<_> = link.waiting().take().into_iter().flatten().map(|(_, waiting)| waiting).collect();
    if !left.is_empty() {
        tracing::error!(attempts = left.len(), "the guard died; what it guarded is ended");
        child.kill().ok();
        while !end_attempts(|attempt| left.iter().any(|waiting| waiting.attempt == attempt)) {
            tracing::error!("processes of attempts cannot be ended; nothing of them is taken up before they are");
        }
    }
    child.wait().ok();
    // Only now those who wait hear of it: their channels close.
    drop(left);
}

impl Run {
    /// By which it can be told to end.
    pub fn stop_signal(&self, grace_ms: u64) -> Box<dyn StopSignal> {
        Box::new(Stop { link: Arc::downgrade(&self.link), id: self.id, grace_ms })
    }

    /// Waits for its end. Its output must have been read to the end before.
    pub fn wait(&self) -> End {
        match self.replies.recv() {
            Ok(Reply::Failed { error, .. }) => End::NotStarted(error),
            Ok(Reply::Ended { code, .. }) => End::Code(code),
            Err(_) => End::Lost,
        }
    }
}

impl StopSignal for Stop {
    fn send(&self) {
        let Some(link) = self.link.upgrade() else { return };
        // A guard that is gone has ended it already.
        send(&link.socket, &Order::Kill { id: self.id, grace_ms: self.grace_ms }.encode(), &[]).ok();
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}
