//! The command that starts the job which makes use of what another one found.

use std::ffi::OsStr;
use std::path::Path;

use super::session::Session;
use super::text::{shown, tail};
use headway_model::BuiltIn;
use headway_model::summary::JobView;

/// What that job does, and the command; `None` if there is none.
pub(super) fn next_job(session: &Session, view: &JobView) -> Option<String> {
    let next = view.next.as_ref()?;
    let (purpose, setting) = match BuiltIn::of(&next.recipe)? {
        BuiltIn::Verify => ("to verify these files later", "manifest"),
        BuiltIn::Deduplicate => ("to move the copies to the trash", "report"),
        _ => return None,
    };
    // The path of the library's folder, wherever the command is typed, or the name under which the server knows it.
    let within = if Path::new(&next.library).is_absolute() { "" } else { "--in " };
    let (recipe, library, job) = (&next.recipe, shown(OsStr::new(&next.library)), tail(view.summary.job));
    let command = session.command(&format!("run {recipe} {within}{library} --set {setting}=@{job}"));
    Some(format!("{purpose}: {command}"))
}
