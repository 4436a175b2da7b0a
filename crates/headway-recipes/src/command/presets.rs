//! Commands that come with Headway, for programs that people have.

use super::NamedCommand;
use super::config::ConfigFile;

/// Their configuration, in the format of `headway.toml`.
const PRESETS: &str = include_str!("presets.toml");

/// The commands that come with Headway. A command whose programs are not installed now is hidden: it is not offered,
/// but jobs that ran it can still be shown. Blocking.
pub fn presets() -> Vec<NamedCommand> {
    let file: ConfigFile = toml::from_str(PRESETS).expect("a test reads it");
    file.command.into_iter().map(NamedCommand::preset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    #[test]
    fn each_is_right_and_has_a_name_of_its_own() {
        let file: ConfigFile = toml::from_str(PRESETS).expect("TOML");
        assert!(file.command.len() >= 6 && !file.allow_commands);
        for command in &file.command {
            assert_eq!(command.wrong(), Vec::<String>::new(), "{}", command.name);
            assert!(crate::all().iter().all(|recipe| recipe.info().name != command.name), "{}", command.name);
        }
    }

    #[test]
    fn one_whose_program_is_not_there_is_hidden() {
        let of = |program: &str| {
            let config = super::super::CommandConfig::of("name", vec![program.into()]);
            NamedCommand::preset(config).info().hidden
        };
        assert!(!of("sh") && of("no-such-program-anywhere"));
    }
}
