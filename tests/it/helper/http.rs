//! The HTTP client of the tests.

use std::time::Duration;

use reqwest::{Client, ClientBuilder};

/// How long a server may send nothing. A stream has a ping every 15 s, and a call waits for news for up to 25 s.
const SILENCE: Duration = Duration::from_secs(120);

/// A client whose calls fail when the server sends nothing for long, so that a test fails and never hangs.
pub(crate) fn http() -> Client {
    http_with().build().expect("a client")
}

/// The builder of such a client, for more options.
pub(crate) fn http_with() -> ClientBuilder {
    Client::builder().read_timeout(SILENCE)
}
