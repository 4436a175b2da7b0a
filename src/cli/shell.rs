//! `headway completions` and `headway man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::failure::Ended;
use super::{Arguments, out};

/// Write the completions for a shell.
///
/// Example:
///
///     headway completions bash
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Write the manual: the page of the program, or every page into a folder.
///
/// Example:
///
///     headway man
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Man {
    /// A folder for a page for each command
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

pub(super) fn completions(arguments: &Completions) -> Ended {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "headway", &mut text);
    out::bytes(&text)?;
    Ok(0)
}

pub(super) fn man(arguments: &Man) -> Ended {
    match &arguments.into {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Arguments::command(), folder)?;
        }
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut text)?;
            out::bytes(&text)?;
        }
    }
    Ok(0)
}
