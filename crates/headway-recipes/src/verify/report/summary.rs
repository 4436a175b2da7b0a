//! The summary of all lines: the first lines of the report, and why the job fails.

use super::super::verdict::{self, MISSING, NEW, NOT_CHECKED, UNREADABLE};
use super::VerifyReport;
use headway_model::text;

/// How many files the job's message names; the report names all.
pub(super) const NAMED_IN_MESSAGE: usize = 3;

/// The longest name in it, in bytes.
pub(super) const NAME_IN_MESSAGE: usize = 100;

impl VerifyReport<'_> {
    /// The first lines of the report: how many lines have which verdict.
    pub(super) fn head(&self) -> Vec<String> {
        let sources = &self.lines.sources;
        let name = match sources.as_slice() {
            [source] => source.path.to_string(),
            sources => format!("{} manifests", sources.len()),
        };
        let lines = self.lines.lines.len() + self.lines.loose.len();
        let count = |verdict: &str, number: u64| format!("{verdict} {}", text::grouped(number, ','));
        let counts: Vec<_> = verdict::ALL.iter().map(|verdict| count(verdict, self.counted(verdict))).collect();
        let mut head =
            vec![format!("# {name}: {}: {}\n", text::counted(lines as u64, ',', "line", "lines"), counts.join(", "))];
        if self.new > 0 {
            head.push(format!("# beside them: {}\n", count(NEW, self.new)));
        }
        head
    }

    /// Ends the job: the error names what keeps it from succeeding.
    pub(super) fn end(&self) -> anyhow::Result<()> {
        let mut said = Vec::new();
        for (what, one, many) in [
            (MISSING, "file that the manifest names is missing", "files that the manifest names are missing"),
            (
                UNREADABLE,
                "file that the manifest names cannot be looked at",
                "files that the manifest names cannot be looked at",
            ),
            (NOT_CHECKED, "file that was asked for was not read", "files that were asked for were not read"),
            ("line", "line of the manifest was not checked", "lines of the manifest were not checked"),
            ("outdated", "file was compared with an older manifest", "files were compared with an older manifest"),
            ("passed over", "manifest was not read", "manifests were not read"),
            (
                "unlisted",
                "folder cannot be listed and might have a manifest",
                "folders cannot be listed and might have one",
            ),
            ("empty", "manifest has no line with a checksum", "manifests have no line with a checksum"),
        ] {
            let Some((count, names)) = self.wrong.get(what) else { continue };
            let more = if *count > NAMED_IN_MESSAGE as u64 { ", ..." } else { "" };
            said.push(format!("{count} {}: {}{more}", if *count == 1 { one } else { many }, names.join(", ")));
        }
        let compared = [verdict::OK, verdict::CHANGED, verdict::BIT_ROT, verdict::UNREADABLE];
        // Files that an earlier job checked, and that a job was asked to skip then, are as they should be.
        if said.is_empty() && self.done == 0 && compared.iter().all(|verdict| self.counted(verdict) == 0) {
            let none = "the manifest names none of the files that were asked for: nothing was compared";
            said.push(match &self.uncompared {
                Some(why) => format!("no file that was asked for could be checked against the manifest; {why}"),
                None => none.to_owned(),
            });
        }
        if said.is_empty() { Ok(()) } else { anyhow::bail!("{}", said.join("; ")) }
    }
}
