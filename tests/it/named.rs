//! Files that a request names one by one.

use serde_json::{Value, json};

use crate::helper::{App, Files, request};

/// Everything that was asked for gets its own verdict, including the files below a folder that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_below_a_named_folder_gets_its_own_verdict() {
    let files = Files::new();
    for file in ["real/f", "sub/a", "sub/deeper/b", "sub/@eaDir/x"] {
        files.write(file, file.as_bytes());
    }
    std::os::unix::fs::symlink("../real", files.library().join("sub/ln")).expect("a link");
    std::os::unix::fs::symlink("a", files.library().join("sub/alias")).expect("a link");
    let app = App::start(&files).await;
    let verdicts = async |paths: Value| -> Vec<String> {
        let mut body = request("checksum");
        body["query"] = json!({ "paths": paths });
        let end = app.run(&body).await;
        let (_, items) = app.get(&format!("/api/jobs/{}/items", end.job)).await;
        let items = items["items"].as_array().expect("items").iter();
        let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let mut verdicts: Vec<_> = items
            .map(|item| format!("{} {} {}", text(item, "path"), text(item, "status"), text(item, "reason")))
            .collect();
        verdicts.sort();
        verdicts
    };
    let below = verdicts(json!(["sub"])).await;
    assert_eq!(below.len(), 4, "{below:?}");
    for named in ["sub/gone", "sub/ln/f", "sub/@eaDir/x", "sub/alias", "sub/a", "sub/deeper"] {
        let alone = verdicts(json!([named, "real/f"])).await;
        let own: Vec<_> = alone.iter().filter(|verdict| verdict.starts_with("sub/")).cloned().collect();
        let both = verdicts(json!(["sub", named])).await;
        assert!(own.iter().all(|verdict| both.contains(verdict)), "{named}: {own:?} is not in {both:?}");
        // Each file is in the plan once.
        let mut paths: Vec<_> = both.iter().filter_map(|verdict| verdict.split(' ').next()).collect();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count, "{named}: {both:?}");
        assert!(below.iter().all(|verdict| paths.contains(&verdict.split(' ').next().unwrap_or_default())), "{both:?}");
    }
    app.stop().await;
}

/// A file has one name, however a request or a page named its folder.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_through_a_link_has_the_name_of_its_folder() {
    let files = Files::new();
    for file in ["2024/a.jpg", "2024/b.txt", "2024/raw/c.jpg"] {
        files.write(file, file.as_bytes());
    }
    std::os::unix::fs::symlink("2024", files.library().join("latest")).expect("a link");
    let app = App::start(&files).await;
    let listed = async |query: Value| -> Vec<String> {
        let mut body = request("checksum");
        body["query"] = query;
        let end = app.run(&body).await;
        let (_, items) = app.get(&format!("/api/jobs/{}/items", end.job)).await;
        items["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["path"].as_str().unwrap_or_default().into())
            .collect()
    };
    let folder = |include: Value, exclude: Value| json!({ "folder": { "path": "latest", "include": include, "exclude": exclude } });
    assert_eq!(
        listed(json!({ "paths": ["latest/a.jpg", "2024/a.jpg", "latest/b.txt"] })).await,
        ["2024/a.jpg", "2024/b.txt"]
    );
    for include in ["latest/*.jpg", "2024/*.jpg", "LATEST/*.jpg"] {
        assert_eq!(listed(folder(json!([include]), json!(["raw/"]))).await, ["2024/a.jpg"], "{include}");
    }
    for exclude in [json!(["/latest/raw"]), json!(["2024/raw/"]), json!(["*.jpg", "!latest/a.jpg", "raw/"])] {
        assert_eq!(listed(folder(json!([]), exclude.clone())).await, ["2024/a.jpg", "2024/b.txt"], "{exclude}");
    }
    let (_, page) = app.get("/api/libraries/files/files?folder=latest").await;
    assert_eq!(page["folder"], "2024");
    let entries = page["entries"].as_array().expect("entries");
    assert!(entries.iter().all(|entry| entry["path"].as_str().is_some_and(|path| path.starts_with("2024/"))), "{page}");
    let quiet = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    // Without a library, the page shows the first one.
    for (asked, real) in [
        ("library=files&folder=latest%2Fraw&search=x", "library=files&search=x&folder=2024/raw"),
        ("folder=latest%2Fraw&search=x", "search=x&folder=2024/raw"),
    ] {
        let answer = quiet.get(format!("{}/?{asked}", app.url)).send().await.expect("an answer");
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!((answer.status().as_u16(), to), (307, format!("/?{real}")));
    }
    app.stop().await;
}
