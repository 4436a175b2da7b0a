//! Rows of one job that cannot be read: they are made again from the events, and the others are read meanwhile.

use std::time::Duration;

use headway_model::{JobId, JobStatus};
use headway_server::config::Config;
use headway_store::{SqliteStore, Store};
use serde_json::json;

use crate::doctor::{doctor, headway};
use crate::helper::{App, Files, Stream, mint, request};

/// A data folder with a job that is over, one that waits for its approval, and one that is over after both.
async fn three_jobs(files: &Files) -> [JobId; 3] {
    let app = start(files).await;
    let first = app.run(&request("checksum")).await.job;
    let waits = mint();
    let mut body = request("checksum");
    body["approval"] = json!(true);
    body["policy"] = json!({ "on_done": "again" });
    assert_eq!(app.put(&waits.to_string(), &body).await.0, 201);
    app.until(waits, |job| job.status == JobStatus::Planned).await;
    body["approval"] = json!(false);
    let last = app.run(&body).await.job;
    app.stop().await;
    [first, waits, last]
}

async fn start(files: &Files) -> App {
    App::start_with(files, |config: &mut Config| config.sweep = Duration::from_secs(3_600), Vec::new()).await
}

/// Puts the log back as it was copied.
fn restore(files: &Files) {
    for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
        std::fs::remove_file(files.data().join(name)).ok();
    }
    std::fs::copy(files.data().with_file_name("whole.sqlite"), files.data().join("log.sqlite"))
        .expect("the log as it was");
}

async fn status_of(app: &App, path: &str) -> u16 {
    app.get(path).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_rebuilt_from_the_events_and_other_jobs_stay_readable() {
    let files = Files::numbered(3);
    let jobs = three_jobs(&files).await;
    files.sql(&format!("VACUUM INTO '{}'", files.data().with_file_name("whole.sqlite").display())).await;
    for (damage, numbers) in [
        ("UPDATE jobs SET summary = '{' WHERE job_no = :no", &[1, 2][..]),
        ("UPDATE jobs SET head = '{' WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET head = '{}' WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET summary = json_set(summary, '$.counters', 7) WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET id = 'nobody' WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET job_no = -1 WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET fold = x'00' WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET last_position = -1 WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET recipe = 'upper' WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET status = 'failed' WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET terminal = 0 WHERE job_no = :no", &[1]),
        ("UPDATE jobs SET seq = seq + 1 WHERE job_no = :no", &[1, 2]),
        ("UPDATE jobs SET pruned = 1 WHERE job_no = :no", &[2]),
        ("UPDATE items SET code = 255 WHERE item = 1 AND job_no = :no", &[1, 2]),
        ("UPDATE items SET path = '/..' WHERE item = 1 AND job_no = :no", &[1, 2]),
        ("UPDATE items SET size = -1 WHERE item = 1 AND job_no = :no", &[1, 2]),
        // Nothing in these rows is wrong for itself.
        ("DELETE FROM items WHERE item = 1 AND job_no = :no", &[2]),
        ("INSERT INTO leases VALUES (:no, 0, -1, 'nobody', 0)", &[1, 2]),
    ] {
        for number in numbers {
            restore(&files);
            files.sql(&damage.replace(":no", &number.to_string())).await;
            let app = start(&files).await;
            let (status, list) = app.get("/api/jobs").await;
            assert_eq!((status, list["jobs"].as_array().map(Vec::len)), (200, Some(3)), "{damage}, {number}: {list}");
            for job in jobs {
                let (one, items) = (format!("/api/jobs/{job}"), format!("/api/jobs/{job}/items"));
                let seen = [status_of(&app, &one).await, status_of(&app, &items).await];
                assert_eq!(seen, [200, 200], "{damage}, {number}: {job}");
            }
            assert_eq!(app.post(&format!("/api/jobs/{}/approve", jobs[1])).await.0, 200, "{damage}, {number}");
            let end = app.end(jobs[1]).await;
            assert_eq!((end.status, end.counters.succeeded), (JobStatus::Completed, 3), "{damage}, {number}");
            app.stop().await;
            let (well, said) = doctor(&files);
            assert!(well, "{damage}, {number}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_log_cannot_be_read_either_is_set_aside_and_the_others_are_served() {
    let files = Files::numbered(3);
    let jobs = three_jobs(&files).await;
    files.sql("UPDATE events SET payload = '{' WHERE seq = 2 AND job_no = 2").await;
    files.sql("UPDATE jobs SET summary = '{' WHERE job_no = 2").await;
    for _ in 0..2 {
        let app = start(&files).await;
        let (status, list) = app.get("/api/jobs").await;
        let listed = list["jobs"].as_array().map_or(0, Vec::len);
        assert!(status == 200 && listed >= 2, "{list}");
        assert!(!list["jobs"].to_string().contains(&jobs[1].to_string()), "nothing is known of it: {list}");
        let aside = &list["set_aside"][0];
        let said = aside["message"].as_str().unwrap_or_default();
        assert_eq!(aside["job"], json!(jobs[1]), "{list}");
        assert!(
            said.contains("is set aside, because its log cannot be read") && said.contains("headway doctor"),
            "{said}"
        );
        let older = app.get(&format!("/api/jobs?before={}", jobs[2])).await.1;
        assert!(older["set_aside"].is_null(), "only the first page names it: {older}");
        let notes = app.get("/health").await.1["notes"].to_string();
        assert!(notes.contains("a job is set aside") && notes.contains("headway doctor"), "{notes}");
        assert_eq!(status_of(&app, &format!("/api/jobs/{}", jobs[1])).await, 409, "and not said to be absent");
        // Its id belongs to it, and a request for it does not stop the log.
        let mut body = request("checksum");
        assert_eq!(app.put(&jobs[1].to_string(), &body).await.0, 409);
        body["policy"] = json!({ "on_done": "again" });
        assert_eq!(app.run(&body).await.status, JobStatus::Completed);
        app.stop().await;
    }
    let (well, said) = doctor(&files);
    assert!(!well && said.contains("backup"), "{said}");
    let (well, said) = headway(&["rebuild"], &files);
    assert!(!well && said.contains(&format!("job {} is set aside", jobs[1])), "{said}");
    let app = start(&files).await;
    for job in [jobs[0], jobs[2]] {
        assert_eq!(status_of(&app, &format!("/api/jobs/{job}")).await, 200, "the others have their rows");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_every_false_column_of_a_job_and_a_rebuild_mends_it() {
    let files = Files::numbered(3);
    three_jobs(&files).await;
    for column in [
        "recipe = 'upper'",
        "library = 'other'",
        "status = 'failed'",
        "terminal = NOT terminal",
        "seq = seq + 1",
        "pruned = 1",
        "created_position = created_position + 1",
        "last_position = last_position + 1",
        "work = x'00000000000000000000000000000000'",
    ] {
        for number in [1, 2] {
            files.sql(&format!("UPDATE jobs SET {column} WHERE job_no = {number}")).await;
            let (well, said) = doctor(&files);
            assert!(!well && said.contains("headway rebuild"), "{column}, {number}: {said}");
            let (well, said) = headway(&["rebuild"], &files);
            assert!(well, "{column}, {number}: {said}");
            let (well, said) = doctor(&files);
            assert!(well, "{column}, {number}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_serves_a_good_job_and_reports_one_that_is_set_aside() {
    let files = Files::numbered(3);
    let [good, aside, _] = three_jobs(&files).await;
    files.sql("UPDATE events SET payload = '{' WHERE seq = 2 AND job_no = 2").await;
    files.sql("UPDATE jobs SET summary = '{' WHERE job_no = 2").await;
    let app = start(&files).await;
    for query in
        [format!("job={good}&job={aside}"), format!("job={good}&job={aside}&after=0.0"), format!("job={aside}")]
    {
        let mut stream = Stream::open(&app, &query).await;
        let mut closed = std::collections::BTreeMap::new();
        for _ in 0..query.matches("job=").count() {
            let last = stream.until("closed").await.pop().expect("a message").json;
            closed.insert(last["job"].to_string(), last);
        }
        let of = |job: JobId| closed.get(&json!(job).to_string()).cloned().unwrap_or_default();
        assert_eq!(of(aside)["reason"], "set_aside", "{query}: {closed:?}");
        assert!(!query.contains(&good.to_string()) || of(good)["status"] == "completed", "{query}: {closed:?}");
        assert!(stream.next().await.is_none(), "{query}: the stream ends");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_as_rows_are_made_again_sets_no_job_aside() {
    let files = Files::numbered(3);
    let [job, ..] = three_jobs(&files).await;
    files.sql("UPDATE jobs SET summary = '{' WHERE job_no = 1").await;
    files.sql("CREATE TRIGGER full BEFORE INSERT ON items BEGIN SELECT RAISE(FAIL, 'no room'); END").await;
    let store = SqliteStore::open(&files.data().join("log.sqlite")).await.expect("the log").mending();
    let error = store.job(job).await.expect_err("the row cannot be made again now");
    assert!(error.message.contains("no room"), "{error}");
    assert_eq!(store.aside().await.expect("an answer").len(), 0, "its events can be read");
    files.sql("DROP TRIGGER full").await;
    let row = store.job(job).await.expect("it is made again later").expect("the job");
    assert_eq!(row.summary.counters.succeeded, 3);
    // An event whose value cannot be read is not a failure of the store.
    files.sql("UPDATE events SET payload = CAST(x'ff' AS TEXT) WHERE seq = 2 AND job_no = 1").await;
    files.sql("UPDATE jobs SET summary = '{' WHERE job_no = 1").await;
    store.job(job).await.expect_err("nothing tells of it any more");
    assert_eq!(store.aside().await.expect("an answer").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_with_an_altered_event_reports_it() {
    let files = Files::numbered(3);
    let jobs = three_jobs(&files).await;
    files.sql(&format!("VACUUM INTO '{}'", files.data().with_file_name("whole.sqlite").display())).await;
    for damage in [
        "UPDATE events SET payload = '{' WHERE seq = 4 AND job_no = 1",
        "UPDATE events SET payload = replace(payload, '\"at\":1', '\"at\":2') WHERE seq = 4 AND job_no = 1",
        "UPDATE events SET digest = x'00000000000000000000000000000000' WHERE seq = 4 AND job_no = 1",
        "DELETE FROM events WHERE seq = 4 AND job_no = 1",
    ] {
        restore(&files);
        files.sql(damage).await;
        let app = start(&files).await;
        let notes = async || {
            let mut notes = Vec::new();
            for job in [jobs[0], jobs[2]] {
                notes.push(app.get(&format!("/api/jobs/{job}")).await.1["note"].clone());
            }
            notes
        };
        for _ in 0..2 {
            let notes = notes().await;
            let said = notes[0].as_str().unwrap_or_default();
            assert!(
                said.contains("is damaged at its event 4") && said.contains("headway doctor"),
                "{damage}: {notes:?}"
            );
            assert!(notes[1].is_null(), "{damage}: {notes:?}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_extra_events_are_reported_with_their_number_and_job() {
    let files = Files::numbered(3);
    let [job, ..] = three_jobs(&files).await;
    let app = start(&files).await;
    let last = app.until(job, |_| true).await.seq;
    app.stop().await;
    files.sql(&format!("VACUUM INTO '{}'", files.data().with_file_name("whole.sqlite").display())).await;
    let columns = "position, job_no, seq, payload, detail, digest";
    let more = format!(
        "INSERT INTO events ({columns}) SELECT (SELECT MAX(position) + 1 FROM events), 1, 99, payload, detail, digest \
         FROM events WHERE job_no = 1 AND seq = 4"
    );
    for (damage, at) in [
        ("DELETE FROM events WHERE job_no = 1 AND seq = (SELECT MAX(seq) FROM events WHERE job_no = 1)", last),
        ("DELETE FROM events WHERE job_no = 1", 1),
        ("DELETE FROM events WHERE job_no = 1 AND seq = 1", 1),
        ("UPDATE events SET payload = '{' WHERE job_no = 1 AND seq = 1", 1),
        ("UPDATE events SET job_no = 3 WHERE job_no = 1 AND seq = 4", 4),
        (more.as_str(), last + 1),
    ] {
        restore(&files);
        files.sql(damage).await;
        let (well, said) = doctor(&files);
        assert!(!well && said.contains(&job.to_string()), "{damage}: {said}");
        let app = start(&files).await;
        let note = app.get(&format!("/api/jobs/{job}")).await.1["note"].to_string();
        assert!(note.contains(&format!("damaged at its event {at},")), "{damage}: {note}");
        app.stop().await;
    }
}
