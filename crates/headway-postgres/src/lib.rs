//! The log in a PostgreSQL database: the contract of [`Store`](headway_store::Store), kept by the lock of one row.
//!
//! Every commit moves the head of the log in one row and holds that row until it ends, so commits become visible in the
//! order of their positions. The connection that writes holds a lock of the database, so a second writer is refused. Each
//! writer also has a number in that row: whoever has lost the lock without noticing it changes nothing.

mod absence;
mod address;
mod check;
mod error;
mod holder;
mod lock;
mod mend;
mod migrate;
mod pass_file;
mod read;
mod readers;
mod session;
mod settings;
mod standby;
mod store;
mod sweep;
mod values;
mod write;
mod writer;

pub use holder::{LogHolder, WriterName};
pub use standby::StandbyState;
pub use store::PostgresStore;
