//! What a failing call means for a job as a whole.

use headway_model::{PauseReason, Unable};

use crate::library::{environment, io_text, is_storage_error};

/// What a system error means for a whole job: a pause for the environment's reason, or a failure of the job, with a message
/// that begins with `doing`. An input/output error says nothing about what was to be read, so the job is paused for it, and
/// the step is made again.
pub fn unable(doing: &str, error: &std::io::Error) -> Unable {
    let message = format!("{doing}: {}", io_text(error));
    match paused_for(error) {
        Some(reason) => Unable::Call(reason, message),
        None => Unable::Failed(message),
    }
}

fn paused_for(error: &std::io::Error) -> Option<PauseReason> {
    environment(error).or_else(|| is_storage_error(error).then_some(PauseReason::StorageErrors))
}

/// What any error means: an [`Unable`] among its causes or, if a cause is a failure of the environment, that.
pub fn unable_of_any(error: &anyhow::Error) -> Unable {
    if let Some(unable) = error.chain().find_map(|cause| cause.downcast_ref::<Unable>()) {
        return unable.clone();
    }
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    match causes.find_map(paused_for) {
        Some(reason) => Unable::Call(reason, format!("{error:#}")),
        None => Unable::Failed(format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Error;

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn an_input_output_error_pauses_a_job_and_does_not_fail_it() {
        for errno in [Errno::IO, Errno::BADMSG] {
            let error = Error::from(errno);
            let why = unable("reading the manifest", &error);
            assert_eq!(why.pause(), Some(PauseReason::StorageErrors));
            assert!(why.to_string().starts_with("reading the manifest: "), "{why}");
            let why = unable_of_any(&anyhow::Error::from(error).context("the last step"));
            assert_eq!(why.pause(), Some(PauseReason::StorageErrors));
            assert!(why.to_string().starts_with("the last step: "), "{why}");
        }
        let denied = unable("reading the manifest", &Error::from(Errno::ACCESS));
        assert!(matches!(denied, Unable::Failed(text) if text.starts_with("reading the manifest: ")));
    }
}
