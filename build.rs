//! Says how the client is linked. With the feature `embed`: finds the built client that goes into the binary, and says how to
//! build it if it is not there.

use std::path::Path;

fn main() {
    // The program that splits the client needs to know what refers to what.
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        println!("cargo:rustc-link-arg-cdylib=--emit-relocs");
    }
    println!("cargo:rerun-if-env-changed=HEADWAY_EMBED");
    if std::env::var_os("CARGO_FEATURE_EMBED").is_none() {
        return;
    }
    let folder = std::env::var("HEADWAY_EMBED").unwrap_or_else(|_| "target/site".into());
    println!("cargo:rerun-if-changed={folder}/pkg");
    println!("cargo:rustc-env=HEADWAY_EMBED={folder}");
    if !Path::new(&folder).join("pkg/headway_bg.wasm").is_file() {
        println!(
            "cargo:error=the client is not at {folder}: build it with ./run --build, or say where it is with HEADWAY_EMBED"
        );
        std::process::exit(1);
    }
}
