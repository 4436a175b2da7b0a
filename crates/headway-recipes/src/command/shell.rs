//! A command as a line for a shell, for lists that other tools read.

use std::os::unix::ffi::OsStrExt;

use super::work::filled;
use super::{CommandConfig, Settings};
use crate::ShellFile;
use headway_files::template::{Template, Values};

/// The words of the command for a file. The attempt decides where the output goes, so that token stays.
pub(super) fn words(config: &CommandConfig, settings: &Settings, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
    let input = match config.directory {
        None => file.path.to_bytes(),
        Some(_) => file.absolute().as_os_str().as_bytes().to_vec(),
    };
    let (number, total) = (file.number, file.total);
    let values = Values { input: &input, number, total, slot: 1, out: b"{out}", tmp: b"{tmp}" };
    let mut line: Vec<_> = config.run.iter().filter_map(|word| filled(config, settings, word)).collect();
    if line.iter().all(|word| word.tokens().next().is_none()) {
        line.push(Template::new("{}"));
    }
    line.iter().map(|word| word.argument(&values)).collect()
}
