//! The rendered pages.

use crate::helper::{App, Files};

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_page_loads_is_all_answered() {
    let files = Files::numbered(30);
    let app = App::start(&files).await;
    for path in ["/", "/?library=files&folder=", "/jobs", "/nothing"] {
        let loads = (0..60).map(|_| app.client.get(format!("{}{path}", app.url)).send());
        for answer in futures::future::join_all(loads).await {
            let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(answer.status().as_u16(), if path == "/nothing" { 404 } else { 200 });
            assert!(answer.text().await.expect("a page").contains("</html>"));
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_looks_like_markup_stays_text() {
    let files = Files::new();
    files.write("<img src=x onerror=alert(1)>", b"x");
    let app = App::start(&files).await;
    let page = app.client.get(&app.url).send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(!page.contains("<img"));
    app.stop().await;
}
