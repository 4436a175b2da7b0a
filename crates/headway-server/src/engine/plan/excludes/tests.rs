//! Patterns against `git check-ignore`: what git leaves out is left out, and only what git never matches is refused.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{ExcludeError, Excludes};

/// Folders, each with a slash at its end, and files.
const TREE: [&str; 41] = [
    "a/",
    "a/b/",
    "a/b/a",
    "a/x/",
    "a/x/b/",
    "a/x/b/c.txt",
    "a/x/y/",
    "a/x/y/b",
    "a/a-",
    "ab",
    "abc",
    "axb",
    "b/",
    "b/a",
    "b/ab/",
    "b/ab/x",
    "b/.a",
    "ax/",
    "ax/b",
    "axx/",
    "axx/y/",
    "axx/y/b",
    "xa/",
    "xa/b",
    "a ",
    "a b",
    "#a",
    "!a",
    "!",
    "-",
    "]",
    "[a]",
    "[a",
    "a\\b",
    "a\\",
    "*",
    "**",
    "{a,b}",
    "a*b",
    "A.TXT",
    "c1",
];

/// What patterns are made of.
const PARTS: [&str; 34] = [
    "a",
    "b",
    "x",
    "ab",
    "a-",
    "*",
    "**",
    "***",
    "?",
    "/",
    "//",
    "**/",
    "/**",
    "/**/",
    "!",
    "#",
    " ",
    "\\ ",
    "\\#",
    "\\!",
    "\\*",
    "\\\\",
    "\\",
    "[!a]",
    "[a-]",
    "[]a]",
    "[a-x]",
    "[^b-]",
    "[[:alpha:]]",
    "[[:no:]]",
    "[",
    "]",
    ".",
    "{a,b}",
];

struct Git(tempfile::TempDir);

impl Git {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(git(folder.path()).args(["init", "-q"]).status().expect("git").success());
        for path in TREE {
            let at = folder.path().join(path);
            if path.ends_with('/') { std::fs::create_dir_all(at) } else { std::fs::write(at, "") }.expect("a path");
        }
        Git(folder)
    }

    /// Which paths of the tree these lines leave out.
    fn left_out(&self, lines: &[String]) -> Vec<&'static str> {
        std::fs::write(self.0.path().join(".git/info/exclude"), lines.join("\n") + "\n").expect("a file");
        let mut asked = git(self.0.path())
            .args(["check-ignore", "--no-index", "--stdin", "-z"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git");
        let paths = TREE.map(|path| path.trim_end_matches('/')).join("\0");
        asked.stdin.take().expect("a pipe").write_all(paths.as_bytes()).expect("a reader");
        let output = asked.wait_with_output().expect("its output").stdout;
        let named: Vec<_> = output.split(|byte| *byte == 0).collect();
        TREE.into_iter().filter(|path| named.contains(&path.trim_end_matches('/').as_bytes())).collect()
    }
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "core.ignorecase=true"]);
    command
}

fn ours(lines: &[String]) -> Result<Vec<&'static str>, ExcludeError> {
    let mut excludes = Excludes::default();
    lines.iter().try_for_each(|line| excludes.add(line))?;
    // A folder that is left out leaves out all below it.
    let is_out = |path: &str| {
        let (path, is_folder) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        let above =
            path.match_indices('/').any(|(end, _)| excludes.leaves_out(&[path.as_bytes()[..end].to_vec()], true));
        above || excludes.leaves_out(&[path.as_bytes().to_vec()], is_folder)
    };
    Ok(TREE.into_iter().filter(|path| is_out(path)).collect())
}

/// Compares the readings of these lines. What is refused leaves out nothing in git either.
fn compare(git: &Git, lines: &[String]) {
    let alone = |line: &String| git.left_out(&[line.trim_start_matches('!').to_owned()]);
    match ours(lines) {
        Ok(ours) => assert_eq!(ours, git.left_out(lines), "{lines:?}"),
        Err(error) => assert!(lines.iter().any(|line| alone(line).is_empty()), "{lines:?}: {error}"),
    }
}

#[test]
fn patterns_leave_out_what_they_leave_out_in_git() {
    let git = Git::new();
    for lines in [
        ["a\\ "],
        ["a "],
        ["a\\  "],
        ["\\#a"],
        ["\\!a"],
        ["[!a]"],
        ["[a-]"],
        ["**a"],
        ["a**"],
        ["a**/b"],
        ["/a**/b"],
        ["a/**/b"],
        ["a/**"],
        ["**/b"],
        ["**"],
        ["/**"],
        ["a/*/b"],
        ["a/***/b"],
        ["?**/b"],
        ["{a,b}"],
        ["[[]a]"],
        ["\\[a"],
        ["a\\\\b"],
        ["a\\\\"],
        ["\\**"],
        ["*.txt"],
        ["a.TXT"],
        ["[[:digit:]a]1"],
        ["c[0-9]"],
        ["b/"],
        ["a/b/"],
        ["!a"],
        ["*]"],
        ["a\r"],
    ] {
        compare(&git, &lines.map(str::to_owned));
    }
    for lines in [["a*", "!ab"], ["*", "!a/"], ["a/*", "!a/b"], ["!a", "a"], ["*b", "!*x*"]] {
        compare(&git, &lines.map(str::to_owned));
    }
}

#[test]
fn patterns_of_all_parts_mean_what_they_mean_to_git() {
    let git = Git::new();
    let mut random = 7_u64;
    let mut below = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    for _ in 0..500 {
        let length = 1 + below(5);
        let line: String = (0..length).map(|_| PARTS[below(PARTS.len())]).collect();
        // To git, a line that begins with # is a comment; here, it is a name.
        let line = if line.starts_with('#') { format!("\\{line}") } else { line };
        compare(&git, &[line]);
    }
}

#[test]
fn a_pattern_that_can_match_nothing_is_refused_with_its_reason() {
    let refused = |pattern: &str| ours(&[pattern.to_owned()]).expect_err(pattern).to_string();
    for (pattern, reason) in [
        ("!", "it names nothing"),
        ("/", "it names nothing"),
        ("a//b", "there is no name between its slashes"),
        ("./a", "the names . and .. are not used here; begin with / for the root of the library"),
        ("[a", "its [ has no ]; write \\[ for the character itself"),
        ("[[:vowel:]]", "[:vowel:] is no class of characters"),
        ("a\\", "nothing follows its last \\; write \\\\ for the character itself"),
    ] {
        assert_eq!(refused(pattern), reason, "{pattern}");
    }
}
