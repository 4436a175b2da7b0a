//! Headway runs one recipe over many files and shows a status that can be trusted.

pub mod model;
#[cfg(feature = "ssr")]
pub mod server;
pub mod api;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod web;
#[cfg(feature = "ssr")]
pub mod cli;
