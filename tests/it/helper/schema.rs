//! An independent oracle for JSON Schemas: Python's `jsonschema`, which `./test` installs.

use std::io::Write;
use std::process::{Command as Program, Stdio};

use serde_json::{Value, json};

/// What is wrong with each case according to the schema: nothing, or a text. `None` if the oracle is not installed.
pub(crate) fn judged(schema: &Value, cases: &[Value]) -> Option<Vec<Option<String>>> {
    const SCRIPT: &str = "import json, sys, jsonschema\nschema, cases = json.load(sys.stdin)\n\
        validator = jsonschema.Draft202012Validator\nvalidator.check_schema(schema)\n\
        worst = lambda case: jsonschema.exceptions.best_match(validator(schema).iter_errors(case))\n\
        print(json.dumps([(wrong := worst(case)) and f'{wrong.json_path}: {wrong.message}' for case in cases]))";
    let python = std::env::var("HEADWAY_PYTHON").unwrap_or_else(|_| "python3".into());
    if !Program::new(&python).args(["-c", "import jsonschema"]).output().is_ok_and(|found| found.status.success()) {
        println!("not run: {python} has no jsonschema");
        return None;
    }
    let mut child = Program::new(&python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let input = json!([schema, cases]).to_string();
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("a write");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}
