//! The sections `[[schedule]]` of `headway.toml`.

use std::path::Path;
use std::time::Duration;

use headway_model::text::{WrongAt, invalid_name};
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::sections::all_right;
use crate::times::{InvalidTimes, Times};

/// How late a missed time can be started by default.
const CATCH_UP: Duration = Duration::from_secs(24 * 60 * 60);

/// A preset that is started at set times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetSchedule {
    /// Its name: letters, digits, `-` and `_`. By default the name of the preset.
    pub name: String,
    /// The preset that it starts.
    pub preset: String,
    /// When.
    pub times: Times,
    /// What happens at a time when the job of the time before is not over.
    pub overlap: Overlap,
    /// What happens to times that passed while no server ran.
    pub missed: Missed,
    /// How late a missed time can be started.
    pub catch_up: Duration,
}

/// What happens at a time when the job of the time before is not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// The time is skipped.
    #[default]
    Skip,
    /// Its job is started, and waits for the files of the other job.
    Queue,
}

/// What happens to times that passed while no server ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// The last of them is started, if it is not too long ago.
    #[default]
    Once,
    /// They are skipped.
    Skip,
}

impl PresetSchedule {
    /// The lines of its section, with all defaults.
    pub fn section(&self) -> Vec<String> {
        let overlap = match self.overlap {
            Overlap::Skip => "skip",
            Overlap::Queue => "queue",
        };
        let missed = match self.missed {
            Missed::Once => "once",
            Missed::Skip => "skip",
        };
        let values = [
            ("name", self.name.clone()),
            ("preset", self.preset.clone()),
            ("at", self.times.expression().to_owned()),
            ("zone", self.times.zone().to_owned()),
            ("overlap", overlap.to_owned()),
            ("missed", missed.to_owned()),
            ("catch_up", humantime::format_duration(self.catch_up).to_string()),
        ];
        let lines = values.into_iter().map(|(key, value)| format!("{key} = {}", Value::String(value)));
        std::iter::once("[[schedule]]".to_owned()).chain(lines).collect()
    }
}

/// The file as far as it is read here.
#[derive(Deserialize)]
struct ScheduleSections {
    #[serde(default)]
    schedule: Vec<Spanned<ScheduleSection>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleSection {
    name: Option<Spanned<String>>,
    preset: Spanned<String>,
    at: Spanned<String>,
    zone: Option<Spanned<String>>,
    #[serde(default)]
    overlap: Overlap,
    #[serde(default)]
    missed: Missed,
    catch_up: Option<Spanned<String>>,
}

/// Reads the schedules of a file. Blocking.
///
/// # Errors
/// Everything that is wrong with them, each in a line with its place.
pub fn read(path: &Path) -> Result<Vec<PresetSchedule>, String> {
    let text = headway_files::named_file::read_text(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let file: ScheduleSections = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let sections = file.schedule.into_iter().map(|section| (section.span().start, section.into_inner().schedule()));
    all_right((path, &text), ("schedule", "schedules"), sections, |schedule| &schedule.name)
}

impl ScheduleSection {
    fn schedule(self) -> Result<PresetSchedule, Vec<WrongAt>> {
        let mut wrong = Vec::new();
        let name = self.name.as_ref().unwrap_or(&self.preset);
        if let Some(why) = invalid_name(name.get_ref()) {
            wrong.push((name.span().start, why));
        }
        let name = name.get_ref().clone();
        let times = self.times().map_err(|why| wrong.push(why)).ok();
        let catch_up = self.catch_up().map_err(|why| wrong.push(why)).ok();
        match (times, catch_up) {
            (Some(times), Some(catch_up)) if wrong.is_empty() => Ok(PresetSchedule {
                name,
                preset: self.preset.into_inner(),
                times,
                overlap: self.overlap,
                missed: self.missed,
                catch_up,
            }),
            _ => Err(wrong),
        }
    }

    fn times(&self) -> Result<Times, WrongAt> {
        let zone = self.zone.as_ref();
        Times::new(self.at.get_ref(), zone.map(|zone| zone.get_ref().as_str())).map_err(|why| match why {
            InvalidTimes::Expression(why) => (
                self.at.span().start,
                format!(
                    "at = {:?} names no times ({why}); write minute, hour, day of the month, month and day of the week, as in \
                     \"30 2 * * *\", or @daily",
                    self.at.get_ref()
                ),
            ),
            InvalidTimes::Zone(why) => (zone.map_or(0, |zone| zone.span().start), why),
        })
    }

    fn catch_up(&self) -> Result<Duration, WrongAt> {
        let Some(text) = &self.catch_up else { return Ok(CATCH_UP) };
        humantime::parse_duration(text.get_ref()).map_err(|_| {
            (text.span().start, format!("invalid catch_up {:?}; write it as \"12h\" or \"2days\"", text.get_ref()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<PresetSchedule>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("headway.toml");
        std::fs::write(&file, text).expect("a file");
        read(&file).map_err(|why| why.replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn a_schedule_is_called_like_its_preset_and_skips_and_catches_up_by_default() {
        let schedules = parsed(
            "[[schedule]]\npreset = \"nightly\"\nat = \"30 2 * * *\"\n\
             [[schedule]]\nname = \"weekly\"\npreset = \"nightly\"\nat = \"@weekly\"\nzone = \"Europe/Berlin\"\n\
             overlap = \"queue\"\nmissed = \"skip\"\ncatch_up = \"12h\"\n",
        )
        .expect("schedules");
        let nightly = &schedules[0];
        assert_eq!((nightly.name.as_str(), nightly.overlap, nightly.missed), ("nightly", Overlap::Skip, Missed::Once));
        assert_eq!(nightly.catch_up, CATCH_UP);
        let weekly = &schedules[1];
        assert_eq!((weekly.preset.as_str(), weekly.overlap, weekly.missed), ("nightly", Overlap::Queue, Missed::Skip));
        assert_eq!((weekly.times.zone(), weekly.catch_up), ("Europe/Berlin", Duration::from_secs(12 * 60 * 60)));
        let text = weekly.section().join("\n");
        assert_eq!(parsed(&text).expect("the same")[0].section(), weekly.section());
    }

    #[test]
    fn all_errors_are_reported_at_once_with_their_place() {
        let wrong = parsed(
            "[[schedule]]\npreset = \"a b\"\nat = \"61 * * * *\"\n\
             [[schedule]]\npreset = \"c\"\nat = \"@daily\"\nzone = \"Europe/Berln\"\n\
             [[schedule]]\npreset = \"d\"\nat = \"@daily\"\ncatch_up = \"a while\"\n\
             [[schedule]]\npreset = \"e\"\nat = \"@daily\"\n\
             [[schedule]]\npreset = \"e\"\nat = \"@hourly\"\n",
        )
        .expect_err("errors");
        for (number, start) in [
            "2:10: schedule: invalid name \"a b\"",
            "3:6: schedule: at = \"61 * * * *\" names no times",
            "7:8: schedule: the time zone \"Europe/Berln\" is not known; did you mean \"Europe/Berlin\"?",
            "11:12: schedule: invalid catch_up \"a while\"",
            "15:1: schedule: two schedules are called \"e\"",
        ]
        .into_iter()
        .enumerate()
        {
            let line = wrong.lines().nth(number).unwrap_or_default();
            assert!(line.starts_with(&format!("headway.toml:{start}")), "{line}\n{wrong}");
        }
        assert_eq!(wrong.lines().count(), 5, "{wrong}");
    }
}
