//! The input of a program that had moved it when its server died. The folder of the output is removed with everything in it, so
//! the input is put back first. If it is not known whether a file in the folder is the input, the folder stays.

use std::io;

use cap_std::fs::Metadata;

use super::give_back::{found_below, put_back};
use super::rename::FolderEntry;
use super::strays::{Maker, OwnName};
use super::{Found, Library, mtime_ns};
use headway_model::{PlannedFile, RelPath};

/// Whether the input of a program lies in the folder of its output.
enum InputThere {
    /// It does not, as far as anybody can tell.
    No,
    /// It is this file.
    Yes(FolderEntry),
    /// It is not where it was, and one of the files might be it.
    Perhaps,
}

/// What a person is told about a folder that stays, because the input of a program might be in it.
pub fn might_be_in(folder: &RelPath, input: &RelPath) -> String {
    format!(
        "one of the files in {} might be what {} was; move it to where it belongs, and remove the folder",
        folder.shown(),
        input.shown()
    )
}

impl Library {
    /// Puts the input of a program back before the folder of its output is removed: an earlier process died after the program had
    /// moved the file there.
    ///
    /// # Errors
    /// The system's error; or another file or none has the input's name, and one of the files in the folder might be the input.
    /// Then the folder must stay.
    pub(super) fn rescue_input(&self, workshop: &RelPath, input: Option<&PlannedFile>) -> io::Result<()> {
        let Some(input) = input else { return Ok(()) };
        match self.look_for_input(workshop, input)? {
            InputThere::No => {}
            InputThere::Yes(away) => {
                let name = put_back(&away, &input.path, |name| self.at(name))?;
                let library = &self.name;
                tracing::warn!(library, %name, "a file was put back that a command had moved into the folder of its output");
            }
            InputThere::Perhaps => return Err(io::Error::other(might_be_in(workshop, &input.path))),
        }
        Ok(())
    }

    /// What a person is told about one of Headway's own names, if it is a folder that must stay, because this file might be in
    /// it. Blocking.
    ///
    /// # Errors
    /// The system's error: then it is not known.
    pub fn might_have_input(&self, own: &OwnName, input: Option<&PlannedFile>) -> io::Result<Option<String>> {
        let (Maker::Attempt { .. }, Some(input)) = (own.maker, input) else { return Ok(None) };
        let found = self.find(&own.path).known()?;
        if !found.is_some_and(|found| found.is_dir()) {
            return Ok(None);
        }
        match self.look_for_input(&own.path, input)? {
            InputThere::No | InputThere::Yes(_) => Ok(None),
            InputThere::Perhaps => Ok(Some(might_be_in(&own.path, &input.path))),
        }
    }

    /// Looks for the input. A file is taken for it if it has the size and time with which the input was planned.
    fn look_for_input(&self, workshop: &RelPath, input: &PlannedFile) -> io::Result<InputThere> {
        let is_input =
            |found: &Metadata| found.is_file() && (found.len(), mtime_ns(found)) == (input.size, input.mtime_ns);
        let at_its_name = self.find(&input.path).known()?;
        if at_its_name.as_ref().is_some_and(is_input) {
            return Ok(InputThere::No);
        }
        let Some(folder) = Found::of(self.folder(workshop)).known()? else { return Ok(InputThere::No) };
        if let Some(away) = found_below(&folder, is_input)? {
            return Ok(InputThere::Yes(away));
        }
        let perhaps = found_below(&folder, |found| found.is_file() && found.len() > 0)?;
        Ok(perhaps.map_or(InputThere::No, |_| InputThere::Perhaps))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs::{create_dir, read, remove_dir_all, write};

    use crate::Library;
    use headway_model::{JobId, PlannedFile, RelPath};

    /// An earlier process left a file with this content in the folder of an output. Returns whether nothing is left to remove, and
    /// the names in the top folder with their content. The input was planned with the eight bytes `precious`.
    fn after_a_crash(at_its_name: Option<&str>, in_the_folder: &str) -> (bool, Vec<(String, String)>) {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let path: RelPath = "a.jpg".parse().expect("a path");
        let job = JobId::mint(1, [1; 10]);
        let workshop = folder.path().join(format!(".headway-{job}-0-1~"));
        create_dir(&workshop).expect("a folder");
        let moved = workshop.join("a.jpg");
        write(&moved, "precious").expect("a file");
        let planned = library.open_plain(&format!(".headway-{job}-0-1~/a.jpg").parse().expect("a path"));
        let planned = planned.known().expect("a look").expect("a file");
        let input = PlannedFile {
            path: path.clone(),
            size: planned.size(),
            mtime_ns: planned.mtime_ns(),
            rerun: None,
            becomes: None,
        };
        if in_the_folder != "precious" {
            write(&moved, in_the_folder).expect("a file");
        }
        if let Some(content) = at_its_name {
            write(folder.path().join("a.jpg"), content).expect("a file");
        }
        let items = [(RelPath::default(), [0].into())].into();
        let is_clear = library.clear_all_temps(&items, job, &HashSet::new(), &|_| Ok(Some(input.clone())));
        let mut left = Vec::new();
        for entry in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
            let content = read(entry.path()).unwrap_or_default();
            left.push((
                entry.file_name().to_string_lossy().into_owned(),
                String::from_utf8_lossy(&content).into_owned(),
            ));
        }
        left.sort();
        // The item is told of its folder as long as that stays.
        let kept = |item| library.kept_folder(job, item).expect("a look").map(|kept| kept.shown());
        assert_eq!(kept(0).is_none(), is_clear, "{left:?}");
        assert!(kept(0).is_none_or(|kept| left.iter().any(|(name, _)| *name == kept)));
        assert_eq!(kept(1), None, "another item");
        if workshop.exists() {
            assert!(library.has_left_of(job));
            remove_dir_all(&workshop).expect("a removal");
        }
        assert_eq!(kept(0), None);
        assert!(!library.has_left_of(job));
        (is_clear, left)
    }

    #[test]
    fn an_input_that_an_earlier_process_left_in_the_folder_of_an_output_is_put_back() {
        let named = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        assert_eq!(after_a_crash(None, "precious"), (true, vec![named("a.jpg", "precious")]));
        let beside = vec![named("a.jpg", "another file"), named("a.jpg.original", "precious")];
        assert_eq!(after_a_crash(Some("another file"), "precious"), (true, beside));
        assert_eq!(after_a_crash(None, ""), (true, vec![]), "the person moved the file");
        for at_its_name in [None, Some("another file")] {
            let (is_clear, left) = after_a_crash(at_its_name, "perhaps the input, changed");
            assert!(!is_clear && left[0].0.ends_with('~'), "it stays: {left:?}");
        }
    }
}
