//! Which files a command names, and the library in which they lie: by default the folder that holds all of them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use super::failure::Failure;
use super::follow::NOT_BEGUN;
use super::out::{count, say};
use headway_model::request::{FolderQuery, PATHS_LIMIT};
use headway_model::{Query, RelPath};

/// The names that a command got, as bytes.
pub(super) struct Names(pub(super) Vec<Vec<u8>>);

/// Files in a library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// The library: its name, or its path.
    pub(super) library: String,
    /// Where it is; not known of one that is given by its name.
    pub(super) root: Option<PathBuf>,
    pub(super) query: Query,
}

/// Where the library is.
pub(super) struct Within<'a> {
    /// `--in`.
    pub(super) library: Option<&'a str>,
    /// A folder beside the files that must lie in it too.
    pub(super) also: Option<&'a Path>,
    /// Whether it is the folder in which the command was called, if that holds all files: for programs, which are told paths.
    pub(super) prefers_here: bool,
    pub(super) include: &'a [String],
    pub(super) exclude: &'a [String],
}

impl Names {
    /// Reads names from a file, or from standard input for `-`: lines, or ended by NUL. All of them at once, so that totals are true.
    pub(super) fn read(from: &OsStr, by_nul: bool) -> Result<Self, Failure> {
        let usage = |text: String| Failure::new(NOT_BEGUN, text);
        let mut text = Vec::new();
        if from == "-" {
            if io::stdin().is_terminal() {
                return Err(usage(
                    "names are read from standard input, which is a terminal; give files, or pipe names in".into(),
                ));
            }
            io::stdin().lock().read_to_end(&mut text).map_err(|error| usage(format!("cannot read names: {error}")))?;
        } else {
            text = std::fs::read(from).map_err(|error| usage(format!("cannot read {}: {error}", from.display())))?;
        }
        let end = if by_nul { 0 } else { b'\n' };
        let names = text.split(|byte| *byte == end).filter(|name| !name.is_empty());
        Ok(Names(names.map(<[u8]>::to_vec).collect()))
    }

    /// Names that stand on the command line.
    pub(super) fn given(names: &[OsString]) -> Self {
        Names(names.iter().map(|name| name.clone().into_vec()).collect())
    }
}

/// Finds the files that are named. A single folder is taken with all that is below it, whenever the job lists it; several, or a folder
/// among files, are listed now.
pub(super) fn select(names: &Names, within: &Within<'_>) -> Result<Selection, Failure> {
    let usage = |text: String| Failure::new(NOT_BEGUN, text);
    if let Some(name) = within.library.filter(|name| !name.contains('/') && !Path::new(name).is_dir()) {
        return by_name(name, names, within);
    }
    let here = std::env::current_dir().map_err(|error| usage(format!("cannot tell the current folder: {error}")))?;
    let here = here.canonicalize().map_err(|error| usage(format!("cannot find the current folder: {error}")))?;
    let mut paths: Vec<PathBuf> =
        names.0.iter().map(|name| placed(&here.join(OsStr::from_bytes(name)))).collect::<Result<_, _>>()?;
    let folder = match paths.as_slice() {
        [one] if is_folder(one)? => Some(one.clone()),
        _ => None,
    };
    if folder.is_none() {
        paths = listed(paths)?;
        paths = unique(paths);
    }
    let root = match within.library {
        Some(given) => {
            let root = Path::new(given).canonicalize();
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
    let below = |path: &Path| -> Result<RelPath, Failure> {
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
    Ok(Selection { library: name.to_owned(), root: Some(root.clone()), query })
}

/// Files of a library that the server knows by this name: paths are below its folder.
fn by_name(name: &str, names: &Names, within: &Within<'_>) -> Result<Selection, Failure> {
    let read = |name: &Vec<u8>| {
        let plain = name.strip_prefix(b"./").unwrap_or(name);
        let plain = if plain == b"." { b"" } else { plain.strip_suffix(b"/").unwrap_or(plain) };
        let shown = String::from_utf8_lossy(name).into_owned();
        RelPath::from_bytes(plain).map_err(|error| Failure::new(NOT_BEGUN, format!("{shown}: {error}")))
    };
    let paths: Vec<_> = names.0.iter().map(read).collect::<Result<_, _>>()?;
    let query = match paths.as_slice() {
        [] => folder_query(RelPath::default(), within),
        [one] if one.is_root() => folder_query(RelPath::default(), within),
        _ => Query::Paths(paths),
    };
    limited(&query)?;
    Ok(Selection { library: name.to_owned(), root: None, query })
}

fn folder_query(path: RelPath, within: &Within<'_>) -> Query {
    let (include, exclude) = (within.include.to_vec(), within.exclude.to_vec());
    Query::Folder(FolderQuery { path, include, exclude, ..FolderQuery::default() })
}

fn limited(query: &Query) -> Result<(), Failure> {
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
    Err(Failure::new(NOT_BEGUN, text))
}

/// The path of a file without links, dots and double slashes in its folder. The file itself need not be there, and is taken as it is if
/// it is a link.
fn placed(path: &Path) -> Result<PathBuf, Failure> {
    let whole = || std::path::absolute(path).map_err(Failure::from);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path.to_owned()) };
    if path.components().next_back() == Some(Component::ParentDir) || path.as_os_str().as_bytes().ends_with(b"/.") {
        // A folder by way of dots; if it is not there, that is seen when its files are looked for.
        return path.canonicalize().or_else(|_| whole());
    }
    // Where the folder is not there, the file is not either, and counts as not looked at.
    folder.canonicalize().map(|folder| folder.join(name)).or_else(|_| whole())
}

fn is_folder(path: &Path) -> Result<bool, Failure> {
    match path.symlink_metadata() {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(Failure::new(NOT_BEGUN, format!("cannot look at {}: {error}", path.display()))),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// These files, and all that is below those that are folders.
fn listed(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut left: Vec<_> = paths.into_iter().rev().collect();
    while let Some(path) = left.pop() {
        if !is_folder(&path)? {
            found.push(path);
            continue;
        }
        let cannot = |error: io::Error| Failure::new(NOT_BEGUN, format!("cannot list {}: {error}", path.display()));
        let entries = std::fs::read_dir(&path).map_err(cannot)?;
        let mut entries =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(cannot)?;
        entries.sort_by(|one, other| other.cmp(one));
        left.extend(entries);
    }
    Ok(found)
}

/// These files, each once.
fn unique(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let given = paths.len();
    let mut seen = BTreeSet::new();
    let once: Vec<_> = paths.into_iter().filter(|path| seen.insert(path.clone())).collect();
    if once.len() < given {
        say(&format!("headway: {} names stand for files that are named already", count((given - once.len()) as u64)));
    }
    once
}

/// The deepest folder that holds all of these.
fn common<'a>(mut folders: impl Iterator<Item = &'a Path>) -> Option<PathBuf> {
    let mut common = folders.next()?.to_owned();
    for folder in folders {
        while !folder.starts_with(&common) {
            common.pop();
        }
    }
    Some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&Path]) -> Names {
        Names(names.iter().map(|name| name.as_os_str().as_bytes().to_vec()).collect())
    }

    fn within() -> Within<'static> {
        Within { library: None, also: None, prefers_here: false, include: &[], exclude: &[] }
    }

    fn paths(selection: &Selection) -> Vec<String> {
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
        let also = Within { also: Some(&root.join("out")), ..within() };
        let with = select(&names(&[&root.join("a/one")]), &also).expect("files");
        assert_eq!(
            (
                with.root,
                paths(&Selection { root: None, ..select(&names(&[&root.join("a/one")]), &also).expect("files") })
            ),
            (Some(root.clone()), vec!["a/one".into()])
        );
    }

    #[test]
    fn a_name_can_have_every_byte_but_the_one_that_ends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("list");
        std::fs::write(&list, b"a\nb\0c\xff\td\0").expect("a file");
        assert_eq!(Names::read(list.as_os_str(), true).expect("names").0, [b"a\nb".to_vec(), b"c\xff\td".to_vec()]);
        assert_eq!(Names::read(list.as_os_str(), false).expect("names").0.len(), 2);
    }
}
