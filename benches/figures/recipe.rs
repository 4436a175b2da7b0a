//! Recipes that do nothing, at once or after a while, so that only the cost of Headway itself is measured.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use headway_files::OpenFile;
use headway_model::DiskEffect;
use headway_model::summary::RecipeInfo;
use headway_recipes::{Attempt, Binding, Effect, Failure, Recipe, Success, Unable, Work};
use serde_json::json;

/// The recipe that does nothing.
pub(crate) struct Nothing {
    /// Whether it is allowed to begin before its start is durable.
    pub(crate) repeatable: bool,
    /// How long that takes.
    pub(crate) takes: Duration,
    /// When each item was done.
    pub(crate) done: Arc<Mutex<Vec<SystemTime>>>,
}

struct Bound {
    takes: Duration,
    done: Arc<Mutex<Vec<SystemTime>>>,
}

impl Nothing {
    pub(crate) fn new(repeatable: bool) -> Self {
        Nothing { repeatable, takes: Duration::ZERO, done: Arc::default() }
    }

    pub(crate) fn taking(takes: Duration) -> Self {
        Nothing { takes, ..Nothing::new(false) }
    }
}

impl Recipe for Nothing {
    fn info(&self) -> RecipeInfo {
        RecipeInfo::new("nothing", "Does nothing.")
    }

    fn effect(&self) -> Effect {
        if self.repeatable { Effect::READS } else { Effect::ACTS }
    }

    fn bind(&self, _: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(Bound { takes: self.takes, done: Arc::clone(&self.done) }))
    }
}

impl Work for Bound {
    fn run(&self, _: &mut OpenFile, _: &Attempt) -> Result<Success, Failure> {
        if !self.takes.is_zero() {
            std::thread::sleep(self.takes);
            self.done.lock().push(SystemTime::now());
        }
        Ok(Success { effect: DiskEffect::Read, result: json!({}) })
    }
}
