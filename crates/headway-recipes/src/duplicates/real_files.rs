//! Duplicates among real files, with Python's `hashlib`, jdupes and fdupes as the oracles.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::groups::{GROUPS, Group};
use super::*;
use crate::ItemResult;
use crate::testing::tool;
use headway_files::{DataFolder, Library, walk};
use headway_model::{JobId, PlannedFile, RelPath};

const PACKAGES: [&str; 3] = ["golang-1.19-src", "golang-golang-x-image-dev", "libpython3.11-testsuite"];

/// The groups that the recipe finds below these folders of a library.
fn groups(root: &Path, folders: &[&str], is_planned_here: bool) -> Vec<Group> {
    let library = Arc::new(Library::open("files", root).expect("a library"));
    let mut files: Vec<PlannedFile> = Vec::new();
    for folder in folders {
        let take = &mut |found: headway_files::ListedFile| {
            files.extend(found.skip.is_none().then_some(found.file));
            true
        };
        walk(&library, &folder.parse().expect("a path"), &|_, _| false, take).expect("a folder");
    }
    let wanted = crate::defaults(&Duplicates, json!({}));
    let bound = DuplicatesWork { library: Arc::clone(&library), wanted, sizes: Sizes::default() };
    if is_planned_here {
        bound.plan(Plan::Begins);
    }
    files.iter().for_each(|file| bound.plan(Plan::File(file)));
    if is_planned_here {
        bound.plan(Plan::Ends);
    }
    let result = |file: &PlannedFile| {
        let mut input = library.open_file(file).unwrap_or_else(|error| panic!("{}: {error:?}", file.path));
        let attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, file.path.clone(), file.size);
        let success = bound.run(&mut input, &attempt).expect("read");
        Ok(ItemResult { path: file.path.clone(), result: success.result, failure: None, skip: None })
    };
    let folder = tempfile::tempdir().expect("a folder");
    let outputs = DataFolder::open(folder.path(), &[]).expect("a data folder").outputs(&JobId::mint(1, [1; 10]));
    bound.finish(&mut files.iter().map(result), &outputs).expect("a report");
    let path = outputs.path(GROUPS).expect("a folder").expect("a report");
    let lines = std::fs::read_to_string(path).expect("a text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a group")).collect()
}

#[test]
fn real_files_are_grouped_as_by_sha256() {
    let Some(root) = std::env::var_os("HEADWAY_FILES") else {
        println!("not run: HEADWAY_FILES names no folder with the files that ./test fetches");
        return;
    };
    const SCRIPT: &str = "import sys, os, hashlib, json, collections\n\
        found = collections.defaultdict(list)\n\
        os.chdir(sys.argv[1])\n\
        for top in sys.argv[2:]:\n\
        \x20   for folder, _, names in os.walk(top):\n\
        \x20       for name in names:\n\
        \x20           path = os.path.join(folder, name)\n\
        \x20           if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path):\n\
        \x20               found[hashlib.sha256(open(path, 'rb').read()).digest()].append(path)\n\
        print(json.dumps([g for g in found.values() if len(set(os.stat(p).st_ino for p in g)) > 1]))";
    let said = Command::new("python3").args(["-c", SCRIPT]).arg(&root).args(PACKAGES).output().expect("python3");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let expected: Vec<BTreeSet<String>> = serde_json::from_slice(&said.stdout).expect("JSON");
    let ours = groups(Path::new(&root), &PACKAGES, true);
    let shown = |path: &RelPath| String::from_utf8(path.to_bytes()).expect("a text");
    let found: BTreeSet<BTreeSet<String>> =
        ours.iter().map(|group| group.keep.iter().chain(&group.remove).map(shown).collect()).collect();
    assert_eq!(found, expected.into_iter().collect());
    let files: usize = ours.iter().map(|group| group.keep.len() + group.remove.len()).sum();
    let bytes: u64 = ours.iter().map(|group| group.bytes).sum();
    println!("{} groups, {files} files, {bytes} bytes too many", ours.len());
    assert!(ours.len() > 100);
}

/// The groups that a program prints: a path on each line, and an empty line after each group.
fn printed(program: &str, arguments: &[&str], root: &Path) -> BTreeSet<BTreeSet<String>> {
    let said = Command::new(program).args(arguments).args(PACKAGES).current_dir(root).output().expect("a program");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let text = String::from_utf8(said.stdout).expect("a text");
    let groups = text.split("\n\n").map(|group| group.lines().filter(|line| !line.is_empty()).map(str::to_owned));
    groups.map(Iterator::collect::<BTreeSet<_>>).filter(|group| !group.is_empty()).collect()
}

#[test]
fn real_files_are_grouped_as_by_jdupes_and_fdupes() {
    let Some(root) = std::env::var_os("HEADWAY_FILES") else {
        println!("not run: HEADWAY_FILES names no folder with the files that ./test fetches");
        return;
    };
    let root = Path::new(&root);
    let found: BTreeSet<BTreeSet<String>> = groups(root, &PACKAGES, true)
        .iter()
        .map(|group| group.keep.iter().chain(&group.remove).map(|path| path.as_str().to_owned()).collect())
        .collect();
    // Both leave out empty files and further names of one file; jdupes has an option to include them.
    for (program, arguments) in [("jdupes", ["-r", "-q"].as_slice()), ("fdupes", &["-r", "-n", "-q"])] {
        if tool(program) {
            assert_eq!(found, printed(program, arguments, root), "{program}");
        }
    }
}

#[test]
fn files_planned_by_another_process_are_read_completely() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in [("a", "one"), ("b", "two"), ("c", "alone"), ("d", "one"), ("e", ""), ("f", "")] {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    for is_planned_here in [true, false] {
        let found = groups(folder.path(), &[""], is_planned_here);
        let names = |paths: &[RelPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        let told: Vec<_> = found.iter().map(|group| (names(&group.keep), names(&group.remove), group.bytes)).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].0.len() == 1 && told[0].1.len() == 1 && told[0].2 == 3, "{told:?}");
    }
}
