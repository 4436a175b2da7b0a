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
    /// Neither, like FAT and exFAT.
    Hold,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TestFile {
    /// The file with this number.
    Ours(u64),
    Theirs,
    /// Keeps a name free for the file of this name.
    HeldFor(RelPath),
}

/// Names and files. Once the process is dead, every call fails and changes nothing.
struct MovesWorld {
    names: RefCell<BTreeMap<RelPath, TestFile>>,
    ability: Ability,
    /// How many more steps the process lives.
    lives: Cell<usize>,
}

impl MovesWorld {
    fn step(&self) -> Result<(), Errno> {
        let lives = self.lives.get();
        self.lives.set(lives.saturating_sub(1));
        if lives == 0 { Err(Errno::IO) } else { Ok(()) }
    }

    fn put(&self, name: &RelPath, file: TestFile) {
        self.names.borrow_mut().insert(name.clone(), file);
    }
}

impl FileNames for MovesWorld {
    fn state_at(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<NameState> {
        if self.lives.get() == 0 {
            return Err(Errno::IO.into());
        }
        Ok(match self.names.borrow().get(name) {
            None => NameState::Nothing,
            Some(TestFile::Ours(number)) if *number == file.size => NameState::Ours { device: 1, inode: *number },
            Some(TestFile::HeldFor(by)) if names.contains(&by) => NameState::Held,
            Some(_) => NameState::Theirs,
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
                self.put(to, TestFile::HeldFor(from.clone()));
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

    fn sync(&self, _: &RelPath) -> io::Result<()> {
        if self.lives.get() == 0 { Err(Errno::IO.into()) } else { Ok(()) }
    }
}

fn path(text: &str) -> RelPath {
    text.parse().expect("a path")
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFate {
    /// It gets other names.
    Renamed,
    /// It is an output, which has a temporary name first.
    Output,
    /// It goes to the trash.
    Removed,
}

fn kinds() -> impl Strategy<Value = Vec<FileFate>> {
    prop::collection::vec(prop_oneof![Just(FileFate::Renamed), Just(FileFate::Output), Just(FileFate::Removed)], 3)
}

const RENAMED: [FileFate; 3] = [FileFate::Renamed; 3];

/// Name `number` of a file that gets `length` others.
fn name(file: usize, kind: FileFate, number: usize, length: usize) -> RelPath {
    match kind {
        FileFate::Output if number == 0 => path(&format!("{file}/.headway-new")),
        FileFate::Removed if number == length => path(&format!("{file}/.headway-trash/{file}")),
        _ => path(&format!("{file}/{number}")),
    }
}

/// One file for each length: it gets that many new names, one after the other.
fn moves(lengths: &[usize], kinds: &[FileFate]) -> Moves {
    let of = |(file, length): (usize, &usize)| {
        let (length, kind) = (*length, kinds[file]);
        let step = move |number: usize| {
            let (from, to) = (name(file, kind, number, length), name(file, kind, number + 1, length));
            Move { from, to, size: file as u64, mtime_ns: 0, hash: None, inode: None }
        };
        (0..length).map(step).collect::<Vec<_>>()
    };
    Moves::new(lengths.iter().enumerate().flat_map(of).collect()).expect("moves that belong together")
}

fn world(lengths: &[usize], kinds: &[FileFate], ability: Ability, lives: usize) -> MovesWorld {
    let names = (0..lengths.len()).map(|file| (name(file, kinds[file], 0, lengths[file]), TestFile::Ours(file as u64)));
    MovesWorld { names: RefCell::new(names.collect()), ability, lives: Cell::new(lives) }
}

/// All files, each at its last name if `is_done`, otherwise each at its first, without outputs.
fn whole(lengths: &[usize], kinds: &[FileFate], is_done: bool) -> BTreeMap<RelPath, TestFile> {
    let at = |(file, length): (usize, &usize)| {
        let number = if is_done { *length } else { 0 };
        (name(file, kinds[file], number, *length), TestFile::Ours(file as u64))
    };
    let is_there = |(file, _): &(usize, &usize)| is_done || kinds[*file] != FileFate::Output;
    lengths.iter().enumerate().filter(is_there).map(at).collect()
}

fn ability() -> impl Strategy<Value = Ability> {
    prop_oneof![Just(Ability::OneStep), Just(Ability::Link), Just(Ability::Hold)]
}

const FOR_EVER: usize = usize::MAX;

proptest! {
    #![proptest_config(headway_model::testing::cases(2_000))]

    /// The process dies while it makes the moves, and again while it recovers them, any number of times.
    #[test]
    fn after_a_crash_at_any_point_either_all_moves_are_made_or_none(
        lengths in prop::collection::vec(1usize..=3, 1..=3),
        kinds in kinds(),
        ability in ability(),
        lives in 0usize..24,
        again in prop::collection::vec(0usize..12, 0..3),
    ) {
        let (moves, world) = (moves(&lengths, &kinds), world(&lengths, &kinds, ability, lives));
        if moves.make(&world).is_ok() {
            prop_assert_eq!(&*world.names.borrow(), &whole(&lengths, &kinds, true));
        }
        let mut recovered = None;
        for lives in again.into_iter().chain([FOR_EVER]) {
            world.lives.set(lives);
            recovered = moves.recover(&world).ok();
        }
        let is_done = match recovered {
            Some(PlacementState::Done(DiskEffect::Changed)) => true,
            Some(PlacementState::TakenBack) => false,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(&*world.names.borrow(), &whole(&lengths, &kinds, is_done));
    }

    /// Another program takes a name at some point: its file stays, and none of ours is lost.
    #[test]
    fn no_file_of_another_program_is_overwritten_or_lost(
        lengths in prop::collection::vec(1usize..=3, 1..=3),
        kinds in kinds(),
        ability in ability(),
        lives in 0usize..40,
        taken: (prop::sample::Index, prop::sample::Index),
        is_early: bool,
    ) {
        let (moves, world) = (moves(&lengths, &kinds), world(&lengths, &kinds, ability, lives));
        let file = taken.0.index(lengths.len());
        let name = name(file, kinds[file], taken.1.index(lengths[file] + 1), lengths[file]);
        let stays = |file: usize| kinds[file] != FileFate::Output;
        let take = || {
            let is_free = !world.names.borrow().contains_key(&name);
            if is_free {
                world.put(&name, TestFile::Theirs);
            }
            is_free
        };
        let mut is_taken = is_early && take();
        let made = moves.make(&world);
        if is_taken && world.lives.get() > 0 {
            prop_assert!(matches!(made, Err(NotMade::Skip(SkipReason::Collision))), "{:?}", made);
            prop_assert_eq!(world.names.borrow().len(), (0..lengths.len()).filter(|file| stays(*file)).count() + 1);
        }
        is_taken |= take();
        world.lives.set(FOR_EVER);
        drop(moves.recover(&world));
        let names = world.names.borrow();
        prop_assert_eq!(names.get(&name) == Some(&TestFile::Theirs), is_taken);
        for file in (0..lengths.len()).filter(|file| stays(*file)) {
            prop_assert!(names.values().any(|found| *found == TestFile::Ours(file as u64)), "{} is lost", file);
        }
    }

    #[test]
    fn the_way_back_leads_to_where_it_began(lengths in prop::collection::vec(1usize..=3, 1..=3), ability in ability()) {
        let (moves, world) = (moves(&lengths, &RENAMED), world(&lengths, &RENAMED, ability, FOR_EVER));
        prop_assert!(moves.make(&world).is_ok());
        prop_assert!(moves.inverse().make(&world).is_ok());
        prop_assert_eq!(&*world.names.borrow(), &whole(&lengths, &RENAMED, false));
        prop_assert_eq!(moves.inverse().inverse(), moves);
    }
}

#[test]
fn two_files_that_are_just_alike_are_never_taken_for_one() {
    let (moves, world) = (moves(&[1], &RENAMED), world(&[1], &RENAMED, Ability::Link, FOR_EVER));
    // The same size and time, but another inode: a different file.
    struct Alike(MovesWorld);
    impl FileNames for Alike {
        fn state_at(&self, name: &RelPath, _: &Move, _: &[&RelPath]) -> io::Result<NameState> {
            let names = self.0.names.borrow();
            Ok(names.get(name).map_or(NameState::Nothing, |_| NameState::Ours {
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
        fn sync(&self, _: &RelPath) -> io::Result<()> {
            panic!("nothing may be touched")
        }
    }
    world.put(&path("0/1"), TestFile::Theirs);
    let state = moves.recover(&Alike(world)).expect("it can be looked at");
    assert!(matches!(state, PlacementState::Conflict(_)), "{state:?}");
}

#[test]
fn moves_that_share_a_name_do_not_belong_together() {
    let step =
        |from: &str, to: &str| Move { from: path(from), to: path(to), size: 0, mtime_ns: 0, hash: None, inode: None };
    assert_eq!(Moves::new(Vec::new()), Err(Unfit::Empty));
    assert_eq!(Moves::new(vec![step("a", "c"), step("b", "c")]), Err(Unfit::Shared(path("c"))));
    assert_eq!(Moves::new(vec![step("a", "b"), step("b", "a")]), Err(Unfit::Shared(path("a"))));
    assert_eq!(Moves::new(vec![step("b", "c"), step("b", "d")]), Err(Unfit::Shared(path("b"))));
    // A name that is free again can be taken.
    assert_eq!(Moves::new(vec![step("b", "c"), step("a", "b")]).expect("a chain").files().len(), 2);
    let parked = Moves::new(vec![step("a", "p"), step("p", "A"), step("x", "y")]).expect("a park");
    assert_eq!((parked.main().from, parked.main().to), (path("a"), path("A")));
    let replaced = Moves::new(vec![step(".headway-1", "b"), step("a", ".headway-trash/1")]).expect("two files");
    let change = |moves: &Moves| Change::Names(moves.clone());
    assert!(replaced.main().is_output() && change(&replaced).path() == path("b"));
    assert_eq!(change(&replaced).temp(), Some(path(".headway-1")));
    let removed = Moves::new(vec![step("a", ".headway-trash/1")]).expect("a file");
    assert!(removed.main().is_removed() && change(&removed).path() == path("a") && change(&removed).temp().is_none());
}

/// A chain of files, each of which takes the name of the next one; in a cycle, the last takes that of the first.
fn chain(length: usize, is_cycle: bool) -> Moves {
    let to = |file: usize| if is_cycle { (file + 1) % length } else { file + 1 };
    let step = |file: usize| Move {
        from: path(&file.to_string()),
        to: path(&to(file).to_string()),
        size: file as u64,
        mtime_ns: 0,
        hash: None,
        inode: None,
    };
    Moves::new(Moves::arrange((0..length).map(step).collect(), |_| Some(path("park")))).expect("an order")
}

proptest! {
    #![proptest_config(headway_model::testing::cases(2_000))]

    /// Names change hands along a chain or around a cycle, and the process dies anywhere, any number of times.
    #[test]
    fn after_a_crash_at_any_point_either_all_names_have_changed_hands_or_none(
        length in 2usize..6,
        is_cycle: bool,
        ability in ability(),
        lives in 0usize..24,
        again in prop::collection::vec(0usize..12, 0..3),
    ) {
        let moves = chain(length, is_cycle);
        let names = (0..length).map(|file| (path(&file.to_string()), TestFile::Ours(file as u64)));
        let before: BTreeMap<_, _> = names.collect();
        let to = |file: usize| if is_cycle { (file + 1) % length } else { file + 1 };
        let after: BTreeMap<_, _> =
            (0..length).map(|file| (path(&to(file).to_string()), TestFile::Ours(file as u64))).collect();
        let world = MovesWorld { names: RefCell::new(before.clone()), ability, lives: Cell::new(lives) };
        if moves.make(&world).is_ok() {
            prop_assert_eq!(&*world.names.borrow(), &after);
        }
        let mut recovered = None;
        for lives in again.into_iter().chain([FOR_EVER]) {
            world.lives.set(lives);
            recovered = moves.recover(&world).ok();
        }
        let expected = match recovered {
            Some(PlacementState::Done(DiskEffect::Changed)) => &after,
            Some(PlacementState::TakenBack) => &before,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(&*world.names.borrow(), expected);
    }
}

#[test]
fn a_name_that_changes_hands_is_known_by_inode_where_size_and_time_are_the_same() {
    let (_folder, library) = library(&["a", "b"]);
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for name in ["a", "b"] {
        std::fs::File::options()
            .write(true)
            .open(library.path.join(name))
            .and_then(|file| file.set_modified(time))
            .expect("a time");
    }
    let inode =
        |name: &str| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(library.path.join(name)).expect("a file"));
    let step = |from: &str, to: &str| Move { inode: Some(inode(from)), ..step(&library, from, to) };
    let moves =
        Moves::new(Moves::arrange(vec![step("a", "b"), step("b", "a")], |_| Some(path("park")))).expect("a swap");
    // The process died between the second step and the third.
    std::fs::rename(library.path.join("a"), library.path.join("park")).expect("parked");
    std::fs::rename(library.path.join("b"), library.path.join("a")).expect("moved");
    assert_eq!(library.recover_moves(&moves).expect("recovered"), PlacementState::Done(DiskEffect::Changed));
    assert_eq!((content(&library, "a").as_deref(), content(&library, "b").as_deref()), (Some("b"), Some("a")));
    assert_eq!(content(&library, "park"), None);
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
    Move { from: path(from), to: path(to), size, mtime_ns, hash: None, inode: None }
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
    assert_eq!(library.recover_moves(&moves).expect("recovered"), PlacementState::Done(DiskEffect::Changed));
    let back = moves.inverse();
    assert_eq!(library.make(&back, &library.reach_for(&back).expect("reached")).expect("made"), Ok(()));
    assert_eq!(content(&library, "a.jpg").as_deref(), Some("a.jpg"));
    assert_eq!(library.recover_moves(&moves).expect("recovered"), PlacementState::TakenBack);
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
    let predicted = |name: &str| library.predict_moves(&moves, &path(name)).expect("a look");
    assert_eq!(predicted("b.xmp"), Prediction::Done { is_complete: false, at: Some(path("a.xmp")) });
    assert_eq!(predicted("a.jpg"), Prediction::Done { is_complete: false, at: None });
    assert!(content(&library, "a.jpg").is_some() && content(&library, "a.xmp").is_some(), "nothing is touched");
    assert_eq!(library.recover_moves(&moves).expect("recovered"), PlacementState::Done(DiskEffect::Changed));
    assert_eq!(predicted("b.xmp"), Prediction::Done { is_complete: true, at: Some(path("b.xmp")) });
    assert_eq!((content(&library, "a.jpg"), content(&library, "a.xmp")), (None, None));
    assert_eq!(content(&library, "b.xmp").as_deref(), Some("a.xmp"));
}

#[test]
fn a_file_that_was_written_to_meanwhile_is_not_touched() {
    let (_folder, library) = library(&["a.jpg"]);
    let moves = Moves::new(vec![step(&library, "a.jpg", "b.jpg")]).expect("a file");
    std::fs::write(library.path.join("a.jpg"), "written again").expect("a file");
    let state = library.recover_moves(&moves).expect("it can be looked at");
    assert!(matches!(&state, PlacementState::Conflict(text) if text.contains("another file at a.jpg")), "{state:?}");
    let made = library.make(&moves, &library.reach_for(&moves).expect("reached")).expect("nothing failed");
    assert_eq!(made, Err(SkipReason::Changed));
    assert_eq!(content(&library, "a.jpg").as_deref(), Some("written again"));
}
