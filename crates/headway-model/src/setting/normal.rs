//! The one form of a setting's value.

use serde_json::Value;

use super::{SettingKind, TEXT_LIMIT};
use crate::event::cut;
use crate::id::JobId;
use crate::path::RelPath;

/// How much of a wrong value is quoted in its error.
pub(super) const QUOTED_BYTES: usize = 80;

/// The error for a text with a line break.
const LINE_BREAK: &str = "must be one line (a command of several lines can be a script)";

/// A value in its canonical form, or what is wrong with it: the text after the setting's name in a [`WrongSetting`](super::WrongSetting).
pub(super) fn normal(kind: &SettingKind, value: &Value) -> Result<Value, String> {
    let unfit_text = || format!("is {}, not {}", kind.expects(), cut(&value.to_string(), QUOTED_BYTES));
    let unfit = || Err(unfit_text());
    let text = |longest: u32| match value.as_str().map(str::trim) {
        Some(text) if text.contains(['\n', '\r']) => {
            Err(format!("{LINE_BREAK}, not {}", cut(&value.to_string(), QUOTED_BYTES)))
        }
        Some(text) if !text.is_empty() && text.len() <= longest as usize && !text.contains('\0') => Ok(text),
        Some(_) | None => Err(unfit_text()),
    };
    match kind {
        SettingKind::Choice { choices } => match choices.iter().any(|(word, _)| value == word) {
            true => Ok(value.clone()),
            false => unfit(),
        },
        SettingKind::Switch => {
            if value.is_boolean() {
                Ok(value.clone())
            } else {
                unfit()
            }
        }
        SettingKind::Number { least, most, .. } => {
            match whole(value).filter(|number| (*least..=*most).contains(number)) {
                Some(number) => Ok(number.into()),
                None => unfit(),
            }
        }
        SettingKind::Text { longest } => text(*longest).map(Value::from),
        SettingKind::Path { patterns, .. } => {
            let text = text(TEXT_LIMIT)?;
            match text.parse::<RelPath>() {
                Ok(path) if path.is_reserved() => {
                    Err(format!("names {}, which is Headway's own: a temporary file or in its trash", path.shown()))
                }
                Ok(path) if path.is_root() => unfit(),
                Err(error) if !(*patterns && text.contains(['*', '?'])) => {
                    Err(format!("invalid path, {text:?}: {error}"))
                }
                Ok(_) | Err(_) => Ok(text.into()),
            }
        }
        SettingKind::Job { .. } => {
            let text = text(TEXT_LIMIT)?;
            let job = text.strip_prefix('@').unwrap_or(text).parse::<JobId>();
            job.map_or_else(|_| unfit(), |job| Ok(job.to_string().into()))
        }
        SettingKind::Template { tokens } => {
            let text = text(TEXT_LIMIT)?;
            match unknown_token(text, tokens) {
                Some(word) => Err(format!("has {word:?}, but only {} are filled in", token_list(tokens))),
                None => Ok(text.into()),
            }
        }
    }
}

/// A number without a fraction; `85.0` is one.
fn whole(value: &Value) -> Option<i64> {
    // Beyond 2^53 a float no longer names one whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT);
    value.as_i64().or_else(|| float().map(|number| number as i64))
}

/// The first unknown word in braces, or unmatched brace, of a template.
fn unknown_token(text: &str, tokens: &[(String, String)]) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let from = &rest[at..];
        let Some(end) = from.find('}').filter(|_| from.starts_with('{')) else { return Some(from.into()) };
        let word = &from[1..end];
        if !tokens.iter().any(|(known, _)| known == word) {
            return Some(from[..=end].into());
        }
        rest = &from[end + 1..];
    }
    None
}

/// The words that are filled in, in braces.
fn token_list(tokens: &[(String, String)]) -> String {
    tokens.iter().map(|(word, _)| format!("{{{word}}}")).collect::<Vec<_>>().join(", ")
}
