//! `headway-bindgen WASM FOLDER` makes the files that a browser loads of the compiled client: `headway.js` and
//! `headway_bg.wasm`, and what comes later: `headway_later.js` and `split_jobs.wasm`. It does what the program `wasm-bindgen`
//! does with `--target web --no-typescript`, but builds much faster: that program also contains an HTTP server and an HTTP
//! client, for its test runner.

mod later;

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let (Some(wasm), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        bail!("usage: headway-bindgen WASM FOLDER");
    };
    make(Path::new(&wasm), Path::new(&folder)).with_context(|| format!("cannot make the browser's files of {}", wasm.display()))
}

fn make(wasm: &Path, folder: &Path) -> anyhow::Result<()> {
    let first = folder.join("first.wasm");
    later::split(&fs::read(wasm)?, folder, &first)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&first).web(true)?.typescript(false).omit_default_module_path(false).out_name("headway");
    // The second part shares the table of functions.
    bindgen.keep_lld_exports(true);
    bindgen.generate(folder)?;
    Ok(fs::remove_file(&first)?)
}
