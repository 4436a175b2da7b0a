//! The totals of duplicates, in words.

use serde::Deserialize;

use super::groups::FILES;
use crate::report_head::ReportTotals;
use headway_model::text::{counted, grouped};

#[derive(Deserialize)]
struct DuplicateTotals {
    groups: u64,
    files: u64,
    remove: u64,
    bytes: u64,
    unread: u64,
}

/// The number of files with the same content, and the space that removing the copies frees. Nothing if the report cannot be
/// read.
pub(super) fn totals(report: &str) -> ReportTotals {
    let Ok(totals) = serde_json::from_str::<DuplicateTotals>(report) else { return ReportTotals::default() };
    let counted = |number, one, many| counted(number, ',', one, many);
    let groups = counted(totals.groups, "group of files", "groups of files");
    let unread =
        (totals.unread > 0).then(|| format!("; {} not read", counted(totals.unread, "file was", "files were")));
    let could = match totals.groups {
        0 => String::new(),
        _ => format!(
            ": {}; removing {} of them frees {}",
            counted(totals.files, "file", "files"),
            grouped(totals.remove, ','),
            counted(totals.bytes, "byte", "bytes")
        ),
    };
    let line = format!("{groups} with the same content{could}{}", unread.unwrap_or_default());
    let which = (totals.groups > 0)
        .then(|| format!("{FILES} names the files of each group: which one stays, and which could go"));
    ReportTotals { lines: [line].into_iter().chain(which).collect(), has_found: totals.remove > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_are_formatted_for_people() {
        let report = |groups, remove, unread| {
            format!(
                r#"{{"library":"x","groups":{groups},"files":5,"remove":{remove},"bytes":12000,"unread":{unread}}}"#
            )
        };
        let found = totals(&report(2, 3, 0));
        let told = "2 groups of files with the same content: 5 files; removing 3 of them frees 12,000 bytes";
        let which = "DUPLICATES.csv names the files of each group: which one stays, and which could go";
        assert_eq!((found.lines, found.has_found), (vec![told.to_owned(), which.to_owned()], true));
        let none = totals(&report(0, 0, 1));
        let told = "0 groups of files with the same content; 1 file was not read";
        assert_eq!((none.lines, none.has_found), (vec![told.to_owned()], false));
        assert_eq!(totals("{"), ReportTotals::default());
    }
}
