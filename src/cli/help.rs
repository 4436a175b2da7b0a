//! The command line for clap. In the source, examples are fenced, so that rustdoc knows that they are shell; the help
//! shows them indented.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use super::Arguments;
use super::config::{ServeFile, ServeSetting, place, settings};

/// The commands that are about all settings of a server.
const SERVE: [&str; 2] = ["serve", "config"];

/// The program with all its commands.
pub(super) fn command() -> Command {
    Arguments::command().mut_subcommands(for_terminal)
}

/// A command whose help, and that of its own commands, is for a terminal.
fn for_terminal(command: Command) -> Command {
    let about = command.get_long_about().map(|about| indented(&about.to_string()));
    let command = if let Some(about) = about { command.long_about(about) } else { command };
    command.mut_subcommands(for_terminal)
}

/// The arguments of this process, with the settings of a server if the command starts or looks for one. The error is
/// the help, or what is wrong.
pub(super) fn arguments() -> Result<(Arguments, Vec<ServeSetting>), clap::Error> {
    let words: Vec<_> = std::env::args_os().collect();
    let mut command = command();
    let mut given = command.try_get_matches_from_mut(&words)?;
    let Some((name, matches)) = given.subcommand().filter(|(name, _)| has_data(&command, name)) else {
        return Ok((parsed(&given, command)?, Vec::new()));
    };
    let (name, is_serve) = (name.to_owned(), SERVE.contains(&name));
    let file = serve_file(&command, matches).map_err(|why| clap::Error::raw(ErrorKind::ValueValidation, why))?;
    let file = if is_serve { file } else { file.only(&["data", "store"]) };
    if !file.is_empty() {
        // A command that has parsed once finds an argument by its number, and a changed argument gets another one.
        let with_defaults = self::command().mut_subcommand(&name, |called| file.as_defaults(called));
        given = with_defaults.try_get_matches_from(&words)?;
    }
    let settings = match (command.find_subcommand(&name), given.subcommand()) {
        (Some(called), Some((_, matches))) if is_serve => settings(called, matches, &file),
        _ => Vec::new(),
    };
    Ok((parsed(&given, command)?, settings))
}

/// Whether a command uses a data folder. The others take nothing from the file here.
fn has_data(command: &Command, name: &str) -> bool {
    let called = command.find_subcommand(name);
    called.is_some_and(|called| called.get_arguments().any(|argument| argument.get_id() == "data"))
}

/// The server's settings in the file: the file that is named, or else the default one.
fn serve_file(command: &Command, matches: &ArgMatches) -> Result<ServeFile, String> {
    let named = matches.try_get_one::<PathBuf>("config").ok().flatten().cloned();
    let path = match named {
        Some(path) => Some(path),
        None => place().map_err(|error| error.to_string())?,
    };
    match (path, command.find_subcommand("serve")) {
        (Some(path), Some(serve)) => ServeFile::read(&path, serve),
        _ => Ok(ServeFile::default()),
    }
}

fn parsed(matches: &ArgMatches, mut command: Command) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(matches).map_err(|error| error.format(&mut command))
}

/// Replaces the fences of a Markdown text by indentation, and joins the lines of each paragraph, so that clap wraps it
/// at the width of the terminal.
fn indented(text: &str) -> String {
    let (mut lines, mut is_code, mut goes_on) = (Vec::<String>::new(), false, false);
    for line in text.lines() {
        let is_plain = !is_code && !line.is_empty() && !line.starts_with("```");
        match lines.last_mut().filter(|_| is_plain && goes_on) {
            Some(last) => *last = format!("{last} {line}"),
            None if line.starts_with("```") => is_code = !is_code,
            None if is_code => lines.push(format!("    {line}")),
            None => lines.push(line.to_owned()),
        }
        goes_on = is_plain;
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_one_meaning() {
        command().debug_assert();
    }

    #[test]
    fn help_has_no_fence_and_its_examples_are_indented() {
        let help = command().find_subcommand("run").and_then(|run| run.get_long_about()).expect("help").to_string();
        assert!(help.contains("\n\n    headway run checksum Photos\n    find Photos"), "{help}");
        let command = command();
        let all = command.get_subcommands().flat_map(|one| std::iter::once(one).chain(one.get_subcommands()));
        for one in all {
            let about = one.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.contains("```"), "{}: {about}", one.get_name());
        }
    }

    #[test]
    fn help_is_whole_paragraphs_that_fit_a_terminal_of_80_columns() {
        for command in command().get_subcommands() {
            let name = command.get_name();
            let help = command.clone().term_width(80).render_long_help().to_string();
            let lines: Vec<_> = help.lines().filter(|line| !line.starts_with("Usage:")).collect();
            for (line, next) in lines.iter().zip(&lines[1..]) {
                assert!(line.chars().count() <= 80 || !line.contains(' '), "{name}: {line}");
                // A line that ends early although the first word of the next would fit was wrapped twice.
                let word = next.split(' ').next().unwrap_or_default();
                let is_text = |line: &str| line.starts_with(|first: char| first.is_ascii_lowercase());
                let fits = line.chars().count() + 1 + word.chars().count() <= 80;
                assert!(!(is_text(next) && !line.is_empty() && fits), "{name}: {line}\n{next}");
            }
        }
    }

    #[test]
    fn the_arguments_of_a_command_are_listed_under_arguments() {
        for command in command().get_subcommands() {
            for argument in command.get_arguments().filter(|argument| argument.is_positional()) {
                let heading = argument.get_help_heading();
                assert!(heading.is_none(), "{} {} is under {heading:?}", command.get_name(), argument.get_id());
            }
        }
    }
}
