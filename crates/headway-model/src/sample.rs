//! How many files of a job are tried first: a number, or a percentage of those that are to run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::read::{FromJson, JsonValue, NotRead};

/// The largest sample, in files.
pub const SAMPLE_LIMIT: u32 = 10_000;

/// How many files a job takes of those that are to run: `10`, or `"1%"` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrText", into = "NumberOrText")]
pub enum Sample {
    /// The first ones, in order: this many.
    Files(u32),
    /// This percentage, 1 to 99, spread evenly over the plan: the first file, and from then on one in so many. At least one
    /// file.
    Percent(u32),
}

/// A text that is no sample.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a sample; give a number of files, or a percentage from 1% to 99%")]
pub struct InvalidSample(String);

/// A sample as JSON has it: a number has been a number of files since the first version.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u32),
    Text(String),
}

impl Sample {
    /// How many files are wanted once this many that are to run were found, the one in question included.
    pub fn wanted_of(self, found: u64) -> u64 {
        match self {
            Sample::Files(files) => files.into(),
            // The first one counts for the hundred that it begins.
            Sample::Percent(percent) => found.saturating_sub(1).saturating_mul(percent.into()) / 100 + 1,
        }
    }

    /// The files in words, such as "the first 10 of" or "1 % of", which the name of all files follows.
    pub fn words(self) -> String {
        match self {
            Sample::Files(files) => format!("the first {files} of"),
            Sample::Percent(percent) => format!("{percent} % of"),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sample::Files(files) => write!(f, "{files}"),
            Sample::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Sample {
    type Err = InvalidSample;

    fn from_str(text: &str) -> Result<Self, InvalidSample> {
        let sample = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|percent| (1..=99).contains(percent)).map(Sample::Percent),
            None => text.parse().ok().map(Sample::Files),
        };
        sample.ok_or_else(|| InvalidSample(text.to_owned()))
    }
}

impl TryFrom<NumberOrText> for Sample {
    type Error = InvalidSample;

    fn try_from(read: NumberOrText) -> Result<Self, InvalidSample> {
        match read {
            NumberOrText::Number(files) => Ok(Sample::Files(files)),
            NumberOrText::Text(text) => text.parse(),
        }
    }
}

impl From<Sample> for NumberOrText {
    fn from(sample: Sample) -> Self {
        match sample {
            Sample::Files(files) => NumberOrText::Number(files),
            Sample::Percent(_) => NumberOrText::Text(sample.to_string()),
        }
    }
}

impl FromJson for Sample {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        if !json.text().starts_with('"') {
            return u32::from_json(json).map(Sample::Files);
        }
        String::from_json(json)?.parse().map_err(|error| json.refused(&error))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Sample {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sample".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["integer", "string"],
            "format": "uint32",
            "minimum": 1,
            "maximum": SAMPLE_LIMIT,
            "pattern": "^[1-9][0-9]?%$",
            "examples": ["1%"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_spread_over_the_plan_and_has_at_least_one_file() {
        let taken = |percent: u32, files: u64| {
            let sample = Sample::Percent(percent);
            let mut taken = Vec::new();
            for found in 1..=files {
                if (taken.len() as u64) < sample.wanted_of(found) {
                    taken.push(found);
                }
            }
            taken
        };
        assert_eq!(taken(1, 1), [1]);
        assert_eq!(taken(1, 100), [1]);
        assert_eq!(taken(1, 301), [1, 101, 201, 301]);
        assert_eq!(taken(30, 10), [1, 5, 8]);
        assert_eq!(taken(99, 100).len(), 99);
        assert_eq!(Sample::Files(10).wanted_of(1), 10);
    }

    #[test]
    fn a_number_stays_a_number_in_json_and_a_percentage_is_a_text() {
        for (text, sample) in [("10", Sample::Files(10)), ("\"1%\"", Sample::Percent(1))] {
            assert_eq!(serde_json::from_str::<Sample>(text).expect(text), sample);
            assert_eq!(crate::read::read::<Sample>(text), Ok(sample));
            assert_eq!(serde_json::to_string(&sample).expect("JSON"), text);
        }
        for wrong in ["\"0%\"", "\"100%\"", "\"%\"", "\"-1%\"", "\"1.5%\"", "\"ten\"", "1.5", "-1", "true", "[]"] {
            assert!(serde_json::from_str::<Sample>(wrong).is_err(), "{wrong}");
            assert!(crate::read::read::<Sample>(wrong).is_err(), "{wrong}");
        }
    }
}
