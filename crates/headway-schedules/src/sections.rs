//! The sections of one kind in a file of settings.

use std::path::Path;

use headway_model::text::{WrongAt, lines_at};

/// The sections of a file with this text, each with its place, if all are right and no two have the same name. `kind` is what a
/// section is called in the file, and `all` what such things are called.
///
/// # Errors
/// Everything that is wrong with them, each in a line with its place.
pub(crate) fn all_right<T>(
    (path, text): (&Path, &str),
    (kind, all): (&str, &str),
    sections: impl Iterator<Item = (usize, Result<T, Vec<WrongAt>>)>,
    name: impl Fn(&T) -> &str,
) -> Result<Vec<T>, String> {
    let (mut right, mut wrong) = (Vec::<T>::new(), Vec::new());
    for (at, section) in sections {
        match section {
            Ok(section) if right.iter().any(|other| name(other) == name(&section)) => {
                let why = format!("two {all} are called {:?}; give each a name of its own", name(&section));
                wrong.push((at, why));
            }
            Ok(section) => right.push(section),
            Err(more) => wrong.extend(more),
        }
    }
    match wrong.is_empty() {
        true => Ok(right),
        false => Err(lines_at(&path.display().to_string(), text, kind, wrong)),
    }
}
