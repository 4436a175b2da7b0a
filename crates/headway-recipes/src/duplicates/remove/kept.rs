//! Reads the report of a `duplicates` job.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::super::groups::{GROUPS, Group, TOTALS};
use crate::{Binding, Unable};
use headway_files::unable;
use headway_model::{JobId, RelPath};

/// Each file to be removed according to a report, and the file that stays instead.
pub(super) fn kept(job: &Binding<'_>, report: JobId) -> Result<HashMap<RelPath, RelPath>, Unable> {
    let (outputs, library) = (job.data.outputs(&report), &job.library.name);
    let none = || Unable::Failed(format!("job {report} wrote no report of duplicates, or its history is gone"));
    let open = |name: &str| {
        let path = outputs.path(name).map_err(|error| unable("the report of duplicates cannot be found", &error))?;
        let file = File::open(path.ok_or_else(none)?);
        file.map(BufReader::new).map_err(|error| unable("the report of duplicates cannot be read", &error))
    };
    let damaged =
        |error: &dyn std::fmt::Display| Unable::Failed(format!("the report of duplicates is damaged: {error}"));
    let totals: Value = serde_json::from_reader(open(TOTALS)?).map_err(|error| damaged(&error))?;
    if totals["library"] != **library {
        return Err(Unable::Failed(format!(
            "job {report} looked for duplicates in {}, not in {library}",
            totals["library"]
        )));
    }
    let mut kept = HashMap::new();
    for line in open(GROUPS)?.lines() {
        job.check_wanted()?;
        let line = line.map_err(|error| unable("the report of duplicates cannot be read", &error))?;
        let group: Group = serde_json::from_str(&line).map_err(|error| damaged(&error))?;
        let stays = group.keep.first().ok_or_else(|| damaged(&"a group keeps nothing"))?;
        kept.extend(group.remove.into_iter().map(|path| (path, stays.clone())));
    }
    match kept.values().find(|stays| kept.contains_key(*stays)) {
        Some(both) => Err(damaged(&format!("{} is listed both to keep and to remove", both.shown()))),
        None => Ok(kept),
    }
}
