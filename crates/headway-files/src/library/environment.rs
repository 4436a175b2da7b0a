//! Failures that are not the fault of any file: a full disk, a library that is gone, too many open files, short
//! memory.

use std::io;
use std::path::Path;

use rustix::io::Errno;

use headway_model::PauseReason;

/// How often a call is made again that was interrupted.
const INTERRUPTED_CALLS: u32 = 20;

/// The failure of the environment that an error means, if it means one.
pub fn environment(error: &io::Error) -> Option<PauseReason> {
    match Errno::from_io_error(error)? {
        Errno::NOSPC | Errno::DQUOT => Some(PauseReason::DiskFull),
        Errno::ROFS => Some(PauseReason::ReadOnly),
        Errno::MFILE | Errno::NFILE => Some(PauseReason::TooManyOpenFiles),
        Errno::NOMEM => Some(PauseReason::MemoryLow),
        // A network share, its server, or the route to it is gone.
        Errno::STALE
        | Errno::NODEV
        | Errno::NXIO
        | Errno::NOTCONN
        | Errno::HOSTDOWN
        | Errno::HOSTUNREACH
        | Errno::NETDOWN
        | Errno::NETUNREACH
        | Errno::NETRESET
        | Errno::TIMEDOUT
        | Errno::TIME
        | Errno::CONNRESET
        | Errno::CONNABORTED
        | Errno::CONNREFUSED
        | Errno::SHUTDOWN
        | Errno::NONET
        | Errno::NOLINK
        | Errno::REMOTEIO
        | Errno::COMM
        | Errno::PROTO
        | Errno::REMCHG
        | Errno::NOBUFS
        // The client has no address or port left from which it could reach the server.
        | Errno::ADDRINUSE
        | Errno::ADDRNOTAVAIL
        // It is being connected again.
        | Errno::AGAIN
        | Errno::ALREADY
        | Errno::INPROGRESS
        // Its server came back and does not know the open file any more, as GlusterFS reports.
        | Errno::BADFD
        // A call that was interrupted again and again says nothing about a file.
        | Errno::INTR
        // No file of a library is a pipe: its server has closed the connection.
        | Errno::PIPE
        | Errno::NOMEDIUM
        // The login to the share has expired.
        | Errno::NOKEY
        | Errno::KEYEXPIRED
        | Errno::KEYREVOKED
        | Errno::KEYREJECTED => Some(PauseReason::LibraryGone),
        _ => None,
    }
}

/// The failure of the environment that an error means if it kept a process or a thread from being started. No file is
/// at fault if the system starts none.
pub fn environment_of_start(error: &io::Error) -> Option<PauseReason> {
    match Errno::from_io_error(error)? {
        Errno::AGAIN => Some(PauseReason::TooManyProcesses),
        _ => environment(error),
    }
}

/// Whether the storage itself reports an error. A single file can have a bad sector, so this alone is not a failure
/// of the environment.
pub fn is_storage_error(error: &io::Error) -> bool {
    // With a damaged structure or a wrong checksum of its own, a file system reports the same of a single file.
    matches!(Errno::from_io_error(error), Some(Errno::IO | Errno::UCLEAN | Errno::BADMSG))
}

/// Makes a call again that a signal interrupted, and once more after an error of the storage, which can pass. Only for calls
/// that can be made twice: a second sync can succeed although what the first one was to write is lost.
pub(crate) fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match uninterrupted(&mut call) {
        Err(first) if is_storage_error(&first) => uninterrupted(call).map_err(|second| match second.kind() {
            // Perhaps the first try has made what is there.
            io::ErrorKind::AlreadyExists => first,
            _ => second,
        }),
        answer => answer,
    }
}

/// Makes a call again that a signal interrupted, a few times.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..INTERRUPTED_CALLS {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answered => return answered,
        }
    }
    call()
}

/// The room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// What is free for this user.
    pub free: u64,
    /// The size of the disk.
    pub total: u64,
}

/// The room on the disk of a path; `None` if that cannot be found out.
pub fn disk_room(path: &Path) -> Option<DiskRoom> {
    let disk = uninterrupted(|| Ok(rustix::fs::statvfs(path)?)).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Some(DiskRoom { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
}

/// Bytes free for this user on the disk of a path; `None` if that cannot be found out.
pub fn free_bytes(path: &Path) -> Option<u64> {
    disk_room(path).map(|room| room.free)
}

/// Bytes of memory that programs can get without swapping: `MemAvailable` of proc(5).
pub fn memory_available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_share_is_an_environment_failure_and_a_forbidden_file_is_not() {
        let told = |errno: Errno| environment(&errno.into());
        for errno in [
            Errno::STALE,
            Errno::NOTCONN,
            Errno::SHUTDOWN,
            Errno::NONET,
            Errno::NOLINK,
            Errno::NOKEY,
            Errno::KEYEXPIRED,
            Errno::TIMEDOUT,
            Errno::PIPE,
            Errno::PROTO,
            Errno::COMM,
            Errno::REMCHG,
            Errno::NOBUFS,
            Errno::AGAIN,
            Errno::INTR,
            Errno::TIME,
            Errno::ADDRINUSE,
            Errno::ADDRNOTAVAIL,
            Errno::ALREADY,
            Errno::INPROGRESS,
            Errno::BADFD,
        ] {
            assert_eq!(told(errno), Some(PauseReason::LibraryGone), "{errno:?}");
        }
        for errno in
            [Errno::ACCESS, Errno::PERM, Errno::NOENT, Errno::LOOP, Errno::IO, Errno::NAMETOOLONG, Errno::INVAL]
        {
            assert_eq!(told(errno), None, "{errno:?}");
        }
    }

    #[test]
    fn a_file_system_that_finds_itself_damaged_reports_an_error_of_the_storage() {
        for errno in [Errno::IO, Errno::UCLEAN, Errno::BADMSG] {
            assert!(is_storage_error(&errno.into()) && environment(&errno.into()).is_none(), "{errno:?}");
        }
        assert!(!is_storage_error(&Errno::ACCESS.into()));
    }

    #[test]
    fn an_interrupted_call_is_repeated_a_limited_number_of_times() {
        let mut calls = 0;
        let mut call = |interrupted| {
            calls += 1;
            if calls <= interrupted { Err(Errno::INTR.into()) } else { Ok(calls) }
        };
        assert_eq!(uninterrupted(|| call(3)).expect("an answer"), 4);
        assert!(uninterrupted(|| call(u32::MAX)).is_err());
    }

    #[test]
    fn an_error_of_the_storage_is_answered_by_one_more_call_and_no_other_error_is() {
        let answers = |answers: &[Errno]| {
            let mut calls = 0;
            let answer = retried(|| {
                calls += 1;
                answers.get(calls - 1).map_or(Ok(()), |errno| Err(io::Error::from(*errno)))
            });
            (answer.err().and_then(|error| Errno::from_io_error(&error)), calls)
        };
        assert_eq!(answers(&[Errno::IO]), (None, 2));
        assert_eq!(answers(&[Errno::INTR, Errno::IO, Errno::INTR]), (None, 4));
        assert_eq!(answers(&[Errno::IO, Errno::BADMSG, Errno::ACCESS]), (Some(Errno::BADMSG), 2));
        assert_eq!(answers(&[Errno::IO, Errno::NOENT]), (Some(Errno::NOENT), 2));
        assert_eq!(answers(&[Errno::IO, Errno::EXIST]), (Some(Errno::IO), 2), "nobody knows who made it");
        assert_eq!(answers(&[Errno::ACCESS]), (Some(Errno::ACCESS), 1));
    }

    #[test]
    fn a_process_limit_is_an_environment_failure_and_a_missing_program_is_not() {
        let told = |errno: Errno| environment_of_start(&errno.into());
        assert_eq!(told(Errno::AGAIN), Some(PauseReason::TooManyProcesses));
        assert_eq!(told(Errno::NOMEM), Some(PauseReason::MemoryLow));
        assert_eq!(told(Errno::MFILE), Some(PauseReason::TooManyOpenFiles));
        for errno in [Errno::NOENT, Errno::ACCESS, Errno::NOEXEC, Errno::TOOBIG] {
            assert_eq!(told(errno), None, "{errno:?}");
        }
    }
}
