//! What one job makes for another, on the command line: `@1` names a job in a setting, and a job prints at its end where its
//! manifest is, and the command that makes use of what it found.

use serde_json::Value;

use super::super::failure::CommandFailure;
use super::super::next_job::next_job;
use super::super::out::say;
use super::super::session::Session;
use super::super::text::tail;
use super::RunArguments;
use headway_model::{BuiltIn, JobId, StartJob};

/// The settings that name a job: the recipe, the setting, and what is before the job's id in its value.
const NAME_A_JOB: [(BuiltIn, &str, &str); 2] =
    [(BuiltIn::Verify, "manifest", "@"), (BuiltIn::Deduplicate, "report", "")];

/// What to give for a setting that names a job, if the request lacks it.
pub(super) fn hint(session: &Session, request: &StartJob) -> Option<String> {
    let (recipe, setting, _) = NAME_A_JOB.iter().find(|(recipe, ..)| request.recipe == recipe.name())?;
    let file = if *recipe == BuiltIn::Verify { " a file of the folder with --set manifest=SHA256SUMS, or" } else { "" };
    let list = session.command("jobs");
    let text = format!("name{file} a job with --set {setting}=@1, which is the newest ({list} lists them)");
    (!request.settings.contains_key(*setting)).then_some(text)
}

/// Replaces a job in a setting, such as `@1` or `@3f2a9c`, by its id. Where only a job can stand, the `@` of an id can be missing.
pub(super) async fn resolve(session: &Session, request: &mut StartJob) -> Result<(), CommandFailure> {
    let named = NAME_A_JOB.iter().find(|(recipe, ..)| request.recipe == recipe.name());
    let Some((_, setting, before)) = named else { return Ok(()) };
    let Some(Value::String(text)) = request.settings.get_mut(*setting) else { return Ok(()) };
    if !text.starts_with('@') && !before.is_empty() {
        return Ok(());
    }
    let job = session.job(text).await?;
    *text = format!("{before}{job}");
    Ok(())
}

impl RunArguments {
    /// Prints where the manifests or reports of a finished job are, and the command that makes use of what the job found.
    pub(super) async fn report_next(
        &self,
        session: &Session,
        job: JobId,
        request: &StartJob,
    ) -> Result<(), CommandFailure> {
        let is_checksum = request.recipe == BuiltIn::Checksum.name();
        let writes = BuiltIn::of(&request.recipe).is_some_and(|recipe| recipe != BuiltIn::Command);
        if !writes || self.shown.quiet || self.shown.json.is_some() {
            return Ok(());
        }
        let view = session.client.job(job).await?;
        let what = if is_checksum { "manifest" } else { "report" };
        let has_text = view.outputs.iter().any(|name| name.ends_with(".txt"));
        let is_for_people = |name: &str| match is_checksum {
            // A manifest that names no file verifies nothing.
            true => {
                view.summary.counters.succeeded > 0 && ![".csv", ".jsonl"].iter().any(|table| name.ends_with(table))
            }
            // What a job changed is the result; of one that changed nothing it is the report. Its other forms are for programs.
            false => !view.can_undo && name.ends_with(if has_text { ".txt" } else { ".csv" }),
        };
        for name in view.outputs.iter().filter(|name| is_for_people(name)) {
            match &self.which.server {
                None => {
                    let path = std::path::absolute(&self.which.data)?.join("jobs").join(job.to_string()).join(name);
                    say(&format!("{what}: {}", path.display()));
                }
                Some(_) => {
                    let export = session.command(&format!("export {} --output {name} -o {name}", tail(job)));
                    say(&format!("{what}: {export}"));
                }
            }
        }
        next_job(session, &view).iter().for_each(|command| say(command));
        Ok(())
    }
}
