//! How the page and the server call each other: in JSON, with [`ApiError`] as the error.

use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

use super::ApiError;
use crate::read::{NotRead, read};

/// JSON in both directions.
pub type JsonCalls = Post<JsonText>;

/// JSON that is written by `serde_json`, and read by [`read`].
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = NotRead;

    fn decode(bytes: Bytes) -> Result<T, NotRead> {
        read(std::str::from_utf8(&bytes).map_err(<NotRead as serde::de::Error>::custom)?)
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
