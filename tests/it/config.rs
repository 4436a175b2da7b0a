//! The settings of a server: from flags, variables and a file, each with its source.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::helper::{Files, eventually};

/// A user's settings: a folder for `headway.toml`, and a folder with a library.
struct UserSettings {
    files: Files,
    home: PathBuf,
}

impl UserSettings {
    fn new(toml: &str) -> Self {
        let files = Files::numbered(2);
        let home = files.data().with_file_name("settings");
        std::fs::create_dir_all(home.join("headway")).expect("a new folder");
        std::fs::write(home.join("headway/headway.toml"), toml).expect("a new file");
        UserSettings { files, home }
    }

    fn path(&self) -> String {
        self.home.join("headway/headway.toml").to_str().expect("text").to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headway"));
        command.args(arguments).env("XDG_CONFIG_HOME", &self.home).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).envs(variables.iter().copied()).output().expect("the program");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

/// The line about a setting, with its source.
fn line<'a>(said: &'a str, setting: &str) -> (&'a str, &'a str) {
    let is_it = |line: &&str| line.trim_start_matches("# ").starts_with(&format!("{setting} ="));
    let line = said.lines().find(is_it).unwrap_or_else(|| panic!("{setting} in {said}"));
    let (value, source) = line.rsplit_once("  # ").expect("a source");
    (value.trim_end(), source)
}

#[test]
fn a_flag_counts_more_than_a_variable_that_more_than_the_file_and_the_file_more_than_a_default() {
    let settings = UserSettings::new("[serve]\njobs = 2\nworkers = 3\nkeep_days = 10\nlibraries = [\"a=photos\"]\n");
    let variables = [("HEADWAY_WORKERS", "5"), ("HEADWAY_KEEP_DAYS", "20")];
    let (code, said, wrong) = settings.run(&["config", "--keep-days", "30"], &variables);
    assert_eq!((code, wrong.as_str()), (Some(0), ""));
    let path = settings.path();
    assert_eq!(line(&said, "keep_days"), ("keep_days = 30", "--keep-days"));
    assert_eq!(line(&said, "workers"), ("workers = 5", "HEADWAY_WORKERS"));
    assert_eq!(line(&said, "jobs"), ("jobs = 2", format!("{path}:2").as_str()));
    assert_eq!(line(&said, "trash_days"), ("trash_days = 30", "default"));
    assert_eq!(line(&said, "keep_jobs"), ("# keep_jobs =", "not set"));
    let below = settings.home.join("headway/photos");
    assert_eq!(
        line(&said, "libraries").0,
        format!("libraries = [\"a={}\"]", below.display()),
        "below the file's folder"
    );
    // What is printed is a file that says the same.
    let other = settings.files.data().with_file_name("other.toml");
    std::fs::write(&other, &said).expect("a new file");
    let (code, again, wrong) = settings.run(&["config", "--config", other.to_str().expect("text")], &[]);
    assert_eq!((code, wrong.as_str()), (Some(0), ""));
    let values = |said: &str| {
        said.lines().filter_map(|line| Some(line.rsplit_once("  # ")?.0.trim_end().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(values(&said), values(&again));
}

#[test]
fn all_errors_of_the_file_are_reported_at_once_with_their_line() {
    let settings = UserSettings::new(
        "[serve]\njobs = \"many\"\nlisen = \"127.0.0.1:80\"\ndata = 2.5\nkeep_bytes = [\"1G\", \"2G\"]\n",
    );
    let path = settings.path();
    for command in ["config", "serve", "jobs"] {
        let (code, _, said) = settings.run(&[command], &[]);
        assert_eq!(code, Some(2), "{command}: {said}");
        for wrong in [
            "2:8: serve.jobs: invalid value 'many'",
            "3:9: serve.lisen: there is no such setting; there are libraries, data, store, listen",
            "4:8: serve.data: a text, a number or a list",
            "5:14: serve.keep_bytes: one value is needed",
        ] {
            assert!(said.contains(&format!("{path}:{wrong}")), "{wrong} in {said}");
        }
    }
    let (code, _, said) = settings.run(&["config", "--config", "/no/such/file"], &[]);
    assert!(code == Some(2) && said.contains("cannot read /no/such/file"), "{said}");
}

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("its end");
        self.0.wait().expect("its end");
    }
}

#[tokio::test]
async fn a_server_starts_from_its_file_alone_and_other_commands_find_it() {
    let settings = UserSettings::new("");
    let (library, data) = (settings.files.library(), settings.files.data());
    let site = data.with_file_name("site");
    std::fs::create_dir_all(site.join("pkg")).expect("a new folder");
    std::fs::write(site.join("pkg/headway.js"), "").expect("a new file");
    let toml = format!(
        "[serve]\nlibraries = [\"photos={}\"]\ndata = \"../../data\"\nlisten = \"127.0.0.1:0\"\nsite = \"{}\"\n",
        library.display(),
        site.display()
    );
    std::fs::write(settings.path(), toml).expect("the file");
    let server = settings.command(&["serve"]).stdout(Stdio::null()).spawn().expect("the program");
    let server = Running(server);
    eventually("a server at the data folder", async || data.join("headway.sock").exists().then_some(())).await;
    let (code, said, wrong) = settings.run(&["run", "checksum", library.to_str().expect("text")], &[]);
    drop(server);
    assert_eq!(code, Some(0), "{said}{wrong}");
    let (code, said, wrong) = settings.run(&["jobs"], &[]);
    assert!(code == Some(0) && said.contains("Checksum"), "{said}{wrong}");
}

#[test]
fn the_address_of_a_database_is_shown_without_its_password() {
    let toml = "[serve]\nlibraries = [\"photos\"]\nstore = \"postgres://me:secret@db/headway\"\n";
    let settings = UserSettings::new(toml);
    let (code, said, wrong) = settings.run(&["config"], &[]);
    assert_eq!((code, wrong.as_str()), (Some(0), ""));
    let place = format!("{}:3", settings.path());
    assert_eq!(line(&said, "store"), ("store = \"postgres://me:***@db/headway\"", place.as_str()));
    let variable = [("HEADWAY_STORE", "postgres://you:hidden@other/headway")];
    let (_, said, _) = settings.run(&["config"], &variable);
    assert_eq!(line(&said, "store"), ("store = \"postgres://you:***@other/headway\"", "HEADWAY_STORE"));
    let (_, said, _) = settings.run(&["config", "--store", "postgres://she@third/headway"], &variable);
    assert_eq!(line(&said, "store"), ("store = \"postgres://she@third/headway\"", "--store"));
    for command in ["serve", "doctor", "rebuild", "jobs"] {
        let (code, said, wrong) = settings.run(&[command, "--help"], &variable);
        assert!(code == Some(0) && said.contains("HEADWAY_STORE"), "{command}: {said}{wrong}");
        assert!(!said.contains("hidden") && !said.contains("secret@"), "{command}: {said}");
    }
}

#[test]
fn a_server_that_is_given_no_folder_says_so() {
    let settings = UserSettings::new("");
    let (code, _, said) = settings.run(&["serve"], &[]);
    assert!(code == Some(2) && said.contains("no folder to serve is given"), "{said}");
}
