//! The manifests of checksum jobs on the command line: `@1` names the manifests that a job made, and a checksum job
//! prints at its end where its manifest is, and how to verify it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::Value;

use super::super::default_data;
use super::super::failure::CommandFailure;
use super::super::out::say;
use super::super::session::Session;
use super::super::text::{quoted, tail};
use super::RunArguments;
use headway_model::{BuiltIn, JobId, StartJob};

/// The settings that name a job: the recipe, the setting, and what is before the job's id in its value.
const NAME_A_JOB: [(BuiltIn, &str, &str); 2] =
    [(BuiltIn::Verify, "manifest", "@"), (BuiltIn::Deduplicate, "report", "")];

/// Replaces a job in a setting, such as `@1` or `@3f2a9c`, by its id.
pub(super) async fn resolve(session: &Session, request: &mut StartJob) -> Result<(), CommandFailure> {
    let named = NAME_A_JOB.iter().find(|(recipe, ..)| request.recipe == recipe.name());
    let Some((_, setting, before)) = named else { return Ok(()) };
    let Some(Value::String(text)) = request.settings.get_mut(*setting) else { return Ok(()) };
    let Some(name) = text.strip_prefix('@') else { return Ok(()) };
    let is_nth = name.len() < 6 && name.bytes().all(|byte| byte.is_ascii_digit());
    let job = session.job(if is_nth { text } else { name }).await?;
    *text = format!("{before}{job}");
    Ok(())
}

impl RunArguments {
    /// Prints where the manifests of a finished job are, and the command that verifies them.
    pub(super) async fn report_manifests(
        &self,
        session: &Session,
        job: JobId,
        request: &StartJob,
    ) -> Result<(), CommandFailure> {
        if request.recipe != BuiltIn::Checksum.name() || self.shown.quiet || self.shown.json.is_some() {
            return Ok(());
        }
        let view = session.client.job(job).await?;
        // A manifest that names no file verifies nothing.
        let made = if view.summary.counters.succeeded > 0 { view.outputs } else { Vec::new() };
        for name in &made {
            match &self.which.server {
                None => {
                    let path = std::path::absolute(&self.which.data)?.join("jobs").join(job.to_string()).join(name);
                    say(&format!("manifest: {}", path.display()));
                }
                Some(_) => {
                    let export = session.command(&format!("export {} --output {name} -o {name}", tail(job)));
                    say(&format!("manifest: {export}"));
                }
            }
        }
        if !made.is_empty() {
            say(&format!("to verify these files later: {}", self.verifying(job, request)));
        }
        Ok(())
    }

    /// The command that verifies what a job made.
    fn verifying(&self, job: JobId, request: &StartJob) -> String {
        let mut words: Vec<Vec<u8>> = vec![b"headway".into(), b"run".into(), BuiltIn::Verify.name().into()];
        // The path of the library's folder, wherever the command is typed, or the name under which the server knows it.
        if !Path::new(&request.library).is_absolute() {
            words.push(b"--in".to_vec());
        }
        words.push(request.library.clone().into_bytes());
        words.extend([b"--set".to_vec(), format!("manifest=@{}", tail(job)).into_bytes()]);
        let data = &self.which.data;
        match &self.which.server {
            Some(server) => words.extend([b"--server".to_vec(), server.to_string().into_bytes()]),
            None if *data != default_data() => {
                words.extend([b"--data".to_vec(), data.as_os_str().as_bytes().to_vec()]);
            }
            None => {}
        }
        let line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(&b" "[..]);
        OsStr::from_bytes(&line).to_string_lossy().into_owned()
    }
}
