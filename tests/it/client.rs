//! The Rust client: by TCP and by the socket, through kills of the server.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt;
use tokio::net::{UnixListener, UnixStream};

use headway_client::{Address, Client, ClientError, Follower, News, mint};
use headway_model::request::ItemSelection;
use headway_model::{ApiError, JobId, JobStatus, Query, StartJob};

use crate::helper::{Files, Headway, http};

fn client(address: &str) -> Client {
    Client::new(&address.parse::<Address>().expect("an address"), None).expect("a client")
}

fn everything() -> StartJob {
    StartJob::new("files", "checksum", Query::Folder(Default::default()))
}

fn socket(files: &Files) -> Client {
    client(&format!("unix:{}", files.data().join("headway.sock").display()))
}

/// Follows until this many items are settled.
async fn until_settled(follower: &mut Follower, job: JobId, count: u32) {
    let settled = |follower: &Follower| {
        let fold = follower.job(&job).and_then(|tracked| tracked.fold());
        fold.map_or(0, |fold| fold.counters.settled())
    };
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while settled(follower) < count {
        tokio::time::timeout_at(deadline, follower.next()).await.expect("items that settle within a minute");
    }
}

#[tokio::test]
async fn a_job_is_followed_by_tcp_and_by_the_socket_from_its_first_event_to_its_proof() {
    let files = Files::numbered(300);
    let server = Headway::start(&files, &[]);
    for client in [client(&server.url), socket(&files)] {
        let (cursor, job) = (client.cursor().await.expect("a cursor"), mint());
        // The job begins and ends before anybody listens: nothing is missed.
        client.start(job, &everything()).await.expect("a job");
        server.end(&http(), job).await;
        let mut follower = client.follow(Some(cursor), &[job]);
        let end = follower.end(job).await.expect("its end");
        assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 300));
        let proof = follower.job(&job).expect("followed").proof();
        assert_eq!((proof.base, proof.seq, proof.closed), (0, end.seq, true), "every event was received");
    }
}

#[tokio::test]
async fn a_refusal_has_its_reasons_by_tcp_and_by_the_socket() {
    let files = Files::numbered(1);
    let server = Headway::start(&files, &[]);
    for client in [client(&server.url), socket(&files)] {
        let refused = client.keep_preset("no.name", &everything()).await;
        assert!(
            matches!(&refused, Err(ClientError::Refused(ApiError::Invalid { reasons, .. })) if reasons[0].contains("letters, digits")),
            "{refused:?}"
        );
        // Undo takes a job, so it cannot be stored with files either.
        let undo = StartJob { recipe: "undo".into(), ..everything() };
        let refused = client.keep_preset("undo", &undo).await;
        assert!(
            matches!(&refused, Err(ClientError::Refused(ApiError::Invalid { reasons, .. })) if reasons[0].starts_with("undo takes a job")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_follower_comes_through_kills_of_the_server_without_a_gap() {
    let files = Files::numbered(2_000);
    let mut server = Headway::start(&files, &["--workers", "1"]);
    let client = socket(&files);
    let (cursor, job) = (client.cursor().await.expect("a cursor"), mint());
    let mut follower = client.follow(Some(cursor), &[job]);
    client.start(job, &everything()).await.expect("a job");
    for kill in 1..=3 {
        until_settled(&mut follower, job, kill * 300).await;
        server.kill();
        server = Headway::start(&files, &["--workers", "1"]);
    }
    let end = loop {
        match tokio::time::timeout(std::time::Duration::from_secs(60), follower.next()).await.expect("news") {
            News::Ended(ended) => break ended,
            _ => server.resume_if_stuck(&http(), &summary(&follower, job)).await,
        }
    };
    assert_eq!(end, job);
    let tracked = follower.job(&job).expect("followed");
    let fold = tracked.fold().expect("its fold");
    assert_eq!((fold.counters.succeeded, fold.counters.total), (2_000, 2_000));
    assert_eq!((tracked.proof().base, tracked.proof().closed), (0, true));
    let in_log = client.job(job).await.expect("the job").summary;
    assert_eq!((fold.seq, fold.digest), (in_log.seq, in_log.digest));
}

/// A socket that leads to another, and breaks each connection after 20 kB of what the server says.
async fn line_that_breaks(to: std::path::PathBuf, at: std::path::PathBuf) -> std::sync::Arc<AtomicUsize> {
    const LINE: u64 = 20_000;
    let (listener, opened) = (UnixListener::bind(&at).expect("a socket"), std::sync::Arc::new(AtomicUsize::new(0)));
    let count = std::sync::Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            let server = UnixStream::connect(&to).await.expect("the server");
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let (said, mut hears) = server.into_split();
                let (mut asks, mut answer) = caller.into_split();
                let asking = tokio::spawn(async move { tokio::io::copy(&mut asks, &mut hears).await });
                tokio::io::copy(&mut said.take(LINE), &mut answer).await.ok();
                asking.abort();
            });
        }
    });
    opened
}

#[tokio::test]
async fn over_a_line_that_breaks_after_20_kb_a_finished_job_with_a_longer_snapshot_is_followed() {
    let files = Files::numbered(4_000);
    // Every second entry is not a file, so the snapshot has 8,000 runs.
    for number in 0..4_000 {
        std::os::unix::fs::symlink("000000", files.library().join(format!("{number:06}-link"))).expect("a link");
    }
    let server = Headway::start(&files, &[]);
    let job = mint();
    socket(&files).start(job, &everything()).await.expect("a job");
    let truth = server.end(&http(), job).await;
    let at = files.elsewhere();
    let opened = line_that_breaks(files.data().join("headway.sock"), at.clone()).await;
    let client = client(&format!("unix:{}", at.display()));
    let cursor = client.cursor().await.expect("a cursor");
    for after in [Some(cursor), None] {
        let before = opened.load(Ordering::Relaxed);
        let mut follower = client.follow(after, &[job]);
        let end = tokio::time::timeout(std::time::Duration::from_secs(120), follower.end(job)).await;
        let end = end.expect("it gets to the end").expect("its end");
        assert_eq!((end.seq, end.digest, end.counters), (truth.seq, truth.digest, truth.counters));
        assert!(opened.load(Ordering::Relaxed) > before + 10, "the line did break");
    }
}

fn summary(follower: &Follower, job: JobId) -> headway_model::JobSummary {
    follower.job(&job).and_then(|tracked| tracked.fold()).expect("its fold").into()
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_names_any_folder_which_tcp_does_not() {
    use std::os::unix::fs::PermissionsExt;
    let files = Files::numbered(3);
    let server = Headway::start(&files, &[]);
    let mode = files.data().join("headway.sock").metadata().expect("the socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let elsewhere = files.elsewhere();
    std::fs::create_dir(&elsewhere).expect("a folder");
    std::fs::write(elsewhere.join("one"), "one").expect("a file");
    let elsewhere = elsewhere.canonicalize().expect("its path");
    let folder = elsewhere.to_str().expect("text");
    let all = StartJob::new(folder, "checksum", Query::Folder(Default::default()));
    let refused = client(&server.url).start(mint(), &all).await;
    assert!(matches!(refused, Err(ClientError::Refused(ApiError::Invalid { .. }))), "{refused:?}");
    let mut typed = StartJob::new("files", "command", Query::Folder(Default::default()));
    typed.settings.insert("run".into(), "true {}".into());
    let refused = client(&server.url).start(mint(), &typed).await;
    assert!(matches!(refused, Err(ClientError::Refused(ApiError::Invalid { .. }))), "{refused:?}");
    let socket = socket(&files);
    let done = mint();
    for (request, job) in [(all.clone(), done), (typed, mint())] {
        let mut follower = socket.follow(None, &[job]);
        socket.start(job, &request).await.expect("a job");
        assert_eq!(follower.end(job).await.expect("its end").status, JobStatus::Completed);
    }
    // That its owner has named the folder makes no difference.
    let refused = client(&server.url).start(mint(), &all).await;
    assert!(matches!(refused, Err(ClientError::Refused(ApiError::Invalid { .. }))), "{refused:?}");
    // Others can retry a job there, and do nothing else.
    let these = ItemSelection::These(vec![0]);
    let mut other = StartJob { recipe: "rename".into(), ..all.again(done, these.clone()) };
    other.settings.insert("name".into(), "taken-{/}".into());
    for request in [other, all.again(mint(), these.clone())] {
        let refused = client(&server.url).start(mint(), &request).await;
        assert!(matches!(refused, Err(ClientError::Refused(_))), "{refused:?}");
    }
    assert!(elsewhere.join("one").exists());
    let again = mint();
    let known = client(&server.url).job(done).await.expect("the job").request.expect("its request");
    client(&server.url).start(again, &known.again(done, these)).await.expect("a retry");
    // The data folder can lie in such a folder, and is left alone.
    let above = files.data().parent().expect("a folder").canonicalize().expect("its path");
    let all = StartJob::new(above.to_str().expect("text"), "checksum", Query::Folder(Default::default()));
    let refused = socket.start(mint(), &all).await.expect_err("the data folder is in it").to_string();
    assert!(refused.contains("data folder"), "{refused}");
}
