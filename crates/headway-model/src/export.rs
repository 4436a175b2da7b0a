//! A job's log as a file that can be verified anywhere: a report, then every event, one line of JSON each.
//!
//! The first line is the report. Each further line is an event: its payload as a text, because exactly these bytes were
//! hashed, and its detail, if it has one.
//!
//! The file proves that the events lead to the report, and that no event was changed, removed or inserted after the
//! digest in the report was taken. Nothing proves a field that no version of Headway writes, so a file with such a
//! field proves nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::Digest;
use super::event::Recorded;
use super::fold::Fold;
use super::summary::JobSummary;

/// The format's name, which the report carries.
pub const FORMAT: &str = "headway job log 1";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// [`FORMAT`].
    pub format: String,
    /// The job's state after the last event.
    pub report: JobSummary,
    /// The hash of the whole fold.
    pub fold: Digest,
}

/// Every further line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLine {
    /// The text, exactly as it was hashed.
    pub payload: String,
    /// The larger content that the payload names by hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct NoProof {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, as a text for people.
    pub reason: String,
}

impl ExportReport {
    /// The first line of this job's file.
    pub fn of(fold: &Fold) -> Self {
        ExportReport { format: FORMAT.into(), report: JobSummary::from(fold), fold: fold.hash() }
    }
}

/// Verifies a file line by line, by folding its events.
#[derive(Debug, Default)]
pub struct ExportVerifier {
    lines: usize,
    report: Option<ExportReport>,
    fold: Option<Fold>,
}

impl ExportVerifier {
    /// Takes in the next line.
    pub fn line(&mut self, text: &str) -> Result<(), NoProof> {
        self.lines += 1;
        let line = self.lines;
        let wrong = |reason: String| NoProof { line, reason };
        if self.report.is_none() {
            let report: ExportReport =
                serde_json::from_str(text).map_err(|error| wrong(format!("not a job report: {error}")))?;
            if report.format != FORMAT {
                return Err(wrong(format!("unknown format {:?}", report.format)));
            }
            check_complete(text, &report).map_err(wrong)?;
            self.report = Some(report);
            return Ok(());
        }
        let read: ExportLine = serde_json::from_str(text).map_err(|error| wrong(format!("not an event: {error}")))?;
        check_complete(text, &read).map_err(wrong)?;
        let ExportLine { payload, detail } = read;
        let recorded = Recorded::decode(&payload).map_err(|error| wrong(error.to_string()))?;
        known_text(&payload, &recorded.encode()).map_err(wrong)?;
        if detail.as_ref().map(|detail| Digest::of(detail.as_bytes())) != recorded.event.detail() {
            return Err(wrong(format!("the detail of event {} is not the one that was recorded", recorded.seq)));
        }
        match &mut self.fold {
            Some(fold) => fold.apply_recorded(&recorded, &payload).map_err(|error| wrong(error.to_string()))?,
            None => {
                let fold = Fold::create_recorded(&recorded, &payload).map_err(|error| wrong(error.to_string()))?;
                self.fold = Some(fold);
            }
        }
        Ok(())
    }

    /// Ends the file: returns the report, if the events add up to it.
    pub fn end(self) -> Result<ExportReport, NoProof> {
        let wrong = |reason: &str| NoProof { line: self.lines, reason: reason.into() };
        let report = self.report.ok_or_else(|| wrong("the file is empty"))?;
        let fold = self.fold.ok_or_else(|| wrong("there are no events"))?;
        if fold.seq != report.report.seq {
            return Err(wrong(&format!(
                "the report describes event {}, but the last event here is {}",
                report.report.seq, fold.seq
            )));
        }
        if fold.digest != report.report.digest {
            return Err(wrong("the report was made from other events: the digests differ"));
        }
        if JobSummary::from(&fold) != report.report || fold.hash() != report.fold {
            return Err(wrong("the events do not add up to the report"));
        }
        Ok(report)
    }
}

/// Checks that the parsed value holds everything in the text. The error is the reason of a [`NoProof`].
fn check_complete(text: &str, read: &impl Serialize) -> Result<(), String> {
    known_text(text, &serde_json::to_string(read).expect("every key is a text, so it is JSON"))
}

/// Checks that every field of one JSON text is in another, whatever their values. The error as above.
fn known_text(text: &str, read: &str) -> Result<(), String> {
    if text == read {
        return Ok(());
    }
    let value = |text| serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"));
    let (text, read): (Value, Value) = (value(text)?, value(read)?);
    match strange(&text, &read) {
        Some(field) => Err(format!("unknown field {field:?}, which no event proves")),
        None => Ok(()),
    }
}

/// The first field that `read` does not have.
fn strange<'a>(text: &'a Value, read: &Value) -> Option<&'a str> {
    match (text, read) {
        (Value::Object(fields), Value::Object(known)) => {
            fields.iter().find_map(|(name, value)| match known.get(name) {
                None => Some(name.as_str()),
                Some(known) => strange(value, known),
            })
        }
        (Value::Array(values), Value::Array(known)) => {
            values.iter().zip(known).find_map(|(value, known)| strange(value, known))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{random_events, record};

    fn file(seed: u64) -> Vec<String> {
        let (payloads, fold) = record(&random_events(seed, 60));
        let first = serde_json::to_string(&ExportReport::of(&fold)).expect("JSON");
        // The random events name details that do not exist.
        let line = |payload: String| serde_json::to_string(&ExportLine { payload, detail: None }).expect("JSON");
        std::iter::once(first).chain(payloads.into_iter().map(line)).collect()
    }

    /// Verifies as [`ExportVerifier`] does, but ignores details.
    fn proves(lines: &[String]) -> Result<ExportReport, NoProof> {
        let mut proof = ExportVerifier::default();
        for line in lines {
            match proof.line(line) {
                Err(NoProof { reason, .. }) if reason.contains("detail") => {
                    let line: ExportLine = serde_json::from_str(line).expect("a line");
                    let recorded = Recorded::decode(&line.payload).expect("an event");
                    let folded = match &mut proof.fold {
                        Some(fold) => fold.apply_recorded(&recorded, &line.payload),
                        None => Fold::create_recorded(&recorded, &line.payload).map(|fold| proof.fold = Some(fold)),
                    };
                    folded.map_err(|error| NoProof { line: proof.lines, reason: error.to_string() })?;
                }
                other => other?,
            }
        }
        proof.end()
    }

    #[test]
    fn a_field_that_no_event_proves_is_refused_wherever_it_stands() {
        let lines = file(3);
        assert!(proves(&lines).is_ok());
        let first: Value = serde_json::from_str(&lines[0]).expect("JSON");
        let event: Value = serde_json::from_str(&lines[1]).expect("JSON");
        for (line, path, value) in
            [(0, "", &first), (0, "/report", &first), (0, "/report/counters", &first), (1, "", &event)]
        {
            let mut changed = value.clone();
            changed.pointer_mut(path).expect("a part")["approved_by"] = "somebody".into();
            let mut lines = lines.clone();
            lines[line] = changed.to_string();
            let error = proves(&lines).expect_err("a field that was put in");
            assert!(error.line == line + 1 && error.reason.contains("approved_by"), "{path}: {error}");
        }
        // Inside an event: a whole chain can be forged, but not with fields that events do not have.
        let payload = event["payload"].as_str().expect("a text").replacen('{', r#"{"approved_by":"somebody","#, 1);
        let mut lines = lines.clone();
        lines[1] = serde_json::json!({ "payload": payload }).to_string();
        assert!(proves(&lines).expect_err("a field that was put in").reason.contains("approved_by"));
    }

    /// Logs of every earlier version still verify.
    #[test]
    fn every_event_that_was_ever_written_is_known_to_its_last_field() {
        for payload in include_str!("../../../tests/data/events_v1.jsonl").lines() {
            let value: Value = serde_json::from_str(payload).expect("JSON");
            let payload = value.get("payload").and_then(Value::as_str).unwrap_or(payload);
            let Ok(recorded) = Recorded::decode(payload) else { panic!("{payload}") };
            assert_eq!(known_text(payload, &recorded.encode()), Ok(()), "{payload}");
        }
    }

    #[test]
    fn any_change_to_an_exported_file_invalidates_its_proof() {
        for seed in 0..40 {
            let lines = file(seed);
            assert!(proves(&lines).is_ok(), "seed {seed}");
            for index in 1..lines.len() {
                let mut without = lines.clone();
                without.remove(index);
                assert!(proves(&without).is_err(), "seed {seed}, without line {index}");
                let mut twice = lines.clone();
                twice.insert(index, lines[index].clone());
                assert!(proves(&twice).is_err(), "seed {seed}, line {index} twice");
                let mut later = lines.clone();
                later[index] = later[index].replacen("176400000", "176400001", 1);
                assert!(later == lines || proves(&later).is_err(), "seed {seed}, line {index} at another time");
            }
            let mut better = lines.clone();
            better[0] = better[0].replacen("\"failed\":1", "\"failed\":0", 1);
            assert!(better == lines || proves(&better).is_err(), "seed {seed}, another report");
        }
    }
}
