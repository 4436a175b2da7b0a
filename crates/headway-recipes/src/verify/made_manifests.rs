//! The manifests that a checksum job made. They are in the data folder, so that a file in the library need not be made for
//! them.

use super::super::record;
use super::manifest_text::{LIMIT_BYTES, Manifest};
use super::{Binding, JobId, Unable};
use headway_model::built_in::CHECKSUM_MANIFESTS;

/// The manifests of this job, which must be about files of the library. Blocking.
pub(super) fn manifests(job: &Binding<'_>, maker: JobId) -> Result<Vec<Manifest>, Unable> {
    let unread = |error| headway_files::unable(&format!("the manifest of job {maker} cannot be read"), &error);
    let mut manifests = Vec::new();
    for name in CHECKSUM_MANIFESTS {
        let Some(text) = job.data.kept_of(&maker, name, LIMIT_BYTES).map_err(unread)? else { continue };
        job.check_wanted()?;
        let made = record::of_job(job.data, job.library, &maker, &text).map_err(unread)?;
        let Some((record, folder)) = made else {
            return Err(format!(
                "the manifest of job {maker} is about another folder: run verify on the folder that the job read"
            )
            .into());
        };
        let path = folder.join(name.as_bytes()).map_err(|error| Unable::Failed(error.to_string()))?;
        manifests.push(Manifest { path, text, record: Some(record), written: None });
    }
    if manifests.is_empty() {
        let why = "it is not a checksum job, it did not end, or its history was removed";
        return Err(format!("job {maker} has no manifest: {why}").into());
    }
    Ok(manifests)
}
