//! The totals of a job, which its report begins with.

/// Which report of a recipe begins with totals, and how they are read.
#[derive(Debug, Clone, Copy)]
pub struct ReportHead {
    /// The name of the report.
    pub output: &'static str,
    /// Reads the totals from the beginning of the report.
    pub read: fn(&str) -> ReportTotals,
}

/// The totals of a job.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReportTotals {
    /// The totals in words, one line each.
    pub lines: Vec<String>,
    /// Whether the job found something that another job can change.
    pub has_found: bool,
}
