//! Which files a command names, and the library that contains them: by default the deepest folder that contains all
//! of them, or for a program the current folder if that does.

mod names;
mod paths;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::failure::{CommandFailure, NOT_BEGUN};
use super::out::count;
use headway_model::request::{FolderQuery, PATHS_LIMIT};
use headway_model::{Query, RelPath};
use headway_server::paths::without_links;
pub(super) use names::GivenNames;
use paths::{common, is_folder, leads_to_folder, listed, only_folder, placed, unique};

/// Files in a library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChosenFiles {
    /// The library: its name, or its path.
    pub(super) library: String,
    /// The path of its root; unknown if the library was given by its name.
    pub(super) root: Option<PathBuf>,
    pub(super) query: Query,
}

/// How the library is chosen.
pub(super) struct SelectionScope<'a> {
    /// `--in`.
    pub(super) library: Option<&'a str>,
    /// A folder, besides the files, that must also be in the library.
    pub(super) also: Option<&'a Path>,
    /// Whether to prefer the current folder if it contains all files: for programs, which receive paths.
    pub(super) prefers_here: bool,
    pub(super) include: &'a [String],
    pub(super) exclude: &'a [String],
    /// Whether what systems leave behind is taken from folders too.
    pub(super) system_files: bool,
}

impl SelectionScope<'_> {
    fn has_patterns(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }
}

/// A request has its patterns for one folder.
fn one_folder_only() -> CommandFailure {
    let text =
        "--include and --exclude are for one folder; name the folder that contains the others, or run once for each";
    CommandFailure::new(NOT_BEGUN, text)
}

/// Finds the named files. A single folder, or a link to one, stands for everything below it when the job lists it.
/// Several folders, or a folder among files, are listed now; a link among them counts as not processed, because it might
/// lead out of the folder that contains all.
pub(super) fn select(names: &GivenNames, within: &SelectionScope<'_>) -> Result<ChosenFiles, CommandFailure> {
    let usage = |text: String| CommandFailure::new(NOT_BEGUN, text);
    if let Some(name) = within.library.filter(|name| !name.contains('/'))
        && !leads_to_folder(Path::new(name))?
    {
        return by_name(name, names, within);
    }
    let here = std::env::current_dir().map_err(|error| usage(format!("cannot tell the current folder: {error}")))?;
    let here = without_links(&here).map_err(|error| usage(format!("cannot find the current folder: {error}")))?;
    // A library alone stands for all of its files, whether it is given by its name or as a folder.
    let whole = within.library.filter(|_| names.0.is_empty()).map(str::as_bytes);
    let given = names.0.iter().map(Vec::as_slice).chain(whole);
    let mut paths: Vec<PathBuf> =
        given.map(|name| placed(&here.join(OsStr::from_bytes(name)))).collect::<Result<_, _>>()?;
    let folder = only_folder(&paths)?;
    if folder.is_none() {
        if within.has_patterns() {
            paths.iter().try_for_each(|path| if is_folder(path)? { Err(one_folder_only()) } else { Ok(()) })?;
        }
        paths = listed(paths, within.system_files)?;
        paths = unique(paths);
    }
    let root = match within.library {
        Some(given) => {
            let root = without_links(Path::new(given));
            root.map_err(|error| usage(format!("cannot find the folder {given}: {error}")))?
        }
        None => {
            let parents = paths.iter().map(|path| match &folder {
                Some(folder) => folder.as_path(),
                None => path.parent().unwrap_or(path),
            });
            let also = within.also.map(|also| placed(&here.join(also))).transpose()?;
            let holds_all = common(parents.chain(also.as_deref())).unwrap_or_else(|| here.clone());
            if within.prefers_here && holds_all.starts_with(&here) { here } else { holds_all }
        }
    };
    let below = |path: &Path| -> Result<RelPath, CommandFailure> {
        let below = path.strip_prefix(&root);
        let below = below.map_err(|_| usage(format!("{} is not in the folder {}", path.display(), root.display())))?;
        RelPath::from_bytes(below.as_os_str().as_bytes()).map_err(|error| usage(format!("{}: {error}", path.display())))
    };
    let query = match folder {
        Some(folder) => folder_query(below(&folder)?, within),
        None => Query::Paths(paths.iter().map(|path| below(path)).collect::<Result<_, _>>()?),
    };
    limited(&query)?;
    let name =
        root.to_str().ok_or_else(|| usage(format!("the folder {} has a name that is not text", root.display())))?;
    Ok(ChosenFiles { library: name.to_owned(), root: Some(root.clone()), query })
}

/// Files of a library that the server knows by this name: paths are below its folder.
fn by_name(name: &str, names: &GivenNames, within: &SelectionScope<'_>) -> Result<ChosenFiles, CommandFailure> {
    let read = |name: &Vec<u8>| {
        let plain = name.strip_prefix(b"./").unwrap_or(name);
        let plain = if plain == b"." { b"" } else { plain.strip_suffix(b"/").unwrap_or(plain) };
        let shown = String::from_utf8_lossy(name).into_owned();
        RelPath::from_bytes(plain).map_err(|error| CommandFailure::new(NOT_BEGUN, format!("{shown}: {error}")))
    };
    let paths: Vec<_> = names.0.iter().map(read).collect::<Result<_, _>>()?;
    let query = match paths.as_slice() {
        [] => folder_query(RelPath::default(), within),
        [one] if one.is_root() => folder_query(RelPath::default(), within),
        // Only a folder can have patterns, and the server knows whether it is one.
        [one] if within.has_patterns() || within.system_files => folder_query(one.clone(), within),
        _ if within.has_patterns() => return Err(one_folder_only()),
        _ if within.system_files => {
            let text = "--system-files is for one folder of a library that is named; run once for each";
            return Err(CommandFailure::new(NOT_BEGUN, text));
        }
        _ => Query::Paths(paths),
    };
    limited(&query)?;
    Ok(ChosenFiles { library: name.to_owned(), root: None, query })
}

fn folder_query(path: RelPath, within: &SelectionScope<'_>) -> Query {
    let (include, exclude) = (within.include.to_vec(), within.exclude.to_vec());
    Query::Folder(FolderQuery { path, include, exclude, system_files: within.system_files, ..FolderQuery::default() })
}

fn limited(query: &Query) -> Result<(), CommandFailure> {
    let Query::Paths(paths) = query else { return Ok(()) };
    let text = match paths.len() {
        0 => "no file is named".to_owned(),
        1..=PATHS_LIMIT => return Ok(()),
        many => format!(
            "{} files are named, but at most {} can be at once; name their folder, with --include or --exclude",
            count(many as u64),
            count(PATHS_LIMIT as u64)
        ),
    };
    Err(CommandFailure::new(NOT_BEGUN, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&Path]) -> GivenNames {
        GivenNames(names.iter().map(|name| name.as_os_str().as_bytes().to_vec()).collect())
    }

    fn within() -> SelectionScope<'static> {
        SelectionScope {
            library: None,
            also: None,
            prefers_here: false,
            include: &[],
            exclude: &[],
            system_files: false,
        }
    }

    fn paths(selection: &ChosenFiles) -> Vec<String> {
        let Query::Paths(paths) = &selection.query else { panic!("{:?}", selection.query) };
        paths.iter().map(|path| path.as_str().to_owned()).collect()
    }

    #[test]
    fn the_library_is_the_folder_that_holds_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        std::fs::create_dir_all(root.join("a/b")).expect("folders");
        for file in ["a/one", "a/b/two", "three"] {
            std::fs::write(root.join(file), file).expect("a file");
        }
        let all = select(&names(&[&root.join("a/one"), &root.join("a/b/../b/two")]), &within()).expect("files");
        assert_eq!(
            (all.root.as_deref(), paths(&all)),
            (Some(root.join("a").as_path()), vec!["one".into(), "b/two".into()])
        );
        let mixed =
            select(&names(&[&root.join("a"), &root.join("three"), &root.join("gone/x")]), &within()).expect("files");
        assert_eq!(paths(&mixed), ["a/b/two", "a/one", "three", "gone/x"]);
        let one = select(&names(&[&root.join("a/")]), &within()).expect("a folder");
        assert_eq!(one.root, Some(root.join("a")));
        assert!(matches!(one.query, Query::Folder(query) if query.path.is_root()));
        let also = SelectionScope { also: Some(&root.join("out")), ..within() };
        let with = select(&names(&[&root.join("a/one")]), &also).expect("files");
        assert_eq!(
            (
                with.root,
                paths(&ChosenFiles { root: None, ..select(&names(&[&root.join("a/one")]), &also).expect("files") })
            ),
            (Some(root.clone()), vec!["a/one".into()])
        );
    }

    #[test]
    fn a_program_works_in_the_current_folder_if_that_holds_all_files_and_a_recipe_in_the_deepest_folder_that_does() {
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).expect("the current folder");
        let root = |path: &Path, prefers_here| {
            let within = SelectionScope { prefers_here, ..within() };
            select(&names(&[path]), &within).expect("a file").root.expect("a folder")
        };
        let inside = Path::new("src/cli/run.rs");
        assert_eq!(root(inside, true), here);
        assert_eq!(root(inside, false), here.join("src/cli"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "x").expect("a file");
        let elsewhere = folder.path().canonicalize().expect("its path");
        for prefers_here in [true, false] {
            assert_eq!(root(&elsewhere.join("file"), prefers_here), elsewhere);
        }
    }

    /// Otherwise the second run over several folders would be refused, because the first has left a trash in them.
    #[test]
    fn what_is_headways_own_or_litter_in_a_folder_is_left_out_unless_it_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        let litter = ["one/.DS_Store", "one/Thumbs.db", "two/@eaDir/f"];
        for file in
            ["one/f", "one/.headway-trash/job/0-1", "two/f", "two/sub/.headway-job-0-1.txt"].into_iter().chain(litter)
        {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, file).expect("a file");
        }
        let both = select(&names(&[&root.join("one"), &root.join("two")]), &within()).expect("files");
        // An empty folder can be the place of a disk that is missing, so the server looks at it.
        assert_eq!(paths(&both), ["one/f", "two/f", "two/sub"]);
        let own = [root.join("one/.headway-trash/job/0-1"), root.join("two/f")];
        let named = select(&names(&[&own[0], &own[1]]), &within()).expect("files");
        assert_eq!(paths(&named).len(), 2, "the server refuses it with a sentence");
        let named = select(&names(&[&root.join(litter[0]), &root.join("two")]), &within()).expect("files");
        assert_eq!(paths(&named), ["one/.DS_Store", "two/f", "two/sub"], "it was asked for");
        let with = SelectionScope { system_files: true, ..within() };
        let all = select(&names(&[&root.join("one"), &root.join("two")]), &with).expect("files");
        assert_eq!(paths(&all), ["one/.DS_Store", "one/Thumbs.db", "one/f", "two/@eaDir/f", "two/f", "two/sub"]);
        let one = select(&names(&[&root.join("one")]), &with).expect("a folder");
        assert!(matches!(one.query, Query::Folder(query) if query.system_files));
        let known = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(Path::new).collect();
            select(&names(&given), &SelectionScope { library: Some("photos"), ..with })
        };
        assert!(matches!(known(&["one"]).expect("a folder").query, Query::Folder(query) if query.system_files));
        assert!(known(&["one", "two"]).is_err());
    }

    #[test]
    fn patterns_are_refused_where_they_would_have_no_effect() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        for name in ["one", "two"] {
            std::fs::create_dir(root.join(name)).expect("a folder");
            std::fs::write(root.join(name).join("f"), name).expect("a file");
        }
        let exclude = ["f".to_owned()];
        let without = || SelectionScope { exclude: &exclude, ..within() };
        for several in [[root.join("one"), root.join("two")], [root.join("one"), root.join("two/f")]] {
            let refused = select(&names(&[&several[0], &several[1]]), &without()).expect_err("two folders");
            assert!(refused.to_string().contains("for one folder"), "{refused}");
        }
        let one = select(&names(&[&root.join("one")]), &without()).expect("a folder");
        assert!(matches!(one.query, Query::Folder(query) if query.exclude == exclude));
        let by_name = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(Path::new).collect();
            select(&names(&given), &SelectionScope { library: Some("photos"), ..without() })
        };
        let below = by_name(&["sub"]).expect("a folder").query;
        assert!(matches!(below, Query::Folder(query) if query.path.as_str() == "sub" && query.exclude == exclude));
        assert!(by_name(&["one", "two"]).is_err());
    }

    #[test]
    fn a_link_to_a_folder_means_the_folder_if_it_is_the_only_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        std::fs::create_dir_all(root.join("albums/2024")).expect("folders");
        std::fs::write(root.join("albums/2024/a"), "x").expect("a file");
        for (target, link) in [("albums/2024", "latest"), ("../..", "albums/2024/up"), ("gone", "dangling")] {
            std::os::unix::fs::symlink(target, root.join(link)).expect("a link");
        }
        let alone = select(&names(&[&root.join("latest")]), &within()).expect("a folder");
        assert_eq!(alone.root, Some(root.join("albums/2024")));
        assert!(matches!(alone.query, Query::Folder(query) if query.path.is_root()));
        // Within a library, a link that leads out of it is refused.
        let given = root.join("albums").display().to_string();
        let inside = SelectionScope { library: Some(&given), ..within() };
        let refused = select(&names(&[&root.join("albums/2024/up")]), &inside).expect_err("it leads out");
        assert!(refused.text.is_some_and(|text| text.contains("is not in the folder")));
        let found = select(&names(&[&root.join("latest")]), &inside).expect("a folder");
        assert!(matches!(found.query, Query::Folder(query) if query.path.as_str() == "2024"));
        // Among others it is passed on as it is named; a link that nobody named is left out.
        let among = select(&names(&[&root.join("latest"), &root.join("albums")]), &within()).expect("files");
        assert_eq!(
            (among.root.as_deref(), paths(&among)),
            (Some(&*root), vec!["latest".into(), "albums/2024/a".into()])
        );
        assert_eq!(paths(&select(&names(&[&root.join("dangling")]), &within()).expect("a name")), ["dangling"]);
    }

    #[test]
    fn a_name_can_have_every_byte_but_the_one_that_ends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("list");
        std::fs::write(&list, b"a\nb\0c\xff\td\0").expect("a file");
        assert_eq!(
            GivenNames::read(list.as_os_str(), true).expect("names").0,
            [b"a\nb".to_vec(), b"c\xff\td".to_vec()]
        );
        assert_eq!(GivenNames::read(list.as_os_str(), false).expect("names").0.len(), 2);
    }
}
