//! Raw connections: for requests that no client library would send, and for connections that break.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// One connection.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    /// Connects to `http://ADDRESS`.
    pub(crate) async fn open(url: &str) -> Self {
        Raw::open_from("127.0.0.1", url).await
    }

    /// As above, from one of the loopback addresses.
    pub(crate) async fn open_from(from: &str, url: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from.parse().expect("an address"), 0)).expect("an address of this machine");
        let to = url.trim_start_matches("http://").parse().expect("an address");
        Raw(socket.connect(to).await.expect("a connection"))
    }

    /// Sends a text. It is not an error if the peer has closed.
    pub(crate) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.ok();
    }

    /// Everything that arrives until the peer closes, which it must do within this time. A reset counts as a close.
    pub(crate) async fn rest(&mut self, within: Duration) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(within, self.0.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "still open after {within:?}: {:?}", String::from_utf8_lossy(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The status of an answer; 0 if there is none.
pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// A relay to a server whose connections break after this many bytes of answers.
pub(crate) struct Wire {
    pub(crate) url: String,
    opened: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) async fn breaking_after(bytes: usize, url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let bound = listener.local_addr().expect("an address");
        let to = url.trim_start_matches("http://").to_owned();
        let opened = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&opened);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(carry(client, to.clone(), bytes));
            }
        });
        Wire { url: format!("http://{bound}"), opened }
    }

    /// How many connections there have been.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

async fn carry(mut client: TcpStream, to: String, mut left: usize) {
    let Ok(mut server) = TcpStream::connect(&to).await else { return };
    let (mut asked, mut answered) = (vec![0; 4096], vec![0; 4096]);
    while left > 0 {
        tokio::select! {
            count = client.read(&mut asked) => match count {
                Ok(1..) => {
                    // The server accepts only its own host name.
                    let count = count.unwrap_or(0);
                    let text = String::from_utf8_lossy(&asked[..count]).into_owned();
                    let own = client.local_addr().map(|own| own.to_string()).unwrap_or_default();
                    if server.write_all(text.replace(&own, &to).as_bytes()).await.is_err() { return }
                }
                _ => return,
            },
            count = server.read(&mut answered) => match count {
                Ok(count @ 1..) => {
                    let count = count.min(left);
                    left -= count;
                    if client.write_all(&answered[..count]).await.is_err() { return }
                }
                _ => return,
            },
        }
    }
}
