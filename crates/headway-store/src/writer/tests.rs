use super::*;
use headway_model::StartJob;
use headway_model::testing::created_with;

fn created(id: JobId) -> Append {
    let request: StartJob =
        serde_json::from_str(r#"{"library":"l","recipe":"r","query":{"folder":{}}}"#).expect("a request");
    let body = serde_json::to_string(&request).expect("JSON");
    let event = created_with(id, "r", Digest::of(body.as_bytes()));
    Append { ticket: 1, job: id, event, detail: Some(body), at: 1, over: None }
}

fn append(job: JobId, event: JobEvent) -> Append {
    Append { ticket: 2, job, event, detail: None, at: 1, over: None }
}

fn writer() -> Writer {
    Writer::new(Head { next_job_no: 1, ..Head::default() }, Vec::new())
}

fn answers(effects: &[WriterEffect]) -> Vec<(u64, Result<Receipt, AppendError>)> {
    let answer = |effect: &WriterEffect| match effect {
        WriterEffect::Answer(ticket, _, answer) => Some((*ticket, answer.clone())),
        WriterEffect::Recorded(..) => None,
    };
    effects.iter().filter_map(answer).collect()
}

#[test]
fn nothing_is_reported_before_it_is_written() {
    let mut writer = writer();
    let id = JobId::mint(1, [1; 10]);
    writer.append(created(id));
    writer.append(append(id, JobEvent::CancelRequested {}));
    let batch = writer.batch().expect("something to write");
    assert_eq!((batch.head, batch.events.len(), batch.jobs.len()), (2, 2, 1));
    let effects = writer.committed(true);
    let receipts: Vec<_> =
        answers(&effects).into_iter().map(|(_, answer)| answer.expect("recorded").position).collect();
    assert_eq!(receipts, [1, 2]);
}

#[test]
fn a_failed_commit_is_the_end_and_acknowledges_nothing() {
    let mut writer = writer();
    let id = JobId::mint(1, [1; 10]);
    writer.append(created(id));
    writer.batch().expect("something to write");
    let effects = writer.committed(false);
    assert_eq!(answers(&effects), [(1, Err(AppendError::Dead))]);
    assert_eq!(effects.len(), 1, "the engine hears of nothing, nobody wakes");
    writer.append(created(JobId::mint(2, [2; 10])));
    assert!(writer.batch().is_none(), "nothing is ever written again");
    assert_eq!(answers(&writer.unwritten()), [(1, Err(AppendError::Dead))]);
}

#[test]
fn cancel_against_finish_has_one_judge() {
    for cancel_first in [true, false] {
        let mut writer = writer();
        let id = JobId::mint(1, [1; 10]);
        writer.append(created(id));
        for event in
            [JobEvent::PlanEnded { total: 0, reruns: Default::default() }, JobEvent::Began {}, JobEvent::Finishing {}]
        {
            writer.append(append(id, event));
        }
        let end = append(id, JobEvent::Ended { outcome: headway_model::event::Outcome::Completed });
        let cancel = append(id, JobEvent::CancelRequested {});
        let both = if cancel_first { [cancel, end] } else { [end, cancel] };
        both.into_iter().for_each(|one| writer.append(one));
        let batch = writer.batch().expect("something to write");
        assert_eq!(batch.events.len(), 5);
        let refused: Vec<_> =
            answers(&writer.committed(true)).into_iter().filter(|(_, answer)| answer.is_err()).collect();
        assert_eq!(refused.len(), 1);
        let status = batch.jobs[0].summary.status.label();
        assert_eq!(status, if cancel_first { "cancelling" } else { "completed" });
    }
}

#[test]
fn a_refused_event_takes_no_number_and_no_position() {
    let mut writer = writer();
    let id = JobId::mint(1, [1; 10]);
    writer.append(created(id));
    writer.append(append(id, JobEvent::Began {}));
    writer.append(append(id, JobEvent::PlanEnded { total: 0, reruns: Default::default() }));
    let batch = writer.batch().expect("something to write");
    assert_eq!(batch.events.iter().map(|row| (row.position, row.seq)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
}

#[test]
fn an_id_is_never_created_twice_even_after_its_job_is_over() {
    let mut writer = writer();
    let id = JobId::mint(1, [1; 10]);
    writer.append(created(id));
    for event in [JobEvent::CancelRequested {}, JobEvent::Cancelled {}] {
        writer.append(append(id, event));
    }
    writer.batch().expect("something to write");
    writer.committed(true);
    writer.append(created(id));
    writer.append(append(id, JobEvent::CancelRequested {}));
    assert!(writer.batch().is_none());
    let told: Vec<_> = answers(&writer.unwritten()).into_iter().map(|(_, answer)| answer).collect();
    assert_eq!(told, [Err(Refusal::Exists.into()), Err(Refusal::Over(None).into())]);
}

#[test]
fn a_detail_must_be_the_one_that_the_payload_names() {
    let mut writer = writer();
    let id = JobId::mint(1, [1; 10]);
    writer.append(Append { detail: Some("another".into()), ..created(id) });
    assert!(writer.batch().is_none());
    assert_eq!(answers(&writer.unwritten()), [(1, Err(AppendError::TooLarge))]);
}
