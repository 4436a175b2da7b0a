//! Files that a request names one by one.

use serde_json::{Value, json};

use crate::helper::{App, Files, request};

/// Everything that was asked for gets its own verdict, also what lies below a folder that was asked for.
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
