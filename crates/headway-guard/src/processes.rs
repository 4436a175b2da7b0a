//! Processes as proc(5) shows them: their parents, and the attempts they belong to.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::ATTEMPT;

/// How long processes have to end after TERM.
const GRACE: Duration = Duration::from_secs(2);

/// How often to check whether they have ended.
const LOOK: Duration = Duration::from_millis(10);

/// The living processes whose environment names an attempt that `of` accepts; fails if a process cannot be inspected.
pub fn attempts_left(of: impl Fn(&str) -> bool) -> io::Result<Vec<Pid>> {
    let own = rustix::process::getpid();
    let mut left = Vec::new();
    for pid in all()?.into_iter().filter(|pid| *pid != own) {
        if attempt_of(pid)?.is_some_and(|attempt| of(&attempt)) {
            left.push(pid);
        }
    }
    Ok(left)
}

/// Ends these processes, with TERM first, and blocks until none is left. Returns whether that succeeded in time.
pub fn end_attempts(of: impl Fn(&str) -> bool) -> bool {
    let begun = Instant::now();
    let mut told = BTreeSet::new();
    loop {
        // While that is unknown, there might be some.
        let left = attempts_left(&of).inspect_err(|error| tracing::warn!(%error, "cannot inspect processes"));
        if left.as_ref().is_ok_and(Vec::is_empty) {
            return true;
        }
        let late = begun.elapsed() > GRACE;
        for pid in left.into_iter().flatten() {
            if late {
                kill_process(pid, Signal::KILL).ok();
            } else if told.insert(pid.as_raw_nonzero()) {
                kill_process(pid, Signal::TERM).ok();
            }
        }
        if begun.elapsed() > 5 * GRACE {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}

/// The attempt in a process's environment; `None` for a zombie, another user's process, or one without an attempt.
pub(super) fn attempt_of(pid: Pid) -> io::Result<Option<String>> {
    let environment = match std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())) {
        Ok(environment) => environment,
        Err(error) => return if is_nobodys(&error) { Ok(None) } else { Err(error) },
    };
    let name = [ATTEMPT.as_bytes(), b"="].concat();
    let value = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(&name[..]));
    Ok(value.and_then(|value| String::from_utf8(value.to_vec()).ok()))
}

/// Whether a process's file cannot be read because the process has ended or is another user's.
fn is_nobodys(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH | Errno::ACCESS | Errno::PERM))
}

/// The children of this process, which must be single-threaded. Built for frequent listing.
pub(super) struct Children {
    own: Pid,
    /// `None` if the kernel has no such file.
    file: Option<File>,
}

impl Children {
    /// The children of the calling process.
    pub(super) fn here() -> Self {
        Children { own: rustix::process::getpid(), file: File::open("/proc/thread-self/children").ok() }
    }

    /// The current children, including zombies.
    pub(super) fn list(&self) -> Vec<Pid> {
        let read = |mut file: &File| {
            let mut text = String::new();
            file.rewind().and_then(|()| file.read_to_string(&mut text)).map(|_| text)
        };
        match self.file.as_ref().map(read) {
            Some(Ok(text)) => pids(&text).collect(),
            _ => children_of(self.own),
        }
    }
}

fn pids(text: &str) -> impl Iterator<Item = Pid> + '_ {
    text.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
}

/// The children of a process.
pub(super) fn children_of(pid: Pid) -> Vec<Pid> {
    let number = pid.as_raw_nonzero();
    let tasks = std::fs::read_dir(format!("/proc/{number}/task"));
    let mut children = Vec::new();
    for task in tasks.into_iter().flatten().flatten() {
        match std::fs::read_to_string(task.path().join("children")) {
            Ok(text) => children.extend(pids(&text)),
            // The kernel has no such file.
            Err(_) => {
                let all = all().into_iter().flatten();
                return all.filter(|other| parent_of(*other) == Some(pid)).collect();
            }
        }
    }
    children
}

/// All descendants of a process.
pub(super) fn descendants_of(pid: Pid) -> Vec<Pid> {
    let mut found = children_of(pid);
    let mut at = 0;
    while let Some(next) = found.get(at) {
        found.extend(children_of(*next));
        at += 1;
    }
    found
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name, in parentheses, can contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?)
}

fn all() -> io::Result<Vec<Pid>> {
    let entries = std::fs::read_dir("/proc")?.collect::<io::Result<Vec<_>>>()?;
    Ok(entries.iter().filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_listed_as_they_come_and_go() {
        let children = Children::here();
        let begin = || std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let mut begun: Vec<_> = (0..200).map(|_| begin()).collect();
        let mut wanted: Vec<_> = begun.iter().map(Pid::from_child).collect();
        let mut found = children.list();
        found.sort_by_key(|pid| pid.as_raw_nonzero());
        wanted.sort_by_key(|pid| pid.as_raw_nonzero());
        assert_eq!(found, wanted);
        for child in &mut begun {
            child.kill().and_then(|()| child.wait()).expect("an end");
        }
        assert_eq!(children.list(), []);
    }
}
