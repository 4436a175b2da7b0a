//! What a failing call means for a job as a whole.

use headway_model::Unable;

use crate::library::{environment, io_text};

/// Of an error of the system: the environment's, or this job's, after these words.
pub fn unable(doing: &str, error: &std::io::Error) -> Unable {
    match environment(error) {
        Some(reason) => Unable::Environment(reason),
        None => Unable::Failed(format!("{doing}: {}", io_text(error))),
    }
}

/// The same for any error: an [`Unable`] among its causes, or else the environment's fault, if one of its causes is.
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
