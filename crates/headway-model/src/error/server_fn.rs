//! How the page and the server call each other: in JSON, with [`ApiError`] as the error.

use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

use super::ApiError;
use crate::read::{FromJson, NotRead, read};

/// The request: written by the page, and read by the server.
pub type JsonCalls = Post<JsonArguments>;

/// The response: written by the server, and read by the page.
pub type JsonAnswers = Post<JsonText>;

/// JSON that is written and read by `serde_json`.
pub struct JsonArguments;

/// JSON that is written by `serde_json`, and read by [`read`].
pub struct JsonText;

impl ContentType for JsonArguments {
    const CONTENT_TYPE: &'static str = JsonText::CONTENT_TYPE;
}

impl FormatType for JsonArguments {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonArguments {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonArguments {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&bytes)
    }
}

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, serde_json::Error> {
        JsonArguments::encode(output)
    }
}

impl<T: FromJson> Decodes<T> for JsonText {
    type Error = NotRead;

    fn decode(bytes: Bytes) -> Result<T, NotRead> {
        read(std::str::from_utf8(&bytes).map_err(|error| NotRead::new(&error))?)
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                ApiError::Unreachable { message: "the server did not answer".into() }
            }
            other => ApiError::Malformed { message: other.to_string() },
        }
    }
}
