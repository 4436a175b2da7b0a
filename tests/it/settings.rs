//! Settings: the server accepts exactly what it describes to the page and to programs.

use headway_model::setting::{check, schema};
use headway_model::{Setting, Settings};
use serde_json::{Value, json};

use crate::command::Served;
use crate::helper::{Files, judged};

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_switches_of_a_command_fill_its_arguments() {
    let files = Files::new();
    files.write("a.txt", b"a");
    let served = Served::start(&files);
    let said = async |settings: Value| {
        std::fs::remove_file(files.library().join("a.out")).ok();
        let more = json!({ "settings": settings, "query": { "paths": ["a.txt"] }, "policy": { "on_done": "again" } });
        let ended = served.run("shrink", more).await;
        assert_eq!(ended.counters.succeeded, 1, "{ended:?}");
        std::fs::read_to_string(files.library().join("a.out")).expect("an output")
    };
    assert_eq!(said(json!({})).await, "80\na.txt\n");
    assert_eq!(said(json!({ "quality": 7.0, "strip": true })).await, "7\n--strip\na.txt\n");
    // All reasons are reported at once, each at its setting.
    let wrong = json!({ "settings": { "quality": 101, "strip": "yes", "speed": 1 } });
    let (_, status, answer) = served.try_begin("shrink", wrong).await;
    assert_eq!((status, answer["reasons"].as_array().map(Vec::len)), (422, Some(3)), "{answer}");
    assert_eq!(answer["settings"]["quality"], "setting \"quality\" is a whole number from 1 to 100 %, not 101");
    assert!(answer["settings"]["speed"].as_str().is_some_and(|text| text.contains("has no setting \"speed\"")));
    let recipes = served.get("/api/recipes").await;
    let of = |name: &str| recipes.as_array().and_then(|all| all.iter().find(|one| one["name"] == name).cloned());
    let shrink = of("shrink").expect("offered");
    assert_eq!(shrink["settings"][0]["kind"], "number");
    assert_eq!(shrink["schema"]["properties"]["quality"]["maximum"], 100);
    assert!(of("undo").is_none(), "what is started elsewhere is not offered");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_start_is_told_at_once_also_what_only_the_disk_refuses() {
    let files = Files::new();
    files.write("a.txt", b"a");
    let served = Served::start(&files);
    let wrong = json!({
        "settings": { "quality": 101 },
        "output": { "place": { "beside": { "name": "a/b" } } },
        "title": "",
        "query": { "paths": [".headway-x"] },
    });
    let (_, status, answer) = served.try_begin("shrink", wrong).await;
    assert_eq!((status, answer["reasons"].as_array().map(Vec::len)), (422, Some(4)), "{answer}");
    let wrong = json!({ "settings": { "manifest": "none.sha256" }, "title": "", "query": { "paths": ["a.txt"] } });
    let (_, status, answer) = served.try_begin("verify", wrong).await;
    assert_eq!((status, answer["reasons"].as_array().map(Vec::len)), (422, Some(2)), "{answer}");
    assert!(answer["settings"]["manifest"].as_str().is_some_and(|text| text.contains("none.sha256")), "{answer}");
}

#[test]
fn a_command_whose_settings_contradict_themselves_is_refused_when_it_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("headway.toml");
    let wrong = |setting: &str| {
        let text = format!(
            "[[command]]\nname = \"x\"\nrun = [\"true\", \"{{a}}\"]\nsetting = [{{ name = \"a\", {setting} }}]"
        );
        std::fs::write(&path, text).expect("a file");
        headway_recipes::command::read_config(&path).expect_err(setting).to_string()
    };
    for (setting, says) in [
        ("choices = [\"x\"], switch = \"-x\"", "more than one of"),
        ("number = { least = 2, most = 1 }", "empty"),
        ("number = { least = 1, most = 9 }, default = 10", "a whole number from 1 to 9, not 10"),
        ("switch = \"-x\", default = \"on\"", "true or false"),
        ("choices = [\"x\", \"y\"], default = \"z\"", "one of x, y"),
        ("switch = \"\"", "without an argument"),
    ] {
        let said = wrong(setting);
        assert!(said.contains(says), "{setting}: {said}");
        assert!(said.starts_with(&format!("{}:1: command", path.display())), "{said}");
    }
}

#[test]
fn the_schema_takes_what_the_server_takes() {
    let all = [
        Setting::choice("format", "Format", &[("jpeg", "JPEG"), ("png", "PNG")]),
        Setting::number("quality", "Quality", 85, 1..=100, "%").only_if("format", ["jpeg"]),
        Setting::switch("strip", "Strip", false),
        Setting::text("note", "Note").only_if("strip", [true]),
    ];
    let formats = [None, Some(json!("jpeg")), Some(json!("png")), Some(json!("gif"))];
    let qualities = [None, Some(json!(1)), Some(json!(100.0)), Some(json!(0)), Some(json!(85.5)), Some(json!("85"))];
    let strips = [None, Some(json!(true)), Some(json!(false)), Some(json!("on"))];
    let notes = [None, Some(json!("why")), Some(json!("")), Some(json!(7))];
    let mut cases = vec![json!({ "speed": 1 }), json!([]), json!(null)];
    for format in &formats {
        for quality in &qualities {
            for strip in &strips {
                for note in &notes {
                    let fields = [("format", format), ("quality", quality), ("strip", strip), ("note", note)];
                    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
                    cases.push(Value::Object(given.collect()));
                }
            }
        }
    }
    let Some(judged) = judged(&schema(&all), &cases) else { return };
    assert_eq!(judged.len(), cases.len());
    for (case, wrong) in cases.iter().zip(judged) {
        let taken = serde_json::from_value::<Settings>(case.clone()).is_ok_and(|given| check(&all, &given).is_ok());
        // If the condition itself is wrong, both refuse the request, whatever the rest is.
        assert_eq!(wrong.is_none(), taken, "{case}: {wrong:?}");
    }
}
