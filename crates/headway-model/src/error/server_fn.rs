//! Makes [`ApiError`] the error type of server functions, sent as JSON.

use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use super::ApiError;

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                ApiError::Unreachable { message: "the server did not answer".into() }
            }
            other => ApiError::Malformed { message: other.to_string() },
        }
    }
}
