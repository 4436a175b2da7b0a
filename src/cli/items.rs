//! The files of a job that a person names: by path, or by number. People count from 1; a program gets the index, which
//! the API calls `item` and counts from 0.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::failure::{CommandFailure, USAGE};
use super::out::counted;
use super::session::Session;
use super::text::tail;
use headway_model::summary::JobView;
use headway_model::{JobId, RelPath};

/// Items read at a time.
pub(super) const ITEMS_PER_CALL: u32 = 1_000;

/// A file as a person names it.
enum NamedItem {
    /// Its index.
    At(u32),
    /// Its path, below the job's folder.
    Path(RelPath),
}

/// The indices of these files, each once and in the plan's order.
pub(super) async fn items_of(
    session: &Session,
    job: JobId,
    view: &JobView,
    given: &[OsString],
) -> Result<Vec<u32>, CommandFailure> {
    let mut named: Vec<_> = given.iter().map(|word| named(word, view)).collect::<Result<_, _>>()?;
    let mut items: Vec<u32> = Vec::new();
    let mut paths: Vec<RelPath> = Vec::new();
    for one in named.drain(..) {
        match one {
            NamedItem::At(item) => items.push(item),
            NamedItem::Path(path) => paths.push(path),
        }
    }
    let mut after = None;
    while !paths.is_empty() {
        let page = session.client.items(job, after, ITEMS_PER_CALL, None).await?;
        for found in page.items {
            if paths.contains(&found.path) {
                paths.retain(|path| *path != found.path);
                items.push(found.item);
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if let Some(path) = paths.first() {
        let list = session.command(&format!("show {} --status STATUS", tail(job)));
        let text = format!("no file of the job is called {}; {list} lists them", path.shown());
        return Err(CommandFailure::new(USAGE, text));
    }
    items.sort_unstable();
    items.dedup();
    Ok(items)
}

/// A word is a number if it consists of digits; any other word is a path.
fn named(word: &OsStr, view: &JobView) -> Result<NamedItem, CommandFailure> {
    let wrong = |why: String| CommandFailure::new(USAGE, format!("{}: {why}", word.display()));
    if let Some(digits) = word.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())) {
        let number: Option<u32> = digits.parse().ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| wrong("files are numbered from 1; write ./ before a file's name".into()))?;
        return match number <= view.summary.counters.total {
            true => Ok(NamedItem::At(number - 1)),
            false => Err(wrong(format!("the job has {}", counted(view.summary.counters.total, "file", "files")))),
        };
    }
    let by_path = view.request.as_ref().map(|request| request.library.as_str()).filter(|name| name.starts_with('/'));
    let root = view.folder.as_deref().or(by_path);
    let path = match root.map(|root| below(Path::new(word), Path::new(root))) {
        Some(Some(path)) => path,
        Some(None) if Path::new(word).is_absolute() => {
            return Err(wrong(format!("it is not below {}", root.unwrap_or_default())));
        }
        // It counts as a path in the library.
        Some(None) | None => Path::new(word).strip_prefix("./").unwrap_or(Path::new(word)).to_owned(),
    };
    let path = RelPath::from_bytes(path.as_os_str().as_bytes()).map_err(|error| wrong(error.to_string()))?;
    Ok(NamedItem::Path(path))
}

/// The path below the folder of a file that is named from the current folder. The file itself might be gone.
fn below(path: &Path, root: &Path) -> Option<std::path::PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let real = match (whole.parent().map(Path::canonicalize), whole.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => whole,
    };
    real.strip_prefix(root).map(Path::to_owned).ok()
}
