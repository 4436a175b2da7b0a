//! What an error of the database means.

use std::error::Error as _;

use headway_files::environment;
use headway_model::PauseReason;
use headway_store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};

/// The error in words, with the shortage behind it.
pub(crate) fn failed(error: &Error) -> StoreError {
    let Some(said) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = match error.is_closed() {
            true => "the connection to PostgreSQL is closed".to_owned(),
            false => format!("PostgreSQL: {error}{cause}"),
        };
        return StoreError::new(text).passing(passes_here(error));
    };
    let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let text = format!("PostgreSQL: {}{detail}, SQLSTATE {}", said.message(), said.code().code());
    StoreError::new(text).passing(passes(said.code()))
}

/// The error of a `COMMIT`. Only an answer of the severity ERROR means that nothing was committed: with a worse one, the
/// process of the server can have ended behind its commit.
pub(crate) fn not_committed(error: &Error) -> StoreError {
    let severity = error.as_db_error().and_then(|said| said.parsed_severity());
    let what = match severity {
        Some(Severity::Error) => "the last commit was refused, so it is not in the log",
        _ => "the last commit was not confirmed, so it might or might not be in the log",
    };
    let failed = failed(error);
    StoreError::new(format!("{what}: {failed}")).passing(failed.passes)
}

/// The shortage behind a code (<https://www.postgresql.org/docs/current/errcodes-appendix.html>), if the same call can
/// succeed later.
fn passes(code: &SqlState) -> Option<PauseReason> {
    match *code {
        SqlState::DISK_FULL => Some(PauseReason::DiskFull),
        SqlState::OUT_OF_MEMORY => Some(PauseReason::MemoryLow),
        // Each connection is a process of the server.
        SqlState::TOO_MANY_CONNECTIONS => Some(PauseReason::TooManyProcesses),
        _ => None,
    }
}

/// The shortage of this host behind an error that is not the server's. What else keeps a connection from being made says
/// nothing about a library.
fn passes_here(error: &Error) -> Option<PauseReason> {
    let cause = error.source()?.downcast_ref::<std::io::Error>()?;
    environment(cause).filter(|reason| matches!(reason, PauseReason::TooManyOpenFiles | PauseReason::MemoryLow))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_passes_and_a_broken_rule_does_not() {
        let passes = |code| passes(&SqlState::from_code(code));
        assert_eq!(passes("53100"), Some(PauseReason::DiskFull));
        assert_eq!(passes("53200"), Some(PauseReason::MemoryLow));
        assert_eq!(passes("53300"), Some(PauseReason::TooManyProcesses));
        assert_eq!([passes("23505"), passes("57P01"), passes("08006")], [None; 3]);
    }
}
