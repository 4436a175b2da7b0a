//! Checks on a request that need no server state.

use crate::engine;
use headway_files::template::{Template, Token};
use headway_files::{nearest_type, now, type_name};
use headway_model::conditions::{TYPE_CLASSES, TYPES_LIMIT};
use headway_model::library::SEARCH_LIMIT;
use headway_model::path::{RESERVED, is_reserved};
use headway_model::policy::{BACKOFF_LIMIT_MS, TRIES_LIMIT};
use headway_model::request::{ItemSelection, ItemsQuery, PATHS_LIMIT};
use headway_model::sample::SAMPLE_LIMIT;
use headway_model::{JobKind, Output, OutputPlace, Policy, Query, RelPath, Sample, StartJob};

pub(super) fn sample(sample: Option<Sample>) -> Option<String> {
    let is_wrong = matches!(sample, Some(Sample::Files(files)) if !(1..=SAMPLE_LIMIT).contains(&files));
    is_wrong.then(|| format!("a sample has 1 to {SAMPLE_LIMIT} files"))
}

/// What is wrong with a request: where in its body, as a JSON pointer, and why.
pub(super) type WrongPlaces = Vec<(&'static str, String)>;

pub(super) fn policy(policy: &Policy) -> WrongPlaces {
    let mut wrong = Vec::new();
    if policy.tries.is_some_and(|tries| !(1..=TRIES_LIMIT).contains(&tries)) {
        wrong.push(("/policy/tries", format!("tries must be 1 to {TRIES_LIMIT}, the first one included")));
    }
    if policy.backoff_ms.is_some_and(|backoff| backoff > BACKOFF_LIMIT_MS) {
        wrong.push(("/policy/backoff_ms", format!("the backoff must be at most {BACKOFF_LIMIT_MS} ms")));
    }
    wrong
}

/// A path that Headway reserves for itself, as people read it.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} cannot be used: names that begin with {RESERVED} are reserved for Headway's temporary files and trash")]
pub(super) struct Reserved(String);

/// Refuses paths that Headway reserves for itself.
pub(super) fn entered(path: &RelPath) -> Result<(), Reserved> {
    if path.is_reserved() { Err(Reserved(path.shown())) } else { Ok(()) }
}

/// A search that is too long.
#[derive(Debug, thiserror::Error)]
#[error("search must be a part of a name, or a pattern with * and ?, of at most {SEARCH_LIMIT} bytes")]
pub(super) struct LongSearch;

/// Refuses a search that is too long. Each call that searches asks here.
pub(super) fn search(text: &str) -> Result<(), LongSearch> {
    if text.len() <= SEARCH_LIMIT { Ok(()) } else { Err(LongSearch) }
}

/// A search over jobs that is too long.
#[derive(Debug, thiserror::Error)]
#[error("search must be a part of a job's title or of its recipe's name, of at most {SEARCH_LIMIT} bytes")]
pub(super) struct LongJobSearch;

/// Refuses a search over jobs that is too long.
pub(super) fn job_search(text: &str) -> Result<(), LongJobSearch> {
    search(text).map_err(|LongSearch| LongJobSearch)
}

/// Why a path cannot be named, if it cannot.
fn reserved(path: &RelPath) -> Option<String> {
    entered(path).err().map(|error| error.to_string())
}

pub(super) fn output(output: &Output) -> Vec<String> {
    let mut reasons = Vec::new();
    if let OutputPlace::Folder { path, .. } = &output.place {
        reasons.extend(reserved(path));
    }
    if output.smaller.is_some_and(|percent| percent > 99) {
        reasons.push("\"smaller\" must be 0 to 99 %".into());
    }
    let name = match &output.place {
        OutputPlace::Beside { name } => Some(name),
        OutputPlace::Folder { name, .. } => name.as_ref(),
        OutputPlace::Replace => None,
    };
    let Some(name) = name else { return reasons };
    let template = Template::new(name);
    let names = |token| matches!(token, Token::Name | Token::Stem | Token::Extension | Token::Number);
    if name.is_empty() || template.says(b'/') || !template.tokens().all(names) {
        reasons.push(format!(
            "the output's name {name:?} must be a file name without a folder, made of text and {{/}}, {{/.}}, {{+.}} or {{#}}"
        ));
    } else if is_reserved(name.as_bytes()) {
        reasons.push(format!("the output's name {name:?} begins with {RESERVED}, which is reserved for Headway"));
    } else if template.tokens().next().is_none() {
        reasons.push(format!("the output's name {name:?} would be the same for every file; add {{/.}} or {{/}} to it"));
    }
    reasons
}

/// Gives the types of the conditions their names, each once, and checks the conditions.
pub(super) fn conditions(request: &mut StartJob) -> WrongPlaces {
    let conditions = &mut request.conditions;
    let mut wrong: WrongPlaces = match conditions.contradiction(now()) {
        Some(("min_size", why)) => vec![("/conditions/min_size", why.to_owned())],
        Some((_, why)) => vec![("/conditions/newer_than", why.to_owned())],
        None => Vec::new(),
    };
    if conditions.types.len() > TYPES_LIMIT {
        wrong.push(("/conditions/types", format!("at most {TYPES_LIMIT} types can be named")));
    } else {
        let names = conditions.types.iter().map(|text| type_name(text).ok_or_else(|| unknown_type(text)));
        match names.collect::<Result<Vec<_>, _>>() {
            Ok(names) => {
                conditions.types = names.into_iter().map(str::to_owned).collect();
                conditions.types.sort();
                conditions.types.dedup();
            }
            Err(why) => wrong.push(("/conditions/types", why)),
        }
    }
    if JobKind::of(&request.recipe) == JobKind::Undo && !request.conditions.is_empty() {
        wrong.push(("/conditions", "an undo takes back all that a job did, so it has no conditions".into()));
    }
    wrong
}

/// Why a word is no type.
fn unknown_type(text: &str) -> String {
    // As `find` and `fd` say it.
    let is_entry = matches!(text, "f" | "d" | "l");
    match nearest_type(text) {
        _ if is_entry => {
            "a type is one of content, such as image; every job is about regular files, and passes over links".into()
        }
        Some(near) => format!("{text:?} is not a type; did you mean {near}?"),
        None => {
            let classes = TYPE_CLASSES.join(", ");
            format!(
                "{text:?} is not a type that can be told by content: name one of {classes}, or a media type such as image/png"
            )
        }
    }
}

/// Undo takes exactly the placements of another job, and no other recipe takes them.
pub(super) fn undone(request: &StartJob) -> Option<String> {
    let placed = matches!(&request.query, Query::Items(ItemsQuery { which: ItemSelection::Placed, .. }));
    match (JobKind::of(&request.recipe) == JobKind::Undo, placed) {
        (true, false) => Some("undo takes a job, not files: call POST /api/v1/jobs/{id}/undo/{new}".into()),
        (false, true) => Some(format!("only undo takes what a job put into place; {} takes files", request.recipe)),
        _ => None,
    }
}

/// Sorts and deduplicates what a query names, and checks it.
pub(super) fn query(query: &mut Query) -> WrongPlaces {
    const PATHS: &str = "/query/paths";
    let mut wrong = Vec::new();
    match query {
        Query::Paths(paths) => {
            paths.sort();
            paths.dedup();
            if paths.is_empty() {
                wrong.push((PATHS, "the selection is empty; select at least one file, or give a folder".into()));
            }
            if paths.len() > PATHS_LIMIT {
                let why = format!(
                    "{} files are selected, but at most {PATHS_LIMIT} can be; give a folder with patterns instead",
                    paths.len()
                );
                wrong.push((PATHS, why));
            }
            wrong.extend(paths.iter().find_map(reserved).map(|why| (PATHS, why)));
            if paths.iter().any(RelPath::is_root) {
                wrong.push((PATHS, "a path is empty".into()));
            }
        }
        Query::Folder(query) => {
            let search = search(&query.search).err().map(|error| error.to_string());
            let patterns = engine::QueryPatterns::new(query).err().map(|error| error.to_string());
            wrong.extend(reserved(&query.path).map(|why| ("/query/folder/path", why)));
            wrong.extend(search.map(|why| ("/query/folder/search", why)));
            wrong.extend(patterns.map(|why| ("/query/folder", why)));
        }
        Query::Items(query) => {
            if let ItemSelection::These(items) = &mut query.which {
                items.sort_unstable();
                items.dedup();
                if items.is_empty() || items.len() > PATHS_LIMIT {
                    wrong.push(("/query/items/which/these", format!("give 1 to {PATHS_LIMIT} items")));
                }
            }
        }
    }
    wrong
}
