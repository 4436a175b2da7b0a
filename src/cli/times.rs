//! Times on the command line.

use std::time::Duration;

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime};

use super::out::time;
use headway_model::conditions::{AGE_FORM, AgeLimit, ago_of, date_of};
use headway_model::{JobSummary, Millis};

/// A moment in the time zone of this terminal, to the second. All are of one width.
pub(super) fn local(at: Millis) -> String {
    let moment = i64::try_from(at).ok().and_then(DateTime::from_timestamp_millis);
    moment.map(|moment| moment.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// How long a job has been at work up to `now`, pauses not counted; `None` before it begins. For jobs of older versions, only the
/// time from beginning to end is known. Without `now` nobody is at work, so when a job stopped that its server left running is not
/// known.
pub(super) fn took(job: &JobSummary, now: Option<Millis>) -> Option<String> {
    let began = job.began?;
    let ms = match job.worked {
        Some(worked) if job.status.is_terminal() => worked.ms,
        Some(worked) => match (now, worked.since) {
            (Some(now), _) => worked.until(now),
            (None, None) => worked.ms,
            (None, Some(_)) => return Some("not known".to_owned()),
        },
        None => job.ended?.saturating_sub(began),
    };
    Some(time(ms))
}

/// Reads `500ms`, `30`, `30s`, `5m`, `2h` or `1d`, for clap, which takes the error's text.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("invalid time {text:?}; write 500ms, 30s, 5m, 2h or 1d");
    let (number, unit) = text.split_at(text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len()));
    let unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * unit;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// Reads how old files are, for clap, which takes the error's text: `7d`, or a date, perhaps with a time, in the time zone of this
/// terminal or with a zone of its own.
pub(super) fn age(text: &str) -> Result<AgeLimit, String> {
    if let Some(ago) = ago_of(text) {
        return Ok(AgeLimit::AgoMs(ago));
    }
    let at = moment(text.trim()).and_then(|at| Millis::try_from(at.timestamp_millis()).ok());
    at.map(AgeLimit::AtMs).ok_or_else(|| format!("{text:?} is no age and no date; {AGE_FORM}"))
}

/// A date, or a date and a time.
fn moment(text: &str) -> Option<DateTime<Local>> {
    if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
        return Some(zoned.with_timezone(&Local));
    }
    let of_day = |(year, month, day): (u32, u32, u32)| {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some(date.and_time(NaiveTime::MIN))
    };
    let of_time = || {
        let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
        forms.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    };
    // A time that the clocks skip in spring is none; one that they repeat in autumn is the first.
    date_of(text).and_then(of_day).or_else(of_time)?.and_local_timezone(Local).earliest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::summary;
    use headway_model::worked::Worked;
    use headway_model::{Counters, JobStatus};

    #[test]
    fn how_long_a_job_took_is_its_time_at_work_and_nothing_before_it_began() {
        let job = |status, began, worked| JobSummary { began, worked, ..summary(status, Counters::default()) };
        let running = job(JobStatus::Processing, Some(1_000), Some(Worked { ms: 8_000, since: Some(50_000) }));
        assert_eq!(took(&running, Some(54_000)).as_deref(), Some("12 s"));
        assert_eq!(took(&running, None).as_deref(), Some("not known"), "its server died");
        let ended = job(JobStatus::Completed, Some(1_000), Some(Worked { ms: 8_000, since: None }));
        assert_eq!(took(&ended, Some(54_000)).as_deref(), Some("8.0 s"));
        assert_eq!(took(&ended, None).as_deref(), Some("8.0 s"));
        let older = JobSummary { ended: Some(4_000), ..job(JobStatus::Completed, Some(1_000), None) };
        assert_eq!(took(&older, Some(54_000)).as_deref(), Some("3.0 s"));
        assert_eq!(took(&job(JobStatus::Queued, None, None), Some(54_000)), None);
    }

    #[test]
    fn how_old_files_are_is_an_age_or_a_date_in_the_time_zone_of_the_terminal() {
        assert_eq!(age("7d"), Ok(AgeLimit::AgoMs(7 * 86_400_000)));
        assert_eq!(age("2024-01-01T00:00:00Z"), Ok(AgeLimit::AtMs(1_704_067_200_000)));
        assert_eq!(age("2024-01-01 01:00:00+01:00"), Ok(AgeLimit::AtMs(1_704_067_200_000)));
        for text in ["2024-01-31", "2024-01-31 12:30", "2024-01-31T12:30:05"] {
            let Ok(AgeLimit::AtMs(at)) = age(text) else { panic!("{text} is a moment") };
            let told = local(at);
            assert!(told.starts_with(&text.replace('T', " ")), "{text} is {told}");
        }
        let wrong = age("last week").expect_err("neither");
        assert!(wrong.contains("7d") && wrong.contains("2024-01-01"), "{wrong}");
        assert!(["7", "", "2024-02-30", "2024-01-01 25:00", "1969-01-01"].iter().all(|text| age(text).is_err()));
    }

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        let all = ["500ms", "30", "1.5m", "2h", "1d"].map(|text| duration(text).expect(text).as_millis());
        assert_eq!(all, [500, 30_000, 90_000, 7_200_000, 86_400_000]);
        assert!(["", "s", "-1", "1w", "1e99", "nan"].iter().all(|text| duration(text).is_err()));
    }
}
