//! One attempt on one item, on a thread that may block. A panic is that item's failure.

use std::sync::Arc;

use super::schedule::WorkOutcome;
use super::{Context, Order};
use crate::model::FailReason;
use crate::model::id::JobId;
use crate::server::files::OpenError;
use crate::server::recipes::{Attempt, Failure};

pub(super) async fn work(context: &Context, order: Option<&Order>, job: JobId, item: u32, number: u32) -> WorkOutcome {
    let fail = |message: String| WorkOutcome::Failed(FailReason::Recipe, message);
    let Some(order) = order else { return fail("the job's request can no longer be carried out".into()) };
    let file = match order.file(&*context.store, item).await {
        Ok(file) => file,
        Err(message) => return fail(message),
    };
    let recipe = match order.recipe(context).await {
        Ok(recipe) => recipe,
        Err(message) => return fail(message),
    };
    let attempt = Arc::new(Attempt::new(file.path.clone(), number, file.size));
    context.running.working(job, item, &attempt);
    let (context, settings) = (context.clone(), order.settings.clone());
    let library = order.library.clone();
    let thread = tokio::task::spawn_blocking(move || {
        let Some(library) = context.library(&library) else {
            return WorkOutcome::Failed(FailReason::Read, format!("this server has no library {library:?}"));
        };
        let mut input = match library.open_file(&file) {
            Ok(input) => input,
            Err(OpenError::Skip(reason)) => return WorkOutcome::Skipped(reason),
            Err(OpenError::Fail(message)) => return WorkOutcome::Failed(FailReason::Read, message),
        };
        match recipe.run(&settings, &mut input, &attempt) {
            Ok(success) => WorkOutcome::Succeeded(success.effect, success.result.to_string()),
            Err(Failure::Stopped) => WorkOutcome::Stopped,
            Err(Failure::Skipped(reason)) => WorkOutcome::Skipped(reason),
            Err(Failure::Failed(reason, message)) => WorkOutcome::Failed(reason, message),
        }
    });
    match thread.await {
        Ok(outcome) => outcome,
        Err(error) => WorkOutcome::Failed(FailReason::Panic, panic_text(error)),
    }
}

/// What a panicked thread said.
pub(super) fn panic_text(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "the work was abandoned".into() };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
