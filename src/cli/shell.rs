//! `headway completions` and `headway man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::failure::CommandResult;
use super::help::command;
use super::out;

/// Write the completions for a shell.
///
/// Example:
///
/// ```sh
/// headway completions bash
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct CompletionsCommand {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Write the manual: the program's page, or all pages into a folder.
///
/// Example:
///
/// ```sh
/// headway man
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ManCommand {
    /// A folder, in which each command gets a page of its own
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

pub(super) fn completions(arguments: &CompletionsCommand) -> CommandResult {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "headway", &mut text);
    out::bytes(&text)?;
    Ok(0)
}

pub(super) fn man(arguments: &ManCommand) -> CommandResult {
    match &arguments.into {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(command(), folder)?;
        }
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command()).render(&mut text)?;
            out::bytes(&text)?;
        }
    }
    Ok(0)
}
