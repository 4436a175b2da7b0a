//! Recipes whose every step the test controls.

use std::io::{Read, Write};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use headway_files::OpenFile;
use headway_files::Outputs;
use headway_model::summary::RecipeInfo;
use headway_model::{DiskEffect, FailReason, OnDone, Output, OutputPlace};
use headway_recipes::{Attempt, Binding, Effect, Failure, ItemResults, Recipe, Success, Unable, Work};
use parking_lot::{Condvar, Mutex};
use serde_json::json;

/// What the recipe does with a file, by the first word of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Every file is done at once.
    Instant,
    /// Every file waits until [`TestRecipe::release`].
    Held,
    /// The same also when the attempt was asked to end, as on storage that does not answer; then it goes on.
    Hangs,
}

/// `panic...` panics, `fail...` fails, `flaky...` fails once, everything else succeeds.
pub(crate) struct TestRecipe {
    repeatable: bool,
    state: Arc<State>,
}

/// What the test and the recipe share.
pub(crate) struct State {
    gate: Mutex<bool>,
    hangs: bool,
    opened: Condvar,
    /// Attempts that have begun.
    pub(crate) begun: AtomicUsize,
}

impl TestRecipe {
    pub(crate) fn new(behaviour: Behaviour, repeatable: bool) -> Self {
        let gate = Mutex::new(behaviour == Behaviour::Instant);
        let hangs = behaviour == Behaviour::Hangs;
        let state = State { gate, hangs, opened: Condvar::new(), begun: AtomicUsize::new(0) };
        TestRecipe { repeatable, state: Arc::new(state) }
    }
}

impl Deref for TestRecipe {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl State {
    /// Releases every waiting file.
    pub(crate) fn release(&self) {
        *self.gate.lock() = true;
        self.opened.notify_all();
    }

    /// Waits for the release. Returns whether the attempt must end.
    fn wait(&self, attempt: &Attempt) -> bool {
        let ends = || !self.hangs && attempt.is_stopped();
        let mut open = self.gate.lock();
        while !*open && !ends() {
            let tick = std::time::Duration::from_millis(5);
            self.opened.wait_for(&mut open, tick);
        }
        ends()
    }
}

impl Recipe for TestRecipe {
    fn info(&self) -> RecipeInfo {
        RecipeInfo::new("test", "As the test says.")
    }

    fn effect(&self) -> Effect {
        let effect = if self.repeatable { Effect::READS } else { Effect::ACTS };
        Effect { on_done: OnDone::Again, ..effect }
    }

    fn bind(&self, _: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(Bound { state: Arc::clone(&self.state) }))
    }
}

struct Bound {
    state: Arc<State>,
}

impl Work for Bound {
    fn run(&self, _: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        self.state.begun.fetch_add(1, Ordering::SeqCst);
        if self.state.wait(attempt) {
            return Err(Failure::Stopped);
        }
        let wanted = || Failure::Failed(FailReason::Recipe, "as the test wants".into());
        match attempt.path.name() {
            name if name.starts_with("panic") => panic!("as the test wants"),
            name if name.starts_with("fail") => Err(wanted()),
            name if name.starts_with("flaky") && attempt.number == 1 => Err(wanted()),
            _ => Ok(Success { effect: DiskEffect::Read, result: json!({ "ok": true }) }),
        }
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let mut count = 0;
        for item in results {
            count += usize::from(item?.failure.is_none());
        }
        outputs.write("count", |file| Ok(write!(file, "{count}")?))
    }
}

/// Converts every file to capitals, in place unless the request says otherwise. A file already in capitals is
/// unchanged.
pub(crate) struct Capitals {
    state: Arc<State>,
}

struct CapitalsBound {
    state: Arc<State>,
}

impl Capitals {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        Capitals { state: TestRecipe::new(behaviour, false).state }
    }
}

impl Deref for Capitals {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl Recipe for Capitals {
    fn info(&self) -> RecipeInfo {
        let output = Some(Output::to(OutputPlace::Replace));
        RecipeInfo { output, ..RecipeInfo::new("capitals", "Writes every file in capitals.") }
    }

    fn effect(&self) -> Effect {
        Effect::MAKES
    }

    fn bind(&self, _: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(CapitalsBound { state: Arc::clone(&self.state) }))
    }
}

impl Work for CapitalsBound {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        self.state.begun.fetch_add(1, Ordering::SeqCst);
        let fail = |error| Failure::of(FailReason::Write, "writing", &error);
        let mut text = String::new();
        input.file.read_to_string(&mut text).map_err(fail)?;
        let staged = attempt.output.as_ref().expect("it has an output");
        let mut output = staged.create().map_err(fail)?;
        output.write_all(text.to_uppercase().as_bytes()).map_err(fail)?;
        if self.state.wait(attempt) {
            return Err(Failure::Stopped);
        }
        Ok(Success { effect: DiskEffect::Changed, result: json!({}) })
    }
}
