//! How the pages' calls are made: in JSON, and each with a deadline.

use gloo_net::http::Method;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::{Encoding, FromReq, IntoRes};
use leptos::server_fn::error::FromServerFnError;
use leptos::server_fn::request::ClientReq;
use leptos::server_fn::response::ClientRes;
use leptos::server_fn::server::Server;
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Http, Protocol};
use serde::Serialize;

use super::waiting::{AnswerPart, GivenUp, in_time};
use headway_model::ApiError;
use headway_model::error::{JsonAnswers, JsonArguments, JsonCalls, JsonText};
use headway_model::read::FromJson;

type JsonHttp = Http<JsonCalls, JsonAnswers>;

/// A call; whether it only reads. A call that only reads is made again if it was given up because the stream is live
/// again. For any other call, it is then not known whether the server received it.
pub(crate) struct CallProtocol<const READS: bool>;

/// A call that only reads.
pub(crate) type Reads = CallProtocol<true>;
/// A call that changes something.
pub(crate) type Acts = CallProtocol<false>;

impl<I, O, C, S, const READS: bool> Protocol<I, O, C, S, ApiError> for CallProtocol<READS>
where
    I: FromReq<JsonCalls, S::Request, ApiError> + Serialize + Send,
    O: IntoRes<JsonAnswers, S::Response, ApiError> + FromJson + Send,
    C: Client<ApiError>,
    S: Server<ApiError>,
{
    const METHOD: Method = JsonCalls::METHOD;

    async fn run_server<F, Fut>(request: S::Request, server_fn: F) -> Result<S::Response, ApiError>
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, ApiError>> + Send,
    {
        <JsonHttp as Protocol<I, O, C, S, ApiError>>::run_server(request, server_fn).await
    }

    async fn run_client(path: &str, input: I) -> Result<O, ApiError> {
        let input =
            JsonArguments::encode(&input).map_err(|error| ApiError::Malformed { message: error.to_string() })?;
        JsonText::decode(call::<C>(path, input, READS).await?).map_err(|_| unanswered(READS))
    }
}

/// The body of the answer to a call with this body. It is not generic over what is asked and answered, because the browser's
/// program would then hold a copy for each call.
async fn call<C: Client<ApiError>>(path: &str, input: Bytes, reads: bool) -> Result<Bytes, ApiError> {
    loop {
        let json = JsonText::CONTENT_TYPE;
        let request = C::Request::try_new_post_bytes(path, json, json, input.clone())?;
        match answer::<C>(request).await {
            Err(GivenUp::Outlived) if reads => (),
            Ok(Err(ApiError::Unreachable { .. })) | Err(_) => return Err(unanswered(reads)),
            Ok(answered) => return answered,
        }
    }
}

/// The body of an answer, or the error in it.
async fn answer<C: Client<ApiError>>(request: C::Request) -> Result<Result<Bytes, ApiError>, GivenUp> {
    let response = match in_time(AnswerPart::Begin, C::send(request)).await? {
        Ok(response) => response,
        Err(error) => return Ok(Err(error)),
    };
    let is_error = (400..=599).contains(&response.status());
    let body = in_time(AnswerPart::Rest, response.try_into_bytes()).await?;
    Ok(body.and_then(|body| if is_error { Err(ApiError::de(body)) } else { Ok(body) }))
}

fn unanswered(reads: bool) -> ApiError {
    let what = if reads { "" } else { ", so it is not known whether it heard this" };
    ApiError::Unreachable { message: format!("the server did not answer{what}") }
}
