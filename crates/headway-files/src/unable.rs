//! What a failing call means for a job as a whole.

use headway_model::Unable;

use crate::library::{environment, io_text};

/// What a system error means: a failure of the environment, or a failure of the job with a message that begins with
/// `doing`.
pub fn unable(doing: &str, error: &std::io::Error) -> Unable {
    match environment(error) {
        Some(reason) => Unable::Environment(reason),
        None => Unable::Failed(format!("{doing}: {}", io_text(error))),
    }
}

/// What any error means: an [`Unable`] among its causes or, if a cause is a failure of the environment, that.
pub fn unable_of_any(error: &anyhow::Error) -> Unable {
    if let Some(unable) = error.chain().find_map(|cause| cause.downcast_ref::<Unable>()) {
        return unable.clone();
    }
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    match causes.find_map(environment) {
        Some(reason) => Unable::Environment(reason),
        None => Unable::Failed(format!("{error:#}")),
    }
}
