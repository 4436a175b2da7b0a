//! The names of files that a command was given.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;

use crate::cli::failure::{CommandFailure, NOT_BEGUN};
use headway_server::named_file;

/// The names of files that a command was given, as bytes.
pub(in crate::cli) struct GivenNames(pub(in crate::cli) Vec<Vec<u8>>);

impl GivenNames {
    /// Reads names from a file, or from standard input for `-`, one on each line or terminated by NUL. All are read
    /// before anything starts, so that totals are right.
    pub(in crate::cli) fn read(from: &OsStr, by_nul: bool) -> Result<Self, CommandFailure> {
        let usage = |text: String| CommandFailure::new(NOT_BEGUN, text);
        let mut text = Vec::new();
        if from == "-" {
            if io::stdin().is_terminal() {
                return Err(usage(
                    "names are read from standard input, which is a terminal; give files, or pipe names in".into(),
                ));
            }
            io::stdin().lock().read_to_end(&mut text).map_err(|error| usage(format!("cannot read names: {error}")))?;
        } else {
            text = named_file::read_once(from.as_ref())
                .map_err(|error| usage(format!("cannot read {}: {error}", from.display())))?;
        }
        let end = if by_nul { 0 } else { b'\n' };
        let names = text.split(|byte| *byte == end).filter(|name| !name.is_empty());
        Ok(GivenNames(names.map(<[u8]>::to_vec).collect()))
    }

    /// Names from the command line.
    pub(in crate::cli) fn from_arguments(names: &[OsString]) -> Self {
        GivenNames(names.iter().map(|name| name.clone().into_vec()).collect())
    }
}
