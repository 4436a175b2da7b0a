//! Why a start was refused, shown where it can be corrected: at the field, or else below the form.

use crate::ui::parts::format::sentence;
use headway_model::setting::SettingKind;
use headway_model::{ApiError, Setting};
use serde_json::Value;

/// What is wrong with one setting, if the refusal mentions it.
pub(super) fn of_setting(error: &ApiError, setting: &Setting) -> Option<String> {
    let ApiError::Invalid { reasons, settings, .. } = error else { return None };
    let named = mark(&setting.name);
    let told = || reasons.iter().find(|reason| reason.starts_with(&named));
    let reason = settings.get(&setting.name).or_else(told)?;
    Some(sentence(&reason.replacen(&named, &setting.label, 1)))
}

/// What is plainly wrong with a setting, in the server's words, if the server was not asked: nothing was entered although
/// something must be, or no number that it accepts.
pub(super) fn plainly_wrong(setting: &Setting, value: Option<&Value>) -> Option<String> {
    let is = match (value, &setting.kind) {
        (None, _) if setting.default.is_none() => "is missing:",
        (Some(value), SettingKind::Number { least, most, .. })
            if !value.as_i64().is_some_and(|number| (*least..=*most).contains(&number)) =>
        {
            "is"
        }
        _ => return None,
    };
    Some(format!("{} {is} {}.", setting.label, setting.kind.expects()))
}

/// Everything else that is wrong.
pub(super) fn of_form(error: &ApiError, settings: &[Setting]) -> Option<String> {
    let ApiError::Invalid { reasons, settings: wrong, .. } = error else {
        return Some(format!("This cannot be started. {}", sentence(&error.to_string())));
    };
    let at_field = |reason: &String| {
        let is_of =
            |setting: &Setting| wrong.get(&setting.name) == Some(reason) || reason.starts_with(&mark(&setting.name));
        settings.iter().any(is_of)
    };
    let rest: Vec<_> = reasons.iter().filter(|reason| !at_field(reason)).map(|reason| sentence(reason)).collect();
    (!rest.is_empty()).then(|| format!("This cannot be started. {}", rest.join(" ")))
}

/// How a reason mentions a setting.
fn mark(name: &str) -> String {
    format!("setting {name:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Setting {
        Setting::text("run", "Command")
    }

    #[test]
    fn each_reason_is_shown_once_at_its_field_or_below_the_form() {
        let reasons = vec!["setting \"run\" is missing: a text".into(), "the selection is empty".into()];
        let error = ApiError::Invalid { reasons, settings: Default::default(), places: Default::default() };
        assert_eq!(of_setting(&error, &run()).as_deref(), Some("Command is missing: a text."));
        assert_eq!(of_form(&error, &[run()]).as_deref(), Some("This cannot be started. The selection is empty."));
        let both = of_form(&error, &[]).unwrap_or_default();
        assert!(both.contains("\"run\"") && both.contains("selection"), "{both}");
    }

    #[test]
    fn a_setting_that_only_the_disk_can_refuse_is_reported_at_its_field() {
        let error = ApiError::at_setting("run", "there is no program called \"x\"".into());
        let told = "There is no program called \"x\".";
        assert_eq!(of_setting(&error, &run()).as_deref(), Some(told));
        assert_eq!(of_form(&error, &[run()]), None);
        assert!(of_form(&error, &[]).is_some_and(|text| text.ends_with(told)));
    }

    #[test]
    fn a_refusal_without_a_field_is_shown_below_the_form() {
        let error = ApiError::NotFound { message: "there is no library \"x\"".into() };
        assert_eq!(of_setting(&error, &run()), None);
        assert!(of_form(&error, &[run()]).is_some_and(|text| text.ends_with("There is no library \"x\".")));
    }

    #[test]
    fn a_setting_that_is_plainly_wrong_is_told_without_the_server() {
        let told = |setting: &Setting, value: Option<Value>| plainly_wrong(setting, value.as_ref());
        assert_eq!(told(&run(), None).as_deref(), Some("Command is missing: a text of 1 to 4096 bytes."));
        assert_eq!(told(&run(), Some("ls".into())), None);
        let quality = Setting::number("quality", "Quality", 85, 1..=100, "%");
        assert_eq!(told(&quality, None), None, "it has a default");
        assert_eq!(told(&quality, Some(100.into())), None);
        for wrong in [Value::from(101), "many".into()] {
            let expected = "Quality is a whole number from 1 to 100 %.";
            assert_eq!(told(&quality, Some(wrong)).as_deref(), Some(expected));
        }
    }
}
