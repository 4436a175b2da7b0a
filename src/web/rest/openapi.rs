//! The OpenAPI 3.1 document of the API, made from the list of calls and the types that they take and return.
//! The format: <https://spec.openapis.org/oas/v3.1.1.html>.

use std::sync::LazyLock;

use axum::Json;
use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::call::{Answers, ApiCall};
use super::calls;
use headway_model::problem::Problem;

const SCHEMAS: &str = "#/components/schemas/";

pub(super) async fn openapi() -> Json<Value> {
    Json(DOCUMENT.clone())
}

/// The document. It is the same for every caller, so it is made once.
pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

fn document() -> Value {
    let (mut taken, mut returned) = (generator(Contract::Deserialize), generator(Contract::Serialize));
    let mut paths = Map::new();
    for call in calls() {
        let operation = operation(&call, &mut taken, &mut returned);
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        path[call.method.as_str().to_lowercase()] = operation;
    }
    returned.subschema_for::<Problem>();
    let mut schemas = returned.take_definitions(true);
    let mut document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Headway",
            "version": "1",
            "description": "Runs a recipe over many files, and shows a status that can be trusted. You mint the id of a job (a UUID of \
                version 7), so that the same call can be made again: it starts nothing twice.",
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{}, { "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "One of the server's tokens, if it has any: that of `--token-file`, or that of `--read-token-file`, with which only calls by GET succeed.",
            } },
        },
    });
    add_taken(&mut document, &mut schemas, taken.take_definitions(true));
    document["components"]["schemas"] = schemas.into();
    document
}

fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.contract = contract;
    });
    settings.into_generator()
}

fn operation(call: &ApiCall, taken: &mut SchemaGenerator, returned: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<_> = call.path.split('/').filter_map(in_path).collect();
    parameters.extend(call.query.into_iter().flat_map(|query| in_query(query(taken).to_value())));
    let mut answers = Map::new();
    let success = match call.success {
        Answers::Json(schema) => json!({ "content": { "application/json": { "schema": schema(returned) } } }),
        Answers::Body(media_type) => json!({ "content": { media_type: {} } }),
        Answers::Nothing(_) => json!({}),
    };
    let with = |text: &str| {
        let mut answer = success.clone();
        answer["description"] = text.into();
        answer
    };
    match call.success {
        Answers::Nothing(status) => _ = answers.insert(status.to_string(), with("Accepted.")),
        _ => _ = answers.insert("200".into(), with(if call.creates { "Already existed." } else { "The answer." })),
    }
    if call.creates {
        answers.insert("201".into(), with("Created."));
    }
    if call.method == "GET" && matches!(call.success, Answers::Json(_)) {
        answers.insert("304".into(), json!({ "description": "The same as at the entity tag in `If-None-Match`." }));
    }
    let problem = json!({ "application/problem+json": { "schema": { "$ref": format!("{SCHEMAS}Problem") } } });
    answers.insert("default".into(), json!({ "description": "Error.", "content": problem }));
    let mut operation = json!({
        "operationId": operation_id(call),
        "summary": call.summary,
        "parameters": parameters,
        "responses": answers,
    });
    if let Some(body) = call.body {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": mark_taken(body(taken).to_value()) } } });
    }
    operation
}

/// `GET /jobs/{id}/items` is `get_jobs_id_items`.
fn operation_id(call: &ApiCall) -> String {
    let words = call.path.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let method = call.method.as_str().to_lowercase();
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("_")
}

/// A part of a path that stands for a value.
fn in_path(part: &str) -> Option<Value> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    let (schema, text) = match name {
        "id" => (job_id(), "The job's id."),
        "new" => (job_id(), "The id of the new job, which you mint."),
        "item" => (json!({ "type": "integer", "minimum": 0 }), "The item's index in the plan."),
        "count" => (json!({ "type": "integer", "minimum": 1, "maximum": 1_024 }), "How many."),
        "preset" => (json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" }), "The preset's name."),
        _ => (json!({ "type": "string" }), "The name."),
    };
    Some(json!({ "name": name, "in": "path", "required": true, "schema": schema, "description": text }))
}

fn job_id() -> Value {
    json!({ "$ref": format!("{SCHEMAS}JobId") })
}

/// The members of a query, each as a parameter.
fn in_query(schema: Value) -> Vec<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, schema): (String, Value)| {
        let required = required.contains(&json!(name));
        json!({ "name": name, "in": "query", "required": required, "schema": mark_taken(schema) })
    };
    members.into_iter().map(parameter).collect()
}

/// The suffix for the schema of a type in a request, where it differs from that in a response: a field with a default is
/// optional in requests and present in responses.
const TAKEN: &str = "Request";

/// Points each reference in a schema at the schema for requests.
fn mark_taken(mut schema: Value) -> Value {
    each_reference(&mut schema, &mut |reference| reference.push_str(TAKEN));
    schema
}

/// Adds the schemas for requests: under its plain name if responses have the same, otherwise under a name with the suffix.
fn add_taken(document: &mut Value, schemas: &mut Map<String, Value>, taken: Map<String, Value>) {
    // Two equal schemas can still differ in the schemas that they refer to, so only schemas without references are
    // shared.
    let is_plain = |name: &str, schema: &Value| match schemas.get(name) {
        None => true,
        Some(returned) => returned == schema && !schema.to_string().contains(SCHEMAS),
    };
    let plain: Vec<_> =
        taken.iter().filter(|(name, schema)| is_plain(name, schema)).map(|(name, _)| name.clone()).collect();
    let mut settle = |reference: &mut String| {
        let is_plain = |name: &&str| plain.iter().any(|plain| name.strip_prefix(SCHEMAS) == Some(plain));
        if let Some(name) = reference.strip_suffix(TAKEN).filter(is_plain) {
            *reference = name.to_owned();
        }
    };
    for (name, schema) in taken {
        let mut schema = mark_taken(schema);
        each_reference(&mut schema, &mut settle);
        let name = if plain.contains(&name) { name } else { format!("{name}{TAKEN}") };
        schemas.insert(name, schema);
    }
    each_reference(document, &mut settle);
}

fn each_reference(value: &mut Value, change: &mut dyn FnMut(&mut String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" && reference.starts_with(SCHEMAS) => change(reference),
                    other => each_reference(other, change),
                }
            }
        }
        Value::Array(members) => members.iter_mut().for_each(|member| each_reference(member, change)),
        _ => {}
    }
}
