//! What the user has chosen to do, to which files, and how it is started.

use leptos::prelude::*;

use super::Wrong;
use super::policies::Policies;
use super::to_files::{to_files, writes};
use crate::live::Live;
use crate::ui::library::{ListOffer, Selection, matching};
use crate::ui::parts::format::sentence;
use headway_model::library::OutcomeFilter;
use headway_model::request::FolderQuery;
use headway_model::summary::{RecipeInfo, Start};
use headway_model::{Conditions, JobId, Output, OutputPlace, Policy, Query, RelPath, Sample, Settings, StartJob};

/// How many files a sample has, if it is the first ones.
pub(super) const SAMPLE: u32 = 10;

/// The field for the folder that the output goes to.
pub(super) const OUTPUT_FOLDER: &str = "output-folder";

/// How a start begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartMode {
    /// Runs everything at once.
    Run,
    /// Makes a plan first, which waits for approval.
    Plan,
    /// Runs only some of the files.
    Sample(Sample),
}

/// A preset that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChosenPreset {
    pub(super) name: String,
    pub(super) request: StartJob,
}

/// Everything the user has chosen. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct JobOptions {
    live: Live,
    /// The library on the screen.
    pub(super) library: Memo<String>,
    /// The files selected.
    pub(super) selected: RwSignal<Selection>,
    /// What there is to be processed.
    pub(super) offer: Memo<ListOffer>,
    /// The recipe's name.
    pub(super) name: RwSignal<String>,
    /// The recipe with this name.
    pub(super) recipe: Memo<Option<RecipeInfo>>,
    /// The recipe's default policy.
    pub(super) by_default: Memo<Policy>,
    pub(super) settings: RwSignal<Settings>,
    /// Where the recipe's output goes; `None` if it has none.
    pub(super) place: RwSignal<Option<Output>>,
    /// The folder for it, as it was typed.
    pub(super) folder: RwSignal<String>,
    pub(super) smaller: RwSignal<bool>,
    pub(super) leave_out: RwSignal<String>,
    pub(super) system_files: RwSignal<bool>,
    /// What the files must be like.
    pub(super) conditions: RwSignal<Conditions>,
    /// The first of the fields for that which cannot be read or contradicts another one, and why.
    pub(super) unread: RwSignal<Option<Wrong>>,
    pub(super) policies: Policies,
    /// The preset that filled the fields, until a recipe is chosen.
    pub(super) preset: RwSignal<Option<ChosenPreset>>,
    /// Whether the preset's priority, and its limit of files at once, are requested too. They have no fields.
    pub(super) has_pace: RwSignal<bool>,
    /// With each change of this number, the fields that do not follow their values show them again.
    pub(super) filled: RwSignal<u32>,
    /// The names of the fields that cannot be parsed, and why.
    pub(super) wrong: RwSignal<Vec<Wrong>>,
    /// The job that was started with the selection. The selection is cleared only when that job is accepted.
    given: RwSignal<Option<JobId>>,
}

impl ChosenPreset {
    /// How many files it runs at once, and its priority; 0 if it leaves that to the server.
    pub(super) fn pace(&self) -> (u32, i32) {
        (self.request.concurrency, self.request.priority)
    }
}

impl JobOptions {
    /// The initial choice: the first recipe with its defaults.
    pub(in crate::ui) fn new(library: Memo<String>, selected: RwSignal<Selection>, offer: Memo<ListOffer>) -> Self {
        let Start { recipes, policies, .. } = expect_context::<Start>();
        let name = RwSignal::new(recipes.first().map(|recipe| recipe.name.clone()).unwrap_or_default());
        let chosen = JobOptions {
            live: expect_context::<Live>(),
            library,
            selected,
            offer,
            name,
            recipe: Memo::new(move |_| name.with(|name| recipes.iter().find(|recipe| recipe.name == *name).cloned())),
            by_default: Memo::new(move |_| name.with(|name| policies.get(name).cloned()).unwrap_or_default()),
            settings: RwSignal::new(Settings::new()),
            place: RwSignal::new(None),
            folder: RwSignal::new(String::new()),
            smaller: RwSignal::new(false),
            leave_out: RwSignal::new(String::new()),
            system_files: RwSignal::new(false),
            conditions: RwSignal::new(Conditions::default()),
            unread: RwSignal::new(None),
            policies: Policies::new(),
            preset: RwSignal::new(None),
            has_pace: RwSignal::new(false),
            filled: RwSignal::new(0),
            wrong: RwSignal::new(Vec::new()),
            given: RwSignal::new(None),
        };
        Effect::new(move |_| chosen.take_output(chosen.recipe.get().and_then(|recipe| recipe.output)));
        chosen.clear_when_accepted();
        chosen
    }

    /// The request for the selection, or else for the list on the screen. There is no request without either, or if
    /// fields cannot be parsed: a field is never left out of a request.
    pub(super) fn request(self) -> Result<Option<StartJob>, Vec<Wrong>> {
        let selection = self.selected.with_untracked(Selection::query);
        let files = selection.or_else(|| self.offer.with_untracked(|offer| offer.view().map(matching)));
        let Some((library, query)) = files else { return Ok(None) };
        let query = self.narrowed(query);
        let (output, policy) = match (self.output(), self.policies.read(), self.unread.get_untracked()) {
            (Ok(output), Ok(policy), None) => (output, policy),
            (output, policy, unread) => {
                let policy = policy.err().unwrap_or_default();
                return Err(output.err().into_iter().chain(policy).chain(unread).collect());
            }
        };
        let conditions = self.conditions.get_untracked();
        let settings = self.settings.get_untracked();
        let (concurrency, priority) = if self.has_pace.get_untracked() { self.pace_untracked() } else { (0, 0) };
        let request = StartJob::new(&library, &self.name.get_untracked(), query);
        Ok(Some(StartJob { settings, output, policy, concurrency, priority, conditions, ..request }))
    }

    /// Fills the fields from a preset. Its files are not taken: what runs is what the page shows.
    pub(super) fn fill(self, preset: ChosenPreset) {
        let request = preset.request.clone();
        let (exclude, system_files) = match request.query {
            Query::Folder(folder) => (folder.exclude, folder.system_files),
            Query::Paths(_) | Query::Items(_) => (Vec::new(), false),
        };
        self.live.refused.set(None);
        self.wrong.set(Vec::new());
        // Before the name of the recipe, whose output gives way to that of the preset.
        self.preset.set(Some(preset));
        self.has_pace.set(true);
        self.name.set(request.recipe);
        self.settings.set(request.settings);
        self.policies.fill(&request.policy);
        self.leave_out.set(exclude.join("\n"));
        self.system_files.set(system_files);
        self.conditions.set(request.conditions);
        self.take_output(self.recipe.get_untracked().and_then(|recipe| recipe.output));
        self.smaller.set(self.place.with_untracked(|output| output.as_ref().is_some_and(|to| to.smaller.is_some())));
        self.filled.update(|filled| *filled = filled.wrapping_add(1));
    }

    /// Shows where the output goes: where the chosen preset puts it, or else the recipe.
    fn take_output(self, of_recipe: Option<Output>) {
        let of_preset = |preset: &ChosenPreset| preset.request.output.clone();
        let output = self.preset.with_untracked(|preset| preset.as_ref().and_then(of_preset)).or(of_recipe);
        self.folder.set(folder_of(output.as_ref()));
        self.place.set(output);
    }

    /// How many files at once, and the priority, if the chosen preset says so; else 0 each.
    fn pace_untracked(self) -> (u32, i32) {
        self.preset.with_untracked(|preset| preset.as_ref().map(ChosenPreset::pace)).unwrap_or_default()
    }

    /// Starts the chosen preset as it was saved, with its own files, as `headway preset run` does.
    pub(super) fn start_as_saved(self) {
        self.wrong.set(Vec::new());
        if let Some(preset) = self.preset.get_untracked() {
            self.live.start(preset.request);
        }
    }

    /// Whether the recipe writes an output, with its settings as they are. Tracked.
    pub(super) fn writes(self) -> bool {
        let writes = |recipe: &RecipeInfo| self.settings.with(|settings| writes(recipe, settings));
        self.place.with(Option::is_some) && self.recipe.with(|recipe| recipe.as_ref().is_some_and(writes))
    }

    /// What happens to the files. Tracked.
    pub(super) fn to_files(self) -> String {
        let output = self.place.get();
        let said = |recipe: &RecipeInfo| self.settings.with(|settings| to_files(recipe, output.as_ref(), settings));
        self.recipe.with(|recipe| recipe.as_ref().map(said)).unwrap_or_default()
    }

    fn output(self) -> Result<Option<Output>, Wrong> {
        let Some(output) = self.place.get_untracked() else { return Ok(None) };
        let place = match output.place {
            OutputPlace::Folder { name, .. } => {
                let typed = self.folder.get_untracked().trim().parse::<RelPath>();
                let path = typed.map_err(|error| (OUTPUT_FOLDER, sentence(&error.to_string())))?;
                OutputPlace::Folder { path, name }
            }
            place => place,
        };
        let smaller = self.smaller.get_untracked().then(|| output.smaller.unwrap_or(0));
        Ok(Some(Output { place, smaller, ..output }))
    }

    /// What is wrong with this field.
    pub(super) fn wrong_at(self, name: &str) -> Option<String> {
        self.wrong.with(|wrong| wrong.iter().find(|(field, _)| *field == name).map(|(_, text)| text.clone()))
    }

    /// The first files, with their numbers, and the total number of files. The server looks for them by itself, except in a list
    /// that shows files by their last outcome.
    pub(super) fn first_files(self) -> (Vec<(u32, RelPath)>, u32) {
        let amount = self.selected.with_untracked(|selected| (!selected.is_empty()).then(|| selected.amount()));
        let amount = amount.or_else(|| self.offer.with_untracked(ListOffer::amount)).unwrap_or_default();
        let is_named = self.selected.with_untracked(|selected| matches!(selected.query(), Some((_, Query::Paths(_)))));
        let is_filtered = |offer: &ListOffer| offer.view().is_some_and(|view| view.show != OutcomeFilter::All);
        let first = self.offer.with_untracked(|offer| match !is_named && is_filtered(offer) {
            true => offer.first(),
            false => Vec::new(),
        });
        ((1..).zip(first).collect(), u32::try_from(amount.files).unwrap_or(u32::MAX))
    }

    /// Starts the job. Without files nothing starts. If fields cannot be parsed, nothing starts, and each of them says so.
    pub(super) fn start(self, mode: StartMode) {
        let request = match self.request() {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(wrong) => return self.wrong.set(wrong),
        };
        self.wrong.set(Vec::new());
        let approval = mode == StartMode::Plan;
        let sample = if let StartMode::Sample(sample) = mode { Some(sample) } else { None };
        let is_selection = self.selected.with_untracked(|selected| !selected.is_empty());
        let job = self.live.start(StartJob { approval, sample, ..request });
        self.given.set(job.filter(|_| is_selection && sample.is_none()));
    }

    /// The query with the patterns for files to leave out. Files that were selected one by one are all wanted.
    fn narrowed(self, query: Query) -> Query {
        let Query::Folder(folder) = query else { return query };
        let lines = self.leave_out.get_untracked();
        let exclude = lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Query::Folder(FolderQuery { exclude, system_files: self.system_files.get_untracked(), ..folder })
    }

    fn clear_when_accepted(self) {
        let live = self.live;
        Effect::new(move |_| {
            let Some(job) = self.given.get() else { return };
            if live.starting.with(|starting| starting.as_ref().is_some_and(|starting| starting.job == job)) {
                return;
            }
            self.given.set(None);
            if live.refused.with_untracked(Option::is_none) {
                self.selected.set(Selection::default());
            }
        });
    }
}

/// The folder of an output that goes into one, or else the one that is offered.
fn folder_of(output: Option<&Output>) -> String {
    match output.map(|output| &output.place) {
        Some(OutputPlace::Folder { path, .. }) => path.to_string(),
        _ => "converted".to_owned(),
    }
}
