//! Splits the compiled client in two: what the first page needs, and what comes later. The functions that begin the second
//! part are marked in the source with `wasm_split` (`src/ui/later.rs`); everything that only they reach goes with them.

use std::fs;
use std::path::Path;

use anyhow::anyhow;
use wasm_split_cli_support::{Options, transform};

/// Writes the first part to `first`, and the second with the script that fetches it into `folder`.
pub fn split(compiled: &[u8], folder: &Path, first: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mut options = Options::new(compiled);
    options.output_dir = folder;
    options.main_out_path = first;
    options.link_name = "./headway_later.js";
    options.main_module = "./headway.js";
    transform(options).map_err(|error| anyhow!("{error:?}"))?;
    Ok(())
}
