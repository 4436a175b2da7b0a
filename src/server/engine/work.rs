//! One attempt on one item, on a thread that may block. A panic is that item's failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::schedule::WorkOutcome;
use super::{Context, Order};
use crate::model::FailReason;
use crate::model::id::JobId;
use crate::server::files::OpenError;
use crate::server::recipes::{self, Failure, Recipe};
use crate::server::rows::PlannedFile;

/// Which attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which {
    pub(super) job: JobId,
    pub(super) item: u32,
    pub(super) attempt: u32,
}

/// Looks up what the attempt needs, then works.
pub(super) async fn work(context: Context, order: Option<Arc<Order>>, which: Which) -> WorkOutcome {
    let fail = |message: String| WorkOutcome::Failed(FailReason::Recipe, message);
    let Some(order) = order else { return fail("the job's request can no longer be carried out".into()) };
    let file = match order.file(&*context.store, which.item).await {
        Ok(file) => file,
        Err(message) => return fail(message),
    };
    let recipe = match order.recipe(&context).await {
        Ok(recipe) => recipe,
        Err(message) => return fail(message),
    };
    let thread = tokio::task::spawn_blocking(move || attempt(&context, &order, &*recipe, &file, which));
    thread.await.unwrap_or_else(|error| WorkOutcome::Failed(FailReason::Panic, error.to_string()))
}

/// The attempt itself. Blocking.
pub(super) fn attempt(
    context: &Context,
    order: &Order,
    recipe: &dyn Recipe,
    file: &PlannedFile,
    which: Which,
) -> WorkOutcome {
    let attempt = Arc::new(recipes::Attempt::new(file.path.clone(), which.attempt, file.size));
    context.running.working(which.job, which.item, &attempt);
    let work = || {
        let Some(library) = context.library(&order.library) else {
            return WorkOutcome::Failed(FailReason::Read, format!("this server has no library {:?}", order.library));
        };
        let mut input = match library.open_file(file) {
            Ok(input) => input,
            Err(OpenError::Skip(reason)) => return WorkOutcome::Skipped(reason),
            Err(OpenError::Fail(message)) => return WorkOutcome::Failed(FailReason::Read, message),
        };
        match recipe.run(&order.settings, &mut input, &attempt) {
            Ok(success) => WorkOutcome::Succeeded(success.effect, success.result.to_string()),
            Err(Failure::Stopped) => WorkOutcome::Stopped,
            Err(Failure::Skipped(reason)) => WorkOutcome::Skipped(reason),
            Err(Failure::Failed(reason, message)) => WorkOutcome::Failed(reason, message),
        }
    };
    // Nothing of the attempt is looked at after a panic.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| WorkOutcome::Failed(FailReason::Panic, panic_text(&*panic)))
}

/// What a panicked thread said.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
