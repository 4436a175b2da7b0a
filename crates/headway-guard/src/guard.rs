//! The handle to the guard: starts one when it is first needed, and another one if it dies.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;

use parking_lot::Mutex;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::link::{GuardLink, LinkHold, listen};
use super::program::{NotTaken, ProgramTask, RunningProgram, is_gone, run_by};
use crate::descriptors;

/// How many guards are started for one program, if one after the other dies.
const GUARDS_LIMIT: u32 = 3;

/// A handle to the guard, which starts one whenever it is needed. Cheap to share.
pub struct Guard {
    program: PathBuf,
    link: Mutex<Option<Arc<GuardLink>>>,
}

impl Guard {
    /// A guard that is `program`, started with the argument `guard`.
    pub fn new(program: PathBuf) -> Self {
        Guard { program, link: Mutex::default() }
    }

    /// Starts a program and returns it with its standard output and error, each of which must be read to the end.
    pub fn run(&self, task: ProgramTask) -> Result<(RunningProgram, OwnedFd, OwnedFd), NotTaken> {
        begin(&task, |dead| self.link(dead).map(LinkHold::Shared))
    }

    /// Starts a program like [`Guard::run`], with a guard of its own: whatever kills that guard ends no other program.
    pub fn run_alone(&self, task: ProgramTask) -> Result<(RunningProgram, OwnedFd, OwnedFd), NotTaken> {
        begin(&task, |_| self.start().map(LinkHold::Own))
    }

    /// The link to the guard that all share; to another one if that is this dead one.
    fn link(&self, dead: Option<&Arc<GuardLink>>) -> io::Result<Arc<GuardLink>> {
        let mut slot = self.link.lock();
        let is_dead = |link: &Arc<GuardLink>| dead.is_some_and(|dead| Arc::ptr_eq(dead, link)) || !link.is_alive();
        if let Some(link) = slot.as_ref().filter(|link| !is_dead(link)) {
            return Ok(Arc::clone(link));
        }
        let link = self.start()?;
        *slot = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Starts a guard process.
    fn start(&self) -> io::Result<Arc<GuardLink>> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let link = Arc::new(GuardLink::over(ours));
        // The thread comes first: without a thread, nobody would wait for the guard.
        let (give, take) = channel();
        let listener = Arc::clone(&link);
        let deliver = move || take.recv().into_iter().for_each(|child| listen(&listener, child));
        std::thread::Builder::new().name("guard".into()).spawn(deliver)?;
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
        Ok(link)
    }
}

/// Gives a program to the guard at the other end of `link(None)`. If that guard dies before it takes the program,
/// `link` is called with the dead one and returns the link to another guard.
fn begin(
    task: &ProgramTask,
    link: impl Fn(Option<&Arc<GuardLink>>) -> io::Result<LinkHold>,
) -> Result<(RunningProgram, OwnedFd, OwnedFd), NotTaken> {
    let (mut begun, mut dead) = (1, None);
    loop {
        let hold = link(dead.as_ref())?;
        let used = Arc::clone(hold.link());
        match run_by(hold, task.clone()) {
            Err(NotTaken::NoGuard(error)) if is_gone(&error) && begun < GUARDS_LIMIT => {
                tracing::warn!(%error, "the guard is gone; another one is started");
                (begun, dead) = (begun + 1, Some(used));
            }
            other => return other,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(link) = self.link.lock().take() {
            link.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::End;
    use crate::wire::LARGEST;
    use rustix::process::{Pid, test_kill_process};
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

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
        Arc::new(GuardLink::over(socket))
    }

    #[test]
    fn a_program_goes_to_another_guard_if_the_one_there_was_is_dead() {
        let (_folder, guard) = program("#!/bin/sh\nexec sleep 60\n");
        *guard.link.lock() = Some(dead());
        assert!(guard.run(task()).is_ok(), "the order waits in the socket of a new guard");
    }

    #[test]
    fn dying_guards_are_restarted_a_limited_number_of_times_and_fail_no_program() {
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
        assert!(log.lines().count() <= 2 * GUARDS_LIMIT as usize, "{log}");
    }

    /// A guard that writes its number into a file and ends with its socket.
    fn noted() -> (tempfile::TempDir, Guard) {
        program("#!/bin/sh\necho $$ >> \"$0.log\"\nexec cat\n")
    }

    /// The guards that were started, once there are so many.
    fn started(folder: &tempfile::TempDir, count: usize) -> Vec<Pid> {
        loop {
            let log = std::fs::read_to_string(folder.path().join("guard.log")).unwrap_or_default();
            let numbers = log.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?));
            let numbers: Vec<_> = numbers.collect();
            if numbers.len() >= count && log.ends_with('\n') {
                return numbers;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_guard_of_its_own_ends_with_its_program_and_the_shared_one_stays() {
        let (folder, guard) = noted();
        let (_shared, _, _) = guard.run(task()).expect("a guard");
        let (shared, link) = (started(&folder, 1)[0], guard.link(None).expect("a link"));
        let (own, _, _) = guard.run_alone(task()).expect("another guard");
        let alone = started(&folder, 2)[1];
        assert!(test_kill_process(alone).is_ok(), "it lives while its program does");
        drop(own);
        while test_kill_process(alone).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(test_kill_process(shared).is_ok());
        assert!(Arc::ptr_eq(&guard.link(None).expect("a link"), &link), "it guards the next program too");
    }

    #[test]
    fn a_guard_that_is_stopped_is_taken_for_dead_and_ended() {
        let (folder, guard) = program("#!/bin/sh\necho $$ >> \"$0.log\"\nkill -STOP $$\nexec cat\n");
        for count in [1, 2] {
            let (program, _, _) = guard.run(task()).expect("a guard");
            let stopped = started(&folder, count)[count - 1];
            assert_eq!(program.wait(), End::Lost);
            assert!(test_kill_process(stopped).is_err(), "it is gone");
        }
    }

    #[test]
    fn words_that_are_too_long_are_the_fault_of_their_item() {
        let (_folder, guard) = program("#!/bin/sh\nexec sleep 60\n");
        let long = ProgramTask { argv: vec![vec![b'a'; LARGEST + 1]], ..task() };
        assert!(matches!(guard.run(long), Err(NotTaken::TooLong(_))));
    }
}
