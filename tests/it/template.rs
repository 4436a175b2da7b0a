//! The tokens of templates against those of the real GNU parallel.

use std::io::Write;
use std::process::{Command, Stdio};

use headway_files::template::{Template, Values};

const TOKENS: [&str; 11] = ["{}", "{.}", "{/}", "{//}", "{/.}", "{#}", "{%}", "{..}", "{+.}", "{0#}", "{##}"];

const INPUTS: [&str; 14] = [
    "a/b.c/d.tar.gz",
    ".hidden",
    "nodot",
    "a/.x",
    "file.",
    "a b",
    "it's",
    "a/b.c/nodot",
    ".a.b",
    "x.gz",
    "$(id)",
    "é.ü",
    "a..b",
    "deep/er/x.y.z",
];

/// Where a template means something other than in parallel, and what: a dot at the beginning of a name, or in the
/// name of a folder, does not begin an extension. `docs/commands.md` says so.
const DIFFERENCES: [(&str, &str, &str, &str); 10] = [
    (".hidden", "{.}", "", ".hidden"),
    (".hidden", "{/.}", "", ".hidden"),
    (".hidden", "{+.}", "hidden", ""),
    ("a/.x", "{.}", "a/", "a/.x"),
    ("a/.x", "{/.}", "", ".x"),
    ("a/.x", "{+.}", "x", ""),
    ("a/b.c/nodot", "{+.}", "c/nodot", ""),
    (".a.b", "{..}", "", ".a.b"),
    ("a..b", "{..}", "a", "a"),
    ("file.", "{..}", "file.", "file."),
];

#[test]
fn tokens_mean_what_they_mean_to_gnu_parallel() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut parallel = Command::new("parallel")
        .env("HOME", home.path())
        .args(["--will-cite", "--plus", "-0", "-k", "-j1", "-q", "printf"])
        .arg("%s\\0".repeat(TOKENS.len()))
        .args(TOKENS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("GNU parallel; ./test installs it");
    let input = INPUTS.map(|input| format!("{input}\0")).concat();
    parallel.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("a reader");
    let output = parallel.wait_with_output().expect("its output").stdout;
    let theirs: Vec<_> = output.split(|byte| *byte == 0).collect();
    assert_eq!(theirs.len(), INPUTS.len() * TOKENS.len() + 1, "{}", String::from_utf8_lossy(&output));
    let mut theirs = theirs.into_iter();
    for (number, input) in (1..).zip(INPUTS) {
        for token in TOKENS {
            let values =
                Values { input: input.as_bytes(), number, total: INPUTS.len() as u32, slot: 1, out: b"", tmp: b"" };
            let ours = String::from_utf8(Template::new(token).expand(&values)).expect("text");
            let theirs = String::from_utf8_lossy(theirs.next().expect("a value")).into_owned();
            match DIFFERENCES.iter().find(|(of, at, ..)| (*of, *at) == (input, token)) {
                Some((_, _, said, meant)) => assert_eq!((&*theirs, &*ours), (*said, *meant), "{token} of {input}"),
                None => assert_eq!(ours, theirs, "{token} of {input}"),
            }
        }
    }
}

#[test]
fn what_begins_with_a_dash_is_no_option_and_text_stays_text() {
    let values = Values { input: b"-rf", number: 7, total: 100, slot: 2, out: b"/o", tmp: b"/t" };
    let argument = |word: &str| String::from_utf8(Template::new(word).argument(&values)).expect("text");
    assert_eq!(argument("{}"), "./-rf");
    assert_eq!(argument("--name={}"), "--name=-rf");
    assert_eq!(argument("-n"), "-n");
    assert_eq!(argument("{out}:{tmp}:{0#}/{##}%{%}"), "/o:/t:007/100%2");
    assert_eq!(argument("{unknown} {"), "{unknown} {");
    assert_eq!(Template::text("{}").argument(&values), b"{}");
}
