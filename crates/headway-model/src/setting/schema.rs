//! Settings as a JSON Schema, draft 2020-12, the dialect of OpenAPI 3.1.

use serde_json::{Map, Value, json};

use super::{OnlyIf, Setting, SettingKind};

/// The schema of a request's `settings`.
pub fn schema(all: &[Setting]) -> Value {
    let properties: Map<_, _> = all.iter().map(|setting| (setting.name.clone(), property(setting))).collect();
    let names = |all: &mut dyn Iterator<Item = &Setting>| all.map(|setting| setting.name.clone()).collect::<Vec<_>>();
    let required = names(&mut all.iter().filter(|setting| setting.default.is_none() && setting.only_if.is_none()));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let conditions: Vec<_> =
        all.iter().filter_map(|setting| Some(condition(all, setting, setting.only_if.as_ref()?))).collect();
    if !conditions.is_empty() {
        schema["allOf"] = conditions.into();
    }
    schema
}

/// The schema of a setting by itself. A setting with a condition can be anything here, because it counts only if the
/// condition holds.
fn property(setting: &Setting) -> Value {
    let mut property = match setting.only_if {
        None => values(&setting.kind),
        Some(_) => json!({}),
    };
    property["title"] = setting.label.clone().into();
    if !setting.help.is_empty() {
        property["description"] = setting.help.clone().into();
    }
    if let Some(default) = &setting.default {
        property["default"] = default.clone();
    }
    property
}

/// The schema of a setting for the case that its condition holds.
fn condition(all: &[Setting], setting: &Setting, condition: &OnlyIf) -> Value {
    let mut holds = json!({ "properties": { &condition.setting: { "enum": condition.is } } });
    let other = all.iter().find(|other| other.name == condition.setting);
    // If the other setting is omitted, it has its default.
    if other.and_then(|other| other.default.as_ref()).is_none_or(|default| !condition.is.contains(default)) {
        holds["required"] = json!([condition.setting]);
    }
    let mut then = json!({ "properties": { &setting.name: values(&setting.kind) } });
    if setting.default.is_none() {
        then["required"] = json!([setting.name]);
    }
    json!({ "if": holds, "then": then })
}

fn values(kind: &SettingKind) -> Value {
    match kind {
        SettingKind::Choice { choices } => {
            let each = choices.iter().map(|(word, label)| json!({ "const": word, "title": label }));
            json!({ "oneOf": each.collect::<Vec<_>>() })
        }
        SettingKind::Switch => json!({ "type": "boolean" }),
        SettingKind::Number { least, most, unit } => {
            let mut number = json!({ "type": "integer", "minimum": least, "maximum": most });
            if !unit.is_empty() {
                number["x-unit"] = unit.clone().into();
            }
            number
        }
        // A schema counts characters, so a limit in bytes becomes an upper limit in characters.
        SettingKind::Text { longest } => json!({ "type": "string", "minLength": 1, "maxLength": longest }),
        SettingKind::Path { .. } | SettingKind::Job { .. } => {
            json!({ "type": "string", "minLength": 1, "maxLength": super::TEXT_LIMIT })
        }
        SettingKind::Template { tokens } => {
            let tokens: Map<_, _> = tokens.iter().map(|(word, meaning)| (word.clone(), json!(meaning))).collect();
            json!({ "type": "string", "minLength": 1, "maxLength": super::TEXT_LIMIT, "x-tokens": tokens })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_described_in_the_terms_of_the_schema() {
        let all = [
            Setting::choice("format", "Format", &[("jpeg", "JPEG")]),
            Setting::number("quality", "Quality", 85, 1..=100, "%").only_if("format", ["jpeg"]).help("Of JPEG."),
            Setting::switch("strip", "Strip", false),
            Setting::text("note", "Note"),
        ];
        let schema = schema(&all);
        assert_eq!(schema["required"], json!(["note"]));
        assert_eq!(schema["properties"]["format"]["oneOf"][0], json!({ "const": "jpeg", "title": "JPEG" }));
        assert_eq!(
            schema["properties"]["quality"],
            json!({"title": "Quality", "description": "Of JPEG.", "default": 85})
        );
        let then = json!({"quality": {"type": "integer", "minimum": 1, "maximum": 100, "x-unit": "%"}});
        assert_eq!(schema["allOf"][0]["then"]["properties"], then);
        assert_eq!(schema["allOf"][0]["if"], json!({"properties": {"format": {"enum": ["jpeg"]}}}));
        assert_eq!(schema["properties"]["strip"]["type"], "boolean");
    }
}
