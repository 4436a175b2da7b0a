//! What the doctor finds, and how it is repaired.

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, for a person.
    pub what: String,
    /// What to do about it.
    pub remedy: Remedy,
}

/// How to repair a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Rebuild the rows.
    Rebuild,
    /// Start the server.
    Start,
    /// Resume the job, or cancel it.
    Resume,
    /// Let the server try again what it gave up.
    TryAgain,
    /// Undo the job.
    Undo,
    /// Put a file right by hand.
    PutRight,
    /// Move a file back to where it belongs.
    MoveBack,
    /// Restore a backup.
    Restore,
}

/// What was checked, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Events read.
    pub events: u64,
    /// Jobs that have their history.
    pub jobs: u64,
    /// Jobs whose history was removed.
    pub pruned: u64,
    /// Items checked.
    pub items: u64,
    /// What is wrong. If there is very much, only the first findings.
    pub findings: Vec<Finding>,
}

impl Remedy {
    /// The advice, for a person.
    pub fn text(self) -> &'static str {
        match self {
            Remedy::Rebuild => "the log is whole: `headway rebuild` rebuilds these rows",
            Remedy::Start => "the next start of the server repairs this",
            Remedy::Resume => "resume the job to try it again, or cancel it; everything else continues",
            Remedy::TryAgain => {
                "everything else continues; `headway doctor --try-again` lets the next start of the server try it again"
            }
            Remedy::Undo => "undo the job: it looks at the disk again, and puts back what it finds",
            Remedy::MoveBack => "move the file back as said, and remove the folder; everything else continues",
            Remedy::PutRight => "everything else continues without this file",
            Remedy::Restore => {
                "the log itself is damaged: put a backup of the data folder in its place, and keep this one"
            }
        }
    }
}
