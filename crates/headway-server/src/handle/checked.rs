//! Checks a request, and fills in its defaults. Everything that is wrong is told at once, so that a person mends it in one go.

use super::{Server, checks};
use headway_model::event::TITLE_LIMIT;
use headway_model::setting::WrongSetting;
use headway_model::summary::RecipeInfo;
use headway_model::{ApiError, Output, Query, SortedMap, StartJob};

impl Server {
    /// The request in its normal form: settings get their defaults, paths are sorted and deduplicated.
    ///
    /// # Errors
    /// Everything that is wrong with it, as far as it can be known without the disk.
    pub(super) fn checked(&self, request: &StartJob, may_start: bool) -> Result<StartJob, ApiError> {
        let mut request = request.clone();
        let (mut wrong, mut settings) = (checks::WrongPlaces::new(), Vec::new());
        if let Err(error) = self.may_name_library(&request) {
            wrong.push(("/library", error.to_string()));
        }
        match self.inner.context.recipe(&request.recipe).filter(|_| may_start) {
            None => wrong.push(("/recipe", self.no_recipe(&request.recipe))),
            Some(recipe) => {
                let RecipeInfo { output: default, output_if, .. } = recipe.info();
                if request.output.is_some() && default.is_none() {
                    let why = format!("recipe {} writes no output, so none can be placed", request.recipe);
                    wrong.push(("/output", why));
                }
                match recipe.settings(&request.settings) {
                    Ok(checked) => {
                        request.settings = checked;
                        // With settings under which it only reads, nothing must say that it writes.
                        let writes = output_if.is_none_or(|condition| condition.holds(&request.settings));
                        request.output = request.output.or(default).filter(|_| writes);
                    }
                    // Whether the output counts is not known then, and it is checked as it was given.
                    Err(refused) => settings = refused,
                }
                wrong.extend(request.output.iter().flat_map(checks::output).map(|why| ("/output", why)));
            }
        }
        wrong.extend(checks::query(&mut request.query));
        wrong.extend(checks::undone(&request).map(|why| ("/query", why)));
        wrong.extend(checks::conditions(&mut request));
        if let Query::Items(query) = &request.query {
            request.parent = Some(query.job);
        }
        wrong.extend(checks::policy(&request.policy));
        wrong.extend(checks::sample(request.sample).map(|why| ("/sample", why)));
        if request.title.as_ref().is_some_and(|title| title.is_empty() || title.len() > TITLE_LIMIT) {
            wrong.push(("/title", format!("the title must have 1 to {TITLE_LIMIT} bytes")));
        }
        if wrong.is_empty() && settings.is_empty() { Ok(request) } else { Err(refusal(wrong, settings)) }
    }

    /// A refusal together with what only the disk can refuse, if the request got so far that the disk can be asked.
    pub(super) async fn with_obstacle(&self, request: &StartJob, refused: ApiError) -> ApiError {
        let ApiError::Invalid { mut reasons, mut settings, mut places } = refused else { return refused };
        let is_unknown = places.values().any(|at| at == "/library" || at == "/recipe");
        if let Some(filled) = self.filled(request).filter(|_| !is_unknown)
            && let Err(ApiError::Invalid { reasons: more, settings: of, places: at }) = self.unobstructed(&filled).await
        {
            let new: Vec<_> = more.into_iter().filter(|reason| !reasons.contains(reason)).collect();
            reasons.extend(new);
            of.into_iter().for_each(|(setting, reason)| _ = settings.insert(setting, reason));
            at.into_iter().for_each(|(reason, place)| _ = places.insert(reason, place));
        }
        ApiError::Invalid { reasons, settings, places }
    }

    /// The request with the defaults of its recipe; `None` if there is no such recipe, or its settings are wrong.
    fn filled(&self, request: &StartJob) -> Option<StartJob> {
        let recipe = self.inner.context.recipe(&request.recipe)?;
        let settings = recipe.settings(&request.settings).ok()?;
        let RecipeInfo { output: default, output_if, .. } = recipe.info();
        let writes = output_if.is_none_or(|condition| condition.holds(&settings));
        let output: Option<Output> = request.output.clone().or(default).filter(|_| writes);
        Some(StartJob { settings, output, ..request.clone() })
    }
}

/// The refusal of a request in which all of this is wrong.
fn refusal(wrong: checks::WrongPlaces, wrong_settings: Vec<WrongSetting>) -> ApiError {
    let (mut reasons, mut settings, mut places) = (Vec::new(), SortedMap::new(), SortedMap::new());
    for WrongSetting { setting, reason } in wrong_settings {
        reasons.push(reason.clone());
        settings.insert(setting, reason);
    }
    for (at, why) in wrong {
        reasons.push(why.clone());
        places.insert(why, at.to_owned());
    }
    ApiError::Invalid { reasons, settings, places }
}
