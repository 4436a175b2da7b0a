//! The protocol between server and guard: one packet per message, with length-prefixed byte strings.

use std::io;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// Size of the largest message in bytes: what a socket's default buffer holds.
pub(super) const LARGEST: usize = 128 * 1024;

/// From the server to the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Start a program; its standard output and error accompany the message.
    Spawn(Spawn),
    /// Stop a program: send TERM, then KILL after the grace time. A second order can shorten that time.
    Kill {
        /// The program's id.
        id: u64,
        /// How long it has to end by itself, in milliseconds.
        grace_ms: u64,
    },
}

/// A program to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spawn {
    /// Its id in later messages.
    pub(super) id: u64,
    /// The attempt it belongs to.
    pub(super) attempt: Vec<u8>,
    /// Its working directory.
    pub(super) directory: Vec<u8>,
    /// The program's path and its arguments.
    pub(super) argv: Vec<Vec<u8>>,
    /// Its whole environment, as `NAME=VALUE`.
    pub(super) environment: Vec<Vec<u8>>,
}

/// Why a program could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// The number of the system's error; 0 if it is not one of the system.
    number: i32,
    /// The error as a text.
    text: String,
}

impl From<io::Error> for NotStarted {
    fn from(error: io::Error) -> Self {
        NotStarted { number: error.raw_os_error().unwrap_or(0), text: error.to_string() }
    }
}

impl From<NotStarted> for io::Error {
    fn from(error: NotStarted) -> Self {
        match error.number {
            0 => io::Error::other(error.text),
            number => io::Error::from_raw_os_error(number),
        }
    }
}

/// From the guard to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// The program cannot be started.
    Failed {
        /// The program's id.
        id: u64,
        /// Why not.
        error: NotStarted,
    },
    /// The program has ended, and no process of its attempt is left.
    Ended {
        /// The program's id.
        id: u64,
        /// Its exit code, or 128 + N if signal N ended it, as in shells.
        code: i32,
    },
}

struct WireReader<'a>(&'a [u8]);

impl WireReader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    fn signed(&mut self) -> Option<i32> {
        i32::try_from(self.number()?.cast_signed()).ok()
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head.to_vec())
    }

    fn list(&mut self) -> Option<Vec<Vec<u8>>> {
        let count = self.number()?;
        (0..count).map(|_| self.bytes()).collect()
    }
}

fn put(packet: &mut Vec<u8>, bytes: &[u8]) {
    packet.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    packet.extend_from_slice(bytes);
}

fn put_list(packet: &mut Vec<u8>, list: &[Vec<u8>]) {
    packet.extend_from_slice(&(list.len() as u64).to_le_bytes());
    list.iter().for_each(|bytes| put(packet, bytes));
}

impl Order {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut packet = Vec::new();
        match self {
            Order::Spawn(spawn) => {
                packet.push(0);
                packet.extend_from_slice(&spawn.id.to_le_bytes());
                put(&mut packet, &spawn.attempt);
                put(&mut packet, &spawn.directory);
                put_list(&mut packet, &spawn.argv);
                put_list(&mut packet, &spawn.environment);
            }
            Order::Kill { id, grace_ms } => {
                packet.push(1);
                packet.extend_from_slice(&id.to_le_bytes());
                packet.extend_from_slice(&grace_ms.to_le_bytes());
            }
        }
        packet
    }

    pub(super) fn decode(packet: &[u8]) -> Option<Order> {
        let (kind, rest) = packet.split_first()?;
        let mut reader = WireReader(rest);
        let id = reader.number()?;
        Some(match kind {
            0 => Order::Spawn(Spawn {
                id,
                attempt: reader.bytes()?,
                directory: reader.bytes()?,
                argv: reader.list()?,
                environment: reader.list()?,
            }),
            1 => Order::Kill { id, grace_ms: reader.number()? },
            _ => return None,
        })
    }
}

impl Reply {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, id) = match self {
            Reply::Failed { id, .. } => (0, id),
            Reply::Ended { id, .. } => (1, id),
        };
        let mut packet = vec![kind];
        packet.extend_from_slice(&id.to_le_bytes());
        match self {
            Reply::Failed { error, .. } => {
                packet.extend_from_slice(&i64::from(error.number).to_le_bytes());
                put(&mut packet, error.text.as_bytes());
            }
            Reply::Ended { code, .. } => packet.extend_from_slice(&i64::from(*code).to_le_bytes()),
        }
        packet
    }

    pub(super) fn decode(packet: &[u8]) -> Option<Reply> {
        let (kind, rest) = packet.split_first()?;
        let mut reader = WireReader(rest);
        let id = reader.number()?;
        Some(match kind {
            0 => {
                let number = reader.signed()?;
                Reply::Failed { id, error: NotStarted { number, text: String::from_utf8(reader.bytes()?).ok()? } }
            }
            1 => Reply::Ended { id, code: reader.signed()? },
            _ => return None,
        })
    }
}

/// Sends one packet, and files with it.
pub(super) fn send(socket: impl AsFd, packet: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
    if packet.len() > LARGEST {
        return Err(rustix::io::Errno::TOOBIG.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::other("too many files for one message"));
    }
    rustix::io::retry_on_intr(|| sendmsg(&socket, &[IoSlice::new(packet)], &mut control, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// Receives one packet into `buffer`, and the files with it; the packet is empty if the other end is gone.
pub(super) fn receive(socket: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> io::Result<(&[u8], Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = loop {
        match recvmsg(&socket, &mut [IoSliceMut::new(buffer)], &mut control, flags) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?,
        }
    };
    let mut files = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            files.extend(rights);
        }
    }
    Ok((&buffer[..received.bytes], files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_reads_back_and_a_truncated_one_is_refused() {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let spawn = Spawn {
            id: 7,
            attempt: bytes("job-1-2"),
            directory: bytes("/tmp"),
            argv: vec![bytes("/bin/true"), vec![0xFF, b'\n'], Vec::new()],
            environment: vec![bytes("A=B")],
        };
        for order in [Order::Spawn(spawn), Order::Kill { id: 1, grace_ms: u64::MAX }] {
            let packet = order.encode();
            assert_eq!(Order::decode(&packet), Some(order));
            assert!((0..packet.len()).all(|length| Order::decode(&packet[..length]).is_none()));
        }
        let errors = [io::Error::other("é"), rustix::io::Errno::MFILE.into()].map(NotStarted::from);
        let failed = errors.map(|error| Reply::Failed { id: 2, error });
        for reply in failed.into_iter().chain([Reply::Ended { id: 3, code: -1 }]) {
            let packet = reply.encode();
            assert_eq!(Reply::decode(&packet), Some(reply));
            assert!((0..packet.len()).all(|length| Reply::decode(&packet[..length]).is_none()));
        }
    }

    #[test]
    fn an_error_of_the_system_is_the_same_error_on_the_other_side() {
        let sent = |error: io::Error| io::Error::from(NotStarted::from(error));
        assert_eq!(sent(rustix::io::Errno::MFILE.into()).raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
        assert_eq!(sent(io::Error::other("another")).to_string(), "another");
    }
}
