//! What the tests share.

mod app;
mod files;
mod http;
mod mount;
mod process;
mod raw;
mod recipe;
mod schema;
mod sse;
mod wait;

pub(crate) use app::{App, request};
pub(crate) use files::{Files, set_modified};
pub(crate) use http::{http, http_with};
pub(crate) use mount::{Mount, Storage};
pub(crate) use process::{Headway, is_kill, make_site, refused_to_serve};
pub(crate) use raw::{Raw, Wire, status};
pub(crate) use recipe::{Behaviour, Capitals, TestRecipe};
pub(crate) use schema::judged;
pub(crate) use sse::{Event, Stream, follow_at, follow_by_calls, follow_to_end, kinds, payloads};
pub(crate) use wait::{eventually, eventually_or, repetitions};

use headway_model::JobId;

/// A new job id, as any client mints it.
pub(crate) fn mint() -> JobId {
    let random = *uuid::Uuid::new_v4().as_bytes();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random[..10]);
    JobId::mint(headway_server::now(), bytes)
}
