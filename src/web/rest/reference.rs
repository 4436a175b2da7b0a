//! The OpenAPI document as a page for people: every call with a command to try it, its parameters and its result.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use super::openapi::DOCUMENT;
use crate::base::Base;
use crate::web::html::escaped;

const STYLE: &str = include_str!("reference.css");

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

pub(super) async fn reference(State(base): State<Base>) -> Response {
    let policy = "default-src 'none'; style-src 'self'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page(&DOCUMENT, &base.to("/api/v1")))).into_response()
}

/// The page. `root` is the address of the API.
fn page(document: &Value, root: &str) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>The API of Headway</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"{root}/docs.css\"></head><body><main>\
         <h1>The API of Headway</h1><p>{}</p><p>For programs: <a href=\"{root}/openapi.json\">openapi.json</a> (OpenAPI 3.1). \
         Every refusal is a <a href=\"#Problem\">Problem</a>.</p><h2>Calls</h2>",
        text(&document["info"]["description"])
    );
    for (path, operations) in members(&document["paths"]) {
        for (method, operation) in members(operations) {
            call(&mut html, root, path, method, operation);
        }
    }
    html.push_str("<h2>What they take and return</h2>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        _ = write!(html, "<article id=\"{name}\"><h3>{name}</h3><p>{}</p>", text(&schema["description"]));
        rows(&mut html, schema);
        html.push_str("</article>");
    }
    html.push_str("</main></body></html>");
    html
}

fn call(html: &mut String, root: &str, path: &str, method: &str, operation: &Value) {
    let method = method.to_uppercase();
    let id = text(&operation["operationId"]);
    _ = write!(
        html,
        "<article id=\"{id}\"><h3><code>{method} {path}</code></h3><p>{}</p>",
        text(&operation["summary"])
    );
    let content = |place: &Value| kind(&place["content"]["application/json"]["schema"]);
    let (body, answer) = (&operation["requestBody"], &operation["responses"]["200"]);
    let takes = if body.is_null() { String::new() } else { format!("takes {}, ", content(body)) };
    let answer =
        if answer["content"]["application/json"].is_null() { "a status or a file".into() } else { content(answer) };
    _ = write!(html, "<p><small>{takes}returns {answer}</small></p>");
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let row = |parameter: &Value| {
        let about = [&parameter["description"], &parameter["schema"]["description"]].map(text);
        format!(
            "<tr><td><code>{}</code> <small>{}</small></td><td>{}</td></tr>",
            text(&parameter["name"]),
            kind(&parameter["schema"]),
            about.concat()
        )
    };
    let rows: String = parameters.map(row).collect();
    if !rows.is_empty() {
        _ = write!(html, "<table>{rows}</table>");
    }
    let json = if body.is_null() { "" } else { " -H 'Content-Type: application/json' -d @request.json" };
    let method = if method == "GET" { String::new() } else { format!(" -X {method}") };
    _ = write!(html, "<pre>curl{method}{json} \"$HEADWAY{root}{path}\"</pre></article>");
}

/// The members of an object, in all of its forms, as table rows.
fn rows(html: &mut String, schema: &Value) {
    let forms = schema["oneOf"].as_array().into_iter().chain(schema["anyOf"].as_array()).flatten();
    let mut rows = String::new();
    for form in std::iter::once(schema).chain(forms) {
        for (name, member) in members(&form["properties"]) {
            let (kind, about) = (kind(member), text(&member["description"]));
            _ = write!(rows, "<tr><td><code>{name}</code> <small>{kind}</small></td><td>{about}</td></tr>");
        }
        if let Some(word) = form["const"].as_str() {
            _ = write!(rows, "<tr><td><code>{word}</code></td><td>{}</td></tr>", text(&form["description"]));
        }
    }
    if rows.is_empty() {
        _ = write!(html, "<p><small>{}</small></p>", kind(schema));
    } else {
        _ = write!(html, "<table>{rows}</table>");
    }
}

/// A schema in a few words, with a link if it has a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("<code>{word}</code>");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str).map(|word| format!("<code>{word}</code>"));
        return words.collect::<Vec<_>>().join(", ");
    }
    if let Some(forms) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return forms.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(word) if word == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".into(),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A text of the document, escaped for HTML, with its code marked as code.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let safe = escaped(text);
    let mut html = String::new();
    for (at, part) in safe.split('`').enumerate() {
        html.push_str(["", "<code>"][at % 2]);
        html.push_str(part);
        html.push_str(["", "</code>"][at % 2]);
    }
    html
}
