//! Why a program of a command could not be started, or was lost.

use crate::Failure;
use headway_files::environment_of_start;
use headway_guard::NotTaken;
use headway_model::{FailReason, PauseReason};

/// The message of an item whose program was running when a guard died or was stopped, and again when the same happened
/// to the next guard, which ran nothing else.
pub(super) const GUARD_KILLED: &str = "the process that runs commands was killed or stopped twice while this one ran, the second time \
    with no other command in it; check whether this command kills or stops its parent process";

/// The failure of an item whose program was found but cannot be started. It names the program, the reason, and what a
/// person can do.
pub(super) fn unstarted(argv: &[String], why: &std::io::Error) -> Failure {
    use std::io::ErrorKind as Kind;
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let help = match why.kind() {
        Kind::PermissionDenied => " (let the user who runs Headway execute it, such as by chmod +x)",
        Kind::NotFound => " (install it again, or what its first line names behind #!)",
        _ if why.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            " (it is not a program for this machine, or a script whose first line lacks #! and what runs it)"
        }
        _ => "",
    };
    match Failure::of_start(FailReason::Command, &format!("{program} cannot be started"), why) {
        Failure::Failed(reason, text) => Failure::Failed(reason, text + help),
        other => other,
    }
}

/// The failure if the guard did not take a program. Without a guard no program of any file can run, so no item fails:
/// the job waits until the system allows a guard again or, if there is another reason, for a person.
pub(super) fn unguarded(why: NotTaken) -> Failure {
    match why {
        NotTaken::TooLong(text) => Failure::Failed(FailReason::Command, text),
        NotTaken::NoGuard(error) => Failure::Environment(environment_of_start(&error).unwrap_or(PauseReason::Stuck)),
    }
}
