//! Recipes that do nothing, at once or after a while: what is left is what Headway itself costs.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use headway::model::Effect;
use headway::model::summary::RecipeInfo;
use headway::server::data::Outputs;
use headway::server::files::OpenFile;
use headway::server::recipes::{Attempt, Failure, ItemResult, Recipe, Settings, Success};
use serde_json::json;

/// The recipe that does nothing.
pub(crate) struct Nothing {
    /// Whether it may begin before its start is durable.
    pub(crate) repeatable: bool,
    /// How long that takes.
    pub(crate) takes: Duration,
    /// When each item was done.
    pub(crate) done: Mutex<Vec<SystemTime>>,
}

impl Nothing {
    pub(crate) fn new(repeatable: bool) -> Self {
        Nothing { repeatable, takes: Duration::ZERO, done: Mutex::default() }
    }

    pub(crate) fn taking(takes: Duration) -> Self {
        Nothing { takes, ..Nothing::new(false) }
    }
}

impl Recipe for Nothing {
    fn info(&self) -> RecipeInfo {
        RecipeInfo { name: "nothing".into(), summary: "Does nothing.".into(), settings: Vec::new() }
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn run(&self, _: &Settings, _: &mut OpenFile, _: &Attempt) -> Result<Success, Failure> {
        if !self.takes.is_zero() {
            std::thread::sleep(self.takes);
            self.done.lock().expect("no panic").push(SystemTime::now());
        }
        Ok(Success { effect: Effect::Read, result: json!({}) })
    }

    fn finish(&self, _: &Settings, _: &mut dyn Iterator<Item = ItemResult>, _: &Outputs) -> Result<(), anyhow::Error> {
        Ok(())
    }
}
