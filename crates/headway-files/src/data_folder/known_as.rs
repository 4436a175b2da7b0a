//! Names of one folder. A library is named by its operator, or by its path; and a library can be a folder inside another
//! one. What a job recorded about a file counts for the file, whatever the job called its library.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DataFolder;
use super::ground::{Ground, SameFiles};
use crate::{Identity, Library, mounted_below};
use headway_model::{JobId, RelPath};

/// A name under which jobs can have recorded files of a library: the library's own name, another name of the same folder,
/// or the name of a library inside it or around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAs {
    /// The name.
    pub library: String,
    relation: Relation,
}

/// Where the library of the name lies.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Relation {
    /// It is the same folder.
    Same,
    /// It is this folder of the library.
    Inside(RelPath),
    /// The library is this folder of it.
    Around(RelPath),
}

impl KnownAs {
    /// The library of this name at `theirs`, as a library at `ours` sees it; `None` if they have no file in common.
    fn between(library: &str, ours: &Path, theirs: &Path) -> Option<Self> {
        let below =
            |above: &Path, path: &Path| RelPath::from_bytes(path.strip_prefix(above).ok()?.as_os_str().as_bytes()).ok();
        let relation = match (below(ours, theirs), below(theirs, ours)) {
            (Some(_), Some(_)) => Relation::Same,
            (Some(folder), None) => Relation::Inside(folder),
            (None, Some(folder)) => Relation::Around(folder),
            (None, None) => return None,
        };
        Some(KnownAs { library: library.to_owned(), relation })
    }

    /// Whether it is a name of the very same folder, so that paths and settings mean the same.
    pub fn is_same(&self) -> bool {
        self.relation == Relation::Same
    }

    /// The folder that has the name, as far as that is known: its path.
    fn path(&self, library: &Library) -> Option<PathBuf> {
        match &self.relation {
            Relation::Same => Some(library.path.clone()),
            Relation::Inside(folder) => Some(library.absolute(folder)),
            Relation::Around(folder) => library.path.ancestors().nth(folder.ancestors().len() - 1).map(Path::to_owned),
        }
    }

    /// The path in the library of a file that has this path under the name; `None` if it is not in the library.
    pub fn ours(&self, theirs: &RelPath) -> Option<RelPath> {
        match &self.relation {
            Relation::Same => Some(theirs.clone()),
            Relation::Inside(folder) => Some(theirs.below(folder)),
            Relation::Around(folder) => theirs.seen_from(folder),
        }
    }

    /// The path under the name of a file that has this path in the library; `None` if the name does not include it.
    pub fn theirs(&self, ours: &RelPath) -> Option<RelPath> {
        match &self.relation {
            Relation::Same => Some(ours.clone()),
            Relation::Inside(folder) => ours.seen_from(folder),
            Relation::Around(folder) => Some(ours.below(folder)),
        }
    }
}

/// What a job was planned on, and whether its root is the folder that is there now; `None` if that is not known.
type ComparedGround = (Ground, Option<bool>);

impl DataFolder {
    /// Every name under which jobs can have recorded files of this library, its own first. Names whose root is not known
    /// are left out.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn known_as(&self, library: &Library) -> io::Result<Vec<KnownAs>> {
        let mut names = vec![KnownAs { library: library.name.clone(), relation: Relation::Same }];
        let roots = self.known_roots()?;
        let others = roots.iter().filter(|(name, _)| **name != library.name);
        names.extend(others.filter_map(|(name, root)| KnownAs::between(name, &library.path, root)));
        Ok(names)
    }

    /// Whether a job that gave its library this name was planned on the folder that is there now, and has had no other:
    /// the name can have been given to another folder since. A folder that is not known to be the same counts as
    /// another. Blocking.
    ///
    /// # Errors
    /// If the job's ground cannot be read.
    pub fn is_of(&self, job: &JobId, known_as: &KnownAs, library: &Library) -> io::Result<bool> {
        let (_, grounds) = self.grounds_here(job, known_as, library)?.unwrap_or_default();
        Ok(!grounds.is_empty() && grounds.iter().all(|(_, is_same)| *is_same == Some(true)))
    }

    /// Which files of a job that gave its library this name are those that are there now. A file that is not known to
    /// be the same counts as another. Blocking.
    ///
    /// # Errors
    /// If the job's ground or the mounts cannot be read.
    pub fn same_files(&self, job: &JobId, known_as: &KnownAs, library: &Library) -> io::Result<SameFiles> {
        let Some((path, grounds)) = self.grounds_here(job, known_as, library)? else { return Ok(SameFiles::none()) };
        let mounted = mounted_below(&path)?;
        Ok(SameFiles::below(&grounds, &path, &mounted.into_keys().collect::<Vec<_>>()))
    }

    /// The path of a job's library, and what the job was planned on, each with whether its root is the folder that is
    /// there now; `None` if that is not known.
    fn grounds_here(
        &self,
        job: &JobId,
        known_as: &KnownAs,
        library: &Library,
    ) -> io::Result<Option<(PathBuf, Vec<ComparedGround>)>> {
        let Some(path) = known_as.path(library) else { return Ok(None) };
        let now = if known_as.is_same() { library.identity() } else { Identity::at(&path).ok() };
        let Some(now) = now else { return Ok(None) };
        let compared = |ground: Ground| {
            let is_same = now.is_same(&ground.root);
            (ground, is_same)
        };
        Ok(Some((path, self.grounds(job)?.into_iter().map(compared).collect())))
    }

    /// The libraries among these that have files of the library of this name, each with the name as it sees it.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn libraries_of<'a>(
        &self,
        name: &str,
        among: &'a [Arc<Library>],
    ) -> io::Result<Vec<(&'a Arc<Library>, KnownAs)>> {
        let Some(root) = self.root_among(name, among)? else { return Ok(Vec::new()) };
        let between = |library: &'a Arc<Library>| Some((library, KnownAs::between(name, &library.path, &root)?));
        Ok(among.iter().filter_map(between).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_folder_is_known_by_its_name_its_path_and_what_lies_inside_and_around_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            path
        };
        let open = |name: &str, root: &Path| Arc::new(Library::open(name, root).expect("a library"));
        let by_path = |root: &Path| open(root.to_str().expect("text"), root);
        let [above, photos, inside, other] = ["a", "a/photos", "a/photos/2004", "a/photos2"].map(at);
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let named = open("photos", &photos);
        data.remember_libraries(&[by_path(&above), by_path(&photos), by_path(&inside), by_path(&other)]);
        let names = data.known_as(&named).expect("the names");
        let seen: Vec<_> = names.iter().map(|name| (name.ours(&path("x/y")), name.theirs(&path("2004/b")))).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert_eq!(seen[0], (Some(path("x/y")), Some(path("2004/b"))));
        assert_eq!(seen[1], (None, Some(path("photos/2004/b"))), "the folder above");
        assert_eq!(seen[2], seen[0], "the same folder by its path");
        assert_eq!(seen[3], (Some(path("2004/x/y")), Some(path("b"))), "the folder inside");
        assert_eq!(names.iter().map(KnownAs::is_same).collect::<Vec<_>>(), [true, false, true, false]);
        let at: Vec<_> = names.iter().map(|name| name.path(&named)).collect();
        assert_eq!(at, [&photos, &above, &photos, &inside].map(|path| Some(path.clone())));

        data.remember_libraries(&[Arc::clone(&named)]);
        assert_eq!(data.root_of("photos").expect("the roots"), Some(photos.clone()));
        let again = data.known_as(&by_path(&photos)).expect("the names");
        assert!(again.iter().any(|name| name.library == "photos" && name.is_same()), "{again:?}");
        let others = data.known_as(&by_path(&other)).expect("the names");
        assert_eq!(others.len(), 2, "itself, and the folder above");
    }

    #[test]
    fn a_job_is_not_of_another_folder_to_which_its_name_was_given() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        let [first, second] = ["a/first", "a/second"].map(|name| root.join(name));
        [&first, &second].into_iter().for_each(|path| std::fs::create_dir_all(path).expect("a folder"));
        let data = DataFolder::open(&root.join("data"), &[]).expect("a data folder");
        let jobs = [1, 2, 3].map(|number| JobId::mint(number, [0; 10]));
        let open = |name: &str, path: &Path| Library::open(name, path).expect("a library");
        let above = Arc::new(open(root.join("a").to_str().expect("text"), &root.join("a")));
        let before = Arc::new(open("p", &first));
        for (job, library) in jobs.iter().zip([&before, &above]) {
            data.remember_libraries(&[Arc::clone(library)]);
            data.keep_ground(job, &library.name, &Ground::new(library.identity().expect("a folder")));
        }
        // By its own name, and by the name of the folder around it. The folder of the third job is not known.
        let of = |library: &Library| {
            let names = data.known_as(library).expect("the names");
            jobs.map(|job| names.iter().any(|name| data.is_of(&job, name, library).expect("known")))
        };
        assert_eq!(of(&before), [true, true, false]);
        assert_eq!(of(&above), [true, true, false]);
        let after = Arc::new(open("p", &second));
        data.remember_libraries(&[Arc::clone(&after)]);
        assert_eq!(of(&after), [false, true, false]);
        assert_eq!(of(&above), [false, true, false], "the name stands for another folder below");
    }
}
