//! What a page reads when it opens. The server reads it first and sends it with the page, so the browser only reads it
//! again once something has changed.

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;

use headway_model::read::{FromJson, NotRead, read};

/// What a page has read.
pub(super) type Loaded<T> = Resource<T, SentWithPage>;

/// Reads by `fetch`, and again each time when `source` changes.
pub(super) fn load<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Send + Sync + 'static,
) -> Loaded<T>
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: Serialize + FromJson + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, fetch, false)
}

/// JSON inside the page.
pub(super) struct SentWithPage;

impl<T: Serialize> Encoder<T> for SentWithPage {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        serde_json::to_string(value)
    }
}

impl<T: FromJson> Decoder<T> for SentWithPage {
    type Error = NotRead;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, NotRead> {
        read(text)
    }
}
