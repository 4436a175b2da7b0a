//! The list of a library's files: the disk and the log as pages see them.

use std::sync::Arc;

use headway_model::library::{FolderPage, RowKey, Under};
use headway_recipes::Recipe;
use serde_json::{Value, json};

use crate::faults;
use crate::helper::{App, Behaviour, Files, Mount, TestRecipe, eventually, mint};

/// A recipe that fails for `fail...` only.
fn failing() -> Vec<Arc<dyn Recipe>> {
    vec![Arc::new(TestRecipe::new(Behaviour::Instant, true))]
}

fn names(page: &FolderPage) -> Vec<&str> {
    page.entries.iter().map(|entry| entry.path.as_str()).collect()
}

async fn list(app: &App, query: &str) -> FolderPage {
    let (status, body) = app.get(&format!("/api/libraries/files/files?{query}")).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_value(body).expect("a page")
}

/// A list, after everything has been read from the disk.
async fn settled(app: &App, query: &str) -> FolderPage {
    eventually("a list that is read", async || Some(list(app, query).await).filter(|page| page.scan.is_none())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_disk_when_a_folder_is_opened_is_listed() {
    let files = Files::new();
    files.write("b.txt", b"bb");
    files.write("sub/inner/deep.txt", b"d");
    std::os::unix::fs::symlink("b.txt", files.library().join("link")).expect("a link");
    let app = App::start(&files).await;
    let page = settled(&app, "").await;
    assert_eq!(names(&page), ["sub", "b.txt", "link"]);
    assert_eq!((page.total, page.files), (3, 1), "a folder and a link are rows, and no files");
    assert!(page.seen.is_some());

    files.write("a.txt", b"a");
    files.write("b.txt", b"longer");
    std::fs::remove_dir_all(files.library().join("sub")).expect("no folder");
    let page = settled(&app, "").await;
    assert_eq!(names(&page), ["a.txt", "b.txt", "link"]);
    assert_eq!(page.entries[1].size, 6);
    // No search finds files in a folder that is gone.
    assert_eq!(names(&settled(&app, "search=deep").await), [""; 0]);

    let (status, body) = app.get("/api/libraries/files/files?folder=sub").await;
    assert_eq!(status, 404);
    assert!(body["message"].as_str().is_some_and(|text| text.contains("is not there")), "{body}");
    assert_eq!(app.get("/api/libraries/other/files").await.0, 404);
    for bad in ["folder=../x", "sort=colour", "after=x", "colour=red"] {
        assert_eq!(app.get(&format!("/api/libraries/files/files?{bad}")).await.0, 400, "{bad}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_index_is_not_taken_for_a_folder_that_is_not_there() {
    let files = Files::new();
    files.write("a.txt", b"a");
    let app = App::start(&files).await;
    settled(&app, "").await;
    let index = rusqlite::Connection::open(files.data().join("files.sqlite")).expect("the index");
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'no'); END";
    index.execute_batch(refuse).expect("a trigger");
    files.write("b.txt", b"b");
    let failed = eventually("an answer of the failed scan", async || {
        Some(app.get("/api/libraries/files/files").await).filter(|(status, _)| *status != 200)
    });
    let (status, body) = failed.await;
    assert_eq!(status, 500, "{body}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_folder_is_reported_and_its_known_entries_stay() {
    let files = Files::new();
    files.write("gone/inside", b"x");
    let app = App::start(&files).await;
    let unread = async |wanted: bool| {
        eventually("a whole reading of the disk", async || {
            app.post("/api/libraries/files/scan").await;
            let page = settled(&app, "search=inside").await;
            Some(page).filter(|page| page.unread.is_some() == wanted && page.seen.is_some())
        })
        .await
    };
    assert_eq!(names(&unread(false).await), ["gone/inside"]);
    let other = tempfile::tempdir().expect("a folder");
    let Some(mount) = Mount::dead(other.path(), &files.library().join("gone")) else { return app.stop().await };
    let page = unread(true).await;
    assert_eq!(page.unread.map(|unread| (unread.folders, unread.first.to_string())), Some((1, "gone".into())));
    assert_eq!(names(&list(&app, "search=inside").await), ["gone/inside"]);
    drop(mount);
    assert_eq!(names(&unread(false).await), ["gone/inside"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_can_be_paged_forth_and_back() {
    let files = Files::new();
    for number in 0..23_usize {
        files.write(&format!("f{:02}/x", number % 3), b"x");
        files.write(&format!("{number:02}"), &vec![b'x'; number % 5]);
    }
    let app = App::start(&files).await;
    let (status, _) = app.post("/api/libraries/files/scan").await;
    assert_eq!(status, 202);
    for scope in ["", "&search=*"] {
        for sort in ["name", "size", "modified", "outcome"] {
            for turn in ["", "&descending=true"] {
                let query = format!("sort={sort}{turn}{scope}");
                let whole = settled(&app, &format!("{query}&limit=1000")).await;
                assert_eq!(whole.total, if scope.is_empty() { 26 } else { 29 });
                assert_eq!((whole.next.clone(), whole.previous.clone()), (None, None));
                let page = async |key: &str, at: &RowKey| {
                    list(&app, &format!("{query}&limit=7&{key}={}", at.to_string().replace('%', "%25"))).await
                };
                let mut found = Vec::new();
                let mut window = list(&app, &format!("{query}&limit=7")).await;
                loop {
                    assert_eq!(window.first, found.len() as u64);
                    found.extend(window.entries.clone());
                    let Some(next) = &window.next else { break };
                    window = page("after", next).await;
                }
                assert_eq!(found, whole.entries, "{query}");
                while let Some(previous) = &window.previous {
                    let before = window.first as usize;
                    window = page("before", previous).await;
                    assert_eq!(window.entries, whole.entries[before.saturating_sub(7)..before], "{query}");
                }
                assert_eq!(window.first, 0);
                for skip in [1, 7, 12, 20, whole.entries.len() - 1, whole.entries.len(), 1_000] {
                    let window = list(&app, &format!("{query}&limit=7&skip={skip}")).await;
                    let rows = whole.entries.iter().skip(skip).take(7).cloned().collect::<Vec<_>>();
                    assert_eq!(window.entries, rows, "{query} {skip}");
                    assert_eq!((window.first, window.total), (whole.total.min(skip as u64), whole.total));
                    let is_end = skip + 7 >= whole.entries.len();
                    assert_eq!((window.next.is_none(), window.previous.is_none()), (is_end, rows.is_empty()));
                }
            }
        }
    }
    let key = list(&app, "limit=1").await.next.expect("a key");
    for bad in ["skip=-1".to_owned(), "skip=4294967296".to_owned(), format!("skip=1&after={key}")] {
        let (status, body) = app.get(&format!("/api/libraries/files/files?{bad}")).await;
        assert!((400..500).contains(&status), "{bad}: {body}");
    }
    let sizes: Vec<_> = list(&app, "sort=size&descending=true").await.entries.iter().map(|entry| entry.size).collect();
    assert_eq!(sizes[..6], [0, 0, 0, 4, 4, 4]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_sorted_by_size_come_in_the_order_of_the_sizes_that_their_rows_show() {
    let files = Files::new();
    // In the order of their names, no size is in its place; `b-` sorts between `b` and what is in it.
    for (path, bytes) in [("a/deep/x", 20), ("b/x", 3_000), ("b-/x", 1), ("c/x", 400), ("c/deep/x", 1), ("file", 7)] {
        files.write(path, &vec![b'x'; bytes]);
    }
    let app = App::start(&files).await;
    app.post("/api/libraries/files/scan").await;
    let sizes = |page: &FolderPage| -> Vec<_> {
        page.entries.iter().map(|row| row.under.map_or(row.size, |under| under.bytes)).collect()
    };
    for scope in ["", "&search=*"] {
        settled(&app, scope.trim_start_matches('&')).await;
        let up = list(&app, &format!("sort=size{scope}")).await;
        let folders = up.entries.iter().filter(|row| row.under.is_some()).count();
        assert!(sizes(&up)[..folders].is_sorted(), "{scope}: {:?}", up.entries);
        let down = list(&app, &format!("sort=size&descending=true{scope}")).await;
        assert!(sizes(&down)[..folders].iter().rev().is_sorted(), "{scope}: {:?}", down.entries);
    }
    assert_eq!(sizes(&list(&app, "sort=size").await), [1, 20, 401, 3_000, 7]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_follow_the_log_and_outlive_their_index() {
    let files = Files::numbered(5);
    files.write("fail-3", b"one");
    files.write("sub/fail-3", b"another");
    let app = App::start_with(&files, |_| {}, failing()).await;
    let job = mint();
    let query = json!({ "paths": ["000001", "fail-3", "gone", "sub/fail-3"] });
    let body = json!({ "library": "files", "recipe": "test", "query": query });
    assert_eq!(app.put(&job.to_string(), &body).await.0, 201);
    app.end(job).await;
    let check = async |app: &App| {
        assert_eq!(names(&settled(app, "show=failed").await), ["fail-3", "sub/fail-3"]);
        assert_eq!(names(&settled(app, "show=failed&folder=sub").await), ["sub/fail-3"]);
        assert_eq!(names(&settled(app, "show=processed").await), ["000001"]);
        assert_eq!(settled(app, "show=unprocessed").await.total, 4);
        let page = settled(app, "search=FAIL-3&sort=outcome").await;
        let outcome = page.entries[0].outcome.clone().expect("an outcome");
        assert_eq!((outcome.job, outcome.status.as_str()), (job, "failed"));
        let (_, items) = app.get(&format!("/api/jobs/{job}/items?status=failed")).await;
        let path = page.entries[0].path.as_str();
        let item =
            items["items"].as_array().expect("items").iter().find(|item| item["path"] == path).expect("its item");
        assert_eq!(json!(outcome.item), item["item"], "the list leads to the file in its job");
        let message = item["message"].as_str().expect("a message");
        assert!(outcome.reason.is_some_and(|reason| reason.contains(message)), "{message}");
    };
    check(&app).await;
    app.stop().await;

    // The index is a cache: without it, the same list is read from the disk and the log.
    for name in ["files.sqlite", "files.sqlite-wal", "files.sqlite-shm"] {
        std::fs::remove_file(files.data().join(name)).ok();
    }
    std::fs::write(files.data().join("files.sqlite"), "not a database at all").expect("a file");
    let app = App::start(&files).await;
    check(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_shown_until_the_same_recipe_succeeds() {
    let files = Files::numbered(2);
    let path = files.library().join("000001");
    let app = App::start_with(&files, |_| {}, failing()).await;
    std::fs::rename(&path, files.library().join("fail-1")).expect("a new name");
    let run = async |recipe: &str| {
        let body = json!({ "library": "files", "recipe": recipe, "query": { "folder": {} } });
        app.run(&body).await;
    };
    run("test").await;
    run("checksum").await;
    let failed = settled(&app, "show=failed").await;
    assert_eq!(names(&failed), ["fail-1"]);
    let outcome = failed.entries[0].outcome.clone().expect("an outcome");
    assert_eq!(outcome.status, "failed", "the list shows the outcome that it filters by");
    assert_eq!(names(&settled(&app, "show=processed").await), ["000000"]);
    let folder = settled(&app, "").await.under;
    assert_eq!((folder.processed, folder.failed), (1, 1));
    let body = json!({ "library": "files", "recipe": "checksum", "query": { "folder": { "show": "failed" } } });
    assert_eq!(app.run(&body).await.counters.total, 1, "a job over what is shown takes the same files");

    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_leaves_files_out_hides_nothing_of_what_others_did_with_them() {
    let files = Files::numbered(2);
    files.write("fail-1", b"x");
    let app = App::start_with(&files, |_| {}, failing()).await;
    app.run(&json!({ "library": "files", "recipe": "test", "query": { "folder": {} } })).await;
    files.write("new", b"of no job yet");
    app.post("/api/libraries/files/scan").await;
    let settings = json!({ "name": "{exif:date}-{/}" });
    let body = json!({ "library": "files", "recipe": "rename", "settings": settings, "query": { "folder": {} } });
    let end = app.run(&body).await;
    assert_eq!((end.counters.total, end.counters.skipped), (4, 4), "none of them has a date: {end:?}");
    let shows = [("processed", vec!["000000", "000001"]), ("failed", vec!["fail-1"]), ("unprocessed", vec!["new"])];
    for (show, expected) in shows {
        let query = format!("show={show}");
        // A list can be older than the new file by a moment.
        eventually(show, async || (names(&settled(&app, &query).await) == expected).then_some(())).await;
        let query = json!({ "folder": { "show": show } });
        let job = mint();
        let body = json!({ "library": "files", "recipe": "checksum", "query": query, "approval": true });
        assert_eq!(app.put(&job.to_string(), &body).await.0, 201);
        let taken = eventually("a plan", async || {
            let (_, view) = app.get(&format!("/api/jobs/{job}")).await;
            (view["status"] == "planned").then(|| view["counters"]["total"].as_u64())
        });
        assert_eq!(taken.await, Some(expected.len() as u64), "a job takes what the list shows: {show}");
    }
    let page = settled(&app, "").await;
    assert_eq!((page.under.processed, page.under.failed), (2, 1), "the counts agree");
    let told = page.entries.iter().filter_map(|entry| Some(entry.outcome.as_ref()?.status.as_str()));
    assert_eq!(told.collect::<Vec<_>>(), ["succeeded", "succeeded", "failed", "skipped"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_says_whether_the_file_was_changed_since() {
    let files = Files::numbered(2);
    files.write("fail-1", b"x");
    let app = App::start_with(&files, |_| {}, failing()).await;
    app.run(&json!({ "library": "files", "recipe": "test", "query": { "folder": {} } })).await;
    let changed = async || {
        let page = settled(&app, "").await;
        let of = |entry: &headway_model::library::Entry| entry.outcome.as_ref().map(|outcome| outcome.changed_since);
        page.entries.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(changed().await, [Some(false); 3]);
    files.write("000001", b"another text");
    files.write("fail-1", b"mended");
    assert_eq!(changed().await, [Some(false), Some(true), Some(true)]);
    // Another job sees them as they are now.
    app.run(&json!({ "library": "files", "recipe": "checksum", "query": { "paths": ["000001"] } })).await;
    assert_eq!(changed().await, [Some(false), Some(false), Some(true)]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_says_when_its_job_ended() {
    let files = Files::numbered(1);
    let app = App::start_with(&files, |_| {}, failing()).await;
    let ended = app.run(&json!({ "library": "files", "recipe": "test", "query": { "folder": {} } })).await.ended;
    let page = settled(&app, "").await;
    let at = page.entries[0].outcome.as_ref().and_then(|outcome| outcome.at);
    assert!(ended.is_some() && at == ended, "{at:?} {ended:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_follows_its_file_to_its_new_name_and_back() {
    let files = Files::numbered(2);
    std::fs::rename(files.library().join("000001"), files.library().join("fail-1")).expect("a new name");
    let app = App::start_with(&files, |_| {}, failing()).await;
    let run = async |recipe: &str, settings: serde_json::Value| {
        let query = json!({ "folder": {} });
        app.run(&json!({ "library": "files", "recipe": recipe, "settings": settings, "query": query })).await.job
    };
    // A job over what the list shows takes just that.
    let agree = async |failed: &str| {
        for show in ["failed", "unprocessed", "processed"] {
            let listed = settled(&app, &format!("show={show}")).await;
            let query = json!({ "folder": { "show": show } });
            let job = app.run(&json!({ "library": "files", "recipe": "checksum", "query": query })).await.job;
            let (_, items) = app.get(&format!("/api/jobs/{job}/items")).await;
            let items = items["items"].as_array().expect("items");
            let taken: Vec<_> = items.iter().map(|item| item["path"].as_str().unwrap_or_default()).collect();
            assert_eq!(names(&listed), taken, "{show}");
            assert!(show != "failed" || taken == [failed], "{taken:?}");
        }
    };
    run("test", json!({})).await;
    agree("fail-1").await;
    let renamed = run("rename", json!({ "name": "new-{/}" })).await;
    agree("new-fail-1").await;
    let undo = json!({ "items": { "job": renamed, "which": "placed" } });
    app.run(&json!({ "library": "files", "recipe": "undo", "query": undo })).await;
    agree("fail-1").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_moved_into_new_folders_is_listed_as_soon_as_the_list_claims_to_be_read() {
    let files = Files::numbered(12);
    let app = App::start(&files).await;
    assert_eq!(settled(&app, "").await.under.files, 12);
    let settings = json!({ "name": "/2004/05/{/}" });
    let body = json!({ "library": "files", "recipe": "rename", "settings": settings, "query": { "folder": {} } });
    assert_eq!(app.run(&body).await.counters.succeeded, 12);
    let page = settled(&app, "").await;
    assert_eq!(names(&page), ["2004"]);
    assert_eq!((page.under.files, page.entries[0].under.map(|under| under.files)), (12, Some(12)));
    // Nobody tells the index of a folder that somebody else made, so its content is not known until it is read.
    files.write("other/deep/file", b"x");
    let page = settled(&app, "").await;
    assert_eq!(names(&page), ["2004", "other"]);
    assert_ne!(page.entries[1].under.map(|under| under.files), Some(0), "what was not read is not said");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_over_all_that_match_takes_just_those() {
    let files = Files::numbered(5);
    files.write("sub/a.JPG", b"a");
    files.write("sub/b.jpg", b"b");
    files.write("fail.jpg", b"c");
    let app = App::start_with(&files, |_| {}, failing()).await;
    let run = async |recipe: &str, query: Value| {
        let job = mint();
        let body = json!({ "library": "files", "recipe": recipe, "query": { "folder": query } });
        assert_eq!(app.put(&job.to_string(), &body).await.0, 201);
        app.end(job).await;
        let (_, items) = app.get(&format!("/api/jobs/{job}/items")).await;
        let items = items["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(run("test", json!({ "search": "*.jpg" })).await, ["fail.jpg", "sub/a.JPG", "sub/b.jpg"]);
    assert_eq!(run("checksum", json!({ "show": "failed" })).await, ["fail.jpg"]);
    assert_eq!(
        run("checksum", json!({ "show": "failed" })).await,
        ["fail.jpg"],
        "the recipe that failed did not run again"
    );
    assert_eq!(run("checksum", json!({ "show": "unprocessed" })).await.len(), 5);
    assert_eq!(run("checksum", json!({ "show": "unprocessed" })).await.len(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_says_how_much_is_below_it_and_what_is_left_out_is_counted() {
    let files = Files::new();
    for (path, content) in
        [("a/x", "123"), ("a/b/fail-y", "45"), ("a-b/z", "6"), ("w", "7890"), ("a/.DS_Store", ""), ("@eaDir/t", "")]
    {
        files.write(path, content.as_bytes());
    }
    let app = App::start_with(&files, |_| {}, failing()).await;
    app.run(&json!({ "library": "files", "recipe": "test", "query": { "folder": { "path": "a" } } })).await;
    let page = settled(&app, "").await;
    let told = |under: Under| (under.files, under.bytes, under.processed, under.failed);
    assert_eq!(names(&page), ["a", "a-b", "w"]);
    let folders: Vec<_> = page.entries.iter().map(|entry| entry.under.map(told)).collect();
    assert_eq!(folders, [Some((2, 5, 1, 1)), Some((1, 1, 0, 0)), None]);
    assert_eq!((told(page.under), page.left_out), ((4, 10, 1, 1), 1), "the job over it takes what is below too");
    assert_eq!(settled(&app, "folder=a").await.left_out, 1);
    let found = settled(&app, "search=x").await;
    assert_eq!((told(found.under), found.left_out), ((1, 3, 1, 0), 2), "what matches, of the whole library");
    // Files that are gone, and files that are no longer litter, are not counted.
    std::fs::remove_file(files.library().join("a/.DS_Store")).expect("a file");
    std::fs::remove_dir_all(files.library().join("@eaDir")).expect("a folder");
    settled(&app, "folder=a").await;
    assert_eq!((settled(&app, "").await.left_out, settled(&app, "search=x").await.left_out), (0, 0));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_of_folders_is_all_that_is_below_and_a_sample_the_first_that_are_to_run() {
    let files = Files::new();
    for path in ["a/1", "a/2", "a/c/3", "a-b", "d/4", "e", "a/.DS_Store"] {
        files.write(path, b"x");
    }
    std::os::unix::fs::symlink("e", files.library().join("a/0")).expect("a link");
    let app = App::start(&files).await;
    let run = async |paths: Value, sample: Value| {
        let query = json!({ "paths": paths });
        let summary =
            app.run(&json!({ "library": "files", "recipe": "checksum", "query": query, "sample": sample })).await;
        let (_, items) = app.get(&format!("/api/jobs/{}/items", summary.job)).await;
        let items = items["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    // A file is listed once if the request names both it and its folder.
    let all = run(json!(["a", "a-b", "a/2", "e", "gone"]), Value::Null).await;
    assert_eq!(all, ["a/0", "a/1", "a/2", "a/c/3", "a-b", "e", "gone"]);
    assert_eq!(
        run(json!(["a", "e"]), json!(2)).await,
        ["a/0", "a/1", "a/2"],
        "a link is not worked on, so it does not count"
    );
    assert_eq!(run(json!(["a", "e"]), json!(100)).await.len(), 5);
    // Of five files: a/1, a/2, a/c/3, a-b and e.
    assert_eq!(run(json!(["a", "a-b", "e"]), json!("1%")).await, ["a/0", "a/1"], "at least one file");
    assert_eq!(run(json!(["a", "a-b", "e"]), json!("50%")).await, ["a/0", "a/1", "a/c/3", "e"], "spread over the plan");
    let too_many = json!({ "library": "files", "recipe": "checksum", "query": { "folder": {} }, "sample": 0 });
    let (status, body) = app.put(&mint().to_string(), &too_many).await;
    assert_eq!(
        (status, &body["reasons"][0]),
        (422, &json!("/sample must be a whole number from 1 to 10000 or a text such as \"1%\"")),
        "{body}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_come_in_their_natural_order() {
    let files = Files::new();
    for name in ["page10.jpg", "page2.jpg", "Page1.jpg", "v10/a", "v9/a10", "v9/a9", "page02.jpg"] {
        files.write(name, b"x");
    }
    let app = App::start(&files).await;
    let here = ["v9", "v10", "Page1.jpg", "page02.jpg", "page2.jpg", "page10.jpg"];
    assert_eq!(names(&settled(&app, "").await), here);
    let turned = ["v10", "v9", "page10.jpg", "page2.jpg", "page02.jpg", "Page1.jpg"];
    assert_eq!(names(&settled(&app, "descending=true").await), turned);
    let (status, _) = app.post("/api/libraries/files/scan").await;
    assert_eq!(status, 202);
    let deep = settled(&app, "search=a*&limit=10").await;
    assert_eq!(names(&deep), ["v9/a9", "v9/a10", "v10/a"]);
    app.stop().await;
}

/// The search ignores Unicode normal forms and case.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_a_job_over_all_that_match_takes() {
    let files = Files::new();
    let all = [
        "M\u{fc}ller.jpg",
        "mu\u{308}ller 2.jpg",
        "MU\u{308}LLER 3.JPG",
        "Muller.jpg",
        "\u{1e9b}\u{323}.txt",
        "100% sure?.txt",
        "a*b",
    ];
    for name in all {
        files.write(&format!("sub/{name}"), b"x");
    }
    let app = App::start(&files).await;
    let (status, _) = app.post("/api/libraries/files/scan").await;
    assert_eq!(status, 202);
    for (search, found) in [
        ("m\u{fc}ller", 3),
        ("MU\u{308}LLER", 3),
        ("m?ller.jpg", 2),
        ("*.jpg", 4),
        ("\u{17f}\u{323}\u{307}", 1),
        ("100%", 1),
        ("[m]", 0),
        ("", 7),
    ] {
        let encoded: String = search.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = settled(&app, &format!("search={encoded}&limit=100&folder=sub")).await;
        let listed: Vec<_> = names(&page).into_iter().map(str::to_owned).collect();
        let query = json!({ "folder": { "path": "sub", "search": search } });
        let job = app.begin_with(&json!({ "library": "files", "recipe": "checksum", "query": query })).await;
        app.end(job).await;
        let (_, items) = app.get(&format!("/api/jobs/{job}/items")).await;
        let items = items["items"].as_array().expect("items").clone();
        let taken: Vec<_> = items.iter().map(|item| item["path"].as_str().expect("a path").to_owned()).collect();
        assert_eq!((listed.len(), &taken), (found, &listed), "{search:?}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_was_read_at_its_reported_time_or_later() {
    let files = Files::new();
    let folders = ["a", "z"].map(|folder| files.library().join(folder));
    files.write("a/1", b"1");
    files.write("z/1", b"1");
    // A scan takes long for each of the two, and reads one after the other.
    let paths = folders.each_ref().map(|folder| folder.to_str().expect("text"));
    let served = faults::failing(&files, "getdents64", "delay_enter=500000", &paths);
    let page = async || served.get("/api/libraries/files/files?search=*").await;
    let whole = async || eventually("a scan", async || Some(page().await).filter(|page| page["scan"].is_null())).await;
    whole().await;
    // The last call for a folder returns nothing: that folder was read to its end.
    let trace = files.data().with_file_name("trace");
    let ended = || std::fs::read_to_string(&trace).expect("a trace").matches("/* 0 entries */").count();
    let before = ended();
    assert_eq!(served.post("/api/libraries/files/scan").await.0, 202);
    eventually("a folder that was read", async || (ended() > before).then_some(())).await;
    for folder in ["a", "z"] {
        files.write(&format!("{folder}/new"), b"new");
    }
    let written = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    let page = whole().await;
    let listed = page["entries"].as_array().expect("entries");
    let new = listed.iter().filter(|entry| entry["path"].as_str().is_some_and(|path| path.ends_with("/new"))).count();
    assert!(new < 2, "one folder was read before the files were written: {page}");
    let told = page["seen"].as_u64().expect("a time");
    assert!(u128::from(told) <= written, "a file is not listed as of {told}, and was written by {written}");
}
