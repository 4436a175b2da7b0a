//! Finds the file that a name in a manifest means. If a name has several readings, the one that exists counts.

use super::super::manifest::{NameTarget, place};
use super::folders::{Folders, NearMatch};
use super::{Library, RelPath, Unable};
use headway_files::unable;
use std::os::unix::ffi::OsStrExt;

/// How many absolute names are tried, to find the folder that their common beginning stands for.
const TRIED: usize = 64;

/// The path that a name leads to, with a note if it was not found by exactly this name. The error is the report's
/// text.
pub(super) type Located = Result<(RelPath, Option<Box<str>>), String>;

/// Locates the names of one manifest.
pub(super) struct Locator<'a> {
    library: &'a Library,
    /// The manifest's folder.
    folder: RelPath,
    /// The library's root, by its parts.
    root: Vec<Vec<u8>>,
    /// The first absolute names from other machines, and how many leading parts all of them share.
    heard: Vec<Vec<Vec<u8>>>,
    common: usize,
    /// How many leading parts of absolute names stand for a folder, and for which one.
    beginning: Option<(usize, RelPath)>,
    folders: Folders<'a>,
}

impl<'a> Locator<'a> {
    /// A locator for the manifest at this path.
    pub(super) fn new(library: &'a Library, manifest: &RelPath) -> Self {
        let folder = manifest.parent().unwrap_or_default();
        let root = match place(&folder, library.path.as_os_str().as_bytes()) {
            NameTarget::Absolute(parts) => parts,
            NameTarget::Inside(_) | NameTarget::Nowhere(_) => Vec::new(),
        };
        Locator { library, folder, root, heard: Vec::new(), common: 0, beginning: None, folders: Folders::new(library) }
    }

    /// Takes in the readings of a name, before any is located: the common beginning of the absolute names matters.
    pub(super) fn note_readings(&mut self, readings: &[Vec<u8>]) {
        let absolute = readings.iter().find_map(|name| match place(&self.folder, name) {
            NameTarget::Absolute(parts) => Some(parts),
            NameTarget::Inside(_) | NameTarget::Nowhere(_) => None,
        });
        let Some(parts) = absolute else { return };
        if self.is_in_library(&parts) {
            return;
        }
        let above = parts.len().saturating_sub(1);
        self.common = match self.heard.first() {
            None => above,
            Some(first) => {
                first.iter().zip(&parts).take(self.common.min(above)).take_while(|(one, other)| one == other).count()
            }
        };
        if self.heard.len() < TRIED {
            self.heard.push(parts);
        }
    }

    /// Ends the taking in of names. Blocking.
    pub(super) fn finish(&mut self) -> Result<(), Unable> {
        self.beginning = self.find_beginning()?;
        Ok(())
    }

    /// Finds the file of a name. Blocking.
    pub(super) fn locate(&mut self, readings: &[Vec<u8>]) -> Result<Located, Unable> {
        let mut places = Vec::with_capacity(readings.len());
        let mut nowhere = None;
        for reading in readings {
            match self.place(reading) {
                Ok(place) if !places.contains(&place) => places.push(place),
                Ok(_) => {}
                Err(why) => nowhere = nowhere.or(Some(why)),
            }
        }
        let Some(first) = places.first().cloned() else { return Ok(Err(nowhere.unwrap_or_default())) };
        // If nothing is there, an absolute reading whose beginning is known is likelier than a name with blanks in front.
        let likely = places.iter().find(|(_, note)| note.is_some()).cloned().unwrap_or_else(|| first.clone());
        if places.len() == 1 && nowhere.is_none() && first.0.as_str().is_ascii() || first.0.is_reserved() {
            return Ok(Ok(first));
        }
        for place in &places {
            // If a file cannot be looked at, its own attempt reports that.
            if self.is_there(&place.0)? {
                return Ok(Ok(place.clone()));
            }
        }
        for (path, _) in places.into_iter().filter(|(path, _)| !path.as_str().is_ascii()) {
            match self.folders.near(&path) {
                NearMatch::Form(path) => {
                    let note = "the manifest has its name in another Unicode normal form";
                    return Ok(Ok((path, Some(note.into()))));
                }
                NearMatch::NotKnown(why) => {
                    let name = path.shown();
                    return Ok(Err(format!(
                        "whether {name:?} is there in another Unicode normal form is not known: {why}"
                    )));
                }
                NearMatch::Case(_) | NearMatch::Nothing => {}
            }
        }
        // A name that leads out of the library in one of its readings was not looked for there.
        Ok(nowhere.map_or(Ok(likely), Err))
    }

    fn place(&self, name: &[u8]) -> Located {
        let parts = match place(&self.folder, name) {
            NameTarget::Inside(path) => return Ok((path, None)),
            NameTarget::Nowhere(why) => return Err(why.to_owned()),
            NameTarget::Absolute(parts) => parts,
        };
        let (rest, folder) = match &self.beginning {
            _ if self.is_in_library(&parts) => (&parts[self.root.len()..], &RelPath::default()),
            Some((length, folder)) if parts.len() > *length => (&parts[*length..], folder),
            Some(_) | None => return Err("an absolute name, which leads out of the library".to_owned()),
        };
        match place(folder, &rest.join(&b'/')) {
            NameTarget::Inside(path) if self.is_in_library(&parts) => Ok((path, None)),
            NameTarget::Inside(path) => {
                let beginning = parts[..parts.len() - rest.len()].join(&b'/');
                let beginning = if beginning.is_empty() { "/".into() } else { String::from_utf8_lossy(&beginning) };
                let note =
                    format!("its name is absolute, and {beginning:?} was taken for the folder {:?}", folder.shown());
                Ok((path, Some(note.into())))
            }
            NameTarget::Absolute(_) => Err("an absolute name, which leads out of the library".to_owned()),
            NameTarget::Nowhere(why) => Err(why.to_owned()),
        }
    }

    fn is_in_library(&self, parts: &[Vec<u8>]) -> bool {
        !self.root.is_empty() && parts.len() > self.root.len() && parts.starts_with(&self.root)
    }

    /// Finds the beginning of absolute names that stands for the manifest's folder or for the library: the one with
    /// which most of the names exist.
    fn find_beginning(&self) -> Result<Option<(usize, RelPath)>, Unable> {
        let mut best = (0, None);
        for folder in [self.folder.clone(), RelPath::default()] {
            for length in (0..=self.common).rev().filter(|_| !self.heard.is_empty()) {
                let mut there = 0;
                for name in &self.heard {
                    if let NameTarget::Inside(path) = place(&folder, &name[length..].join(&b'/')) {
                        there += usize::from(!path.is_reserved() && self.is_there(&path)?);
                    }
                }
                if there > best.0 {
                    best = (there, Some((length, folder.clone())));
                }
            }
        }
        Ok(best.1)
    }

    /// Whether something exists at the path, or cannot be looked at. Blocking.
    pub(super) fn is_there(&self, path: &RelPath) -> Result<bool, Unable> {
        let is_there = match self.library.missing_disk_of(path) {
            // The report names the disk about which nothing is known.
            Ok(Some(_)) => return Ok(true),
            Ok(None) => self.library.has(path),
            Err(error) => Err(error),
        };
        match is_there {
            Ok(is_there) => Ok(is_there),
            Err(error) => match unable("looking for a file that the manifest names", &error) {
                passing @ (Unable::Environment(_) | Unable::Call(..)) => Err(passing),
                Unable::Failed(_) => Ok(true),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Locates names in a manifest at `sub/SUMS`, in a library with these files.
    fn located(files: &[&str], names: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let names = names.iter().map(|name| name.replace("ROOT", &folder.path().display().to_string()));
        let names: Vec<_> = names.collect();
        let mut locator = Locator::new(&library, &"sub/SUMS".parse().expect("a path"));
        let readings = |name: &str| crate::manifest::readings(name.as_bytes());
        names.iter().for_each(|name| locator.note_readings(&readings(name)));
        locator.finish().expect("a disk");
        let located = names.iter().map(|name| match locator.locate(&readings(name)).expect("a disk") {
            Ok((path, None)) => path.to_string(),
            Ok((path, Some(note))) => format!("{path}: {note}"),
            Err(why) => why,
        });
        located.collect()
    }

    #[test]
    fn an_ambiguous_name_means_the_file_that_exists() {
        let names = ["a ", "b ", "x\\y", "v\\w", "../top", "../../out", "ROOT/sub/a"];
        let expected = ["sub/a", "sub/b ", "sub/x/y", "sub/v\\w", "top"];
        let found = located(&["sub/a", "sub/b ", "sub/b", "sub/x/y", "sub/v\\w", "sub/v/w"], &names);
        assert_eq!(found[..5], expected);
        assert_eq!(found[5], "the path has `..` that leads out of the library");
        assert_eq!(found[6], "sub/a");
        let out = located(&["sub/a"], &["..\\..\\a", "   /elsewhere/a", "file:///elsewhere/a%20b"]);
        assert_eq!(out[0], "the path has `..` that leads out of the library");
        assert_eq!(out[1], "sub/a: its name is absolute, and \"elsewhere\" was taken for the folder \"sub\"");
        assert_eq!(out[2], "sub/a b: its name is absolute, and \"elsewhere\" was taken for the folder \"sub\"");
    }

    #[test]
    fn a_name_at_the_root_of_another_machine_is_found_beside_the_manifest_or_leads_out() {
        let note = "its name is absolute, and \"/\" was taken for the folder \"sub\"";
        for name in ["file:///a", "file:/a", "/a"] {
            assert_eq!(located(&["sub/a"], &[name]), [format!("sub/a: {note}")], "{name}");
        }
        for name in ["file:///b", "/b"] {
            assert_eq!(located(&["sub/a"], &[name]), ["an absolute name, which leads out of the library"], "{name}");
        }
    }

    #[test]
    fn what_absolute_names_begin_with_is_learnt_from_the_files_that_are_there() {
        let names = ["C:\\me\\photos\\2021\\a", "C:\\me\\photos\\2021\\b"];
        let found = located(&["sub/2021/a"], &names);
        let note = "its name is absolute, and \"me/photos\" was taken for the folder \"sub\"";
        assert_eq!(found, [format!("sub/2021/a: {note}"), format!("sub/2021/b: {note}")]);
        // PowerShell fills the column before the last with blanks.
        let padded = located(&["sub/2021/a"], &names.map(|name| format!("   {name}")).each_ref().map(String::as_str));
        assert_eq!(padded, found);
        assert_eq!(located(&["other"], &names)[0], "an absolute name, which leads out of the library");
    }
}
