//! Calls a Headway server, over TCP or through its Unix socket, and follows its jobs.
//!
//! The receiving side is [`headway_model::follow`], the same machine as in the browser: it follows a job from its first
//! event, heals gaps, proves the end by a digest, and reopens a broken link.
//!
//! ```no_run
//! # use headway_client::{Address, Client};
//! # use headway_model::{Query, StartJob};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(&"http://127.0.0.1:3000".parse::<Address>()?, None)?;
//! let request = StartJob::new("photos", "checksum", Query::Folder(Default::default()));
//! let cursor = client.cursor().await?;
//! let job = headway_client::mint();
//! // The job is younger than the cursor, so all its events arrive, even if it is over before the stream opens.
//! let mut follower = client.follow(Some(cursor), &[job]);
//! client.start(job, &request).await?;
//! let end = follower.end(job).await?;
//! println!("{}: {}", end.title, end.status.text());
//! # Ok(())
//! # }
//! ```

mod address;
mod call;
mod client;
mod error;
mod follower;
mod sse;

pub use address::{Address, InvalidAddress};
pub use client::Client;
pub use error::ClientError;
pub use follower::{Follower, News};

use std::time::{SystemTime, UNIX_EPOCH};

use headway_model::{JobId, Millis};

/// A new job id.
pub fn mint() -> JobId {
    let mut random = [0; 10];
    random.copy_from_slice(&uuid::Uuid::new_v4().as_bytes()[..10]);
    JobId::mint(now(), random)
}

/// Milliseconds since 1970.
fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_millis() as Millis)
}
