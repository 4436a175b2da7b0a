//! What an error of the database means.

use std::error::Error as _;

use headway_model::PauseReason;
use headway_store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// The error in words, with the shortage behind it.
pub(crate) fn failed(error: &Error) -> StoreError {
    let Some(said) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        return StoreError::new(match error.is_closed() {
            true => "the connection to PostgreSQL is closed".to_owned(),
            false => format!("PostgreSQL: {error}{cause}"),
        });
    };
    let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let text = format!("PostgreSQL: {}{detail}, SQLSTATE {}", said.message(), said.code().code());
    StoreError::new(text).passing(passes(said.code()))
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
