//! What is chosen to be done, to which files, and the start of it.

use leptos::prelude::*;

use super::policies::Policies;
use crate::ui::library::{FIRST, ListOffer, Selection, matching};
use crate::ui::live::Live;
use headway_model::library::FolderView;
use headway_model::request::FolderQuery;
use headway_model::summary::{RecipeInfo, Start};
use headway_model::{JobId, Output, Policy, Query, RelPath, Settings, StartJob};

/// How many files are tried first.
pub(super) const SAMPLE: u32 = 10;

/// How a start begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// All of it, at once.
    Run,
    /// With the plan, which waits for a person.
    Plan,
    /// With the first files alone.
    Sample,
}

/// All that is chosen. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Chosen {
    live: Live,
    /// What the page shows.
    pub(super) view: Memo<FolderView>,
    /// The files selected.
    pub(super) selected: RwSignal<Selection>,
    /// What there is to be processed.
    pub(super) offer: RwSignal<ListOffer>,
    /// The recipe's name.
    pub(super) name: RwSignal<String>,
    /// The recipe of that name.
    pub(super) recipe: Memo<Option<RecipeInfo>>,
    /// What that does where nothing else is chosen.
    pub(super) by_default: Memo<Policy>,
    pub(super) settings: RwSignal<Settings>,
    /// Where the recipe's output goes; `None` if it has none.
    pub(super) place: RwSignal<Option<Output>>,
    pub(super) smaller: RwSignal<bool>,
    pub(super) leave_out: RwSignal<String>,
    pub(super) system_files: RwSignal<bool>,
    pub(super) policies: Policies,
    /// The field that cannot be read, by its name, and why.
    pub(super) wrong: RwSignal<Option<(&'static str, String)>>,
    /// The job that the selection was given to. Only when that is accepted has the selection done its work.
    given: RwSignal<Option<JobId>>,
}

impl Chosen {
    /// The first recipe, with nothing else said.
    pub(in crate::ui) fn new(
        view: Memo<FolderView>,
        selected: RwSignal<Selection>,
        offer: RwSignal<ListOffer>,
    ) -> Self {
        let Start { recipes, policies, .. } = expect_context::<Start>();
        let name = RwSignal::new(recipes.first().map(|recipe| recipe.name.clone()).unwrap_or_default());
        let chosen = Chosen {
            live: expect_context::<Live>(),
            view,
            selected,
            offer,
            name,
            recipe: Memo::new(move |_| name.with(|name| recipes.iter().find(|recipe| recipe.name == *name).cloned())),
            by_default: Memo::new(move |_| name.with(|name| policies.get(name).cloned()).unwrap_or_default()),
            settings: RwSignal::new(Settings::new()),
            place: RwSignal::new(None),
            smaller: RwSignal::new(false),
            leave_out: RwSignal::new(String::new()),
            system_files: RwSignal::new(false),
            policies: Policies::new(),
            wrong: RwSignal::new(None),
            given: RwSignal::new(None),
        };
        Effect::new(move |_| chosen.place.set(chosen.recipe.get().and_then(|recipe| recipe.output)));
        chosen.clear_when_accepted();
        chosen
    }

    /// What is asked for, so far as it can be read.
    pub(super) fn request(self) -> StartJob {
        let query = match self.selected.with_untracked(Selection::is_empty) {
            true => self.narrowed(Query::Folder(self.view.with_untracked(matching))),
            false => self.narrowed(self.selected.with_untracked(Selection::query)),
        };
        let library = self.view.with_untracked(|view| view.library.clone());
        let output = self.place.get_untracked();
        let output = output.map(|output| Output { smaller: self.smaller.get_untracked().then_some(0), ..output });
        let settings = self.settings.get_untracked();
        StartJob { settings, output, ..StartJob::new(&library, &self.name.get_untracked(), query) }
    }

    /// The first files of it that are known by name, with their numbers, and how many there are.
    pub(super) fn first_files(self) -> (Vec<(u32, RelPath)>, u32) {
        let amount = self.selected.with_untracked(|selected| (!selected.is_empty()).then(|| selected.amount()));
        let amount = amount.or_else(|| self.offer.with_untracked(ListOffer::amount)).unwrap_or_default();
        let first = self.selected.with_untracked(|selected| selected.first(FIRST));
        let first = first.unwrap_or_else(|| self.offer.with_untracked(ListOffer::first));
        ((1..).zip(first).collect(), u32::try_from(amount.files).unwrap_or(u32::MAX))
    }

    /// Starts it. Nothing happens if something that was entered cannot be read: then that field says so.
    pub(super) fn start(self, way: Way) {
        let policy = match self.policies.read() {
            Ok(policy) => policy,
            Err(wrong) => return self.wrong.set(Some(wrong)),
        };
        self.wrong.set(None);
        let approval = way == Way::Plan;
        let sample = (way == Way::Sample).then_some(SAMPLE);
        let is_selection = self.selected.with_untracked(|selected| !selected.is_empty());
        let job = self.live.start(StartJob { policy, approval, sample, ..self.request() });
        self.given.set(job.filter(|_| is_selection && way != Way::Sample));
    }

    /// The query, without what is to be left out. Of what was chosen one by one, all is wanted.
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
