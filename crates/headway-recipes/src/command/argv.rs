//! The words of a command with the settings of one job filled in: as they run, and as they are shown before.

use super::{CommandConfig, Settings};
use headway_files::template::Template;

/// The command's program, and its arguments, whose tokens are to be filled in for each file. If no word names the file, it is the
/// last argument.
pub(super) fn argv(config: &CommandConfig, settings: &Settings) -> Vec<Template> {
    let mut words = config.run.iter();
    let program = words.next().map(|program| Template::text(program));
    let mut argv: Vec<_> = program.into_iter().chain(words.filter_map(|word| filled(config, settings, word))).collect();
    if argv.iter().all(|word| word.tokens().next().is_none()) {
        argv.push(Template::new("{}"));
    }
    argv
}

/// The programs that start the command, such as `nice`, each with its arguments; the first one begins.
pub(super) fn starters(config: &CommandConfig) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let nice = config.nice.map(|nice| words(&["nice", "-n", &nice.to_string()]));
    let idle = config.idle_io.then(|| words(&["ionice", "-c", "3"]));
    nice.into_iter().chain(idle).collect()
}

/// A word of the command with the settings filled in; `None` if the word is omitted.
fn filled(config: &CommandConfig, settings: &Settings, word: &str) -> Option<Template> {
    match config.setting.iter().find(|setting| word == format!("{{{}}}", setting.name)) {
        // A value that a person chose is literal text.
        Some(setting) => Some(Template::text(&setting.argument(settings.get(&setting.name))?)),
        None => Some(Template::new(word)),
    }
}
