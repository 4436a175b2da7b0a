//! The store in PostgreSQL against a real server, which `server.rs` starts.

mod answers;
mod batches;
mod contract;
mod crash;
mod reconnect;
mod refusals;
mod rows;
mod server;
mod writers;
