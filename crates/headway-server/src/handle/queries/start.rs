//! What a page begins with: libraries, recipes, and the jobs that are not over.

use std::sync::Arc;

use super::super::Server;
use super::PAGE_LIMIT;
use headway_model::summary::{LibraryName, PageRights, RecipeInfo, Start};
use headway_model::{ApiError, JobSummary, Policy, SortedMap};
use headway_recipes::Recipe;
use headway_store::JobFilter;

impl Server {
    /// What a page needs for its first paint.
    pub async fn page_start(&self) -> Result<Start, ApiError> {
        let cursor = self.cursor().await?;
        let live = self.store().jobs(JobFilter::Live, PAGE_LIMIT).await?;
        let mut live: Vec<JobSummary> = live.into_iter().map(|row| row.summary).collect();
        live.sort_by_key(|summary| (summary.created, summary.job));
        let (libraries, recipes, policies) = (self.libraries(), self.recipes(), self.policies());
        let rights = PageRights::All;
        Ok(Start { build: self.build().into(), now: crate::now(), cursor, libraries, recipes, policies, live, rights })
    }

    /// The libraries.
    pub fn libraries(&self) -> Vec<LibraryName> {
        let libraries = self.inner.context.libraries.now();
        libraries.iter().map(|library| LibraryName { name: library.name.clone() }).collect()
    }

    /// The recipes that are offered.
    pub fn recipes(&self) -> Vec<RecipeInfo> {
        self.inner
            .context
            .recipes
            .iter()
            .map(|recipe| recipe.info())
            .filter(|info| !info.hidden && self.offers(&info.name))
            .collect()
    }

    /// Each recipe's default policy for files that were already processed and for interrupted items.
    fn policies(&self) -> SortedMap<String, Policy> {
        let policy = |recipe: &Arc<dyn Recipe>| {
            let effect = recipe.effect();
            let (on_interrupt, on_done) = (Some(effect.on_interrupt), Some(effect.on_done));
            (recipe.info().name, Policy { on_interrupt, on_done, ..Policy::default() })
        };
        self.inner.context.recipes.iter().map(policy).collect()
    }
}
