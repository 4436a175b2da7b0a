//! Moves in a world of names in memory, in which the process can die between any two steps, and on a real file system.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::library::Library;

/// What a file system can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ability {
    /// Rename to a free name in one step.
    OneStep,
    /// Give a file a second name.
    Link,
    /// Neither, as FAT and exFAT.
    Hold,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum File {
    /// The file with this number.
    Ours(u64),
    Theirs,
    /// Keeps a name free for the file of this name.
    HeldFor(RelPath),
}

/// Names and files. Once the process is dead nothing more happens, and every call fails.
struct World {
    names: RefCell<BTreeMap<RelPath, File>>,
    ability: Ability,
    /// How many steps it still lives.
    lives: Cell<usize>,
}

impl World {
    fn step(&self) -> Result<(), Errno> {
        let lives = self.lives.get();
        self.lives.set(lives.saturating_sub(1));
        if lives == 0 { Err(Errno::IO) } else { Ok(()) }
    }

    fn put(&self, name: &RelPath, file: File) {
        self.names.borrow_mut().insert(name.clone(), file);
    }
}

impl Names for World {
    fn lies(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<Lies> {
        if self.lives.get() == 0 {
            return Err(Errno::IO.into());
        }
        Ok(match self.names.borrow().get(name) {
            None => Lies::Nothing,
            Some(File::Ours(number)) if *number == file.size => Lies::Ours { device: 1, inode: *number },
            Some(File::HeldFor(by)) if names.contains(&by) => Lies::Held,
            Some(_) => Lies::Theirs,
        })
    }

    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno> {
        let is_taken = || self.names.borrow().contains_key(to);
        let file = self.names.borrow().get(from).cloned();
        self.step()?;
        let file = file.ok_or(Errno::NOENT)?;
        if is_taken() {
            return Err(Errno::EXIST);
        }
        match self.ability {
            Ability::OneStep => {}
            Ability::Link => {
                self.put(to, file.clone());
                self.step()?;
            }
            Ability::Hold => {
                self.put(to, File::HeldFor(from.clone()));
                self.step()?;
            }
        }
        self.put(to, file);
        self.names.borrow_mut().remove(from);
        Ok(())
    }

    fn remove(&self, name: &RelPath) -> Result<(), Errno> {
        self.step()?;
        self.names.borrow_mut().remove(name).map(drop).ok_or(Errno::NOENT)
    }
}

fn path(text: &str) -> RelPath {
    text.parse().expect("a path")
}

/// A file for each length: it gets so many other names, one after the other.
fn moves(lengths: &[usize]) -> Moves {
    let of = |(file, length): (usize, &usize)| {
        let step = move |number: usize| {
            let (from, to) = (path(&format!("{file}/{number}")), path(&format!("{file}/{}", number + 1)));
            Move { from, to, size: file as u64, mtime_ns: 0, hash: None }
        };
        (0..*length).map(step).collect::<Vec<_>>()
    };
    Moves::new(lengths.iter().enumerate().flat_map(of).collect()).expect("moves that belong together")
}

fn world(lengths: &[usize], ability: Ability, lives: usize) -> World {
    let names = (0..lengths.len()).map(|file| (path(&format!("{file}/0")), File::Ours(file as u64)));
    World { names: RefCell::new(names.collect()), ability, lives: Cell::new(lives) }
}

/// The names of all files if each of them has the last of its names, or the first.
fn whole(lengths: &[usize], is_done: bool) -> BTreeMap<RelPath, File> {
    let at = |(file, length): (usize, &usize)| {
        let number = if is_done { *length } else { 0 };
        (path(&format!("{file}/{number}")), File::Ours(file as u64))
    };
    lengths.iter().enumerate().map(at).collect()
}

fn ability() -> impl Strategy<Value = Ability> {
    prop_oneof![Just(Ability::OneStep), Just(Ability::Link), Just(Ability::Hold)]
}

const FOR_EVER: usize = usize::MAX;

proptest! {
    #![proptest_config(headway_model::testing::cases(2_000))]

    /// It dies while it makes them, and again while it settles them, as often as it likes.
    #[test]
    fn wherever_it_dies_all_moves_are_made_in_the_end_or_none(
        lengths in prop::collection::vec(1usize..=3, 1..=3),
        ability in ability(),
        lives in 0usize..24,
        again in prop::collection::vec(0usize..12, 0..3),
    ) {
        let (moves, world) = (moves(&lengths), world(&lengths, ability, lives));
        if moves.make(&world).is_ok() {
            prop_assert_eq!(&*world.names.borrow(), &whole(&lengths, true));
        }
        let mut settled = None;
        for lives in again.into_iter().chain([FOR_EVER]) {
            world.lives.set(lives);
            settled = moves.settle(&world).ok();
        }
        let is_done = match settled {
            Some(Verdict::Done(Effect::Changed)) => true,
            Some(Verdict::TakenBack) => false,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(&*world.names.borrow(), &whole(&lengths, is_done));
    }

    /// Another program takes a name at some time: its file stays, and none of ours is lost.
    #[test]
    fn nobody_elses_file_is_overwritten_and_none_is_lost(
        lengths in prop::collection::vec(1usize..=3, 1..=3),
        ability in ability(),
        lives in 0usize..40,
        taken: (prop::sample::Index, prop::sample::Index),
        is_early: bool,
    ) {
        let (moves, world) = (moves(&lengths), world(&lengths, ability, lives));
        let file = taken.0.index(lengths.len());
        let name = path(&format!("{file}/{}", taken.1.index(lengths[file] + 1)));
        let take = || {
            let is_free = !world.names.borrow().contains_key(&name);
            if is_free {
                world.put(&name, File::Theirs);
            }
            is_free
        };
        let mut is_taken = is_early && take();
        let made = moves.make(&world);
        if is_taken && world.lives.get() > 0 {
            prop_assert!(matches!(made, Err(NotMade::Skip(SkipReason::Collision))), "{:?}", made);
            prop_assert_eq!(world.names.borrow().len(), lengths.len() + 1);
        }
        is_taken |= take();
        world.lives.set(FOR_EVER);
        drop(moves.settle(&world));
        let names = world.names.borrow();
        prop_assert_eq!(names.get(&name) == Some(&File::Theirs), is_taken);
        for file in 0..lengths.len() {
            prop_assert!(names.values().any(|found| *found == File::Ours(file as u64)), "{} is lost", file);
        }
    }

    #[test]
    fn the_way_back_leads_to_where_it_began(lengths in prop::collection::vec(1usize..=3, 1..=3), ability in ability()) {
        let (moves, world) = (moves(&lengths), world(&lengths, ability, FOR_EVER));
        prop_assert!(moves.make(&world).is_ok());
        prop_assert!(moves.inverse().make(&world).is_ok());
        prop_assert_eq!(&*world.names.borrow(), &whole(&lengths, false));
        prop_assert_eq!(moves.inverse().inverse(), moves);
    }
}

#[test]
fn two_files_that_are_just_alike_are_never_taken_for_one() {
    let (moves, world) = (moves(&[1]), world(&[1], Ability::Link, FOR_EVER));
    // By size and time it is the same file, by its numbers it is another.
    struct Alike(World);
    impl Names for Alike {
        fn lies(&self, name: &RelPath, _: &Move, _: &[&RelPath]) -> io::Result<Lies> {
            let names = self.0.names.borrow();
            Ok(names.get(name).map_or(Lies::Nothing, |_| Lies::Ours {
                device: 1,
                inode: name.as_str().len() as u64 + u64::from(name.as_str().ends_with('1')),
            }))
        }
        fn rename_new(&self, _: &RelPath, _: &RelPath) -> Result<(), Errno> {
            panic!("nothing may be touched")
        }
        fn remove(&self, _: &RelPath) -> Result<(), Errno> {
            panic!("nothing may be touched")
        }
    }
    world.put(&path("0/1"), File::Theirs);
    let verdict = moves.settle(&Alike(world)).expect("it can be looked at");
    assert!(matches!(verdict, Verdict::Conflict(_)), "{verdict:?}");
}

#[test]
fn moves_that_share_a_name_do_not_belong_together() {
    let step = |from: &str, to: &str| Move { from: path(from), to: path(to), size: 0, mtime_ns: 0, hash: None };
    assert_eq!(Moves::new(Vec::new()), Err(Unfit::Empty));
    assert_eq!(Moves::new(vec![step("a", "c"), step("b", "c")]), Err(Unfit::Shared(path("c"))));
    assert_eq!(Moves::new(vec![step("a", "b"), step("b", "a")]), Err(Unfit::Shared(path("a"))));
    assert_eq!(Moves::new(vec![step("b", "c"), step("a", "b")]), Err(Unfit::Shared(path("b"))));
    let parked = Moves::new(vec![step("a", "p"), step("p", "A"), step("x", "y")]).expect("a park");
    assert_eq!(parked.main(), (&path("a"), &path("A")));
}

/// A library with these files, each with its name as content.
fn library(files: &[&str]) -> (tempfile::TempDir, Library) {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        std::fs::write(folder.path().join(file), file).expect("a file");
    }
    let library = Library::open("files", folder.path()).expect("a library");
    (folder, library)
}

fn step(library: &Library, from: &str, to: &str) -> Move {
    let (size, mtime_ns) = library.size_and_time(&path(from)).known().expect("known").expect("there");
    Move { from: path(from), to: path(to), size, mtime_ns, hash: None }
}

fn content(library: &Library, name: &str) -> Option<String> {
    std::fs::read_to_string(library.path.join(name)).ok()
}

#[test]
fn a_photo_moves_to_a_new_folder_with_its_companion_and_back() {
    let (_folder, library) = library(&["a.jpg", "a.xmp"]);
    let moves = Moves::new(vec![step(&library, "a.jpg", "2024/b.jpg"), step(&library, "a.xmp", "2024/b.xmp")]);
    let moves = moves.expect("two files");
    let reach = library.reach_for(&moves).expect("the folder is made");
    assert_eq!(library.make(&moves, &reach).expect("made"), Ok(()));
    assert_eq!(content(&library, "2024/b.jpg").as_deref(), Some("a.jpg"));
    assert_eq!(content(&library, "2024/b.xmp").as_deref(), Some("a.xmp"));
    assert_eq!(library.settle(&moves).expect("settled"), Verdict::Done(Effect::Changed));
    let back = moves.inverse();
    assert_eq!(library.make(&back, &library.reach_for(&back).expect("reached")).expect("made"), Ok(()));
    assert_eq!(content(&library, "a.jpg").as_deref(), Some("a.jpg"));
    assert_eq!(library.settle(&moves).expect("settled"), Verdict::TakenBack);
}

#[test]
fn a_companion_whose_name_is_taken_keeps_the_photo_where_it_is() {
    let (_folder, library) = library(&["a.jpg", "a.xmp", "b.xmp"]);
    let moves =
        Moves::new(vec![step(&library, "a.jpg", "b.jpg"), step(&library, "a.xmp", "b.xmp")]).expect("two files");
    let made = library.make(&moves, &library.reach_for(&moves).expect("reached")).expect("nothing failed");
    assert_eq!(made, Err(SkipReason::Collision));
    for file in ["a.jpg", "a.xmp", "b.xmp"] {
        assert_eq!(content(&library, file).as_deref(), Some(file));
    }
    assert_eq!(content(&library, "b.jpg"), None);
}

#[test]
fn a_move_that_was_made_half_as_a_second_name_is_finished() {
    let (_folder, library) = library(&["a.jpg", "a.xmp"]);
    let moves =
        Moves::new(vec![step(&library, "a.jpg", "b.jpg"), step(&library, "a.xmp", "b.xmp")]).expect("two files");
    std::fs::hard_link(library.path.join("a.jpg"), library.path.join("b.jpg")).expect("a second name");
    assert_eq!(library.settle(&moves).expect("settled"), Verdict::Done(Effect::Changed));
    assert_eq!((content(&library, "a.jpg"), content(&library, "a.xmp")), (None, None));
    assert_eq!(content(&library, "b.xmp").as_deref(), Some("a.xmp"));
}

#[test]
fn a_file_that_was_written_to_meanwhile_is_not_touched() {
    let (_folder, library) = library(&["a.jpg"]);
    let moves = Moves::new(vec![step(&library, "a.jpg", "b.jpg")]).expect("a file");
    std::fs::write(library.path.join("a.jpg"), "written again").expect("a file");
    let verdict = library.settle(&moves).expect("it can be looked at");
    assert!(matches!(&verdict, Verdict::Conflict(text) if text.contains("another file at a.jpg")), "{verdict:?}");
    let made = library.make(&moves, &library.reach_for(&moves).expect("reached")).expect("nothing failed");
    assert_eq!(made, Err(SkipReason::Changed));
    assert_eq!(content(&library, "a.jpg").as_deref(), Some("written again"));
}
