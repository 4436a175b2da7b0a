//! Processes as proc(5) shows them: all of them, and their parents and children.

use std::fs::File;
use std::io::{self, Read, Seek};

use rustix::process::Pid;

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
    Pid::from_raw(stat(pid).ok()?.get(1)?.parse().ok()?)
}

/// The fields of `/proc/PID/stat` from the third on: the state, the parent, and so on.
pub(super) fn stat(pid: Pid) -> io::Result<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))?;
    // The name, in parentheses, can contain anything.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

/// All processes.
pub(super) fn all() -> io::Result<Vec<Pid>> {
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
