//! Jobs inside another Leptos app: [`provide_headway`] once, then [`use_job`], [`use_start`] and [`JobProgress`] anywhere.
//!
//! The server of the app mounts Headway's router below a path, as `examples/leptos` does. The root of the app says which path that
//! is. From then on three lines follow any job, with the same receiver as Headway's own pages:
//!
//! ```
//! use headway::leptos::{JobProgress, provide_headway, use_job};
//! use headway::model::JobId;
//! use leptos::prelude::*;
//!
//! #[component]
//! fn App(job: JobId) -> impl IntoView {
//!     provide_headway("/headway").expect("a base path");
//!     view! { <Watch job /> <JobProgress job /> }
//! }
//!
//! #[component]
//! fn Watch(job: JobId) -> impl IntoView {
//!     let job = use_job(job);
//!     let done = move || job.counters.get().map(|counters| format!("{} of {}", counters.done(), counters.total));
//!     view! { <p>{done} ", the link is " {move || job.link.get().to_string()}</p> }
//! }
//! # let job = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
//! # let owner = Owner::new();
//! # let html = owner.with(|| view! { <App job /> }.to_html());
//! # assert!(html.contains("connecting") && html.contains("not known yet"), "{html}");
//! ```
//!
//! On a server nothing is followed or started: a page is rendered without any knowledge of jobs, and shows that.
//!
//! # A job whose first event is missed
//!
//! A page that asks the server to start a job, and listens once it has the answer, misses the events in between. A
//! quick job can even be over by then. Here that order cannot be written, because nothing starts a job without
//! following it first: [`UseStart::start`] mints the id, sets the signal of the active job and opens the stream, and
//! only then calls the server. It does not wait for the answer.
//!
//! ```
//! # use headway::leptos::{use_job, use_start};
//! # use headway::model::StartJob;
//! # async fn on_click(request: StartJob) {
//! let start = use_start();
//! let id = start.start(request);
//! # }
//! ```
//!
//! There is no start that answers later, after which a page could begin to listen:
//!
//! ```compile_fail,E0277
//! # use headway::leptos::{use_job, use_start};
//! # use headway::model::StartJob;
//! # async fn on_click(request: StartJob) {
//! let start = use_start();
//! let id = start.start(request).await;
//! # }
//! ```
//!
//! Nor can a page make the call itself, because the call is private:
//!
//! ```compile_fail,E0603
//! # use headway::model::{JobId, StartJob};
//! # async fn on_click(id: JobId, request: StartJob) {
//! let job = headway::api::start_job(id, request).await;
//! # }
//! ```
//!
//! And the order of the two hooks does not matter. A job that is followed late is the same job: the server sends its state and all
//! later events, and [`UseJob::proof`] says from which event on the page has seen it.
//!
//! # What it costs
//!
//! All tabs and all hooks share one stream. A stream follows [`JOBS_LIMIT`](crate::model::follow::JOBS_LIMIT) jobs that are not over;
//! of older ones only the state is shown ([`UseJob::phase`] is `None`). The steps of followed jobs are written to the browser's console.

#![expect(unreachable_pub, reason = "the component macro makes public props")]

pub(crate) mod bar;
mod failures;
mod progress;
mod provide;
mod use_job;
mod use_start;

pub use crate::base::InvalidBase;
pub use failures::FailureCauses;
pub use progress::{JOB_PROGRESS_STYLE, JobProgress};
pub use provide::provide_headway;
pub use use_job::{UseJob, use_job};
pub use use_start::{NoStart, UseStart, use_start};
