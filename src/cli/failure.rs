//! How a command ends: its exit code, and why.

use headway_client::ClientError;
use headway_model::ApiError;

/// The result is negative, such as a check that found a fault.
pub(super) const NO: u8 = 1;
/// The command line is wrong.
pub(super) const USAGE: u8 = 2;
/// There is no such job.
pub(super) const NO_JOB: u8 = 3;
/// There is no server, and no data folder to read instead.
pub(super) const NO_SERVER: u8 = 4;
/// The job failed as a whole, or there was nothing to do although something was required.
pub(super) const AS_A_WHOLE: u8 = 102;
/// The job was cancelled by somebody else.
pub(super) const CANCELLED: u8 = 103;
/// The job waits for a person.
pub(super) const WAITS: u8 = 104;
/// The time given with `--timeout` is over; the job goes on.
pub(super) const TIMED_OUT: u8 = 124;
/// The reader of the output is gone: the code of a program that SIGPIPE ended.
pub(super) const CLOSED_PIPE: u8 = 141;
/// The command did not begin, or the job cannot be followed.
pub(super) const NOT_BEGUN: u8 = 255;

/// The end of a command that did not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
#[error("{}", text.as_deref().unwrap_or_default())]
pub(super) struct CommandFailure {
    pub(super) code: u8,
    /// The message; empty if nobody reads it.
    pub(super) text: Option<String>,
}

/// How a command ends: its exit code.
pub(super) type CommandResult = Result<u8, CommandFailure>;

impl CommandFailure {
    pub(super) fn new(code: u8, text: impl Into<String>) -> Self {
        CommandFailure { code, text: Some(text.into()) }
    }

    /// The same failure with another code, unless the pipe was closed.
    pub(super) fn or_code(self, code: u8) -> Self {
        if self.code == CLOSED_PIPE { self } else { CommandFailure { code, ..self } }
    }
}

impl From<anyhow::Error> for CommandFailure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<CommandFailure>().unwrap_or_else(|error| CommandFailure::new(NO, format!("{error:#}")))
    }
}

impl From<std::io::Error> for CommandFailure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => CommandFailure { code: CLOSED_PIPE, text: None },
            _ => CommandFailure::new(NO, error.to_string()),
        }
    }
}

impl From<ClientError> for CommandFailure {
    fn from(error: ClientError) -> Self {
        let code = match &error {
            ClientError::Refused(ApiError::NotFound { .. } | ApiError::Pruned { .. }) => NO_JOB,
            ClientError::Refused(_) | ClientError::Lost { .. } => NO,
            ClientError::NoServer { .. } | ClientError::Broken(_) | ClientError::Foreign(_) => NO_SERVER,
        };
        CommandFailure::new(code, error.to_string())
    }
}
