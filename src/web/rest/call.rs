//! A call, with everything that a program must know to make it. The routes and the OpenAPI document are made from the
//! same list.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};

use super::super::App;

/// Makes the schema of one type.
type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a call returns when it succeeds.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    /// JSON with this schema.
    Json(SchemaOf),
    /// A body of this media type.
    Body(&'static str),
    /// A status alone.
    Nothing(u16),
}

/// One call of the API.
pub(super) struct ApiCall {
    /// Its path below `/api/v1`.
    pub(super) path: &'static str,
    /// Its method.
    pub(super) method: Method,
    /// What it does, in one sentence.
    pub(super) summary: &'static str,
    /// Its parameters in the query.
    pub(super) query: Option<SchemaOf>,
    /// Its body, which is JSON.
    pub(super) body: Option<SchemaOf>,
    /// What it returns.
    pub(super) success: Answers,
    /// Whether it returns 201 if it has created something, and 200 if that already existed.
    pub(super) creates: bool,
    /// Whether it exists only below `/api/v1`, and not directly below `/api` as older calls do.
    pub(super) is_new: bool,
    /// Its handler.
    pub(super) handler: MethodRouter<App>,
}

impl ApiCall {
    fn new<H: Handler<T, App>, T: 'static>(
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        handler: H,
        summary: &'static str,
    ) -> Self {
        let handler = on(filter, handler);
        let (query, body, success) = (None, None, Answers::Nothing(204));
        ApiCall { path, method, summary, query, body, success, creates: false, is_new: false, handler }
    }

    pub(super) fn get<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H, summary: &'static str) -> Self {
        ApiCall::new((Method::GET, MethodFilter::GET), path, handler, summary)
    }

    pub(super) fn put<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H, summary: &'static str) -> Self {
        ApiCall::new((Method::PUT, MethodFilter::PUT), path, handler, summary)
    }

    pub(super) fn post<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H, summary: &'static str) -> Self {
        ApiCall::new((Method::POST, MethodFilter::POST), path, handler, summary)
    }

    pub(super) fn patch<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H, summary: &'static str) -> Self {
        ApiCall::new((Method::PATCH, MethodFilter::PATCH), path, handler, summary)
    }

    pub(super) fn delete<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        handler: H,
        summary: &'static str,
    ) -> Self {
        ApiCall::new((Method::DELETE, MethodFilter::DELETE), path, handler, summary)
    }

    /// Takes these parameters in its query.
    pub(super) fn query<T: JsonSchema>(self) -> Self {
        ApiCall { query: Some(T::json_schema), ..self }
    }

    /// Takes this body.
    pub(super) fn body<T: JsonSchema>(self) -> Self {
        ApiCall { body: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// Answers with JSON.
    pub(super) fn json<T: JsonSchema>(self) -> Self {
        ApiCall { success: Answers::Json(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// Answers with a body of this media type.
    pub(super) fn answers(self, media_type: &'static str) -> Self {
        ApiCall { success: Answers::Body(media_type), ..self }
    }

    /// Answers with this status alone.
    pub(super) fn status(self, status: u16) -> Self {
        ApiCall { success: Answers::Nothing(status), ..self }
    }

    /// Returns 201 if it has created something.
    pub(super) fn creates(self) -> Self {
        ApiCall { creates: true, ..self }
    }

    /// Exists only below `/api/v1`.
    pub(super) fn new_in_v1(self) -> Self {
        ApiCall { is_new: true, ..self }
    }
}
