//! The processes of attempts, known by the environment that all of them inherit.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::ATTEMPT;
use super::processes::{all, stat};

/// How long processes have to end after TERM.
const GRACE: Duration = Duration::from_secs(2);

/// How often to check whether they have ended.
const LOOK: Duration = Duration::from_millis(10);

/// Maximum number of times that the processes are listed. Listing stops earlier once a list shows no new process, or
/// one that is looked for.
const LISTS: usize = 1_000;

/// Nearly every environment fits into this many bytes.
const ENVIRONMENT_BYTES: usize = 128 * 1024;

/// How long a process can take to put another program in its place.
const REPLACING: Duration = Duration::from_secs(1);

/// The living processes whose environment names an attempt that `of` accepts, as one list of all processes shows them: others
/// might begin meanwhile. Empty only if there are none.
///
/// # Errors
/// If a process cannot be inspected, or processes come and go too fast. Then there might be some.
pub fn attempts_left(of: impl Fn(&str) -> bool) -> io::Result<Vec<Pid>> {
    let own = rustix::process::getpid().as_raw_nonzero();
    let mut known = BTreeSet::from([own]);
    for _ in 0..LISTS {
        let listed = all()?;
        let (mut left, mut is_fresh) = (Vec::new(), false);
        for pid in listed.iter().filter(|pid| !known.contains(&pid.as_raw_nonzero())) {
            is_fresh = true;
            if attempt_of(*pid)?.is_some_and(|attempt| of(&attempt)) {
                left.push(*pid);
            }
        }
        if !is_fresh || !left.is_empty() {
            return Ok(left);
        }
        // A process that had ended when it was inspected can have forked another one after the list was made, and one of an
        // earlier list can have left its number to another.
        known = listed.into_iter().map(Pid::as_raw_nonzero).chain([own]).collect();
    }
    Err(io::Error::other("new processes begin faster than they can be inspected"))
}

/// Ends these processes, with TERM first, and blocks until none is left, for at most four seconds. Returns whether
/// none is left: a process that waits for storage that does not answer cannot be killed.
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
        if begun.elapsed() > 2 * GRACE {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}

/// The attempt in a process's environment; `None` for a zombie, another user's process, or one without an attempt.
pub(super) fn attempt_of(pid: Pid) -> io::Result<Option<String>> {
    let begun = Instant::now();
    loop {
        let environment = match environment_of(pid) {
            Ok(environment) => environment,
            Err(error) => return if is_nobodys(&error) { Ok(None) } else { Err(error) },
        };
        if environment.is_empty() && has_one(pid)? {
            if begun.elapsed() > REPLACING {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "a process does not begin its new program"));
            }
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let name = [ATTEMPT.as_bytes(), b"="].concat();
        let value = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(&name[..]));
        return Ok(value.and_then(|value| String::from_utf8(value.to_vec()).ok()));
    }
}

/// A process's environment, read in one call: once the process executes another program, the rest can no longer be
/// read.
fn environment_of(pid: Pid) -> io::Result<Vec<u8>> {
    let mut file = File::open(format!("/proc/{}/environ", pid.as_raw_nonzero()))?;
    let mut environment = vec![0; ENVIRONMENT_BYTES];
    let count = file.read(&mut environment)?;
    environment.truncate(count);
    if count == ENVIRONMENT_BYTES {
        file.read_to_end(&mut environment)?;
    }
    Ok(environment)
}

/// Whether a process has an environment although none could be read. During `execve` the environment has no address
/// yet, and a file that was opened before reads as empty after it.
fn has_one(pid: Pid) -> io::Result<bool> {
    /// The flag of the kernel's own threads: `PF_KTHREAD` in the kernel's `sched.h`.
    const KERNEL_THREAD: u64 = 0x0020_0000;
    let fields = match stat(pid) {
        Ok(fields) => fields,
        Err(error) => return if is_nobodys(&error) { Ok(false) } else { Err(error) },
    };
    // Numbered as in proc_pid_stat(5).
    let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let is_over = matches!(fields.first().map(String::as_str), Some("Z" | "X"));
    let is_kernels = number(9).is_some_and(|flags| flags & KERNEL_THREAD != 0);
    // `execve` lets the environment begin and end at one address before it gives it its end, and only then says where the code ends.
    let is_begun = number(27).is_some_and(|end_of_code| end_of_code != 0);
    let is_empty = is_begun && number(50).is_some_and(|start| start != 0 && Some(start) == number(51));
    Ok(!is_over && !is_kernels && !is_empty)
}

/// Whether a process's file cannot be read because the process has ended or is another user's.
fn is_nobodys(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH | Errno::ACCESS | Errno::PERM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Checks that a script is never missed that is always one process, but never the same one for long.
    fn never_missed(name: &str, script: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let stop = folder.path().join("stop");
        let path = folder.path().join("script");
        std::fs::write(&path, script).expect("a script");
        let mut first = Command::new("/bin/sh");
        first.args([&path, &stop]).env(ATTEMPT, name);
        let mut child = first.spawn().expect("a process");
        for look in 0..300 {
            let left = attempts_left(|attempt| attempt == name).expect("a look");
            assert!(!left.is_empty(), "missed at look {look}");
        }
        std::fs::write(&stop, "").expect("a file");
        child.wait().expect("an end");
        assert!(end_attempts(|attempt| attempt == name));
    }

    #[test]
    fn a_process_that_is_starting_a_program_is_not_missed() {
        never_missed("exec-0-1", "[ -e \"$1\" ] || exec /bin/sh \"$0\" \"$1\"");
    }

    #[test]
    fn a_process_whose_parent_ends_as_it_begins_is_not_missed() {
        never_missed("fork-0-1", "[ -e \"$1\" ] || /bin/sh \"$0\" \"$1\" &");
    }

    #[test]
    fn a_process_with_an_empty_environment_has_no_attempt() {
        let mut child = Command::new("/bin/sleep").arg("60").env_clear().spawn().expect("a process");
        assert_eq!(attempt_of(Pid::from_child(&child)).expect("a look"), None);
        child.kill().and_then(|()| child.wait()).expect("an end");
    }
}
