//! The verdict on how far a placement got, for every combination of files at its three names.

use std::path::Path;

use headway_files::{Change, Library, Placement, PlacementState, Prediction};
use headway_model::{Digest, RelPath};

const OLD: &str = "the original";
const NEW: &str = "the output";
const OTHER: &str = "somebody else's";

/// What can be at a name: nothing, a file with this content, or a folder.
const WAYS: [Option<&str>; 5] = [None, Some(OLD), Some(NEW), Some(OTHER), Some("/")];

fn put(root: &Path, name: &str, what: Option<&str>) {
    match what {
        None => {}
        Some("/") => std::fs::create_dir(root.join(name)).expect("a folder"),
        Some(text) => std::fs::write(root.join(name), text).expect("a file"),
    }
}

fn at(root: &Path, name: &str) -> Option<String> {
    let path = root.join(name);
    match path.symlink_metadata() {
        Err(_) => None,
        Ok(found) if found.is_dir() => Some("/".into()),
        Ok(_) => Some(std::fs::read_to_string(path).expect("a file")),
    }
}

const NAMES: [&str; 3] = ["target", "temp", "trash"];

/// Every combination, with and without a trash: what is there before, the verdict, and what is there afterwards.
fn each(mut look: impl FnMut(bool, [Option<String>; 3], PlacementState, [Option<String>; 3])) {
    for replaces in [true, false] {
        for number in 0..125 {
            let ways = [number / 25, number / 5 % 5, number % 5].map(|way| WAYS[way]);
            if !replaces && ways[2].is_some() {
                continue;
            }
            let folder = tempfile::tempdir().expect("a folder");
            let root = folder.path();
            NAMES.iter().zip(ways).for_each(|(name, what)| put(root, name, what));
            let library = Library::open("files", root).expect("a library");
            let path = |name: &str| name.parse::<RelPath>().expect("a path");
            let placement = Placement {
                temp: path("temp"),
                target: path("target"),
                trash: replaces.then(|| path("trash")),
                old: replaces.then(|| Digest::of(OLD.as_bytes())),
                new: Digest::of(NEW.as_bytes()),
            };
            let before = NAMES.map(|name| at(root, name));
            let change = Change::Output(placement.clone());
            let predicted = library.predict(&change, &placement.target).expect("a look");
            assert_eq!(before, NAMES.map(|name| at(root, name)), "what is only predicted is not touched");
            let lies = |at: Option<RelPath>| at.and_then(|at| self::at(root, &at.shown()));
            let mut completes = None;
            let predicted = match predicted {
                Prediction::Done { is_complete, at } => {
                    completes = Some(is_complete);
                    ("done", lies(at))
                }
                Prediction::TakenBack { at } => ("taken back", lies(at)),
                Prediction::Conflict { might_be_output } => {
                    assert_eq!(might_be_output, before[0].as_deref() == Some(NEW), "{before:?}");
                    ("conflict", before[0].clone())
                }
            };
            let verdict = library.recover_placement(&placement).expect("a verdict");
            let recovered = match &verdict {
                PlacementState::Done(_) => "done",
                PlacementState::TakenBack => "taken back",
                PlacementState::Conflict(_) | PlacementState::NotKnown(_) => "conflict",
            };
            assert_eq!(predicted, (recovered, at(root, "target")), "{before:?} -> {verdict:?}");
            let stays = [0, 2].iter().all(|name| before[*name] == at(root, NAMES[*name]));
            assert_eq!(completes, completes.map(|_| stays), "{before:?} -> {verdict:?}");
            look(replaces, before, verdict, NAMES.map(|name| at(root, name)));
        }
    }
}

#[test]
fn no_original_and_no_foreign_file_is_lost_in_any_state() {
    each(|_, before, verdict, after| {
        for kept in [OLD, OTHER, "/"] {
            let has = |names: &[Option<String>; 3]| names.iter().flatten().any(|text| text == kept);
            assert!(!has(&before) || has(&after), "{before:?} -> {verdict:?} {after:?}");
        }
        if let PlacementState::Conflict(_) = verdict {
            assert_eq!(before, after, "a conflict touches nothing");
        }
    });
}

#[test]
fn an_original_in_its_place_without_a_temporary_file_is_taken_back_and_no_conflict() {
    each(|replaces, before, verdict, after| {
        let [target, temp, trash] = &before;
        let is = |found: &Option<String>, text: &str| found.as_deref() == Some(text);
        let free = |found: &Option<String>| found.is_none() || is(found, OLD);
        let back = match replaces {
            true => is(target, OLD) && temp.is_none() && free(trash),
            false => temp.is_none() && !is(target, NEW),
        };
        if back {
            assert_eq!(verdict, PlacementState::TakenBack, "{before:?}");
            assert_eq!((&after[0], &after[1]), (target, &None));
        }
        let done = is(target, NEW) && temp.is_none() && (!replaces || is(trash, OLD));
        assert_eq!(done, done && matches!(verdict, PlacementState::Done(_)), "{before:?}");
    });
}
