//! The command line for clap. In the source, examples are fenced, so that rustdoc knows that they are shell; the help
//! shows them indented.

use clap::{Command, CommandFactory, FromArgMatches};

use super::Arguments;

/// The program with all its commands.
pub(super) fn command() -> Command {
    Arguments::command().mut_subcommands(|command| {
        let about = command.get_long_about().map(|about| indented(&about.to_string()));
        if let Some(about) = about { command.long_about(about) } else { command }
    })
}

/// What this process was called with; or help, or what is wrong with it.
pub(super) fn arguments() -> Result<Arguments, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Replaces the fences of a Markdown text by indentation.
fn indented(text: &str) -> String {
    let (mut lines, mut is_code) = (Vec::new(), false);
    for line in text.lines() {
        match line {
            fence if fence.starts_with("```") => is_code = !is_code,
            code if is_code => lines.push(format!("    {code}")),
            plain => lines.push(plain.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_option_stands_for_two_things() {
        command().debug_assert();
    }

    #[test]
    fn help_has_no_fence_and_its_examples_are_indented() {
        let help = command().find_subcommand("run").and_then(|run| run.get_long_about()).expect("help").to_string();
        assert!(help.contains("\n\n    headway run checksum Photos\n    find Photos"), "{help}");
        for command in command().get_subcommands() {
            let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.contains("```"), "{}: {about}", command.get_name());
        }
    }
}
