//! A power cut at every moment of a replace. The system calls of the real program are traced, and a model of a file
//! system that forgets whatever was not synced computes what could be left: at each moment, any part of everything
//! pending.

mod moved;

use std::collections::{BTreeMap, BTreeSet};

use headway_model::{JobId, JobStatus};
use serde_json::{Value, json};

use crate::command::{Served, config};
use crate::helper::{Files, Headway, http, mint};

/// A system call of the program, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    /// Names changed in folders: a folder was made, a file made, moved, exchanged, or its name removed.
    Make(String),
    Create(String),
    Move(String, String),
    Exchange(String, String),
    Remove(String),
    /// A file got a second name.
    Link(String, String),
    /// A file's content was written.
    Write(String),
    /// The log was written, and now holds these facts.
    Log(Vec<String>),
    /// A file or folder was synced.
    Sync(String),
}

fn folder(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

/// The text in the first quotes behind `from`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once('"')?;
    rest.split_once('"')
}

/// Whether a program makes its output in this folder, which is removed with everything in it.
fn is_workshop(path: &str) -> bool {
    path.ends_with('~')
}

/// The path in the first angle brackets.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once('<')?;
    rest.split_once('>')
}

/// A folder handle and a name in it, as one path.
fn at(text: &str) -> Option<(String, &str)> {
    let (dir, rest) = bracketed(text)?;
    let (name, rest) = quoted(rest)?;
    let path = if name.starts_with('/') { name.to_owned() } else { format!("{dir}/{name}") };
    Some((path, rest))
}

/// Reads `strace -f -y`; facts of the log are recognised by their text.
fn calls(trace: &str, facts: &[String]) -> Vec<Call> {
    let mut halves: BTreeMap<&str, String> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut told = BTreeSet::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(half) = rest.strip_suffix(" <unfinished ...>") {
            halves.insert(thread, half.to_owned());
            continue;
        }
        let whole = match rest.split_once(" resumed>") {
            Some((_, end)) if rest.starts_with("<... ") => halves.remove(thread).unwrap_or_default() + end,
            _ => rest.to_owned(),
        };
        if whole.contains(" = -1 ") {
            continue;
        }
        let name = whole.split('(').next().unwrap_or_default();
        let arguments = whole.get(name.len()..).unwrap_or_default();
        let call = match name {
            "fsync" | "fdatasync" => bracketed(arguments).map(|(path, _)| Call::Sync(path.to_owned())),
            "mkdirat" => at(arguments).map(|(path, _)| Call::Make(path)),
            "unlinkat" => at(arguments).map(|(path, _)| Call::Remove(path)),
            "renameat" | "renameat2" => at(arguments).and_then(|(from, rest)| {
                let (to, rest) = at(rest)?;
                // An output comes out of the folder in which its program made it: that is its beginning.
                if is_workshop(&folder(&from)) {
                    return Some(Call::Create(to));
                }
                Some(if rest.contains("EXCHANGE") { Call::Exchange(from, to) } else { Call::Move(from, to) })
            }),
            "openat" | "openat2" if arguments.contains("O_CREAT") => at(arguments).map(|(path, _)| Call::Create(path)),
            "linkat" => at(arguments).and_then(|(from, rest)| Some(Call::Link(from, at(rest)?.0))),
            "write" => bracketed(arguments).map(|(path, _)| Call::Write(path.to_owned())),
            "pwrite64" if arguments.contains("log.sqlite-wal") => {
                let new = facts.iter().filter(|fact| arguments.contains(fact.as_str()) && told.insert((*fact).clone()));
                Some(Call::Log(new.cloned().collect()))
            }
            _ => None,
        };
        calls.extend(call);
    }
    calls
}

/// One file that is replaced.
struct Replaced {
    target: String,
    temp: String,
    trash: String,
    /// The texts that its `placing` and its end are recognised by in the log.
    placing: String,
    succeeded: String,
}

/// What is durable, and what is still pending.
#[derive(Clone, Default)]
struct Disk {
    /// Names, and which file each is; folders have the file `folder`.
    names: BTreeMap<String, String>,
    synced: BTreeSet<String>,
    log: BTreeSet<String>,
    log_pending: Vec<String>,
    /// Changes of names that are not durable yet, in order, each with the folders that must be synced for it.
    pending: Vec<(Call, BTreeSet<String>)>,
}

impl Disk {
    /// The names after these changes.
    fn after(&self, chosen: impl Fn(usize) -> bool) -> BTreeMap<String, String> {
        let mut names = self.names.clone();
        for (_, (call, _)) in self.pending.iter().enumerate().filter(|(index, _)| chosen(*index)) {
            change(&mut names, call);
        }
        names
    }

    /// Whether these changes can have reached the disk without the others. A change of a name comes after earlier
    /// changes of the same name.
    fn may_be(&self, subset: u32) -> bool {
        let chosen = |index: usize| subset >> index & 1 == 1;
        let calls: Vec<_> = self.pending.iter().map(|(call, _)| names_of(call)).collect();
        (0..calls.len()).filter(|index| chosen(*index)).all(|index| {
            (0..index).all(|before| chosen(before) || calls[before].iter().all(|name| !calls[index].contains(name)))
        })
    }

    fn take(&mut self, call: &Call) {
        let folders = |paths: &[&String]| paths.iter().map(|path| folder(path)).collect();
        match call {
            Call::Make(path) | Call::Create(path) | Call::Remove(path) | Call::Link(_, path) => {
                self.pending.push((call.clone(), folders(&[path])));
            }
            Call::Move(from, to) | Call::Exchange(from, to) => self.pending.push((call.clone(), folders(&[from, to]))),
            Call::Write(path) => {
                let file = self.after(|_| true).get(path).cloned();
                if let Some(file) = file {
                    self.synced.remove(&file);
                }
            }
            Call::Log(facts) => self.log_pending.extend(facts.iter().cloned()),
            Call::Sync(path) if path.ends_with("log.sqlite-wal") => self.log.extend(self.log_pending.drain(..)),
            Call::Sync(path) => {
                if let Some(file) = self.after(|_| true).get(path).filter(|file| *file != "folder") {
                    self.synced.insert(file.clone());
                }
                for (_, needed) in &mut self.pending {
                    needed.remove(path);
                }
                // What has become durable. The order does not matter, because each change is about other names.
                let (certain, rest) =
                    std::mem::take(&mut self.pending).into_iter().partition(|(_, needed)| needed.is_empty());
                let certain: Vec<(Call, BTreeSet<String>)> = certain;
                certain.iter().for_each(|(call, _)| change(&mut self.names, call));
                self.pending = rest;
            }
        }
    }
}

fn names_of(call: &Call) -> Vec<&String> {
    match call {
        Call::Make(path) | Call::Create(path) | Call::Remove(path) | Call::Link(_, path) => vec![path],
        Call::Move(from, to) | Call::Exchange(from, to) => vec![from, to],
        Call::Write(_) | Call::Log(_) | Call::Sync(_) => Vec::new(),
    }
}

fn change(names: &mut BTreeMap<String, String>, call: &Call) {
    match call {
        Call::Make(path) => drop(names.insert(path.clone(), "folder".into())),
        Call::Create(path) => drop(names.entry(path.clone()).or_insert_with(|| format!("new {path}"))),
        Call::Remove(path) => drop(names.remove(path)),
        Call::Link(from, to) => {
            if let Some(file) = names.get(from).cloned() {
                names.insert(to.clone(), file);
            }
        }
        Call::Move(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Call::Exchange(one, other) => {
            let (first, second) = (names.remove(one), names.remove(other));
            first.into_iter().for_each(|file| drop(names.insert(other.clone(), file)));
            second.into_iter().for_each(|file| drop(names.insert(one.clone(), file)));
        }
        Call::Write(_) | Call::Log(_) | Call::Sync(_) => {}
    }
}

/// What is wrong with what a power cut could leave, at any moment of these calls.
fn wrong(calls: &[Call], files: &[Replaced], root: &str) -> Option<String> {
    let mut disk = Disk::default();
    for file in files {
        disk.names.insert(file.target.clone(), format!("old {}", file.target));
        disk.synced.insert(format!("old {}", file.target));
    }
    for (moment, call) in calls.iter().enumerate() {
        disk.take(call);
        assert!(disk.pending.len() < 12, "too much is pending at {moment}: {:?}", disk.pending);
        for subset in (0..1u32 << disk.pending.len()).filter(|subset| disk.may_be(*subset)) {
            let names = disk.after(|index| subset >> index & 1 == 1);
            // A name below a missing folder is lost.
            let there = |path: &String| {
                let mut above = folder(path);
                while above.len() > root.len() {
                    if names.get(&above).map(String::as_str) != Some("folder") {
                        return None;
                    }
                    above = folder(&above);
                }
                names.get(path)
            };
            for file in files {
                let (old, new) = (format!("old {}", file.target), format!("new {}", file.temp));
                let is_new = match there(&file.target) {
                    Some(found) if *found == old => false,
                    Some(found) if *found == new && disk.synced.contains(&new) => true,
                    found => return Some(format!("at {moment}, {} is {found:?}", file.target)),
                };
                let kept = [&file.temp, &file.trash].into_iter().any(|path| there(path) == Some(&old));
                if is_new && !kept {
                    return Some(format!("at {moment}, the original of {} is nowhere", file.target));
                }
                if is_new && !disk.log.contains(&file.placing) {
                    return Some(format!("at {moment}, {} is new, and the log does not know", file.target));
                }
                let whole = is_new && there(&file.trash) == Some(&old);
                if (disk.log.contains(&file.succeeded) || disk.log_pending.contains(&file.succeeded)) && !whole {
                    return Some(format!("at {moment}, {} counts as done, and is not for certain", file.target));
                }
            }
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_of_a_replace_leaves_the_old_file_or_the_new_one() {
    traced("2").await;
    // Leave out each sync in turn: a program that forgot one would be caught.
    let (calls, replaced, root) = traced("1").await;
    each_sync_is_needed(&calls, &replaced, &root);
}

/// What a job of this recipe over these files asked of the kernel, the job, and the library's root.
async fn trace(files: &Files, workers: &str, recipe: &str, settings: Value) -> (String, JobId, String) {
    let config = config(files);
    let trace = files.data().with_file_name("trace");
    let site = files.data().with_file_name("site");
    let traced = "trace=fsync,fdatasync,renameat,renameat2,linkat,unlinkat,mkdirat,openat,openat2,write,pwrite64";
    let wrap =
        ["strace", "--seccomp-bpf", "-f", "-y", "-qq", "-s", "8192", "-o", trace.to_str().expect("text"), "-e", traced];
    let arguments = ["--config", config.to_str().expect("text"), "--workers", workers];
    let mut headway = Headway::try_start(files, Some(&site), &wrap, &arguments).expect("a ready server");
    let (client, job) = (http(), mint());
    let body = json!({ "library": "files", "recipe": recipe, "query": { "folder": {} }, "settings": settings });
    let call = client.put(format!("{}/api/jobs/{job}", headway.url)).json(&body);
    assert_eq!(call.send().await.expect("an answer").status(), 201);
    assert_eq!(headway.end(&client, job).await.status, JobStatus::Completed);
    headway.kill();

    let root = files.library().canonicalize().expect("a folder").display().to_string();
    let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
    (text, job, root)
}

/// The calls in a trace that are about the library, and about facts in the log.
fn about(root: &str, text: &str, facts: &[String]) -> Vec<Call> {
    let ours = |path: &String| {
        let in_workshop = is_workshop(path) || is_workshop(&folder(path));
        path.starts_with(root) && !path.contains(".headway-probe") && !in_workshop
    };
    let is_about = |call: &Call| match call {
        Call::Make(path) | Call::Create(path) | Call::Remove(path) | Call::Write(path) => ours(path),
        Call::Move(from, _) | Call::Exchange(from, _) | Call::Link(from, _) => ours(from),
        Call::Sync(path) => ours(path) || path.ends_with("log.sqlite-wal"),
        Call::Log(facts) => !facts.is_empty(),
    };
    calls(text, facts).into_iter().filter(is_about).collect()
}

/// The number of the attempt that did something to an item's file. On a busy machine it is not always the first one.
fn last_attempt(text: &str, job: JobId, item: usize) -> usize {
    let is_made = |attempt: &usize| text.contains(&format!(".headway-{job}-{item}-{attempt}\""));
    (1..10).rev().find(is_made).expect("an attempt that made a file")
}

/// The calls of a job that replaces a few files, with nothing wrong in them.
async fn traced(workers: &str) -> (Vec<Call>, Vec<Replaced>, String) {
    let count = 3;
    let files = Files::numbered(count);
    let (text, job, root) = trace(&files, workers, "upper", json!({})).await;
    let replaced = |item: usize| {
        let attempt = last_attempt(&text, job, item);
        Replaced {
            target: format!("{root}/{item:06}"),
            temp: format!("{root}/.headway-{job}-{item}-{attempt}"),
            trash: format!("{root}/.headway-trash/{job}/{item}-{attempt}"),
            placing: format!(r#"\"event\":\"placing\",\"item\":{item},"#),
            succeeded: format!(r#"\"event\":\"succeeded\",\"item\":{item},"#),
        }
    };
    let replaced: Vec<_> = (0..count).map(replaced).collect();
    let facts: Vec<_> = replaced.iter().flat_map(|file| [file.placing.clone(), file.succeeded.clone()]).collect();
    let calls = about(&root, &text, &facts);
    let exchanges = calls.iter().filter(|call| matches!(call, Call::Exchange(..))).count();
    assert_eq!(exchanges, count, "{calls:?}");
    assert_eq!(wrong(&calls, &replaced, &root), None, "{calls:#?}");

    drop(Served::start(&files));
    (calls, replaced, root)
}

fn each_sync_is_needed(calls: &[Call], replaced: &[Replaced], root: &str) {
    let logged = |call: &Call| matches!(call, Call::Log(facts) if facts.iter().any(|fact| fact.contains("placing")));
    let first = calls.iter().position(logged).expect("a placing");
    let mut needed = 0;
    for (index, call) in calls.iter().enumerate() {
        let Call::Sync(path) = call else { continue };
        let about_files = path.starts_with(root);
        let wal_between = path.ends_with("log.sqlite-wal") && calls[..index].iter().any(logged);
        if !(about_files || wal_between && index > first) {
            continue;
        }
        let mut without = calls.to_vec();
        without.remove(index);
        match wrong(&without, replaced, root) {
            Some(_) => needed += 1,
            // A sync of the log that had nothing new to write.
            None => assert!(!about_files, "{path} at {index} is not needed: {calls:#?}"),
        }
    }
    let count = replaced.len();
    println!("{} calls of {count} replaces; without any one of {needed} syncs a power cut could do harm", calls.len());
    assert!(needed >= 3 * count, "{needed}");
}

/// One file that is renamed, and the texts that its `changing` and its end are recognised by in the log.
struct Renamed {
    from: String,
    to: String,
    changing: String,
    succeeded: String,
}

/// What is wrong with what a power cut could leave, at any moment of these calls.
fn wrong_of_renames(calls: &[Call], files: &[Renamed]) -> Option<String> {
    let mut disk = Disk::default();
    disk.names.extend(files.iter().map(|file| (file.from.clone(), format!("old {}", file.from))));
    for (moment, call) in calls.iter().enumerate() {
        disk.take(call);
        assert!(disk.pending.len() < 12, "too much is pending at {moment}: {:?}", disk.pending);
        for subset in (0..1u32 << disk.pending.len()).filter(|subset| disk.may_be(*subset)) {
            let names = disk.after(|index| subset >> index & 1 == 1);
            for file in files {
                let is_at = |name: &String| names.get(name) == Some(&format!("old {}", file.from));
                let is_renamed = match (is_at(&file.from), is_at(&file.to)) {
                    (true, false) => false,
                    (false, true) => true,
                    found => {
                        return Some(format!("at {moment}, {} is at both its names, or at none: {found:?}", file.from));
                    }
                };
                if is_renamed && !disk.log.contains(&file.changing) {
                    return Some(format!("at {moment}, {} is renamed, and the log does not know", file.from));
                }
                let is_said = disk.log.contains(&file.succeeded) || disk.log_pending.contains(&file.succeeded);
                if is_said && !is_renamed {
                    return Some(format!("at {moment}, {} counts as renamed, and is not for certain", file.from));
                }
            }
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_of_a_rename_leaves_the_old_name_or_the_new_one() {
    let count = 3;
    let files = Files::numbered(count);
    let (text, _, root) = trace(&files, "1", "rename", json!({ "name": "{/}.txt" })).await;
    let renamed = |item: usize| Renamed {
        from: format!("{root}/{item:06}"),
        to: format!("{root}/{item:06}.txt"),
        changing: format!(r#"\"event\":\"changing\",\"item\":{item},"#),
        succeeded: format!(r#"\"event\":\"succeeded\",\"item\":{item},"#),
    };
    let renamed: Vec<_> = (0..count).map(renamed).collect();
    let facts: Vec<_> = renamed.iter().flat_map(|file| [file.changing.clone(), file.succeeded.clone()]).collect();
    let calls = about(&root, &text, &facts);
    assert_eq!(calls.iter().filter(|call| matches!(call, Call::Move(..))).count(), count, "{calls:?}");
    assert_eq!(wrong_of_renames(&calls, &renamed), None, "{calls:#?}");
    // Leave out each sync of a folder in turn: a program that forgot one would be caught.
    let syncs = |call: &Call| matches!(call, Call::Sync(path) if path.starts_with(&root));
    let first = calls.iter().position(|call| matches!(call, Call::Move(..))).expect("a rename");
    for index in (first..calls.len()).filter(|index| syncs(&calls[*index])) {
        let without = [&calls[..index], &calls[index + 1..]].concat();
        assert!(wrong_of_renames(&without, &renamed).is_some(), "the sync at {index} is not needed: {calls:#?}");
    }
    // The same holds for the record before the first name changes.
    let logged = |call: &Call| matches!(call, Call::Log(facts) if facts.iter().any(|fact| fact.contains("changing")));
    let without: Vec<_> = calls.iter().filter(|call| !logged(call)).cloned().collect();
    assert!(wrong_of_renames(&without, &renamed).is_some(), "a rename that nobody recorded");
}
