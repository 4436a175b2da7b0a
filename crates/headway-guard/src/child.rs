//! The guard process itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::RecvFlags;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open, set_child_subreaper,
    test_kill_process_group, waitid,
};

use super::attempts::attempt_of;
use super::processes::{Children, descendants_of};
use super::wire::{LARGEST, Order, Reply, Spawn, receive, send};
use crate::descriptors;

/// How long programs have to end once the server is gone.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait for killed processes to disappear.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

struct StartedProgram {
    pid: Pid,
    handle: OwnedFd,
    name: String,
    /// When to send KILL.
    deadline: Option<Instant>,
}

struct GuardProcess {
    socket: OwnedFd,
    children: Children,
    attempts: BTreeMap<u64, StartedProgram>,
}

/// Guards programs until the server is gone. Its standard input is the socket.
pub fn run() -> ExitCode {
    // Restore the limit that programs expect; the server raised its own.
    if let Some(limit) = std::env::args().nth(2).and_then(|limit| limit.parse().ok()) {
        descriptors::lower(limit);
    }
    let begin = || {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok::<_, io::Error>(GuardProcess { socket, children: Children::here(), attempts: BTreeMap::new() })
    };
    match begin() {
        Ok(mut guard) => {
            guard.serve();
            guard.end_all();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("headway guard: {error}; only `headway serve` starts it, not a person");
            ExitCode::FAILURE
        }
    }
}

impl GuardProcess {
    /// Starts and stops programs and reports on them, until the server is gone.
    fn serve(&mut self) {
        let mut buffer = vec![0; LARGEST];
        loop {
            let (readable, ended) = self.wait(true);
            for id in ended {
                self.end(id);
            }
            if readable && !self.receive_messages(&mut buffer) {
                return;
            }
            self.kill_late();
            if self.attempts.is_empty() {
                self.reap_orphans();
            }
        }
    }

    /// Handles the messages that have arrived; returns whether the server is still there.
    fn receive_messages(&mut self, buffer: &mut [u8]) -> bool {
        loop {
            match receive(&self.socket, buffer, RecvFlags::DONTWAIT) {
                Ok(([], _)) => return false,
                Ok((packet, files)) => self.obey(Order::decode(packet), files),
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }

    fn obey(&mut self, order: Option<Order>, files: Vec<OwnedFd>) {
        match order {
            Some(Order::Spawn(spawn)) => {
                let id = spawn.id;
                match start(spawn, files) {
                    Ok(attempt) => drop(self.attempts.insert(id, attempt)),
                    Err(error) => self.reply(&Reply::Failed { id, error: error.into() }),
                }
            }
            Some(Order::Kill { id, grace_ms }) => {
                if let Some(attempt) = self.attempts.get_mut(&id) {
                    let deadline = Instant::now() + Duration::from_millis(grace_ms.min(3_600_000));
                    if attempt.deadline.is_none() {
                        attempt.signal(Signal::TERM);
                    }
                    // A second request can only shorten its time.
                    attempt.deadline = Some(attempt.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
                }
            }
            None => {}
        }
    }

    /// Waits for the socket, the end of a program, or a deadline. Returns whether the socket is readable, and which
    /// programs have ended.
    fn wait(&self, socket: bool) -> (bool, Vec<u64>) {
        let next = self.attempts.values().filter_map(|attempt| attempt.deadline).min();
        let timeout = next.map(|at| at.saturating_duration_since(Instant::now()) + Duration::from_millis(1));
        let timeout =
            timeout.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) });
        let mut fds = vec![PollFd::new(&self.socket, if socket { PollFlags::IN } else { PollFlags::empty() })];
        fds.extend(self.attempts.values().map(|attempt| PollFd::new(&attempt.handle, PollFlags::IN)));
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return (false, Vec::new());
        }
        let ids = self.attempts.keys().zip(&fds[1..]);
        let ended = ids.filter(|(_, fd)| !fd.revents().is_empty()).map(|(id, _)| *id).collect();
        (!fds[0].revents().is_empty(), ended)
    }

    /// Handles the end of a program: ends what is left of its attempt, then reports it.
    fn end(&mut self, id: u64) {
        let Some(attempt) = self.attempts.remove(&id) else { return };
        // Until the leader is reaped, no other process can get its number, and so the group's.
        kill_process_group(attempt.pid, Signal::KILL).ok();
        let status = waitid(WaitId::Pid(attempt.pid), WaitIdOptions::EXITED);
        let code = match status {
            Ok(Some(status)) => status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal)),
            _ => None,
        };
        let begun = Instant::now();
        loop {
            let orphans = self.reap_orphans();
            let mut left = test_kill_process_group(attempt.pid).is_ok();
            for orphan in orphans {
                let line: Vec<_> = std::iter::once(orphan).chain(descendants_of(orphan)).collect();
                let is_of = |pid: &Pid| Ok(attempt_of(*pid)?.is_some_and(|name| name == attempt.name));
                match line.iter().map(is_of).collect::<io::Result<Vec<_>>>() {
                    Ok(are) if are.contains(&true) => {
                        left = true;
                        line.into_iter().for_each(kill);
                    }
                    Ok(_) => {}
                    // It might belong to this attempt, so check again.
                    Err(_) => left = true,
                }
            }
            if !left || begun.elapsed() > KILL_TIMEOUT {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.reply(&Reply::Ended { id, code: code.unwrap_or(-1) });
    }

    /// Reaps orphans that have ended, and returns the others.
    fn reap_orphans(&self) -> Vec<Pid> {
        let leader = |pid: &Pid| self.attempts.values().any(|attempt| attempt.pid == *pid);
        let mut orphans = self.children.list();
        orphans.retain(|pid| !leader(pid));
        orphans.retain(|pid| {
            let reaped = waitid(WaitId::Pid(*pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
            matches!(reaped, Ok(None))
        });
        orphans
    }

    fn kill_late(&mut self) {
        let now = Instant::now();
        for attempt in self.attempts.values_mut().filter(|attempt| attempt.deadline.is_some_and(|at| at <= now)) {
            attempt.signal(Signal::KILL);
            attempt.deadline = Some(now + KILL_TIMEOUT);
        }
    }

    /// Ends every process of every attempt.
    fn end_all(&mut self) {
        let deadline = Instant::now() + GRACE;
        for attempt in self.attempts.values_mut() {
            attempt.signal(Signal::TERM);
            attempt.deadline = Some(deadline);
        }
        while !self.attempts.is_empty() {
            let (_, ended) = self.wait(false);
            ended.into_iter().for_each(|id| self.end(id));
            self.kill_late();
        }
        // Processes that removed their attempt from their environment.
        let begun = Instant::now();
        loop {
            let left = self.reap_orphans();
            if left.is_empty() || begun.elapsed() > KILL_TIMEOUT {
                return;
            }
            for orphan in left {
                descendants_of(orphan).into_iter().for_each(kill);
                kill(orphan);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn reply(&self, reply: &Reply) {
        // If the server is gone, the next read of the socket shows it.
        send(&self.socket, &reply.encode(), &[]).ok();
    }
}

impl StartedProgram {
    /// Signals its process group, and descendants that have left the group.
    fn signal(&self, signal: Signal) {
        let below = descendants_of(self.pid);
        kill_process_group(self.pid, signal).ok();
        for pid in below {
            if rustix::process::getpgid(Some(pid)).is_ok_and(|group| group != self.pid) {
                kill_process(pid, signal).ok();
            }
        }
    }
}

/// Kills a process; it does not matter if it is already gone.
fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).ok();
}

fn start(spawn: Spawn, files: Vec<OwnedFd>) -> io::Result<StartedProgram> {
    // They came with the message, unless this process cannot have more open files.
    let [stdout, stderr]: [OwnedFd; 2] = files.try_into().map_err(|_| Errno::MFILE)?;
    let mut argv = spawn.argv.into_iter().map(OsString::from_vec);
    let program = argv.next().ok_or_else(|| io::Error::other("there is no program to start"))?;
    let pairs = spawn.environment.into_iter().filter_map(|entry| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        Some((OsString::from_vec(entry[..at].to_vec()), OsString::from_vec(entry[at + 1..].to_vec())))
    });
    let child = Command::new(program)
        .args(argv)
        .env_clear()
        .envs(pairs)
        .current_dir(OsString::from_vec(spawn.directory))
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()?;
    let pid = Pid::from_child(&child);
    let handle = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(error) => {
            kill_process_group(pid, Signal::KILL).ok();
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED).ok();
            return Err(match error {
                Errno::NOSYS => io::Error::other("this kernel has no pidfd_open; Linux 5.3 or later is needed"),
                error => error.into(),
            });
        }
    };
    Ok(StartedProgram { pid, handle, name: String::from_utf8_lossy(&spawn.attempt).into_owned(), deadline: None })
}
