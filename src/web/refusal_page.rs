//! The page for a browser that opens a page and is refused: a small page instead of JSON. It needs no file of the
//! client, because such a browser gets none.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;

use super::html::escaped;
use headway_model::ApiError;

/// Whether a browser opens this address as a page. Calls of the API keep their form.
pub(super) fn is_opened(request: &Request) -> bool {
    let path = request.uri().path();
    let is_page =
        !["/api", "/metrics", "/pkg"].iter().any(|part| path == *part || path.starts_with(&format!("{part}/")));
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    is_page && request.method() == Method::GET && accepts.contains("text/html")
}

/// A refusal as a page.
pub(super) fn as_page(response: Response, error: &ApiError) -> Response {
    let body = page(error);
    let (mut head, _) = response.into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(head, Body::from(body))
}

fn page(error: &ApiError) -> String {
    let why = escaped(&error.to_string());
    let (title, more) = match error {
        ApiError::NoLogin { .. } => (
            "You are not logged in to Headway",
            "<p>Headway logs a browser in by a link that ends in <code>/login?token=…</code>. \
             <code>headway serve</code> prints it when it starts. Open that link once in this browser; \
             then this page opens too. If somebody else runs Headway, ask them for the link.</p>",
        ),
        _ => ("Headway did not open this page", ""),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title></head><body><main><h1>{title}</h1>{more}<p>The server says: {why}.</p></main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_caller_is_escaped() {
        let message = "the host name \"<script>'&\"".to_owned();
        let page = page(&ApiError::Foreign { message });
        assert!(page.contains("&quot;&lt;script&gt;&#39;&amp;&quot;") && !page.contains("<script"), "{page}");
    }

    #[test]
    fn only_a_browser_that_opens_a_page_gets_a_page() {
        let opened = |method: &str, path: &str, accept: &str| {
            let request = Request::builder().method(method).uri(path).header(header::ACCEPT, accept);
            is_opened(&request.body(Body::empty()).expect("a request"))
        };
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        assert!(opened("GET", "/", browser) && opened("GET", "/jobs/x", browser) && opened("GET", "/login", browser));
        assert!(!opened("GET", "/", "*/*") && !opened("POST", "/", browser));
        for path in ["/api/jobs", "/api/v1/jobs", "/api", "/metrics", "/pkg/headway.js"] {
            assert!(!opened("GET", path, browser), "{path}");
        }
    }
}
