//! The calls of a page of another app: those of `api`, each at its address below the base path.

use leptos::server_fn::{Protocol, ServerFn};

use crate::api::{CancelJob, CausesCall, Job, StartCall};
use crate::base::to;
use headway_model::causes::Causes;
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId, StartJob};

/// Makes a call.
async fn made<F: ServerFn>(call: F) -> Result<F::Output, F::Error> {
    F::Protocol::run_client(&to(F::PATH), call).await
}

pub(crate) async fn start_job(id: JobId, request: StartJob) -> Result<JobView, ApiError> {
    made(StartCall { id, request }).await
}

pub(crate) async fn cancel_job(id: JobId) -> Result<JobView, ApiError> {
    made(CancelJob { id }).await
}

pub(crate) async fn job(id: JobId) -> Result<JobView, ApiError> {
    made(Job { id }).await
}

pub(crate) async fn causes(id: JobId) -> Result<Causes, ApiError> {
    made(CausesCall { id }).await
}
