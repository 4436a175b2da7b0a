//! Checks the settings of a request: returns either everything that is wrong with them, or all settings with their
//! defaults filled in.

use serde_json::Value;

use super::normal::{QUOTED_BYTES, normal};
use super::{Setting, Settings};
use crate::event::cut;

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSetting {
    /// The setting's name, as it was given or as the recipe has it.
    pub setting: String,
    /// What is wrong, in a sentence that begins with `setting "NAME"`, unless there is no such setting.
    pub reason: String,
}

impl WrongSetting {
    /// `what` continues the sentence that begins with the setting's name.
    pub fn new(setting: &str, what: &str) -> Self {
        WrongSetting { setting: setting.to_owned(), reason: format!("setting {setting:?} {what}") }
    }
}

/// Every setting with its value: the given one in its canonical form, or the default. A setting whose condition does
/// not hold has its default.
///
/// # Errors
/// All that is wrong, in the order of the settings; names that are unknown come last.
pub fn check(all: &[Setting], given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
    let (mut settings, mut wrong) = (Settings::new(), Vec::new());
    for setting in all {
        let active = is_active(setting, &settings);
        match given.get(&setting.name).filter(|_| active).map(|value| normal(&setting.kind, value)) {
            Some(Ok(value)) => {
                settings.insert(setting.name.clone(), value);
                continue;
            }
            Some(Err(why)) => wrong.push(WrongSetting::new(&setting.name, &why)),
            None if active && setting.default.is_none() => {
                wrong.push(WrongSetting::new(&setting.name, &format!("is missing: {}", setting.kind.expects())));
            }
            None => {}
        }
        settings.extend(setting.default.clone().map(|value| (setting.name.clone(), value)));
    }
    for name in given.keys().filter(|name| !all.iter().any(|setting| setting.name == **name)) {
        let names: Vec<_> = all.iter().map(|setting| setting.name.as_str()).collect();
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let reason = format!("the recipe has no setting {:?}; it has {has}", cut(name, QUOTED_BYTES));
        wrong.push(WrongSetting { setting: name.clone(), reason });
    }
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}

/// The settings of a job of any age, as the recipe has them today: a setting that was added later has its default,
/// one that no longer exists is left out.
pub fn filled(all: &[Setting], given: &Settings) -> Settings {
    let value = |setting: &Setting| given.get(&setting.name).or(setting.default.as_ref()).cloned();
    all.iter().filter_map(|setting| Some((setting.name.clone(), value(setting)?))).collect()
}

/// The part of a job's settings that determines what happens to a file: all except late ones at their default.
pub fn identity(all: &[Setting], settings: &Settings) -> Settings {
    let is_silent = |name: &str, value: &Value| {
        all.iter().any(|setting| setting.late && setting.name == name && setting.default.as_ref() == Some(value))
    };
    let counted = settings.iter().filter(|(name, value)| !is_silent(name, value));
    counted.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a setting counts, given the values of those before it.
pub fn is_active(setting: &Setting, before: &Settings) -> bool {
    setting.only_if.as_ref().is_none_or(|condition| condition.holds(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn all() -> Vec<Setting> {
        vec![
            Setting::choice("format", "Format", &[("jpeg", "JPEG"), ("png", "PNG")]),
            Setting::number("quality", "Quality", 85, 1..=100, "%").only_if("format", ["jpeg"]),
            Setting::switch("strip", "Strip", false).late(),
            Setting::path("folder", "Folder").default("out"),
            Setting::template("title", "Title", "Chapter {issue}", &[("issue", "its number")]),
            Setting::text("note", "Note").only_if("strip", [true]),
        ]
    }

    fn settings(value: Value) -> Settings {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn defaults_are_filled_in_and_values_get_their_one_form() {
        let defaults =
            json!({"format": "jpeg", "quality": 85, "strip": false, "folder": "out", "title": "Chapter {issue}"});
        assert_eq!(check(&all(), &Settings::new()), Ok(settings(defaults)));
        let given = json!({"quality": 85.0, "strip": true, "note": " why ", "folder": "a/b"});
        let checked = check(&all(), &settings(given)).expect("right");
        assert_eq!(
            (&checked["quality"], &checked["note"], &checked["folder"]),
            (&json!(85), &json!("why"), &json!("a/b"))
        );
    }

    #[test]
    fn all_errors_are_reported_at_once_each_with_its_setting() {
        let given =
            json!({"format": "gif", "quality": 101, "strip": "on", "folder": "../x", "title": "{series}", "speed": 1});
        let wrong = check(&all(), &settings(given)).expect_err("wrong");
        let named: Vec<_> = wrong.iter().map(|wrong| wrong.setting.as_str()).collect();
        assert_eq!(named, ["format", "quality", "strip", "folder", "title", "speed"]);
        assert_eq!(wrong[0].reason, "setting \"format\" is one of jpeg, png, not \"gif\"");
        assert_eq!(wrong[1].reason, "setting \"quality\" is a whole number from 1 to 100 %, not 101");
        assert_eq!(wrong[4].reason, "setting \"title\" has \"{series}\", but only {issue} are filled in");
        for quality in [json!(0), json!(85.5), json!("85"), json!(1e300), json!(u64::MAX), Value::Null] {
            assert!(check(&all(), &settings(json!({ "quality": quality }))).is_err(), "{quality}");
        }
        for folder in ["", "  ", "/etc", "a/.headway-trash/b", "a\nb"] {
            assert!(check(&all(), &settings(json!({ "folder": folder }))).is_err(), "{folder:?}");
        }
        let lines = check(&all(), &settings(json!({ "strip": true, "note": "a\nb" }))).expect_err("two lines");
        assert!(lines[0].reason.starts_with("setting \"note\" must be one line"), "{}", lines[0].reason);
        let missing = check(&all(), &settings(json!({ "strip": true }))).expect_err("no note");
        assert_eq!(missing[0].reason, "setting \"note\" is missing: a text of 1 to 4096 bytes");
    }

    #[test]
    fn a_job_is_named_by_its_id_and_an_error_says_what_to_do() {
        let all = [Setting::job("report", "Job of duplicates", "duplicates")];
        let job = crate::testing::job_id(1).to_string();
        for given in [job.clone(), format!(" @{job}")] {
            assert_eq!(check(&all, &settings(json!({ "report": given }))), Ok(settings(json!({ "report": job }))));
        }
        let reason = |given| check(&all, &settings(given)).expect_err("wrong")[0].reason.clone();
        let expects = "the id of a finished job of duplicates (run that recipe first if there is none)";
        assert_eq!(reason(json!({})), format!("setting \"report\" is missing: {expects}"));
        assert_eq!(reason(json!({ "report": "../x" })), format!("setting \"report\" is {expects}, not \"../x\""));
    }

    #[test]
    fn a_setting_whose_condition_does_not_hold_has_its_default() {
        let given = settings(json!({"format": "png", "quality": 400, "note": 7}));
        let checked = check(&all(), &given).expect("neither counts");
        assert_eq!((checked.get("quality"), checked.get("note")), (Some(&json!(85)), None));
    }

    #[test]
    fn a_late_setting_at_its_default_changes_nothing_of_what_a_file_was_done_with() {
        let plain = check(&all(), &Settings::new()).expect("defaults");
        assert!(!identity(&all(), &plain).contains_key("strip"));
        let stripped = check(&all(), &settings(json!({"strip": true, "note": "n"}))).expect("right");
        assert_eq!(identity(&all(), &stripped), stripped);
    }

    #[test]
    fn the_settings_of_an_earlier_job_are_read_for_ever() {
        let earlier = settings(json!({"format": "bmp", "gone": 1}));
        let read = filled(&all(), &earlier);
        assert_eq!((&read["format"], &read["quality"], read.get("gone")), (&json!("bmp"), &json!(85), None));
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
            ".{0,12}".prop_map(Value::from),
            prop::sample::select(vec!["jpeg", "png", "a/b", "{issue}", "{", "out"]).prop_map(Value::from),
            (1..=100_i64).prop_map(Value::from),
        ]
    }

    fn name() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec!["format", "quality", "strip", "folder", "title", "note"]);
        prop_oneof![6 => known.prop_map(str::to_owned), 1 => "[a-z]{0,8}"]
    }

    proptest! {
        #[test]
        fn what_passes_passes_again_unchanged_and_what_does_not_says_where(
            given in prop::collection::btree_map(name(), value(), 0..7)
        ) {
            let given: Settings = given.into_iter().collect();
            match check(&all(), &given) {
                Ok(checked) => {
                    prop_assert_eq!(check(&all(), &checked), Ok(checked.clone()));
                    prop_assert_eq!(filled(&all(), &checked), checked.clone());
                    // Each value, written as a text, parses as itself.
                    for setting in all() {
                        let Some(value) = checked.get(&setting.name) else { continue };
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        prop_assert_eq!(&setting.parse(&text), value);
                    }
                }
                Err(wrong) => {
                    prop_assert!(!wrong.is_empty());
                    for WrongSetting { setting, reason } in wrong {
                        prop_assert!(given.contains_key(&setting) || setting == "note", "{}", reason);
                        prop_assert!(reason.len() < 400, "{}", reason);
                    }
                }
            }
        }
    }
}
