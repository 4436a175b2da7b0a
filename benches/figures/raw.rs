//! The limit for sending to a crowd: one thread, one shared buffer, and an offset into it for each socket. All waiting
//! bytes go out in one write, nothing is queued for a single socket, and of HTTP it knows only the first blank line.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

/// The most bytes in one write.
const JOINED: usize = 64 * 1024;

/// A running raw writer.
pub(crate) struct Raw {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    /// All bytes so far, and whether no more will come.
    log: RwLock<(Vec<u8>, bool)>,
    joining: Mutex<Vec<(TcpStream, usize)>>,
}

impl Raw {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, shared) = (listener.local_addr().expect("an address"), Arc::new(Shared::default()));
        let (accepting, writing) = (Arc::clone(&shared), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let _ = stream.read(&mut [0; 4096]).expect("a request");
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("an open connection");
                stream.set_nonblocking(true).expect("a socket");
                accepting.joining.lock().push((stream, 0));
            }
        });
        let thread = thread::spawn(move || write(&writing)).thread().clone();
        Raw { address, shared, thread }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends to everyone.
    pub(crate) fn write(&self, bytes: &[u8]) {
        self.shared.log.write().0.extend_from_slice(bytes);
        self.thread.unpark();
    }

    /// Ends every connection once everything is sent.
    pub(crate) fn end(&self) {
        self.shared.log.write().1 = true;
        self.thread.unpark();
    }
}

fn write(shared: &Shared) {
    let mut all: Vec<(TcpStream, usize)> = Vec::new();
    loop {
        all.append(&mut shared.joining.lock());
        let log = shared.log.read();
        let (mut wrote, mut blocked) = (false, false);
        all.retain_mut(|(stream, at)| {
            let end = log.0.len().min(*at + JOINED);
            if *at == end {
                return !log.1;
            }
            match stream.write(&log.0[*at..end]) {
                Ok(count) => (*at, wrote) = (*at + count, true),
                Err(error) if error.kind() == ErrorKind::WouldBlock => blocked = true,
                Err(_) => return false,
            }
            true
        });
        if log.1 && all.is_empty() {
            return;
        }
        drop(log);
        if !wrote {
            thread::park_timeout(Duration::from_millis(if blocked { 1 } else { 20 }));
        }
    }
}
