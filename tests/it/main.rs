//! Tests across real boundaries: SQLite, HTTP, processes, files.

mod helper;

mod access;
mod api;
#[cfg(feature = "embed")]
mod assets;
mod base_path;
mod calls;
mod cli;
mod command;
mod connections;
mod cursors;
mod doctor;
mod done;
mod durability;
mod embed;
mod engine;
mod faults;
mod golden;
mod guard;
mod judge;
mod library;
mod lifecycle;
mod links;
mod manifest;
mod mounts;
mod own_names;
mod pages;
mod place;
mod poison;
mod power;
mod private;
mod recipes;
mod repository;
mod retention;
mod scale;
mod scripts;
mod settings;
mod side_by_side;
mod store;
mod strangers;
mod streams;
mod template;
mod torture;
mod trade;
mod verify;
