//! The socket to one guard: who waits for a reply of it, and what happens when it dies or is stopped.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::end_attempts;
use super::wire::{LARGEST, Reply, receive};

/// How long a guard can be stopped, as by `kill -STOP`, before it is taken for dead.
const STOPPED_LIMIT: Duration = Duration::from_secs(5);

/// How often to check whether a silent guard is stopped.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// How often to check whether a guard that was asked to end has ended.
const END_LOOK: Duration = Duration::from_millis(20);

/// The server's end of the link to one guard.
pub(super) struct GuardLink {
    pub(super) socket: OwnedFd,
    /// The id of the next program.
    pub(super) next: AtomicU64,
    /// Who waits for the end of which program; `None` once the guard is dead.
    pub(super) waiting: Mutex<Option<HashMap<u64, Waiting>>>,
}

/// How a program holds the link to its guard.
pub(super) enum LinkHold {
    /// Other programs use it too.
    Shared(Arc<GuardLink>),
    /// It is the program's own, and ends with the program.
    Own(Arc<GuardLink>),
}

impl LinkHold {
    pub(super) fn link(&self) -> &Arc<GuardLink> {
        match self {
            LinkHold::Shared(link) | LinkHold::Own(link) => link,
        }
    }
}

impl Drop for LinkHold {
    fn drop(&mut self) {
        if let LinkHold::Own(link) = self {
            link.close();
        }
    }
}

/// Who waits for the end of a program.
pub(super) struct Waiting {
    pub(super) attempt: String,
    pub(super) tell: Sender<Reply>,
}

impl GuardLink {
    /// A link over this socket, for which no program runs yet.
    pub(super) fn over(socket: OwnedFd) -> Self {
        GuardLink { socket, next: AtomicU64::new(1), waiting: Mutex::new(Some(HashMap::new())) }
    }

    /// Lets the guard end.
    pub(super) fn close(&self) {
        rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both).ok();
    }

    /// Whether its guard is not known to be dead.
    pub(super) fn is_alive(&self) -> bool {
        self.waiting.lock().is_some()
    }
}

/// Delivers the guard's replies until it dies, or is stopped for too long, as a stopped guard obeys no order; then makes sure that
/// it ends, and that no process of its attempts is left.
pub(super) fn listen(link: &GuardLink, mut child: Child) {
    let mut buffer = vec![0; LARGEST];
    while is_responsive(link, &child) {
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
        tracing::error!(attempts = left.len(), "the guard died or was stopped; ending the processes it guarded");
        child.kill().ok();
        while !end_attempts(|attempt| left.iter().any(|waiting| waiting.attempt == attempt)) {
            tracing::error!("cannot end the processes of attempts; their items stay blocked until they are gone");
        }
    }
    while matches!(child.try_wait(), Ok(None)) {
        if is_stopped(&child) {
            child.kill().ok();
        }
        std::thread::sleep(END_LOOK);
    }
    // Only now do the waiting runs learn of it: their channels close.
    drop(left);
}

/// Waits until the guard sends something or is dead. Returns `false` if it has been stopped for too long instead. A
/// guard that waits for storage is not stopped, and is waited for.
fn is_responsive(link: &GuardLink, child: &Child) -> bool {
    let mut stopped: Option<Instant> = None;
    loop {
        match poll(&mut [PollFd::new(&link.socket, PollFlags::IN)], Some(&LOOK)) {
            Ok(0) => {}
            Ok(_) => return true,
            Err(_) => std::thread::sleep(END_LOOK),
        }
        if !is_stopped(child) {
            stopped = None;
        } else if stopped.get_or_insert_with(Instant::now).elapsed() > STOPPED_LIMIT {
            return false;
        }
    }
}

/// Whether a signal has stopped a process, and none has made it go on.
fn is_stopped(child: &Child) -> bool {
    let look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(Pid::from_child(child)), look), Ok(Some(_)))
}

impl std::fmt::Debug for GuardLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}
