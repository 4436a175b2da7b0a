//! The client embedded in the program: each file uncompressed and in each compressed form, in a folder whose name
//! changes with their content, so that a browser that has it never needs to ask again.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::ui::ClientFiles;
use headway_model::Digest;

#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$HEADWAY_EMBED"]
struct Site;

/// The content of a file of the built client.
#[cfg(feature = "embed")]
fn content(path: &str) -> Option<Cow<'static, [u8]>> {
    Site::get(path).map(|file| file.data)
}

#[cfg(not(feature = "embed"))]
fn content(_: &str) -> Option<Cow<'static, [u8]>> {
    None
}

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// The client's files and their types, in the order of [`ClientFiles`].
const CLIENT: [(&str, &str); 5] = [
    ("headway.css", "text/css; charset=utf-8"),
    ("headway.js", "text/javascript; charset=utf-8"),
    ("headway_bg.wasm", "application/wasm"),
    ("headway_later.js", "text/javascript; charset=utf-8"),
    ("split_jobs.wasm", "application/wasm"),
];

/// The hash of all files of a client.
pub(super) fn digest<E>(read: impl Fn(&str) -> Result<Cow<'static, [u8]>, E>) -> Result<Digest, E> {
    let all = CLIENT.iter().map(|(name, _)| Ok(Digest::of(&read(&format!("pkg/{name}"))?).to_string()));
    Ok(Digest::of(all.collect::<Result<String, E>>()?.as_bytes()))
}

/// The client's files by path.
pub(super) struct Embedded {
    files: HashMap<String, EmbeddedFile>,
    pub(super) client: ClientFiles,
    pub(super) digest: Digest,
}

struct EmbeddedFile {
    kind: HeaderValue,
    etag: String,
    caching: HeaderValue,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Embedded {
    pub(super) fn load() -> Option<Self> {
        let mut files = HashMap::new();
        // One folder for all, named after all of it, because the files of the client find each other by their names.
        let all = digest(|path| content(path).ok_or(())).ok()?;
        let mut add = |path: String, kind: &'static str, hashed: bool| {
            let plain = bytes(content(&path)?);
            let hash = Digest::of(&plain).to_string();
            let url = if hashed { path.replacen("pkg/", &format!("/pkg/{all}/"), 1) } else { format!("/{path}") };
            let file = EmbeddedFile {
                kind: HeaderValue::from_static(kind),
                etag: format!("\"{hash}\""),
                caching: if hashed { FOREVER } else { ASK },
                plain,
                brotli: content(&format!("{path}.br")).map(bytes),
                gzip: content(&format!("{path}.gz")).map(bytes),
            };
            files.insert(url.clone(), file);
            Some(url)
        };
        add("favicon.svg".into(), "image/svg+xml", false)?;
        add("manifest.webmanifest".into(), "application/manifest+json", false)?;
        let mut client = CLIENT.iter().map(|(name, kind)| add(format!("pkg/{name}"), kind, true));
        let mut next = || client.next().flatten();
        let client =
            ClientFiles { style: next()?, script: next()?, wasm: next()?, later_script: next()?, later: next()? };
        Some(Embedded { files, client, digest: all })
    }

    /// The response for a path, if there is such a file.
    pub(super) fn get(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        let file = self.files.get(path)?;
        if method != Method::GET && method != Method::HEAD {
            return Some((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response());
        }
        let (coding, body) = file.coded(headers);
        // Each compressed form needs its own entity tag.
        let etag = match coding {
            Some(coding) => format!("{}-{coding}\"", file.etag.trim_end_matches('"')),
            None => file.etag.clone(),
        };
        let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let mut response = match known.is_some_and(|known| known.split(',').any(|known| known.trim() == etag)) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(body).into_response(),
        };
        let set = response.headers_mut();
        set.insert(header::CONTENT_TYPE, file.kind.clone());
        set.insert(header::CACHE_CONTROL, file.caching.clone());
        set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            set.insert(header::ETAG, etag);
        }
        if let Some(coding) = coding {
            set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        Some(response)
    }
}

impl EmbeddedFile {
    /// The smallest form that the caller accepts.
    fn coded(&self, headers: &HeaderMap) -> (Option<&'static str>, Bytes) {
        let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        for (coding, bytes) in [("br", &self.brotli), ("gzip", &self.gzip)] {
            if let Some(bytes) = bytes.as_ref().filter(|_| takes(accepts, coding)) {
                return (Some(coding), bytes.clone());
            }
        }
        (None, self.plain.clone())
    }
}

/// Whether an `Accept-Encoding` names a coding with a weight other than 0 (RFC 9110, 12.5.3).
fn takes(accepts: &str, coding: &str) -> bool {
    accepts.split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q == 0.0);
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

fn bytes(content: Cow<'static, [u8]>) -> Bytes {
    match content {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_taken_if_it_is_named_and_not_refused() {
        assert!(takes("gzip, deflate, br", "br") && takes("BR;q=0.5", "br"));
        assert!(!takes("gzip, br;q=0", "br") && !takes("", "br") && !takes("brotli", "br"));
    }
}
