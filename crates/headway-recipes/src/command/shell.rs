//! A command for one file as words for a shell: for lists that other tools read, and for a person before it runs.

use std::os::unix::ffi::OsStrExt;

use super::argv::{argv, starters};
use super::{CommandConfig, Settings};
use crate::ShellFile;
use headway_files::template::Values;
use headway_model::RelPath;

/// The words of the command for a file. The attempt decides where the output goes, so that token stays.
pub(super) fn words(config: &CommandConfig, settings: &Settings, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
    arguments(config, settings, file, b"{out}")
}

/// The words that a job runs for a file, the programs that start the command included. In an attempt, `{out}` is a file of this
/// name in a folder of the attempt's own, which then goes to `out`; without that, its token stays.
pub(super) fn run_words(
    config: &CommandConfig,
    settings: &Settings,
    file: &ShellFile<'_>,
    out: Option<&RelPath>,
) -> Vec<Vec<u8>> {
    let out = out.map_or_else(|| b"{out}".to_vec(), |path| named(config, &ShellFile { path, ..*file }));
    let starters = starters(config).into_iter().flatten().map(String::into_bytes);
    starters.chain(arguments(config, settings, file, &out)).collect()
}

fn arguments(config: &CommandConfig, settings: &Settings, file: &ShellFile<'_>, out: &[u8]) -> Vec<Vec<u8>> {
    let (input, number, total) = (named(config, file), file.number, file.total);
    let values = Values { input: &input, number, total, slot: 1, out, tmp: b"{tmp}" };
    argv(config, settings).iter().map(|word| word.argument(&values)).collect()
}

/// The path of a file as the command gets it: in the library's root a relative path, in any other working directory an absolute
/// one.
fn named(config: &CommandConfig, file: &ShellFile<'_>) -> Vec<u8> {
    match config.directory {
        None => file.path.to_bytes(),
        Some(_) => file.absolute().as_os_str().as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_words_that_run_name_the_output_and_what_starts_the_command() {
        let run = ["cwebp", "-q", "80", "{}", "-o", "{out}"].map(str::to_owned).to_vec();
        let config = CommandConfig { nice: Some(10), idle_io: true, ..CommandConfig::of("webp", run) };
        let (path, out) = ("a/it is.jpg".parse().expect("a path"), "a/it is.webp".parse().expect("a path"));
        let file = ShellFile { library: Path::new("/photos"), path: &path, number: 1, total: 3 };
        let line = |words: Vec<Vec<u8>>| {
            words.into_iter().map(|word| String::from_utf8(word).expect("text")).collect::<Vec<_>>().join(" ")
        };
        let settings = Settings::new();
        let ran = line(run_words(&config, &settings, &file, Some(&out)));
        assert_eq!(ran, "nice -n 10 ionice -c 3 cwebp -q 80 a/it is.jpg -o a/it is.webp");
        assert_eq!(line(words(&config, &settings, &file)), "cwebp -q 80 a/it is.jpg -o {out}");
        let elsewhere = CommandConfig { directory: Some("/tmp".into()), nice: None, idle_io: false, ..config };
        let ran = line(run_words(&elsewhere, &settings, &file, Some(&out)));
        assert_eq!(ran, "cwebp -q 80 /photos/a/it is.jpg -o /photos/a/it is.webp");
    }

    #[test]
    fn a_command_that_names_no_file_gets_it_last() {
        let config = CommandConfig::of("count", vec!["wc".into(), "-c".into()]);
        let path = "a".parse().expect("a path");
        let file = ShellFile { library: Path::new("/photos"), path: &path, number: 1, total: 1 };
        assert_eq!(run_words(&config, &Settings::new(), &file, None), [b"wc".to_vec(), b"-c".to_vec(), b"a".to_vec()]);
    }
}
