//! The command that starts the job which makes use of what another one found.

use std::ffi::OsStr;
use std::path::Path;

use super::session::Session;
use super::text::{shown, tail};
use headway_model::summary::JobView;
use headway_model::{BuiltIn, Query, RelPath, StartJob};

/// How many files are named one by one. Of more, their folder is named.
const NAMED: usize = 4;

/// What that job does, and the command; `None` if there is none.
pub(super) fn next_job(session: &Session, view: &JobView) -> Option<String> {
    let next = view.next.as_ref()?;
    let (purpose, setting) = match BuiltIn::of(&next.recipe)? {
        BuiltIn::Verify => ("to verify these files later", "manifest"),
        BuiltIn::Deduplicate => ("to move the copies to the trash", "report"),
        _ => return None,
    };
    let (recipe, job) = (&next.recipe, tail(view.summary.job));
    let command = session.command(&format!("run {recipe} {} --set {setting}=@{job}", files(next)));
    Some(format!("{purpose}: {command}"))
}

/// The words that name the files of a request: these files, or the folder that holds them, with its patterns.
fn files(request: &StartJob) -> String {
    let library = request.library.as_str();
    let (paths, patterns): (_, Vec<(&str, &String)>) = match &request.query {
        Query::Folder(folder) => {
            let include = folder.include.iter().map(|pattern| ("include", pattern));
            let all = include.chain(folder.exclude.iter().map(|pattern| ("exclude", pattern)));
            (vec![folder.path.clone()], all.collect())
        }
        Query::Paths(paths) if paths.len() <= NAMED => (paths.clone(), Vec::new()),
        Query::Paths(paths) => (vec![folder_of_all(paths)], Vec::new()),
        Query::Items(_) => (vec![RelPath::default()], Vec::new()),
    };
    let takes_system_files = matches!(&request.query, Query::Folder(folder) if folder.system_files);
    let system_files = if takes_system_files { " --system-files" } else { "" };
    let is_whole = paths.iter().all(RelPath::is_root);
    let words = paths.iter().map(|path| word(library, path)).collect::<Option<Vec<_>>>();
    let Some(words) = words.filter(|_| !is_whole) else {
        // A name that cannot be typed is below the folder of the library.
        let patterns = if is_whole { patterns } else { Vec::new() };
        return whole(library) + &options(&patterns) + system_files;
    };
    format!("--in {} {}{}{system_files}", shown(OsStr::new(library)), words.join(" "), options(&patterns))
}

/// The library alone: the path of its folder, wherever the command is typed, or the name under which the server knows it.
fn whole(library: &str) -> String {
    let within = if Path::new(library).is_absolute() { "" } else { "--in " };
    format!("{within}{}", shown(OsStr::new(library)))
}

/// A path for a shell; `None` if it is no text that can be typed.
fn word(library: &str, path: &RelPath) -> Option<String> {
    let text = String::from_utf8(path.to_bytes()).ok().filter(|text| !text.chars().any(char::is_control))?;
    let text = match Path::new(library).is_absolute() {
        true => Path::new(library).join(text).into_os_string(),
        // Otherwise it could be taken for an option.
        false if text.starts_with('-') => format!("./{text}").into(),
        false => text.into(),
    };
    Some(shown(&text))
}

fn options(patterns: &[(&str, &String)]) -> String {
    patterns.iter().map(|(option, pattern)| format!(" --{option}={}", shown(OsStr::new(pattern)))).collect()
}

/// The deepest folder that holds all of these.
fn folder_of_all(paths: &[RelPath]) -> RelPath {
    let mut folder = paths.first().and_then(RelPath::parent).unwrap_or_default();
    while !paths.iter().all(|path| path.seen_from(&folder).is_some()) {
        folder = folder.parent().unwrap_or_default();
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::request::FolderQuery;

    fn named(library: &str, query: Query) -> String {
        files(&StartJob::new(library, "verify", query))
    }

    fn paths(names: &[&[u8]]) -> Vec<RelPath> {
        names.iter().map(|name| RelPath::from_bytes(name).expect("a path")).collect()
    }

    #[test]
    fn the_command_names_the_files_of_the_job_and_no_others() {
        let folder = |path: &str| FolderQuery { path: path.parse().expect("a path"), ..FolderQuery::default() };
        assert_eq!(named("/srv/my photos", Query::Folder(folder(""))), "'/srv/my photos'");
        assert_eq!(named("photos", Query::Folder(folder(""))), "--in photos");
        assert_eq!(named("/srv", Query::Folder(folder("in/2024"))), "--in /srv /srv/in/2024");
        assert_eq!(named("photos", Query::Folder(folder("in/2024"))), "--in photos in/2024");
        let some = FolderQuery { include: vec!["*.jpg".into()], exclude: vec!["old".into()], ..folder("in") };
        assert_eq!(named("/srv", Query::Folder(some)), "--in /srv /srv/in --include='*.jpg' --exclude=old");
        let with = |path: &str| Query::Folder(FolderQuery { system_files: true, ..folder(path) });
        assert_eq!(named("/srv", with("in")), "--in /srv /srv/in --system-files");
        assert_eq!(named("/srv", with("")), "/srv --system-files");
        assert_eq!(named("/srv", Query::Paths(paths(&[b"a b", b"in/x"]))), "--in /srv '/srv/a b' /srv/in/x");
        assert_eq!(named("photos", Query::Paths(paths(&[b"-x"]))), "--in photos ./-x");
        let many = paths(&[b"in/a/1", b"in/a/2", b"in/a/3", b"in/b", b"in/c/4"]);
        assert_eq!(named("/srv", Query::Paths(many)), "--in /srv /srv/in");
        let apart = paths(&[b"in/1", b"in/2", b"in/3", b"in/4", b"x"]);
        assert_eq!(named("/srv", Query::Paths(apart)), "/srv");
        assert_eq!(named("/srv", Query::Paths(paths(&[b"in/\xff"]))), "/srv", "it cannot be typed");
    }
}
