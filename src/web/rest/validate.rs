//! Validates a value in a request against a schema. Everything that is wrong is told at once: each refusal names the field, and says
//! what is expected there.
//! Serde would use its own words, and would read a list as an object's fields in the order of their declaration, which
//! would make that order a part of the API.

use serde_json::Value;

use super::place::RequestPlace;
use headway_model::{ApiError, SortedMap};

/// The most that one refusal tells: a list can have thousands of wrong members.
pub(super) const TOLD: usize = 100;

/// A value in a request that the schema does not allow.
#[derive(Debug)]
pub(super) struct SchemaViolation {
    /// Where it is.
    pub(super) at: RequestPlace,
    /// What is wrong, in a sentence that begins with the place.
    pub(super) why: String,
}

impl SchemaViolation {
    /// `why` continues the sentence that begins with the place.
    pub(super) fn new(at: &RequestPlace, why: &str) -> Self {
        SchemaViolation { why: format!("{at}{why}"), at: at.clone() }
    }
}

/// The refusal of a request in which all of this is wrong.
pub(super) fn refused(wrong: Vec<SchemaViolation>) -> ApiError {
    let (mut reasons, mut places) = (Vec::new(), SortedMap::new());
    for SchemaViolation { at, why } in wrong {
        if let Some(pointer) = at.pointer() {
            places.insert(why.clone(), pointer);
        }
        reasons.push(why);
    }
    ApiError::Invalid { reasons, settings: SortedMap::new(), places }
}

/// A schema, with the one that has its definitions.
pub(super) struct SchemaValidator<'a> {
    /// The schema that contains the targets of references.
    root: &'a Value,
    schema: &'a Value,
}

impl<'a> SchemaValidator<'a> {
    /// A validator for a whole schema with its definitions.
    pub(super) fn of(root: &'a Value) -> Self {
        SchemaValidator { root, schema: root }
    }

    /// A validator for a part of a schema.
    pub(super) fn within(root: &'a Value, schema: &'a Value) -> Self {
        SchemaValidator { root, schema }
    }

    /// Converts a text to the type that the schema expects, for places where only texts can be given.
    pub(super) fn of_text(&self, text: String) -> Value {
        let leaves = self.leaves(self.schema);
        let takes = |kind: &str| leaves.iter().any(|leaf| types(leaf).contains(&kind));
        // This is more lenient than JSON, where a number cannot begin with zeros.
        if takes("integer")
            && let Some(number) =
                text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from)).ok()
        {
            return number;
        }
        let read = serde_json::from_str(&text).ok().filter(|value: &Value| match value {
            Value::Number(_) => takes("integer") || takes("number"),
            Value::Bool(_) => takes("boolean"),
            _ => false,
        });
        read.unwrap_or(Value::String(text))
    }

    /// Everything that is wrong with a value, up to [`TOLD`]. Each names its field.
    pub(super) fn check(&self, value: &Value, at: &RequestPlace) -> Vec<SchemaViolation> {
        let mut wrong = self.checked(self.schema, value, at);
        wrong.truncate(TOLD);
        wrong
    }

    fn checked(&self, schema: &'a Value, value: &Value, at: &RequestPlace) -> Vec<SchemaViolation> {
        let leaves = self.leaves(schema);
        let fitting: Vec<_> = leaves.iter().copied().filter(|leaf| takes(leaf, value)).collect();
        if fitting.is_empty() {
            return vec![SchemaViolation::new(at, &format!(" must be {}", expected(&leaves)))];
        }
        match value {
            Value::Array(members) => {
                let of = |leaf: &&'a Value| leaf.get("items");
                let wrong = members.iter().enumerate().flat_map(|(number, member)| {
                    self.by_one_of(fitting.iter().filter_map(of), member, &at.member(number))
                });
                wrong.take(TOLD).collect()
            }
            Value::Object(fields) => {
                let tags = tags(&leaves);
                if !tags.is_empty() && (fields.len() != 1 || !fields.keys().all(|name| tags.contains(&name.as_str()))) {
                    return vec![SchemaViolation::new(at, &format!(" takes exactly one of {}", tags.join(", ")))];
                }
                let mut wrong = check_fields(&fitting, fields, at);
                for (name, field) in fields {
                    let of = |leaf: &&'a Value| leaf.get("properties")?.get(name);
                    wrong.extend(self.by_one_of(fitting.iter().filter_map(of), field, &at.field(name)));
                }
                wrong
            }
            _ => Vec::new(),
        }
    }

    /// What is wrong if there are schemas for the value and it matches none of them.
    fn by_one_of(
        &self,
        schemas: impl Iterator<Item = &'a Value>,
        value: &Value,
        at: &RequestPlace,
    ) -> Vec<SchemaViolation> {
        let mut wrong = Vec::new();
        for schema in schemas {
            wrong = self.checked(schema, value, at);
            if wrong.is_empty() {
                break;
            }
        }
        wrong
    }

    /// The alternatives of a schema that have none themselves; or the schema itself.
    fn leaves(&self, schema: &'a Value) -> Vec<&'a Value> {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        let schema = reference.and_then(|path| self.root.pointer(path)).unwrap_or(schema);
        let alternatives: Vec<_> =
            ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten().collect();
        match alternatives.is_empty() {
            true => vec![schema],
            false => alternatives.into_iter().flat_map(|one| self.leaves(one)).collect(),
        }
    }
}

/// The fields that an object has and should not, and those that it lacks.
fn check_fields(leaves: &[&Value], fields: &serde_json::Map<String, Value>, at: &RequestPlace) -> Vec<SchemaViolation> {
    // The fields of alternatives are checked with their names.
    let [leaf] = leaves else { return Vec::new() };
    let mut wrong = Vec::new();
    let known = leaf.get("properties").and_then(Value::as_object);
    if leaf.get("additionalProperties") == Some(&Value::Bool(false)) {
        let names: Vec<_> = known.into_iter().flat_map(|known| known.keys()).map(String::as_str).collect();
        let names = names.join(", ");
        let unknown = fields.keys().filter(|name| known.is_none_or(|known| !known.contains_key(*name)));
        let told = |name: &String| SchemaViolation::new(at, &format!(" has no field {name}; its fields are {names}"));
        wrong.extend(unknown.take(TOLD).map(told));
    }
    let needed = leaf.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let lacking = needed.filter(|name| !fields.contains_key(*name));
    wrong.extend(lacking.map(|name| SchemaViolation::new(at, &format!(" lacks the field {name}"))));
    wrong
}

/// The alternative names, exactly one of which an object must have, if the schemas of objects are such alternatives.
fn tags<'a>(leaves: &[&'a Value]) -> Vec<&'a str> {
    let objects: Vec<_> = leaves.iter().filter_map(|leaf| leaf.get("properties")?.as_object()).collect();
    let names = objects.iter().filter(|fields| objects.len() > 1 && fields.len() == 1).flat_map(|fields| fields.keys());
    let names: Vec<_> = names.map(String::as_str).collect();
    if names.len() == objects.len() { names } else { Vec::new() }
}

/// The types that a schema without alternatives allows; none if it allows every type.
fn types(leaf: &Value) -> Vec<&str> {
    match leaf.get("type") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// The values that a schema without alternatives enumerates; empty if it enumerates none.
fn words(leaf: &Value) -> Vec<&Value> {
    let all = leaf.get("enum").and_then(Value::as_array).into_iter().flatten();
    all.chain(leaf.get("const")).collect()
}

/// The limits of a whole number.
fn limits(leaf: &Value) -> (i128, i128) {
    let (least, most) = match leaf.get("format").and_then(Value::as_str) {
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32") => (0, u32::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("int64") => (i64::MIN.into(), i64::MAX.into()),
        _ => (0, u64::MAX.into()),
    };
    let limit = |key: &str| leaf.get(key).and_then(Value::as_i64).map(i128::from);
    (limit("minimum").unwrap_or(least).max(least), limit("maximum").unwrap_or(most).min(most))
}

/// Whether a schema without alternatives allows a value, apart from what is inside that value.
fn takes(leaf: &Value, value: &Value) -> bool {
    let (words, types) = (words(leaf), types(leaf));
    if !words.is_empty() {
        return words.contains(&value);
    }
    types.is_empty() || types.iter().any(|kind| is(leaf, kind, value))
}

fn is(leaf: &Value, kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("integer", Value::Number(number)) => {
            let number = number.as_u64().map(i128::from).or(number.as_i64().map(i128::from));
            let (least, most) = limits(leaf);
            number.is_some_and(|number| (least..=most).contains(&number))
        }
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => true,
        _ => false,
    }
}

/// What is expected, in words that follow "must be".
fn expected(leaves: &[&Value]) -> String {
    let mut all: Vec<String> = Vec::new();
    for leaf in leaves {
        let words = words(leaf);
        let is_any = words.is_empty();
        all.extend(words.into_iter().map(Value::to_string));
        // A value that can be null can be omitted, so null is not mentioned.
        let kinds = types(leaf).into_iter().filter(|kind| is_any && *kind != "null");
        all.extend(kinds.map(|kind| kind_text(leaf, kind, &tags(leaves))));
    }
    let mut said: Vec<String> = Vec::new();
    for text in all {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join(" or ")
}

fn kind_text(leaf: &Value, kind: &str, tags: &[&str]) -> String {
    match kind {
        "integer" => match limits(leaf) {
            (least, most) if most == u64::MAX.into() => format!("a whole number from {least}"),
            (least, most) => format!("a whole number from {least} to {most}"),
        },
        "boolean" => "true or false".to_owned(),
        "number" => "a number".to_owned(),
        "string" => match leaf.pointer("/examples/0").and_then(Value::as_str) {
            Some(example) => format!("a text such as {example:?}"),
            None => "a text".to_owned(),
        },
        "array" => "a list".to_owned(),
        "object" if tags.is_empty() => match leaf.get("properties").and_then(Value::as_object) {
            Some(fields) if fields.len() == 1 => {
                format!("an object with the field {}", fields.keys().cloned().collect::<String>())
            }
            _ => "an object, with the names of its fields".to_owned(),
        },
        "object" => format!("an object with exactly one of {}", tags.join(", ")),
        other => other.to_owned(),
    }
}
