//! What happens to the files, in a sentence.

use headway_model::summary::RecipeInfo;
use headway_model::{Output, OutputPlace, Settings, setting};

/// Whether a recipe writes its output, with these settings and else its defaults.
pub(super) fn writes(recipe: &RecipeInfo, settings: &Settings) -> bool {
    let settings = setting::filled(&recipe.settings, settings);
    recipe.output_if.as_ref().is_none_or(|condition| condition.holds(&settings))
}

/// What happens to the files with these settings, if the output goes there.
pub(super) fn to_files(recipe: &RecipeInfo, output: Option<&Output>, settings: &Settings) -> String {
    if !recipe.to_files.is_empty() {
        return recipe.to_files.clone();
    }
    let output = output.filter(|_| writes(recipe, settings));
    let text = match output.map(|output| &output.place) {
        None => "The files are only read.",
        Some(OutputPlace::Replace) => "Replaces each file; the original is kept in the trash.",
        Some(OutputPlace::Beside { .. }) => "Writes a new file beside each; the files stay as they are.",
        Some(OutputPlace::Folder { .. }) => "Writes into another folder; the files stay as they are.",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::setting::OnlyIf;
    use headway_model::{BuiltIn, Setting};

    #[test]
    fn the_sentence_follows_where_the_output_goes() {
        let recipe = RecipeInfo { to_files: String::new(), ..RecipeInfo::reading(BuiltIn::Image, "", Vec::new()) };
        let said = |place: OutputPlace| to_files(&recipe, Some(&Output::to(place)), &Settings::new());
        assert!(said(OutputPlace::Replace).starts_with("Replaces each file"));
        assert!(said(OutputPlace::Beside { name: "{/}".into() }).contains("beside each"));
        assert!(said(OutputPlace::Folder { path: Default::default(), name: None }).contains("another folder"));
        assert_eq!(to_files(&recipe, None, &Settings::new()), "The files are only read.");
        // Under some settings it writes nothing.
        let action = Setting::choice("action", "Do", &[("report", "say"), ("strip", "remove")]);
        let output_if = Some(OnlyIf { setting: "action".into(), is: vec!["strip".into()] });
        let metadata = RecipeInfo { settings: vec![action], output_if, ..recipe.clone() };
        let replace = Output::to(OutputPlace::Replace);
        let strip = [("action".to_owned(), "strip".into())].into_iter().collect();
        assert_eq!(to_files(&metadata, Some(&replace), &Settings::new()), "The files are only read.");
        assert!(to_files(&metadata, Some(&replace), &strip).starts_with("Replaces"));
        let own = RecipeInfo { to_files: "What you type decides that.".into(), ..recipe };
        assert_eq!(to_files(&own, Some(&Output::to(OutputPlace::Replace)), &Settings::new()), own.to_files);
    }
}
