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
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

use super::wire::{LARGEST, NotStarted, Order, Reply, Spawn, receive, send};
use super::{ATTEMPT, end_attempts};
use crate::descriptors;
use crate::stop_signal::StopSignal;

/// How many guards are started for one program, if one after the other dies.
const GUARDS_MOST: u32 = 3;

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
    pub fn run(&self, task: ProgramTask) -> Result<(RunningProgram, OwnedFd, OwnedFd), NotTaken> {
        let mut begun = 1;
        loop {
            let link = self.link()?;
            match run_by(&link, task.clone()) {
                // It died before it took the program.
                Err(NotTaken::NoGuard(error)) if is_gone(&error) && begun < GUARDS_MOST => {
                    tracing::warn!(%error, "the guard is gone; another one is started");
                    self.link.lock().take_if(|held| Arc::ptr_eq(held, &link));
                    begun += 1;
                }
                other => return other,
            }
        }
    }

    fn link(&self) -> io::Result<Arc<GuardLink>> {
        let mut slot = self.link.lock();
        if let Some(link) = slot.as_ref().filter(|link| link.waiting.lock().is_some()) {
            return Ok(Arc::clone(link));
        }
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let link =
            Arc::new(GuardLink { socket: ours, next: AtomicU64::new(1), waiting: Mutex::new(Some(HashMap::new())) });
        // The thread comes first: a guard for which there is none would not be waited for.
        let (give, take) = channel();
        let listener = Arc::clone(&link);
        let hear = move || take.recv().into_iter().for_each(|child| listen(&listener, child));
        std::thread::Builder::new().name("guard".into()).spawn(hear)?;
        // In its own process group, so that signals from a terminal reach only the server.
        let child = Command::new(&self.program)
            .arg("guard")
            .args(descriptors::at_start().map(|limit| limit.to_string()))
            .stdin(theirs)
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .inspect_err(|error| tracing::error!(%error, "the guard cannot be started"))?;
        give.send(child).ok();
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

/// Gives a program to a guard.
fn run_by(link: &Arc<GuardLink>, task: ProgramTask) -> Result<(RunningProgram, OwnedFd, OwnedFd), NotTaken> {
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
    Ok((RunningProgram { link: Arc::clone(link), id, replies }, stdout, stderr))
}

fn is_gone(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::PIPE)
}

/// The guard has died.
fn gone() -> NotTaken {
    NotTaken::NoGuard(Errno::PIPE.into())
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(text: &str) -> (tempfile::TempDir, Guard) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard");
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("its permissions");
        (folder, Guard::new(path))
    }

    fn task() -> ProgramTask {
        let attempt = "job-0-1".to_owned();
        ProgramTask { attempt, argv: vec![b"true".to_vec()], environment: Vec::new(), directory: "/".into() }
    }

    /// A link to a guard that is dead, which nobody has noticed yet.
    fn dead() -> Arc<GuardLink> {
        let (socket, _) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("a pair");
        Arc::new(GuardLink { socket, next: AtomicU64::new(1), waiting: Mutex::new(Some(HashMap::new())) })
    }

    #[test]
    fn a_program_goes_to_another_guard_if_the_one_there_was_is_dead() {
        let (_folder, guard) = program("#!/bin/sh\nexec sleep 60\n");
        *guard.link.lock() = Some(dead());
        assert!(guard.run(task()).is_ok(), "the order waits in the socket of a new guard");
    }

    #[test]
    fn guards_that_all_die_fail_no_program_and_are_not_started_for_ever() {
        let (folder, guard) = program("#!/bin/sh\necho begun >> \"$0.log\"\n");
        for _ in 0..2 {
            match guard.run(task()) {
                // It died before the packet came, or with the packet in its socket.
                Err(NotTaken::NoGuard(error)) => assert!(is_gone(&error), "{error}"),
                Ok((program, _, _)) => assert_eq!(program.wait(), End::Lost),
                Err(other) => panic!("{other:?}"),
            }
        }
        let log = std::fs::read_to_string(folder.path().join("guard.log")).unwrap_or_default();
        assert!(log.lines().count() <= 2 * GUARDS_MOST as usize, "{log}");
    }

    #[test]
    fn words_that_are_too_long_are_the_fault_of_their_item() {
        let (_folder, guard) = program("#!/bin/sh\nexec sleep 60\n");
        let long = ProgramTask { argv: vec![vec![b'a'; LARGEST + 1]], ..task() };
        assert!(matches!(guard.run(long), Err(NotTaken::TooLong(_))));
    }
}
