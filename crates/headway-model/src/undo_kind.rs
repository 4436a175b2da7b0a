//! What an undo does to the files of a job, in words.

use super::built_in::BuiltIn;
use super::job_kind::JobKind;
use super::output::Output;

/// What an undo does to each file that a job changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoKind {
    /// The original comes back from the trash.
    PutsBack,
    /// The file gets its old name again.
    RenamesBack,
    /// The file that the job made is removed.
    Removes,
    /// The job was an undo itself, so what it took back is put in place again.
    Repeats,
}

impl UndoKind {
    /// The kind for a job of this recipe whose outputs go there.
    pub fn of(recipe: &str, output: Option<&Output>) -> Self {
        match output {
            _ if JobKind::of(recipe) == JobKind::Undo => UndoKind::Repeats,
            Some(output) if !output.replaces() => UndoKind::Removes,
            None if recipe == BuiltIn::Rename.name() => UndoKind::RenamesBack,
            _ => UndoKind::PutsBack,
        }
    }

    /// What it is going to do to these files, `number` of them, as the rest of a sentence that begins with the command.
    pub fn will(self, number: u32, files: &str) -> String {
        let them = if number == 1 { "it was" } else { "they were" };
        let their = if number == 1 { "its old name" } else { "their old names" };
        match self {
            UndoKind::PutsBack => format!("puts {files} back as {them}"),
            UndoKind::RenamesBack => format!("gives {files} {their} again"),
            UndoKind::Removes => format!("moves the {files} that it made to the trash"),
            UndoKind::Repeats => format!("puts the changes to {files} in place again"),
        }
    }

    /// What it is going to do, before its files are counted.
    pub fn will_all(self) -> &'static str {
        match self {
            UndoKind::PutsBack => "puts the files that it changed back as they were",
            UndoKind::RenamesBack => "gives the files that it renamed their old names again",
            UndoKind::Removes => "moves the files that it made to the trash",
            UndoKind::Repeats => "puts the changes that it took back in place again",
        }
    }

    /// What it has done to this many of these files, such as `2 of 3`.
    pub fn did(self, number: &str, all: u32) -> String {
        let files = if all == 1 { "file" } else { "files" };
        match self {
            UndoKind::PutsBack => format!("{number} {files} put back"),
            UndoKind::RenamesBack if all == 1 => format!("{number} file has its old name again"),
            UndoKind::RenamesBack => format!("{number} files have their old names again"),
            UndoKind::Removes => format!("{number} new {files} removed"),
            UndoKind::Repeats => format!("{number} {files} changed again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutputPlace;

    #[test]
    fn an_undo_says_what_it_did_for_every_kind_of_change() {
        let replace = Output::to(OutputPlace::Replace);
        let beside = Output::to(OutputPlace::Beside { name: "{/}.zst".into() });
        for (recipe, output, did) in [
            ("compress", Some(&replace), "2 of 3 files put back"),
            ("compress", Some(&beside), "2 of 3 new files removed"),
            ("rename", None, "2 of 3 files have their old names again"),
            ("deduplicate", None, "2 of 3 files put back"),
            ("undo", None, "2 of 3 files changed again"),
        ] {
            assert_eq!(UndoKind::of(recipe, output).did("2 of 3", 3), did, "{recipe}");
        }
        assert_eq!(UndoKind::RenamesBack.will(1, "1 file"), "gives 1 file its old name again");
    }
}
