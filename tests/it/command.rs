//! Commands on real files: their outputs, exit codes, time limits and recorded output.

use std::path::PathBuf;

use headway_model::{JobId, JobStatus, JobSummary, PauseReason};
use serde_json::{Value, json};

use crate::doctor::{doctor, headway};
use crate::helper::{Files, Headway, eventually, http, is_kill, mint};

/// The commands of these tests.
pub(crate) const CONFIG: &str = r#"
allow_commands = true

[[command]]
name = "upper"
run = ["sh", "-c", "tr a-z A-Z < \"$1\" > \"$2\"", "sh", "{}", "{out}"]

[[command]]
name = "slow-upper"
run = ["sh", "-c", "sleep 0.02; tr a-z A-Z < \"$1\" > \"$2\"", "sh", "{}", "{out}"]

[[command]]
name = "exit"
run = ["sh", "-c", "echo out of \"$1\"; echo in \"$1\" >&2; exit $(cat \"$1\")", "sh", "{}"]
repeatable = true

[[command]]
name = "sleep"
run = ["sh", "-c", "echo '{\"progress\":0.5}'; sleep 300", "sh", "{}"]
grace = 1

[[command]]
name = "stubborn"
run = ["sh", "-c", "trap '' TERM; (trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 301; sleep 301' &); sleep 302 & sleep 303; sleep 304", "sh", "{}"]
grace = 1

[[command]]
name = "checked"
run = ["cp", "{}", "{out}"]
verify = ["grep", "-q", "good", "{out}"]
output = { place = { beside = { name = "{/.}.copy" } } }

[[command]]
name = "deadly-check"
run = ["cp", "{}", "{out}"]
verify = ["sh", "-c", "kill -9 $PPID; sleep 300"]

[[command]]
name = "named"
run = ["printf", "%s", "{text}", "{word}"]
repeatable = true
setting = [{ name = "text", default = "plain" }, { name = "word", choices = ["-x", "y"] }]

[[command]]
name = "gated"
run = ["sh", "-c", "case $1 in *00000[0-4]) ;; *) until [ -e \"$2\" ]; do sleep 0.02; done ;; esac", "sh", "{}", "{gate}"]
setting = [{ name = "gate", default = "gate" }]

[[command]]
name = "empty"
run = ["touch", "{out}"]

[[command]]
name = "unknown-program"
run = ["nosuchprogram", "{}"]

[[command]]
name = "may-be-empty"
run = ["sh", "-c", "grep keep \"$1\" > \"$2\" || true", "sh", "{}", "{out}"]
empty_output = true

[[command]]
name = "shrink"
run = ["sh", "-c", "printf '%s\\n' \"$@\" > \"$0\"", "{out}", "{quality}", "{strip}", "{}"]
setting = [
    { name = "quality", number = { least = 1, most = 100, unit = "%" }, default = 80 },
    { name = "strip", switch = "--strip" },
]
output = { place = { beside = { name = "{/.}.out" } } }

[[command]]
name = "header"
run = ["sh", "-c", "{ echo header; cat \"$1\"; } > \"$2\"", "sh", "{}", "{out}"]
"#;

/// The server with these commands.
pub(crate) struct Served {
    pub(crate) headway: Headway,
    pub(crate) client: reqwest::Client,
}

pub(crate) fn config(files: &Files) -> PathBuf {
    let path = files.data().with_file_name("headway.toml");
    std::fs::write(&path, CONFIG).expect("a new file");
    path
}

impl Served {
    pub(crate) fn start(files: &Files) -> Self {
        Served::start_in(files, &[]).expect("a ready server")
    }

    /// Under a wrapper, such as `env A=B`.
    pub(crate) fn start_in(files: &Files, wrap: &[&str]) -> Option<Self> {
        Served::start_with(files, wrap, &["--workers", "2"])
    }

    /// Starts the server under a wrapper, with these arguments.
    pub(crate) fn start_with(files: &Files, wrap: &[&str], more: &[&str]) -> Option<Self> {
        let config = config(files);
        let site = files.data().with_file_name("site");
        let arguments = [&["--config", config.to_str().expect("text")], more].concat();
        let headway = Headway::try_start(files, Some(&site), wrap, &arguments)?;
        Some(Served { headway, client: http() })
    }

    /// A run of the server with this fault; `None` if the fault kills it before it is ready. No other end counts.
    pub(crate) fn life(files: &Files, fault: &str, more: &[&str]) -> Option<Self> {
        let config = config(files);
        let site = files.data().with_file_name("site");
        let arguments = [&["--config", config.to_str().expect("text")], more].concat();
        let wrap: [&str; 2] = ["env", &format!("HEADWAY_FAULT={fault}")];
        match Headway::start_or_end(files, Some(&site), &wrap, &arguments) {
            Ok(headway) => Some(Served { headway, client: http() }),
            Err(ended) => {
                assert!(
                    ended.is_some_and(is_kill),
                    "{fault}: the server ended before it was ready, and not by the fault: {ended:?}"
                );
                None
            }
        }
    }

    /// A start call over all files, and the job's id.
    fn start_call(&self, recipe: &str, more: &Value) -> (JobId, reqwest::RequestBuilder) {
        let id = mint();
        let mut body = json!({ "library": "files", "recipe": recipe, "query": { "folder": {} } });
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        (id, self.client.put(format!("{}/api/jobs/{id}", self.headway.url)).json(&body))
    }

    pub(crate) async fn try_begin(&self, recipe: &str, more: Value) -> (JobId, u16, Value) {
        let (id, call) = self.start_call(recipe, &more);
        let answer = call.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (id, status, answer.json().await.expect("JSON"))
    }

    pub(crate) async fn begin(&self, recipe: &str, more: Value) -> JobId {
        let (id, status, body) = self.try_begin(recipe, more).await;
        assert_eq!(status, 201, "{body}");
        id
    }

    /// Starts a job that kills the server. The server can die after it has recorded the job and before it has
    /// answered.
    pub(crate) async fn begin_doomed(&self, recipe: &str, more: Value) -> JobId {
        let (id, call) = self.start_call(recipe, &more);
        if let Ok(answer) = call.send().await {
            assert_eq!(answer.status(), 201);
        }
        id
    }

    pub(crate) async fn run(&self, recipe: &str, more: Value) -> JobSummary {
        let id = self.begin(recipe, more).await;
        self.end(id).await
    }

    pub(crate) async fn end(&self, job: JobId) -> JobSummary {
        self.headway.end(&self.client, job).await
    }

    pub(crate) async fn until(&self, job: JobId, is: impl Fn(&JobSummary) -> bool) -> JobSummary {
        self.headway.until(&self.client, job, is).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.answer(path).await.1
    }

    /// Status and body of the answer.
    pub(crate) async fn answer(&self, path: &str) -> (u16, Value) {
        let answer = self.client.get(format!("{}{path}", self.headway.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    pub(crate) async fn post(&self, path: &str) -> (u16, Value) {
        let answer = self.client.post(format!("{}{path}", self.headway.url)).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn items(&self, job: JobId) -> Vec<(String, String, String)> {
        let page = self.get(&format!("/api/jobs/{job}/items")).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = page["items"].as_array().expect("items");
        items.iter().map(|item| (text(&item["path"]), text(&item["status"]), text(&item["message"]))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_is_offered_where_its_program_is_and_does_what_it_says() {
    let files = Files::new();
    let photo = "/usr/share/gocode/src/github.com/rwcarlsen/goexif/exif/samples/geodegrees_as_string.jpg";
    let photo = std::fs::read(photo).expect("run ./test once, which installs the photos");
    files.write("a.jpg", &photo);
    let served = Served::start_in(&files, &["env", "PATH=/usr/bin:/bin"]).expect("a ready server");
    let offered = served.get("/api/recipes").await;
    let names: Vec<_> = offered.as_array().expect("recipes").iter().map(|recipe| recipe["name"].clone()).collect();
    assert!(names.contains(&json!("exiftool-strip")), "{names:?}");
    assert_eq!(names.contains(&json!("oxipng")), std::path::Path::new("/usr/bin/oxipng").exists(), "{names:?}");
    let job = served.begin("exiftool-strip", json!({})).await;
    let end = served.end(job).await;
    assert_eq!(end.counters.succeeded, 1, "{:?}", served.items(job).await);
    let stripped = std::fs::read(files.library().join("a.jpg")).expect("a file");
    assert!(stripped.len() < photo.len() && !stripped.windows(5).any(|word| word == b"Canon"), "{}", stripped.len());
    let undo = mint();
    let (status, body) = served.post(&format!("/api/jobs/{job}/undo/{undo}")).await;
    assert_eq!(status, 201, "{body}");
    served.end(undo).await;
    assert_eq!(std::fs::read(files.library().join("a.jpg")).expect("a file"), photo);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_removes_another_name_of_its_file_has_not_changed_it() {
    let files = Files::numbered(1);
    let other = files.data().with_file_name("other");
    std::fs::hard_link(files.library().join("000000"), &other).expect("another name");
    let served = Served::start(&files);
    let run = format!(r#"sh -c 'rm {} && cp "$0" "$1"' {{}} {{out}}"#, other.display());
    let end = served.run("command", json!({ "settings": { "run": run } })).await;
    assert_eq!((end.counters.succeeded, end.counters.skipped), (1, 0), "{end:?}");
    assert!(!other.exists() && files.library().join("000000.out").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_moves_or_removes_its_file_loses_nothing() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    for run in ["mv {} {out}", r#"sh -c 'mv "$0" "$1"; exit 1' {} {out}"#, r#"sh -c 'rm "$0"; echo x > "$1"' {} {out}"#]
    {
        let end = served.run("command", json!({ "settings": { "run": run } })).await;
        assert_eq!((end.counters.failed, end.counters.succeeded), (1, 0), "{run}: {end:?}");
        assert_eq!(std::fs::read(files.library().join("000000")).expect("the original"), b"file 0\n", "{run}");
        let left = std::fs::read_dir(files.library()).expect("a folder").count();
        assert_eq!(left, 1, "{run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_command_has_moved_among_many_folders_is_put_back() {
    let files = Files::numbered(1);
    // There are more folders than the server can hold open.
    let served = Served::start_in(&files, &["prlimit", "--nofile=512:512"]).expect("a ready server");
    let run = r#"sh -c 'mkdir "$1" && (cd "$1" && mkdir $(seq 2000)) && mv "$0" "$1/7/moved"' {} {out}"#;
    let end = served.run("command", json!({ "settings": { "run": run } })).await;
    assert_eq!((end.counters.failed, end.counters.succeeded), (1, 0), "{end:?}");
    let (_, _, message) = &served.items(end.job).await[0];
    assert!(message.contains("moved or removed the file, which is now at 000000;"), "{message}");
    assert_eq!(std::fs::read(files.library().join("000000")).expect("the original"), b"file 0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_changes_its_file_before_it_fails_does_not_do_so_silently() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    for (run, told) in [
        (r#"sh -c 'mv "$0" "$1"; echo more >> "$1"; exit 1' {} {out}"#, "and changed it: at 000000,"),
        (r#"sh -c 'mv "$0" "$1"; echo more >> "$1"' {} {out}"#, "and changed it: at 000000,"),
        (r#"sh -c 'echo more >> "$0"; rm "$0"; exit 1' {} {out}"#, "and changed it: at 000000,"),
        (
            r#"sh -c 'echo more >> "$0"; exit 1' {} {out}"#,
            "exit code 1; the file was changed meanwhile: a command with {out} must only read {}",
        ),
        (r#"sh -c 'mv "$0" "$1"; exit 1' {} {out}"#, "moved or removed the file, which is now at 000000;"),
    ] {
        let end = served.run("command", json!({ "settings": { "run": run } })).await;
        assert_eq!((end.counters.failed, end.counters.succeeded), (1, 0), "{run}: {end:?}");
        let (_, _, message) = &served.items(end.job).await[0];
        assert!(message.contains(told), "{run}: {message}");
    }
    assert_eq!(std::fs::read(files.library().join("000000")).expect("the file"), b"file 0\nmore\nmore\nmore\nmore\n");
}

/// A job whose command has moved its file and written to it when the server is killed.
async fn killed_after_a_move(files: &Files) -> JobId {
    let marker = files.data().with_file_name("moved");
    let run =
        format!(r#"sh -c 'mv "$0" "$1" && echo more >> "$1" && touch {}; sleep 600' {{}} {{out}}"#, marker.display());
    let mut served = Served::start(files);
    let job = served.begin("command", json!({ "settings": { "run": run } })).await;
    eventually("the move", async || marker.exists().then_some(())).await;
    served.headway.kill();
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_stays_as_its_file_might_be_in_it_is_named_by_the_item_and_is_a_problem_for_the_doctor() {
    let files = Files::numbered(1);
    let job = killed_after_a_move(&files).await;
    let folder = format!(".headway-{job}-0-1.out~");
    let told = format!("one of the files in {folder} might be what 000000 was; move it to where it belongs");
    for (well, said) in [doctor(&files), headway(&["doctor"], &files)] {
        assert!(!well && said.contains(&told), "before the next start: {said}");
    }
    let (_, said) = doctor(&files);
    let goes_on = format!("is processing, and no server works on it: headway resume {}", &job.to_string()[30..]);
    assert!(said.contains(&goes_on), "{said}");
    let mut served = Served::start(&files);
    served.until(job, |summary| summary.status.pause_reason() == Some(PauseReason::Interrupted)).await;
    let (_, status, message) = &served.items(job).await[0];
    assert!(status == "interrupted" && message.contains(&told), "{status}: {message}");
    assert_eq!(served.post(&format!("/api/jobs/{job}/resume")).await.0, 200);
    let end = served.end(job).await;
    assert_eq!((end.counters.failed, end.counters.skipped), (1, 0), "{end:?}");
    let (_, _, message) = &served.items(job).await[0];
    assert!(message.contains(&format!("no longer there, and {told}")), "{message}");
    assert!(served.headway.terminate());
    for arguments in [&["doctor"][..], &["doctor", "--remove"]] {
        let library = format!("files={}", files.library().display());
        let (well, said) = headway(&[arguments, &[library.as_str()]].concat(), &files);
        assert!(!well && said.contains(&told) && said.contains("is left for you to look at"), "{said}");
    }
    let folder = files.library().join(folder);
    let moved = folder.join("000000.out");
    assert_eq!(std::fs::read(&moved).expect("the file"), b"file 0\nmore\n");
    std::fs::rename(moved, files.library().join("000000")).expect("a move");
    std::fs::remove_dir(folder).expect("an empty folder");
    let (well, said) = doctor(&files);
    assert!(well, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_which_a_file_might_be_is_named_without_a_server_and_at_a_retry() {
    let files = Files::numbered(1);
    let job = killed_after_a_move(&files).await;
    let mut served = Served::start(&files);
    served.until(job, |summary| summary.status.pause_reason() == Some(PauseReason::Interrupted)).await;
    assert_eq!(served.post(&format!("/api/v1/jobs/{job}/leave-out")).await.0, 200);
    assert_eq!(served.end(job).await.counters.failed, 1);
    let name = job.to_string();
    let told = format!("one of the files in .headway-{job}-0-1.out~ might be what 000000 was");
    let (well, said) = headway(&["retry", &name], &files);
    assert!(!well && said.contains(&format!("not there, and {told}")), "{said}");
    assert!(served.headway.terminate());
    let (_, said) = headway(&["show", &name, "--failed"], &files);
    assert!(said.contains(&told), "{said}");
}

/// The command moves its file in its first attempt only, and its server is killed then.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_command_has_moved_when_the_server_is_killed_is_put_back() {
    let files = Files::numbered(1);
    let marker = files.data().with_file_name("moved");
    let run = format!(
        r#"sh -c 'test -e {0} && exec cp "$0" "$1"; mv "$0" "$1" && touch {0}; sleep 600' {{}} {{out}}"#,
        marker.display()
    );
    let output = json!({ "place": { "beside": { "name": "{/}.out" } } });
    let mut served = Served::start(&files);
    let policy = json!({ "on_interrupt": "retry" });
    let more = json!({ "settings": { "run": run }, "output": output, "policy": policy });
    let job = served.begin("command", more).await;
    eventually("the move", async || marker.exists().then_some(())).await;
    assert!(!files.library().join("000000").exists());
    served.headway.kill();
    let served = Served::start(&files);
    let end = served.end(job).await;
    assert_eq!((end.counters.failed, end.counters.succeeded), (0, 1), "{end:?}");
    for name in ["000000", "000000.out"] {
        assert_eq!(std::fs::read(files.library().join(name)).expect("a file"), b"file 0\n", "{name}");
    }
    assert_eq!(std::fs::read_dir(files.library()).expect("a folder").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folders_that_attempts_made_do_not_stay_if_no_output_got_there() {
    let files = Files::new();
    files.write("a/deep/one", b"1");
    files.write("b/two", b"2");
    std::fs::create_dir(files.library().join("out")).expect("the owner's folder");
    let place = |folder: &str| json!({ "place": { "folder": { "path": folder } } });
    let mut served = Served::start(&files);
    let run = r#"sh -c 'case $0 in b/*) cp "$0" "$1";; *) exit 1;; esac' {} {out}"#;
    let end = served.run("command", json!({ "settings": { "run": run }, "output": place("out/made") })).await;
    assert_eq!((end.counters.failed, end.counters.succeeded), (1, 1), "{end:?}");
    eventually("no empty folder", async || (!files.library().join("out/made/a").exists()).then_some(())).await;
    assert!(files.library().join("out/made/b/two").exists());

    // A server that is killed, and a job that is then cancelled.
    let settings = json!({ "run": "sh -c 'sleep 600' {} {out}" });
    let query = json!({ "paths": ["a/deep/one"] });
    let more = json!({ "settings": settings, "output": place("out/later/still"), "query": query });
    let job = served.begin("command", more).await;
    let folder = files.library().join("out/later/still/a/deep");
    eventually("its folders", async || folder.exists().then_some(())).await;
    // Beside it, a job that fails.
    let fails = json!({ "settings": { "run": "false {} {out}" }, "output": place("out/other"), "query": { "paths": ["b/two"] } });
    assert_eq!(served.run("command", fails).await.counters.failed, 1);
    eventually("no empty folder", async || (!files.library().join("out/other").exists()).then_some(())).await;
    served.headway.kill();
    let served = Served::start(&files);
    assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
    eventually("no empty folder", async || (!files.library().join("out/later").exists()).then_some(())).await;
    assert!(files.library().join("out").exists(), "it is the owner's");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_leaves_beside_its_output_goes_with_the_attempt_however_it_ends() {
    let files = Files::numbered(2);
    let served = Served::start(&files);
    let there = || {
        let entries = std::fs::read_dir(files.library()).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.filter(|name| name != ".headway-trash").collect();
        names.sort();
        names
    };
    let replacing = |run: &str| json!({ "settings": { "run": run }, "output": { "place": "replace" } });
    for (run, succeeded) in [
        // As a program does with a file that has pages: it makes another file of each, and none of the name that was asked for.
        (r#"sh -c 'cp "$0" "$1-0"; cp "$0" "$1-1"' {} {out}"#, 0),
        (r#"sh -c 'cp "$0" "$1"; echo more >> "$1"; echo l > "$1.log"; echo p > "$1~"' {} {out}"#, 2),
    ] {
        let end = served.run("command", replacing(run)).await;
        assert_eq!(end.counters.succeeded, succeeded, "{run}: {end:?}");
        assert_eq!(there(), ["000000", "000001"], "{run}");
    }
    let begun = files.data().with_file_name("begun");
    let run = format!(r#"sh -c 'echo p > "$0.part"; touch "{}"; sleep 300' {{out}} {{}}"#, begun.display());
    let job = served.begin("command", replacing(&run)).await;
    eventually("the command at work", async || begun.exists().then_some(())).await;
    assert_eq!(served.post(&format!("/api/jobs/{job}/cancel")).await.0, 200);
    assert_eq!(served.end(job).await.status, JobStatus::Cancelled);
    assert_eq!(there(), ["000000", "000001"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_replaces_files_and_undo_puts_them_back() {
    let files = Files::numbered(20);
    files.write("-n $(id) 'x'", b"odd");
    files.write_bytes(b"sp ace/\xFFline\nend", b"bytes");
    let served = Served::start(&files);
    let end = served.run("upper", json!({})).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 22));
    let read = |name: &str| std::fs::read(files.library().join(name)).expect("a file");
    assert_eq!((read("000003"), read("-n $(id) 'x'")), (b"FILE 3\n".to_vec(), b"ODD".to_vec()));
    let (status, _) = served.post(&format!("/api/jobs/{}/undo/{}", end.job, mint())).await;
    assert_eq!(status, 201);
    eventually("every byte back", async || {
        (read("-n $(id) 'x'") == b"odd" && read("000019") == b"file 19\n").then_some(())
    })
    .await;

    // Everything shows it: the job, the list of files, and the count of files that are not yet processed.
    let undone = eventually("the undo at its end", async || {
        let view = served.get(&format!("/api/jobs/{}", end.job)).await;
        (view["undone"]["status"] == "completed").then_some(view["undone"].clone())
    })
    .await;
    assert_eq!(undone["counters"]["succeeded"], 22);
    let list = eventually("the outcomes", async || {
        let list = served.get("/api/libraries/files/files?show=unprocessed").await;
        (list["total"] == 22).then_some(list)
    })
    .await;
    let outcome = &list["entries"][0]["outcome"];
    assert_eq!((&outcome["status"], &outcome["job"]), (&json!("put back"), &undone["job"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_follow_the_map_and_the_output_is_kept() {
    let files = Files::new();
    for (name, code) in [("a", "0"), ("b", "3"), ("c", "9"), ("d", "75")] {
        files.write(name, code.as_bytes());
    }
    let served = Served::start(&files);
    let policy = json!({ "policy": { "tries": 2, "backoff_ms": 1, "halt": "soon,fail=100%" } });
    let end = served.run("exit", policy).await;
    let counters = end.counters;
    assert_eq!((counters.succeeded, counters.skipped, counters.failed), (1, 1, 2));
    let items = served.items(end.job).await;
    assert_eq!(items[2], ("c".into(), "failed".into(), "exit code 9: in c".into()));
    let attempts = served.get(&format!("/api/jobs/{}/items/2/attempts", end.job)).await;
    let attempts = attempts.as_array().expect("attempts");
    assert_eq!(attempts.len(), 2, "every try is kept");
    assert_eq!(attempts[1]["stdout"]["head"], json!("out of c\n"));
    assert_eq!((&attempts[0]["exit"], &attempts[0]["attempt"]), (&json!(9), &json!(1)));
    let attempts = served.get(&format!("/api/jobs/{}/items/3/attempts", end.job)).await;
    assert_eq!(attempts.as_array().map(Vec::len), Some(5), "a failure that might pass has five tries");
    let causes = served.get(&format!("/api/jobs/{}/causes", end.job)).await;
    let told: Vec<_> =
        causes["causes"].as_array().into_iter().flatten().map(|cause| (&cause["text"], &cause["items"])).collect();
    assert_eq!(
        told,
        [(&json!("exit code 9: in c"), &json!([2])), (&json!("exit code 75: in d"), &json!([3]))],
        "{causes}"
    );
    assert_eq!((&causes["more"], &causes["causes"][0]["first"]), (&json!(0), &json!("c")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_takes_too_long_is_ended_and_progress_shows() {
    let files = Files::numbered(2);
    let served = Served::start(&files);
    let job = served.begin("sleep", json!({ "policy": { "timeout": "1s" } })).await;
    let end = served.end(job).await;
    assert_eq!(end.counters.failed, 2);
    let (_, _, message) = &served.items(job).await[0];
    assert!(message.starts_with("ended after 1."), "{message}");
    assert!(headway_guard::attempts_left(|attempt| attempt.starts_with(&job.to_string())).expect("a look").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_must_pass_its_check_and_an_empty_one_never_replaces_a_file() {
    let files = Files::new();
    files.write("a.txt", b"good");
    files.write("b.txt", b"bad");
    let served = Served::start(&files);
    let end = served.run("checked", json!({})).await;
    assert_eq!((end.counters.succeeded, end.counters.failed), (1, 1));
    assert!(files.library().join("a.copy").is_file() && !files.library().join("b.copy").exists());
    std::fs::remove_file(files.library().join("a.copy")).expect("a file");
    let end = served.run("empty", json!({})).await;
    assert_eq!(end.counters.failed, 2);
    assert_eq!(std::fs::read(files.library().join("a.txt")).expect("a file"), b"good");
    let left: Vec<_> =
        std::fs::read_dir(files.library()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "nothing is left of the outputs: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_output_is_accepted_if_the_command_allows_it_and_empty_originals_are_restored() {
    let files = Files::new();
    files.write("lines", b"keep this\nnot that\n");
    files.write("nothing to keep", b"not that\n");
    files.write("empty", b"");
    let read = |name: &str| std::fs::read(files.library().join(name)).expect("a file");
    let served = Served::start(&files);
    let undo = async |job: JobId| {
        let id = mint();
        assert_eq!(served.post(&format!("/api/jobs/{job}/undo/{id}")).await.0, 201);
        served.end(id).await
    };
    let end = served.run("may-be-empty", json!({})).await;
    assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3));
    assert_eq!((read("lines"), read("nothing to keep")), (b"keep this\n".to_vec(), Vec::new()));
    assert_eq!(undo(end.job).await.counters.succeeded, 2, "the one that was empty stayed as it was");
    assert_eq!(read("nothing to keep"), b"not that\n");

    let end = served.run("header", json!({})).await;
    assert_eq!((end.counters.succeeded, read("empty")), (3, b"header\n".to_vec()));
    let undone = undo(end.job).await;
    assert_eq!(
        (undone.status, undone.counters.succeeded),
        (JobStatus::Completed, 3),
        "{:?}",
        served.items(undone.job).await
    );
    assert_eq!((read("empty"), read("lines")), (Vec::new(), b"keep this\nnot that\n".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_fill_whole_arguments_and_a_typed_command_has_no_shell() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    let settings = json!({ "settings": { "text": "{} $(id); x", "word": "-x" } });
    let end = served.run("named", settings).await;
    let said = served.get(&format!("/api/jobs/{}/items/0/attempts", end.job)).await;
    assert_eq!(said[0]["stdout"]["head"], json!("{} $(id); x-x000000"));
    let (_, status, body) = served.try_begin("named", json!({ "settings": { "text": "--option" } })).await;
    assert_eq!(status, 422, "{body}");
    let end = served.run("command", json!({ "settings": { "run": "printf '%s|' \"a b\" {/} $HOME" } })).await;
    let said = served.get(&format!("/api/jobs/{}/items/0/attempts", end.job)).await;
    assert_eq!(said[0]["stdout"]["head"], json!("a b|000000|$HOME|"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_command_ends_no_failure_of_another_one() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    let run = async |run: &str| drop(served.run("command", json!({ "settings": { "run": run } })).await);
    let failed = async |expected: u64| {
        eventually("the outcome on the list", async || {
            let page = served.get("/api/libraries/files/files?show=failed").await;
            (page["scan"].is_null() && page["total"] == json!(expected)).then_some(())
        })
        .await;
        let query = json!({ "query": { "folder": { "show": "failed" } } });
        assert_eq!(u64::from(served.run("checksum", query).await.counters.total), expected);
    };
    run("ls {}.gone").await;
    failed(1).await;
    run("test -f {}").await;
    failed(1).await;
    files.write("000000.gone", b"");
    run("ls {}.gone").await;
    std::fs::remove_file(files.library().join("000000.gone")).expect("a file");
    failed(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_program_is_reported_at_the_start_without_the_servers_path() {
    let files = Files::numbered(1);
    let served = Served::start(&files);
    for run in ["no-such-program {}", "/no/such/program {}", "'never closed"] {
        let (id, status, body) = served.try_begin("command", json!({ "settings": { "run": run } })).await;
        assert_eq!(status, 422, "{body}");
        // A fault that can be found without looking at the disk is reported together with all others.
        let said = body["settings"]["run"].as_str().or_else(|| body["reasons"][0].as_str()).unwrap_or_default();
        assert!(
            said.contains("no-such-program") || said.contains("/no/such/program") || said.contains("quotation"),
            "{body}"
        );
        assert!(!said.contains("/bin"), "{said}");
        let view = served.get(&format!("/api/jobs/{id}")).await;
        assert_eq!(view["error"], "not_found", "there is no dead job of it");
    }
    let (_, status, body) = served.try_begin("unknown-program", json!({})).await;
    assert_eq!((status, &body["settings"]), (422, &json!(null)), "{body}");
    assert!(
        body["message"].as_str().is_some_and(|text| text.contains("nosuchprogram") && !text.contains("/bin")),
        "{body}"
    );
}
