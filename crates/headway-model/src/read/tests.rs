//! Both readers read the same, or both refuse.

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::event::Payload;
use crate::sorted::SortedMap;

use super::*;

mod types;

#[derive(Debug, PartialEq, Deserialize, FromJson)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Nothing,
    One(u32),
    Two((u8, String)),
    Named {
        wide: i64,
        #[serde(default)]
        tall: Option<u64>,
    },
}

#[derive(Debug, PartialEq, Deserialize, FromJson)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    A { shape: Shape },
    B { by: SortedMap<String, bool> },
}

#[derive(Debug, PartialEq, Deserialize, FromJson)]
struct All {
    #[serde(flatten)]
    tagged: Tagged,
    pair: (u8, String),
    #[serde(default)]
    rest: Vec<Value>,
}

/// Both readers give the same value, or both refuse.
fn alike<T: FromJson + DeserializeOwned + PartialEq + fmt::Debug>(text: &str) {
    let (own, theirs) = (read::<T>(text).ok(), serde_json::from_str::<T>(text).ok());
    assert_eq!(own, theirs, "{text}");
}

#[test]
fn every_shape_of_a_type_is_read_like_serde_json_reads_it() {
    for shape in [
        r#""nothing""#,
        r#"{"one":3}"#,
        r#"{"two":[1,"x"]}"#,
        r#"{"named":{"wide":-3}}"#,
        r#"{"named":{"wide":1,"tall":2}}"#,
    ] {
        alike::<Shape>(shape);
        alike::<All>(&format!(r#"{{"pair":[1,"é"],"kind":"a","shape":{shape},"rest":[null,{shape}],"else":{{}}}}"#));
    }
    alike::<All>(r#"{"kind":"b","by":{"3":true,"40":false},"pair":[255,"a"]}"#);
    for wrong in [
        r#""none""#,
        r#"{"one":-3}"#,
        r#"{"one":3,"two":[]}"#,
        r#"{"two":[1]}"#,
        r#"{"two":[1,"x",2]}"#,
        r#"{"named":{}}"#,
        "{}",
        r#"{"one":3.0}"#,
        r#"{"one":"3"}"#,
        "null",
        "3",
    ] {
        alike::<Shape>(wrong);
    }
    alike::<SortedMap<String, u8>>(r#"{"a":1,"\u0062":2,"a":3}"#);
}

#[test]
fn raw_text_is_kept_byte_for_byte() {
    let text = r#" [ {"a" : 1.50 , "b":"\u00e9"}, "x" ,3 ] "#;
    let parts: Vec<Payload> = read(text).expect("an array");
    assert_eq!(
        parts.iter().map(|part| part.get()).collect::<Vec<_>>(),
        [r#"{"a" : 1.50 , "b":"\u00e9"}"#, r#""x""#, "3"]
    );
}

#[test]
fn what_is_not_json_is_refused() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for text in [
        "",
        " ",
        "tru",
        "nulls",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "1 1",
        "[]]",
        "'a'",
        "NaN",
        "1e400",
        &deep(127),
        &deep(200),
        "{\"a\":1 \"b\":2}",
        "-0",
        "18446744073709551616",
        "-9223372036854775809",
    ] {
        alike::<Value>(text);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e6..1e6f64).prop_map(|number| Value::from((number * 8.0).round() / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whether they are the same, but for the last bits of fractions: `serde_json` reads them quickly and not exactly.
fn is_near(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_near(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_near(one, other)))
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap_or_default(), other.as_f64().unwrap_or_default());
            (one - other).abs() <= one.abs() * 4.0 * f64::EPSILON
        }
        _ => one == other,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
        prop_assert_eq!(read::<Value>(&text), Ok(value));
    }

    #[test]
    fn a_damaged_text_is_refused_by_both_or_read_alike(value in value(), at in any::<prop::sample::Index>(), by in "[\\[\\]{}\",:0-9a-z\\\\ .-]") {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        text.splice(at..=at, by.chars());
        let text = text.into_iter().collect::<String>();
        match (read::<Value>(&text), serde_json::from_str::<Value>(&text)) {
            (Ok(own), Ok(theirs)) => prop_assert!(is_near(&own, &theirs), "{text}: {own} and {theirs}"),
            (own, theirs) => prop_assert_eq!(own.ok(), theirs.ok(), "{}", text),
        }
    }
}
