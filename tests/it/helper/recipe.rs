//! A recipe whose every step the test decides.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use headway::model::summary::RecipeInfo;
use headway::model::{Effect, FailReason};
use headway::server::data::Outputs;
use headway::server::files::OpenFile;
use headway::server::recipes::{Attempt, Failure, ItemResult, Recipe, Settings, Success};
use serde_json::json;

/// What the recipe does with a file, by the first word of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Nothing is held: every file is done at once.
    Instant,
    /// Every file waits until [`TestRecipe::release`].
    Held,
}

/// `panic...` panics, `fail...` fails, everything else succeeds.
pub(crate) struct TestRecipe {
    repeatable: bool,
    gate: Mutex<bool>,
    opened: Condvar,
    /// Attempts that have begun.
    pub(crate) begun: AtomicUsize,
}

impl TestRecipe {
    pub(crate) fn new(behaviour: Behaviour, repeatable: bool) -> Self {
        let open = behaviour == Behaviour::Instant;
        TestRecipe { repeatable, gate: Mutex::new(open), opened: Condvar::new(), begun: AtomicUsize::new(0) }
    }

    /// Lets everything that waits go on.
    pub(crate) fn release(&self) {
        *self.gate.lock().expect("no test panics here") = true;
        self.opened.notify_all();
    }
}

impl Recipe for TestRecipe {
    fn info(&self) -> RecipeInfo {
        RecipeInfo { name: "test".into(), summary: "As the test says.".into(), settings: Vec::new() }
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn run(&self, _: &Settings, _: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let mut open = self.gate.lock().expect("no test panics here");
        while !*open && !attempt.is_stopped() {
            let tick = std::time::Duration::from_millis(5);
            open = self.opened.wait_timeout(open, tick).expect("no test panics here").0;
        }
        drop(open);
        if attempt.is_stopped() {
            return Err(Failure::Stopped);
        }
        match attempt.path.name() {
            name if name.starts_with("panic") => panic!("as the test wants"),
            name if name.starts_with("fail") => Err(Failure::Failed(FailReason::Recipe, "as the test wants".into())),
            _ => Ok(Success { effect: Effect::Read, result: json!({ "ok": true }) }),
        }
    }

    fn finish(
        &self,
        _: &Settings,
        results: &mut dyn Iterator<Item = ItemResult>,
        outputs: &Outputs,
    ) -> anyhow::Result<()> {
        let count = results.filter(|item| item.failure.is_none()).count();
        outputs.write("count", |file| Ok(write!(file, "{count}")?))
    }
}
